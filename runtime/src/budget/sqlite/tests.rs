//! Accounts in a file: what they hold across processes, crashes and bad disks.
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use crate::RunId;
use crate::budget::Account;
use flow_diagnostics::Code;
use jiff::civil::date;

const DAY: Date = date(2026, 11, 24);

fn claim(accounts: &[(Owner, i64)], worst: i64) -> Claim {
    let account = |(owner, per_day): &(Owner, i64)| Account { owner: owner.clone(), per_day: Cost(*per_day) };
    Claim {
        accounts: accounts.iter().map(account).collect(),
        day: DAY,
        worst: Cost(worst),
        run: RunId("r1".into()),
    }
}

fn project(per_day: i64, worst: i64) -> Claim {
    claim(&[(Owner::Project, per_day)], worst)
}

fn support() -> Owner {
    Owner::Flow("support".into())
}

fn shown(state: &Path, owner: &Owner) -> (i64, i64) {
    let balance = SqliteAccounts::balance(state, owner, DAY).unwrap();
    (balance.spent.0, balance.held.0)
}

#[tokio::test]
async fn all_accounts_pay_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = SqliteAccounts::new(folder.path());
    let both = |worst| claim(&[(Owner::Project, 100), (support(), 50)], worst);
    let first = accounts.reserve(both(40)).await.unwrap();
    let Denied::Over(over) = accounts.reserve(both(11)).await.unwrap_err() else { panic!("not over") };
    assert_eq!((over.account.owner, over.balance.held), (support(), Cost(40)));
    assert_eq!(shown(folder.path(), &Owner::Project), (0, 40));
    accounts.settle(first, Cost(25)).await.unwrap();
    assert_eq!((shown(folder.path(), &Owner::Project), shown(folder.path(), &support())), ((25, 0), (25, 0)));
    assert!(accounts.reserve(both(25)).await.is_ok());
}

#[tokio::test]
async fn what_is_settled_counts_for_the_day_of_the_reservation_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = SqliteAccounts::new(folder.path());
    let Hold(id) = accounts.reserve(project(100, 100)).await.unwrap();
    let tomorrow = Claim { day: DAY.tomorrow().unwrap(), ..project(100, 100) };
    let next = accounts.reserve(tomorrow).await.unwrap();
    // More than was held is charged as it is.
    accounts.settle(Hold(id), Cost(130)).await.unwrap();
    accounts.settle(Hold(id), Cost(130)).await.unwrap();
    assert_eq!(shown(folder.path(), &Owner::Project), (130, 0));
    accounts.settle(next, Cost(1)).await.unwrap();
    assert!(matches!(accounts.reserve(project(100, 1)).await, Err(Denied::Over(_))));
}

#[tokio::test]
async fn a_hold_that_nobody_settles_stays_charged_for_those_who_come_after() {
    let folder = tempfile::tempdir().unwrap();
    assert!(SqliteAccounts::new(folder.path()).reserve(project(100, 60)).await.is_ok());
    let after = SqliteAccounts::new(folder.path());
    assert_eq!(shown(folder.path(), &Owner::Project), (0, 60));
    assert!(matches!(after.reserve(project(100, 41)).await, Err(Denied::Over(_))));
    assert!(after.reserve(project(100, 40)).await.is_ok());
}

