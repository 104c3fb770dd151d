//! Money: what a call can cost at worst, what it did cost, and the budgets that no run exceeds.
//!
//! The law: before a call is made its worst case is reserved, and refused where
//! spent + reserved + this would exceed a budget it is paid from. When the call is done, what it used
//! is charged in place of the reservation. A call that was cut off keeps its reservation, since it
//! may be billed.
//!
//! What calls cost at worst is proven by the compiler. `ledger` holds the budgets of a run and of the
//! flows inside it, in memory; `account` the budgets of a day, which many runs share, kept by `memory`
//! or `sqlite`. `money` takes a call's money from both.

mod account;
mod ledger;
mod memory;
mod money;
mod sqlite;

pub use account::{Account, Accounts, Balance, Budgets, Claim, Denied, Hold, Over, Owner, today};
pub use ledger::{Ledger, Reservation};
pub use memory::MemoryAccounts;
pub(crate) use money::Money;
pub use sqlite::SqliteAccounts;
