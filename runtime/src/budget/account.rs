//! Budgets that outlive a run: accounts that every run, and every process, of a project pays from.
//!
//! In: a [`Claim`], the worst case of one call, before the call is made. Out: a [`Hold`], or which
//! account does not allow it. Not here: where accounts are kept, which each [`Accounts`] decides.

use crate::{RunError, RunId};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::Cost;
use futures::future::BoxFuture;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where accounts are kept.
///
/// The law: the sum of what was spent and what is held never exceeds an account's limit by a
/// reservation, whoever else reserves at the same time.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Takes the claim from all of its accounts, or from none.
    ///
    /// Given up before it has an answer, nothing stays taken.
    async fn reserve(&self, claim: Claim) -> Result<Hold, Denied>;

    /// Charges what a call has used in place of its hold; more than was held is charged as well.
    ///
    /// It is under way when this returns; the future says when it will outlive the process. A hold that
    /// is never settled stays charged in full, on the day of its reservation: the call may have been
    /// billed.
    fn settle(&self, hold: Hold, spent: Cost) -> BoxFuture<'static, Result<(), RunError>>;
}

/// What the flows of an engine may spend a day, and where that is kept.
#[derive(Clone)]
pub struct Budgets {
    /// All flows together.
    pub project: Option<Cost>,
    /// Flows by name.
    pub flows: BTreeMap<EcoString, Cost>,
    /// Where the accounts are kept.
    pub accounts: Arc<dyn Accounts>,
}

impl Budgets {
    /// The accounts that a run of this flow pays from.
    pub(crate) fn of_run(&self, flow: &str) -> Vec<Account> {
        let project = self.project.map(|per_day| Account { owner: Owner::Project, per_day });
        project.into_iter().chain(self.of_flow(flow)).collect()
    }

    /// The account of this flow alone, which also pays where another flow calls it.
    pub(crate) fn of_flow(&self, flow: &str) -> Option<Account> {
        let (name, per_day) = self.flows.get_key_value(flow)?;
        Some(Account { owner: Owner::Flow(name.clone()), per_day: *per_day })
    }
}

/// What may be spent on each day, from midnight to midnight in UTC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Whose it is.
    pub owner: Owner,
    /// The most that may be spent on one day.
    pub per_day: Cost,
}

/// Whose an account is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Owner {
    /// Everything that shares a state folder.
    Project,
    /// The flow of this name.
    Flow(EcoString),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Project => f.write_str("the project"),
            Owner::Flow(name) => write!(f, "flow `{name}`"),
        }
    }
}

/// The worst case of one call, to be set aside.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Who pays, each once.
    pub accounts: Vec<Account>,
    /// The day that it counts for, also where the call ends on the next one.
    pub day: Date,
    /// How much.
    pub worst: Cost,
    /// The run that asks.
    pub run: RunId,
}

/// Money set aside in accounts, by a number that no other hold has in any process.
#[derive(PartialEq, Eq, Debug)]
pub struct Hold(pub u128);

impl Hold {
    /// A hold with a number of its own.
    pub(super) fn fresh() -> Hold {
        Hold(fastrand::u128(..))
    }
}

/// What has become of an account's money on one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Balance {
    /// What calls have used.
    pub spent: Cost,
    /// What is set aside for calls under way, and for calls of which nothing was heard again.
    pub held: Cost,
}

impl Balance {
    /// The account's refusal, if it has not this much left.
    pub(super) fn refuses(self, account: &Account, worst: Cost) -> Result<(), Over> {
        match self.spent.plus(self.held).plus(worst) > account.per_day {
            true => Err(Over { account: account.clone(), balance: self, worst }),
            false => Ok(()),
        }
    }

    /// Puts what was used in place of what was held.
    pub(super) fn settle(&mut self, held: Cost, spent: Cost) {
        self.held = Cost(self.held.0.saturating_sub(held.0));
        self.spent = self.spent.plus(spent);
    }
}

/// Why a claim has no hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Denied {
    /// An account has too little left.
    Over(Over),
    /// The accounts can't be read or written.
    Failed(RunError),
}

/// An account that has too little left for a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Over {
    /// Which.
    pub account: Account,
    /// What has become of its money so far today.
    pub balance: Balance,
    /// What the call may cost.
    pub worst: Cost,
}

impl From<Denied> for RunError {
    fn from(denied: Denied) -> RunError {
        let Over { account, balance, worst } = match denied {
            Denied::Over(over) => over,
            Denied::Failed(error) => return error,
        };
        RunError::new(
            Code::E0803,
            format!(
                "the budget of {} a day for {} does not allow the next call: {} spent, {} set aside, and it \
                 may cost {worst}",
                account.per_day, account.owner, balance.spent, balance.held
            ),
        )
        .help("raise it in `flow.toml`, or wait until 00:00 UTC")
    }
}

/// The day that it is now, in UTC.
pub fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
