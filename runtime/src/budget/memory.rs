//! Accounts that live as long as the process: for programs that keep one engine, and for tests.

use super::account::{Accounts, Balance, Claim, Denied, Hold, Owner};
use crate::RunError;
use async_trait::async_trait;
use flow_plan::Cost;
use futures::future::{BoxFuture, ready};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Accounts in memory.
#[derive(Default, Debug)]
pub struct MemoryAccounts {
    state: Mutex<State>,
}

#[derive(Default, Debug)]
struct State {
    balances: BTreeMap<(Owner, Date), Balance>,
    // By the number of the hold.
    holds: BTreeMap<u128, Claim>,
}

impl MemoryAccounts {
    /// What has become of an account's money on a day.
    pub fn balance(&self, owner: &Owner, day: Date) -> Balance {
        self.lock().balances.get(&(owner.clone(), day)).copied().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Accounts for MemoryAccounts {
    async fn reserve(&self, claim: Claim) -> Result<Hold, Denied> {
        let mut state = self.lock();
        for account in &claim.accounts {
            let balance = state.balances.get(&(account.owner.clone(), claim.day)).copied();
            balance.unwrap_or_default().refuses(account, claim.worst).map_err(Denied::Over)?;
        }
        for account in &claim.accounts {
            let balance = state.balances.entry((account.owner.clone(), claim.day)).or_default();
            balance.held = balance.held.plus(claim.worst);
        }
        let hold = Hold::fresh();
        state.holds.insert(hold.0, claim);
        Ok(hold)
    }

    fn settle(&self, hold: Hold, spent: Cost) -> BoxFuture<'static, Result<(), RunError>> {
        let mut state = self.lock();
        if let Some(claim) = state.holds.remove(&hold.0) {
            for account in claim.accounts {
                state.balances.entry((account.owner, claim.day)).or_default().settle(claim.worst, spent);
            }
        }
        Box::pin(ready(Ok(())))
    }
}
