//! A disk that is full, and two processes whose locks can't be told apart.
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use crate::RunId;
use crate::journal::queue::Driven;
use crate::journal::row::OutcomeRow;
use crate::journal::{Outcome, PlanDigest, RunHead};
use flow_plan::Value;

fn store(state: &Path) -> Sqlite {
    let path = state.join("journal.db");
    let connection = connect_patiently(&path).unwrap_or_else(|trouble| panic!("{trouble}"));
    Sqlite { connection, path, state: state.to_owned(), driver: SharedDriver::default(), durable: false }
}

fn head() -> RunHead {
    let run = RunId("r".into());
    RunHead { run, plan: PlanDigest([0; 32]), flow: "f".into(), inputs: vec![], note: "".into() }
}

fn opened(store: &mut Sqlite) -> (Driven, usize) {
    match store.carry_out(&[Ask::Open(head())]).unwrap().remove(0).unwrap() {
        Answer::Opened(driven, recorded) => (driven, recorded.done.len()),
        other => panic!("{other:?}"),
    }
}

fn record(driven: Driven, step: usize) -> Ask {
    let outcome = Outcome { result: Ok(Value::text("x".repeat(2000))), ..Outcome::decided() };
    Ask::Record(driven, format!("s{step}"), Box::new(OutcomeRow::of(&outcome)))
}

#[test]
fn a_full_disk_is_one_error_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut full = store(folder.path());
    let (driven, _) = opened(&mut full);
    // What SQLite says where a page more than these is wanted is what it says where a disk is full.
    full.connection.pragma_update(None, "max_page_count", 40).unwrap();
    let mut recorded = 0;
    let error = loop {
        match full.carry_out(&[record(driven, recorded)]) {
            Ok(_) => recorded += 1,
            Err(error) => break error,
        }
        assert!(recorded < 1000, "it is never full");
    };
    assert!(recorded > 5);
    assert!(error.message.ends_with("the disk is full"), "{error}");
    assert!(error.help.unwrap().starts_with("make room on the disk"));
    drop(full);
    // There is room again: what was recorded is there, and more is taken.
    let mut roomy = store(folder.path());
    let (driven, known) = opened(&mut roomy);
    assert_eq!(known, recorded);
    roomy.carry_out(&[record(driven, recorded)]).unwrap().remove(0).unwrap();
}

#[test]
fn what_a_driver_writes_that_has_lost_its_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = store(folder.path());
    let (old, _) = opened(&mut first);
    first.carry_out(&[record(old, 0)]).unwrap().remove(0).unwrap();
    // Its file is gone, so that it counts as dead though it is not.
    std::fs::remove_dir_all(folder.path().join("drivers")).unwrap();
    let mut second = store(folder.path());
    let (new, known) = opened(&mut second);
    assert_eq!((known, new.number), (1, old.number));
    assert!(new.fence > old.fence);
    let mut done = first.carry_out(&[record(old, 1), Ask::Release(old)]).unwrap();
    let error = done.remove(0).unwrap_err();
    assert_eq!(error.message, "another process has taken the run over");
    // Nor does it give away what is no longer its own.
    second.carry_out(&[record(new, 1)]).unwrap().remove(0).unwrap();
    let mut third = store(folder.path());
    let refused = third.carry_out(&[Ask::Open(head())]).unwrap().remove(0).unwrap_err();
    assert_eq!(refused.message, "run `r` is under way in another process");
}

#[test]
fn synced_commits_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let (driven, _) = opened(&mut store);
    store.carry_out(&[record(driven, 0)]).unwrap().remove(0).unwrap();
    store.sync().unwrap();
    assert!(store.durable, "the next commit that need not wait sets it back");
    store.carry_out(&[record(driven, 1)]).unwrap().remove(0).unwrap();
    assert!(!store.durable);
}

#[test]
fn a_journal_of_the_form_before_is_brought_to_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let (driven, _) = opened(&mut store);
    store.carry_out(&[record(driven, 0)]).unwrap().remove(0).unwrap();
    store
        .connection
        .execute_batch(
            "drop table reviews; drop table audit; drop table audit_heads; drop table audit_opened;
             pragma user_version = 1",
        )
        .unwrap();
    drop(store);
    let mut store = self::store(folder.path());
    let (_, known) = opened(&mut store);
    assert_eq!(known, 1);
    let answer = store.carry_out(&[Ask::Reviews]).unwrap().remove(0).unwrap();
    assert!(matches!(answer, Answer::Reviews(all) if all.is_empty()));
}
