//! The money of one call: set aside in the run's ledgers first, then in the accounts of the day.
//!
//! In: what a call can cost. Out: [`Money`], which the call settles. Until the call is begun it is
//! given back when it is dropped; after that, all of it stays charged.

use super::account::{Budgets, Claim, Hold, today};
use super::ledger::{Ledger, Reservation};
use crate::{RunError, RunId, Spent};
use flow_plan::Cost;
use futures::future::BoxFuture;

/// Money set aside for one call.
pub(crate) struct Money<'a> {
    // Gone once it is settled or given back.
    reservation: Option<Reservation<'a>>,
    hold: Option<(&'a Budgets, Hold)>,
    begun: bool,
}

impl<'a> Money<'a> {
    /// Sets aside what a call can cost wherever it is to be paid from, or nowhere: E0803 where a budget
    /// does not allow it, E0810 where the accounts can't be read or written.
    ///
    /// In the ledgers of the run that is what is proven in the case that the run is in: it is bounded by
    /// the dearest of them. In the accounts, which other runs are paid from, it is the worst of all cases.
    pub(crate) async fn reserve(
        ledger: &'a Ledger<'a>,
        budgets: Option<&'a Budgets>,
        (reserved, worst): (Cost, Cost),
        run: &RunId,
    ) -> Result<Money<'a>, RunError> {
        let reservation = Some(ledger.reserve(reserved)?);
        // From here on, what is dropped gives the reservation back.
        let mut money = Money { reservation, hold: None, begun: false };
        if let Some(budgets) = budgets {
            let accounts = ledger.accounts();
            // What is free needs no account.
            if worst > Cost::ZERO && !accounts.is_empty() {
                let claim = Claim { accounts, day: today(), worst, run: run.clone() };
                money.hold = Some((budgets, budgets.accounts.reserve(claim).await?));
            }
        }
        Ok(money)
    }

    /// The call is made now: from here on it may be billed.
    pub(crate) fn begin(&mut self) {
        self.begun = true;
    }

    /// Charges what was used and gives the rest back; the future says when that will outlive
    /// the process.
    ///
    /// What can't be written then stays charged in full, and the next reservation says why.
    pub(crate) fn settle(mut self, spent: Spent) -> Option<BoxFuture<'static, Result<(), RunError>>> {
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(spent);
        }
        self.hold.take().map(|(budgets, hold)| budgets.accounts.settle(hold, spent.usd))
    }
}

impl Drop for Money<'_> {
    fn drop(&mut self) {
        if self.begun {
            return;
        }
        if let Some(reservation) = self.reservation.take() {
            reservation.give_back();
        }
        if let Some((budgets, hold)) = self.hold.take() {
            drop(budgets.accounts.settle(hold, Cost::ZERO));
        }
    }
}
