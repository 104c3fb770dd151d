//! The ledger of one run: what its flows have spent and may still spend, kept in memory.
//!
//! In: what a call may cost, before it is made. Out: a [`Reservation`], or E0803. Not here: budgets
//! that outlive a run; a ledger only knows which accounts they are.

use super::account::Account;
use crate::{RunError, Spent};
use flow_diagnostics::Code;
use flow_plan::Cost;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a flow has spent and may still spend; each flow called by another has its own inside the
/// caller's.
#[derive(Debug)]
pub struct Ledger<'a> {
    budget: Option<Cost>,
    // What is spent here is paid from these, and from those of the ledgers around.
    accounts: Vec<Account>,
    around: Option<&'a Ledger<'a>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    spent: Spent,
    reserved: Cost,
}

impl<'a> Ledger<'a> {
    /// A ledger that starts from what was spent before.
    pub fn new(budget: Option<Cost>, spent: Spent) -> Ledger<'a> {
        let state = Mutex::new(State { spent, reserved: Cost::ZERO });
        Ledger { budget, accounts: Vec::new(), around: None, state }
    }

    /// The ledger of a flow that is called by the flow of this ledger.
    pub fn inner(&'a self, budget: Option<Cost>) -> Ledger<'a> {
        Ledger { budget, accounts: Vec::new(), around: Some(self), state: Mutex::default() }
    }

    /// The same ledger, with accounts that pay for what is spent here.
    pub fn paid_from(self, accounts: impl IntoIterator<Item = Account>) -> Ledger<'a> {
        Ledger { accounts: accounts.into_iter().collect(), ..self }
    }

    /// The accounts that pay for what is spent here, those of the outermost ledger first, each once.
    pub fn accounts(&self) -> Vec<Account> {
        let mut all = self.around.map(Ledger::accounts).unwrap_or_default();
        for account in &self.accounts {
            if !all.iter().any(|a| a.owner == account.owner) {
                all.push(account.clone());
            }
        }
        all
    }

    /// What was spent so far, without what is reserved.
    pub fn spent(&self) -> Spent {
        self.lock().spent
    }

    /// Sets the worst case of a call aside, here and in every ledger around; E0803 where a budget
    /// does not allow it, and then nothing is reserved anywhere.
    pub fn reserve(&'a self, worst: Cost) -> Result<Reservation<'a>, RunError> {
        let mut next = Some(self);
        while let Some(ledger) = next {
            if let Err(error) = ledger.take(worst) {
                self.give_back_until(ledger, worst);
                return Err(error);
            }
            next = ledger.around;
        }
        Ok(Reservation { ledger: self, worst, open: true })
    }

    /// Charges what is not reserved: an answer from the cache.
    pub fn charge(&self, spent: Spent) {
        self.settle(Cost::ZERO, spent);
    }

    fn take(&self, worst: Cost) -> Result<(), RunError> {
        let mut state = self.lock();
        let planned = state.spent.usd.plus(state.reserved).plus(worst);
        match self.budget {
            Some(budget) if planned > budget => Err(RunError::new(
                Code::E0803,
                format!(
                    "the budget of {budget} does not allow the next call: {} spent, {} set aside for \
                     calls under way, and it may cost {worst}",
                    state.spent.usd, state.reserved
                ),
            )
            .help("raise `budget`, lower `max_output`, or pass less text to the prompt")),
            _ => {
                state.reserved = state.reserved.plus(worst);
                Ok(())
            }
        }
    }

    fn give_back_until(&self, end: &Ledger<'_>, worst: Cost) {
        let mut next = Some(self);
        while let Some(ledger) = next {
            if std::ptr::eq(ledger, end) {
                return;
            }
            let mut state = ledger.lock();
            state.reserved = Cost(state.reserved.0.saturating_sub(worst.0));
            next = ledger.around;
        }
    }

    fn settle(&self, reserved: Cost, spent: Spent) {
        let mut next = Some(self);
        while let Some(ledger) = next {
            let mut state = ledger.lock();
            state.reserved = Cost(state.reserved.0.saturating_sub(reserved.0));
            state.spent.add(spent);
            next = ledger.around;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Money set aside for one call. Dropped without [`Reservation::settle`], all of it stays charged.
#[derive(Debug)]
pub struct Reservation<'a> {
    ledger: &'a Ledger<'a>,
    worst: Cost,
    open: bool,
}

impl Reservation<'_> {
    /// How much was set aside.
    pub fn worst(&self) -> Cost {
        self.worst
    }

    /// Gives all of it back: the call was not made.
    pub fn give_back(mut self) {
        self.open = false;
        self.ledger.settle(self.worst, Spent::default());
    }

    /// Charges what was used and gives the rest back.
    pub fn settle(mut self, spent: Spent) {
        self.open = false;
        self.ledger.settle(self.worst, spent);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.open {
            self.ledger.settle(self.worst, Spent { usd: self.worst, calls: 1, ..Spent::default() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(nanos: i64) -> Spent {
        Spent { usd: Cost(nanos), calls: 1, ..Spent::default() }
    }

    #[test]
    fn reservations_hold_the_budget_and_give_back_what_was_not_used() {
        let ledger = Ledger::new(Some(Cost(100)), Spent::default());
        let first = ledger.reserve(Cost(60));
        assert!(ledger.reserve(Cost(41)).is_err_and(|e| e.code == Code::E0803));
        assert!(first.is_ok_and(|r| {
            r.settle(spent(10));
            true
        }));
        assert_eq!(ledger.spent(), spent(10));
        assert!(ledger.reserve(Cost(90)).is_ok());
        // That reservation was dropped without being settled.
        assert_eq!(ledger.spent().usd, Cost(100));
    }

    #[test]
    fn a_flow_inside_is_held_by_both_budgets() {
        let outer = Ledger::new(Some(Cost(100)), spent(50));
        let inner = outer.inner(Some(Cost(1000)));
        assert!(inner.reserve(Cost(51)).is_err());
        let fits = inner.reserve(Cost(50));
        assert!(fits.is_ok_and(|r| {
            r.settle(spent(20));
            true
        }));
        assert_eq!((inner.spent().usd, outer.spent().usd), (Cost(20), Cost(70)));
    }
}