#[tokio::test]
async fn who_gives_up_waiting_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = SqliteAccounts::new(folder.path());
    for _ in 0..50 {
        let asked = accounts.reserve(project(i64::MAX, 1));
        // Polled once, so that it is sent, and dropped before the disk has answered.
        let _ = futures::FutureExt::now_or_never(asked);
    }
    assert!(accounts.reserve(project(i64::MAX, 5)).await.is_ok());
    assert_eq!(shown(folder.path(), &Owner::Project), (0, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_from_several_connections_take_exactly_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let accounts: Vec<SqliteAccounts> = (0..3).map(|_| SqliteAccounts::new(folder.path())).collect();
    let asks = (0..300).map(|i| {
        let accounts = &accounts[i % 3];
        async move {
            let hold = accounts.reserve(project(1000, 10)).await;
            if i % 2 == 0
                && let Ok(hold) = hold
            {
                accounts.settle(hold, Cost(10)).await.unwrap();
                return 1;
            }
            i32::from(hold.is_ok())
        }
    });
    let taken: i32 = futures::future::join_all(asks).await.iter().sum();
    let (spent, held) = shown(folder.path(), &Owner::Project);
    assert_eq!((taken, spent + held), (100, 1000));
    let file = Connection::open(folder.path().join("budget.db")).unwrap();
    let held_rows: i64 = file.query_row("select sum(worst) from holds", [], |row| row.get(0)).unwrap();
    assert_eq!(held_rows, held);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_refuses_and_is_left_as_it_is() {
    let failure = async |state: &Path| match SqliteAccounts::new(state).reserve(project(100, 1)).await {
        Err(Denied::Failed(error)) => (error.code, error.message, error.help.unwrap()),
        other => panic!("{other:?}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("budget.db");
    let junk = "no database at all, and longer than a header must be".repeat(20);
    std::fs::write(&path, &junk).unwrap();
    let (code, message, help) = failure(folder.path()).await;
    assert_eq!((code, std::fs::read_to_string(&path).unwrap()), (Code::E0810, junk));
    assert!(message.starts_with("what was spent today can't be kept in `") && help.contains("move it away"));
    assert!(SqliteAccounts::balance(folder.path(), &Owner::Project, DAY).is_err());

    let (_, message, help) = failure(&path).await;
    assert!(message.contains("can't be made") && help.contains("FLOW_STATE_DIR"), "{message}");

    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join("budget.db")).unwrap();
    let (code, message, help) = failure(other.path()).await;
    // The operating system says why, where SQLite only says that it can't open it.
    assert!(message.contains("directory (os error"), "{message}");
    assert!(code == Code::E0810 && help.contains("FLOW_STATE_DIR") && help.contains("no call is made"));
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 1, "nothing is left beside it");

    let newer = tempfile::tempdir().unwrap();
    assert!(SqliteAccounts::new(newer.path()).reserve(project(100, 1)).await.is_ok());
    let file = Connection::open(newer.path().join("budget.db")).unwrap();
    file.pragma_update(None, "user_version", 7).unwrap();
    let (_, message, help) = failure(newer.path()).await;
    assert!(message.contains("the form 7") && help.contains("the flowc that made it"), "{message}");
}

#[tokio::test]
async fn it_goes_on_as_soon_as_the_disk_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::write(&state, "in the way").unwrap();
    let accounts = SqliteAccounts::new(&state);
    assert!(matches!(accounts.reserve(project(100, 60)).await, Err(Denied::Failed(_))));
    std::fs::remove_file(&state).unwrap();
    assert!(accounts.reserve(project(100, 60)).await.is_ok());
    assert_eq!(shown(&state, &Owner::Project), (0, 60));
}

#[test]
fn a_full_disk_refuses_what_it_cannot_keep_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("budget.db");
    let mut connection = disk::open(&path, &FORM).unwrap();
    // As a full disk: the file may not grow by a page more than it has.
    connection.pragma_update(None, "max_page_count", 4).unwrap();
    let jobs = |many: i64| -> Vec<Job> {
        let id = |i: i64| u128::try_from(i).unwrap();
        (0..many).map(|i| Job::Reserve(id(i), project(i64::MAX, 1), oneshot::channel().0)).collect()
    };
    carry_out(&mut connection, &jobs(10)).unwrap();
    let error = refused(&carry_out(&mut connection, &jobs(1000)[10..]).unwrap_err(), &path);
    assert_eq!(error.code, Code::E0810);
    assert!(error.message.ends_with("budget.db`: the disk is full"), "{}", error.message);
    assert!(error.help.as_ref().unwrap().starts_with("make room there"), "{error:?}");
    // A batch is kept as a whole or not at all.
    assert_eq!(shown(folder.path(), &Owner::Project), (0, 10));
    connection.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    carry_out(&mut connection, &jobs(1000)[10..]).unwrap();
    assert_eq!(shown(folder.path(), &Owner::Project), (0, 1000));
}

#[tokio::test]
async fn amounts_beyond_the_greatest_one_do_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = SqliteAccounts::new(folder.path());
    for _ in 0..2 {
        let hold = accounts.reserve(project(i64::MAX, i64::MAX)).await.unwrap();
        accounts.settle(hold, Cost(i64::MAX)).await.unwrap();
    }
    assert_eq!(shown(folder.path(), &Owner::Project), (i64::MAX, 0));
}

#[test]
fn looking_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(shown(folder.path(), &Owner::Project), (0, 0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
