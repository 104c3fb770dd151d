//! Laws of the ledger and of the accounts, held against a model of them in random sequences.

use flow_plan::Cost;
use flow_runtime::budget::*;
use flow_runtime::{RunId, Spent};
use proptest::collection::vec;
use proptest::prelude::*;

const DAY: jiff::civil::Date = jiff::civil::date(2026, 11, 24);

/// One thing that is done.
#[derive(Clone, Debug)]
enum Op {
    /// Reserve so much: at both places, or at the first alone.
    Reserve { both: bool, worst: i64 },
    /// Settle one of the open reservations by so many hundredths of it.
    Settle { which: usize, share: i64 },
    /// Give one back.
    GiveBack { which: usize },
    /// Lose one.
    Lose { which: usize },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let which = || any::<usize>();
    let op = prop_oneof![
        4 => (any::<bool>(), 0..40i64).prop_map(|(both, worst)| Op::Reserve { both, worst }),
        3 => (which(), 0..=100i64).prop_map(|(which, share)| Op::Settle { which, share }),
        1 => which().prop_map(|which| Op::GiveBack { which }),
        1 => which().prop_map(|which| Op::Lose { which }),
    ];
    vec(op, 0..60)
}

fn take<T>(open: &mut Vec<T>, which: usize) -> Option<T> {
    (!open.is_empty()).then(|| open.swap_remove(which % open.len()))
}

const OUTER: i64 = 100;
const INNER: i64 = 60;

/// What both places should hold: spent and held.
#[derive(Default, Debug)]
struct Model {
    outer: (i64, i64),
    inner: (i64, i64),
}

impl Model {
    fn reserve(&mut self, both: bool, worst: i64) -> bool {
        let fits = |(spent, held): (i64, i64), limit| spent + held + worst <= limit;
        let ok = fits(self.outer, OUTER) && (!both || fits(self.inner, INNER));
        if ok {
            self.outer.1 += worst;
            self.inner.1 += if both { worst } else { 0 };
        }
        ok
    }

    fn settle(&mut self, both: bool, worst: i64, spent: i64) {
        let places = [Some(&mut self.outer), both.then_some(&mut self.inner)];
        for place in places.into_iter().flatten() {
            place.0 += spent;
            place.1 -= worst;
        }
        assert!(self.outer.0 + self.outer.1 <= OUTER && self.inner.0 + self.inner.1 <= INNER);
    }
}

fn usd(nanos: i64) -> Spent {
    Spent { usd: Cost(nanos), ..Spent::default() }
}

fn check_ledger(ops: &[Op]) {
    let outer = Ledger::new(Some(Cost(OUTER)), Spent::default());
    let inner = outer.inner(Some(Cost(INNER)));
    let (mut model, mut open) = (Model::default(), Vec::new());
    for op in ops {
        match op {
            Op::Reserve { both, worst } => {
                let made = if *both { &inner } else { &outer }.reserve(Cost(*worst));
                assert_eq!(made.is_ok(), model.reserve(*both, *worst), "{op:?}");
                open.extend(made.ok().map(|r| (*both, r)));
            }
            Op::Settle { which, share } => {
                let Some((both, made)) = take(&mut open, *which) else { continue };
                let worst = made.worst().0;
                model.settle(both, worst, worst * share / 100);
                made.settle(usd(worst * share / 100));
            }
            Op::GiveBack { which } => {
                let Some((both, made)) = take(&mut open, *which) else { continue };
                model.settle(both, made.worst().0, 0);
                made.give_back();
            }
            Op::Lose { which } => {
                let Some((both, made)) = take(&mut open, *which) else { continue };
                model.settle(both, made.worst().0, made.worst().0);
            }
        }
        assert_eq!((outer.spent().usd.0, inner.spent().usd.0), (model.outer.0, model.inner.0));
    }
}

async fn check_accounts(accounts: &dyn Accounts, ops: &[Op], balance: impl Fn(&Owner) -> Balance) {
    let account = |owner, per_day| Account { owner, per_day: Cost(per_day) };
    let (outer, inner) = (account(Owner::Project, OUTER), account(Owner::Flow("a".into()), INNER));
    let (mut model, mut open) = (Model::default(), Vec::new());
    for op in ops {
        match op {
            Op::Reserve { both, worst } => {
                let payers = if *both { vec![outer.clone(), inner.clone()] } else { vec![outer.clone()] };
                let run = RunId("r".into());
                let claim = Claim { accounts: payers, day: DAY, worst: Cost(*worst), run };
                let made = accounts.reserve(claim).await;
                assert_eq!(made.is_ok(), model.reserve(*both, *worst), "{op:?}");
                open.extend(made.ok().map(|hold| (*both, *worst, hold)));
            }
            Op::Settle { which, share } => {
                let Some((both, worst, hold)) = take(&mut open, *which) else { continue };
                model.settle(both, worst, worst * share / 100);
                accounts.settle(hold, Cost(worst * share / 100)).await.unwrap();
            }
            Op::GiveBack { which } => {
                let Some((both, worst, hold)) = take(&mut open, *which) else { continue };
                model.settle(both, worst, 0);
                accounts.settle(hold, Cost::ZERO).await.unwrap();
            }
            // What is never settled stays held.
            Op::Lose { which } => drop(take(&mut open, *which)),
        }
    }
    for (owner, expected) in [(&outer.owner, model.outer), (&inner.owner, model.inner)] {
        let found = balance(owner);
        assert_eq!((found.spent.0, found.held.0), expected, "{owner}");
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ledger_loses_nothing_and_never_exceeds(ops in ops()) {
        check_ledger(&ops);
    }

    #[test]
    fn accounts_in_memory_lose_nothing_and_never_exceed(ops in ops()) {
        let accounts = MemoryAccounts::default();
        block_on(check_accounts(&accounts, &ops, |owner| accounts.balance(owner, DAY)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn accounts_in_a_file_lose_nothing_and_never_exceed(ops in ops()) {
        let folder = tempfile::tempdir().unwrap();
        let accounts = SqliteAccounts::new(folder.path());
        block_on(check_accounts(&accounts, &ops, |owner| {
            SqliteAccounts::balance(folder.path(), owner, DAY).unwrap()
        }));
    }
}
