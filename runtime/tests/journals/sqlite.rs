//! The journal in memory, and the one in a SQLite file with what can be wrong with a file.

use super::*;
use flow_diagnostics::Code;
use std::fs;
use std::path::Path;

fn pair_in(folder: &Path) -> Pair {
    Pair { one: Arc::new(DurableJournal::sqlite(folder)), other: Arc::new(DurableJournal::sqlite(folder)) }
}

#[tokio::test]
async fn a_journal_in_memory_holds_every_promise() {
    promises::hold(|| {
        let one: Arc<dyn Journal> = Arc::new(MemoryJournal::default());
        Pair { one: one.clone(), other: one }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_in_a_file_holds_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let next = std::cell::Cell::new(0);
    promises::hold(|| {
        next.set(next.get() + 1);
        pair_in(&folder.path().join(next.get().to_string()))
    })
    .await;
}

async fn error_in(folder: &Path) -> RunError {
    let error = DurableJournal::sqlite(folder).open(&head("r")).await.unwrap_err();
    assert_eq!(error.code, Code::E0810);
    assert!(error.message.contains("journal.db") && !error.message.contains('\n'), "{error}");
    error
}

#[tokio::test]
async fn a_file_that_is_no_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let garbage = "this is no database. ".repeat(400);
    fs::write(&path, &garbage).unwrap();
    let error = error_in(folder.path()).await;
    assert!(error.help.unwrap().contains("move it away"));
    assert_eq!(fs::read_to_string(&path).unwrap(), garbage);
}

#[tokio::test]
async fn a_file_that_broke_is_reported_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    {
        let journal = DurableJournal::sqlite(folder.path());
        let lease = journal.open(&head("r")).await.unwrap().lease;
        for step in 0..200 {
            journal
                .record(&lease, &format!("s{step}"), &outcome(Ok(Value::text("x".repeat(300))), 1))
                .await
                .unwrap();
        }
    }
    let path = folder.path().join("journal.db");
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 60_000, "closed, everything is in the file itself");
    // All behind the first pages, so that opening still works.
    bytes[16_384..].fill(0xAB);
    fs::write(&path, &bytes).unwrap();
    let error = error_in(folder.path()).await;
    assert!(error.message.contains("malformed"), "{error}");
    assert!(error.help.unwrap().contains("move it away"));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn a_newer_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(DurableJournal::sqlite(folder.path()).open(&head("r")).await.unwrap());
    let path = folder.path().join("journal.db");
    let mut bytes = fs::read(&path).unwrap();
    // The user version stands at byte 60 of the header, as the file format says.
    bytes[60..64].copy_from_slice(&9u32.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    let error = error_in(folder.path()).await;
    assert!(error.message.ends_with("it has the form 9, and this flowc knows 3"), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder should be: also root can't write into that.
    fs::write(folder.path().join("state"), "").unwrap();
    let error = error_in(&folder.path().join("state")).await;
    assert!(error.help.unwrap().contains("FLOW_STATE_DIR"));
}
