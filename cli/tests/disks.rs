//! What is wrong with the state folder: files that are damaged, a disk that is full, a folder that can't be
//! written. A cache does without; a journal and the budgets of the day end a run with one error, and nothing
//! that was recorded is lost.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::{Done, Sandbox};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Three steps, each of which costs something and is kept.
const PROGRAM: &str = "model fast = \"sim/text\" {
  price: $1 in, $1 out
}

prompt greet(name: text) -> text <= 60 tokens {
  user: \"Greet {{ name }} warmly.\"
}

flow hello(name: text <= 20 tokens) -> text {
  one = greet(name) { cache: 1h }
  two = greet(one) { cache: 1h }
  three = greet(two) { cache: similar 0.99 for 1h }
  return three
}
";

const BUDGET: &str = "[budget]\nper_day = \"$1\"\n";

/// How a file is damaged.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// It is something else.
    Junk,
    /// What says that it is a database is overwritten.
    Header,
    /// The second half is missing.
    Half,
    /// Everything behind the first page, which has the schema, is overwritten.
    Pages,
    /// It is empty, as after a crash of the whole machine.
    Empty,
}

impl Damage {
    fn to(self, path: &Path) {
        let mut bytes = std::fs::read(path).unwrap();
        let page = usize::from(u16::from_be_bytes([bytes[16], bytes[17]]));
        assert!(bytes.len() >= 3 * page, "{}: {} bytes", path.display(), bytes.len());
        match self {
            Damage::Junk => bytes = b"this is no database, but longer than the header of one".repeat(20),
            Damage::Header => bytes[..100].fill(0xa5),
            Damage::Half => bytes.truncate(bytes.len() / 2),
            Damage::Pages => bytes[page..].fill(0xa5),
            Damage::Empty => bytes.clear(),
        }
        std::fs::write(path, bytes).unwrap();
    }
}

fn project() -> Sandbox {
    Sandbox::with(&[("app.flow", PROGRAM), ("flow.toml", BUDGET)])
}

const RUN: [&str; 3] = ["run", "app.flow", "name=Ada"];

/// One message, whatever else is said, without anything of Rust's.
fn one_error(done: &Done, what: &str) -> String {
    // Long lines are broken.
    let said = done.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert_eq!((done.code, said.matches(what).count()), (3, 1), "{done:?}");
    assert!(!said.contains("panicked") && done.out.is_empty(), "{done:?}");
    said
}

/// A project with a first run, and with the logs taken into the files.
fn with_a_run() -> Sandbox {
    let sandbox = project();
    sandbox.flowc(&RUN).is_fine();
    // A process may end before its logs are taken in; the next that looks does that.
    for look in ["cache", "runs", "doctor"] {
        sandbox.flowc(&[look]);
    }
    for name in ["cache", "journal", "budget"] {
        let log = sandbox.path(&format!(".flow/{name}.db-wal"));
        assert!(std::fs::metadata(log).map_or(0, |log| log.len()) == 0, "the last connection takes it in");
    }
    sandbox
}

#[test]
fn a_damaged_cache_is_made_anew_and_stops_no_run() {
    for damage in [Damage::Junk, Damage::Header, Damage::Half, Damage::Pages, Damage::Empty] {
        let sandbox = with_a_run();
        let first = sandbox.flowc(&RUN).is_fine().out.clone();
        damage.to(&sandbox.path(".flow/cache.db"));
        let done = sandbox.flowc(&RUN);
        assert_eq!(done.is_fine().out, first, "{damage:?}");
        assert!(done.err.matches("warning:").count() <= 1, "{damage:?}: {done:?}");
        // It keeps answers again.
        let again = sandbox.flowc(&[&RUN[..], &["--format", "json"]].concat());
        assert_eq!(again.is_fine().json()["spent"]["calls"], json!(0), "{damage:?}");
        sandbox.flowc(&["cache"]).is_fine();
    }
}

#[test]
fn a_damaged_journal_is_one_error_and_is_left_as_it_is() {
    for damage in [Damage::Junk, Damage::Header, Damage::Half, Damage::Pages] {
        let sandbox = with_a_run();
        let path = sandbox.path(".flow/journal.db");
        damage.to(&path);
        let bytes = std::fs::read(&path).unwrap();
        for command in [&RUN[..], &["runs"]] {
            let done = sandbox.flowc(command);
            let said = one_error(&done, "runs can't be recorded in `");
            assert!(said.contains("it is broken: restore it, or move it away"), "{damage:?}: {said}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{damage:?}");
        sandbox.flowc(&[&RUN[..], &["--no-journal"]].concat()).is_fine();
        std::fs::rename(&path, path.with_extension("old")).unwrap();
        sandbox.flowc(&RUN).is_fine();
    }
}

#[test]
fn damaged_budgets_are_one_error_and_are_left_as_they_are() {
    for damage in [Damage::Junk, Damage::Header, Damage::Half, Damage::Pages] {
        let sandbox = with_a_run();
        sandbox.flowc(&["cache", "clear"]).is_fine();
        let path = sandbox.path(".flow/budget.db");
        damage.to(&path);
        let bytes = std::fs::read(&path).unwrap();
        let done = sandbox.flowc(&RUN);
        let said = one_error(&done, "what was spent today can't be kept in `");
        assert!(said.contains("it is broken: restore it, or move it away"), "{damage:?}: {said}");
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{damage:?}");
        let report = sandbox.flowc(&[&RUN[..], &["--format", "json"]].concat()).json();
        assert_eq!(report["spent"]["calls"], json!(0), "no call is made that can't be charged: {report}");
        std::fs::rename(&path, path.with_extension("old")).unwrap();
        sandbox.flowc(&RUN).is_fine();
    }
}

/// A disk of its own, as large as is asked for, at `.flow` of a project.
struct Disk(PathBuf);

impl Disk {
    /// `None` where no disk may be mounted here, as by anybody but root: then files that may not grow
    /// stand in for it, in a test of their own.
    fn mount(at: PathBuf, size: &str) -> Option<Disk> {
        std::fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&at);
        let done = mount.output().ok()?;
        done.status.success().then(|| Disk(at))
    }

    /// Takes all the room but so many bytes.
    fn leave(&self, bytes: usize) {
        let path = self.0.join("in the way");
        drop(std::fs::remove_file(&path));
        let mut size = 64 << 20;
        while size >= 4096 {
            let mut all = std::fs::read(&path).unwrap_or_default();
            all.resize(all.len() + size, 1);
            // What does not fit is cut off by the next, smaller one.
            if std::fs::write(&path, &all).is_err() {
                all.truncate(all.len() - size);
                std::fs::write(&path, &all).unwrap();
                size /= 2;
            }
        }
        let all = std::fs::read(&path).unwrap();
        std::fs::write(&path, &all[..all.len().saturating_sub(bytes)]).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("in the way")).unwrap();
    }

    fn read_only(&self, only: bool) {
        let way = if only { "remount,ro" } else { "remount,rw" };
        assert!(Command::new("mount").args(["-o", way]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // It goes with the machine, at the latest.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// Runs where no file of the state folder may grow beyond this, in units of 1024 bytes.
fn held(sandbox: &Sandbox, kilobytes: u32, args: &[&str]) -> Done {
    let inner = sandbox.command(args);
    let mut command = Command::new("sh");
    // Without the signal, a write that is too much fails as it does on a full disk.
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kilobytes * 2));
    command.arg(inner.get_program()).args(inner.get_args());
    command.current_dir(inner.get_current_dir().unwrap()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Done::from(command.output().unwrap())
}

#[test]
fn a_full_disk_is_one_error_and_what_was_recorded_is_still_there() {
    let sandbox = project();
    let Some(disk) = Disk::mount(sandbox.path(".flow"), "8m") else { return };
    sandbox.flowc(&RUN).is_fine();
    let listed = |sandbox: &Sandbox| {
        let runs = sandbox.flowc(&["runs", "--format", "json"]).is_fine().json()["runs"].clone();
        runs.as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // At every fill the run ends well, or with one error that says what to do; and it can be looked at.
    let mut ends = std::collections::BTreeMap::new();
    for left in [0, 4_096, 16_384, 40_960, 73_728, 102_400, 131_072, 196_608, 655_360] {
        disk.leave(left);
        let name = format!("name=Ada {left}");
        let done = sandbox.flowc(&["run", "app.flow", &name]);
        *ends.entry(done.code).or_insert(0) += 1;
        if done.code != 0 {
            let said = one_error(&done, "flow::E0810");
            assert!(said.contains(".db`: the disk is full") && said.contains("make room"), "{left}: {said}");
        }
        assert!(done.err.matches("warning: the cache").count() <= 1, "{left}: {done:?}");
        disk.free();
        // Nothing that was there is gone.
        assert_eq!(listed(&sandbox).last().map(String::as_str), Some("ok"), "{left}");
        for run in sandbox.flowc(&["runs", "--format", "json"]).is_fine().json()["runs"].as_array().unwrap() {
            if run["status"] != json!("ok") {
                let id = run["run"].as_str().unwrap();
                sandbox.flowc(&["run", "app.flow", "--resume", id]).is_fine();
            }
        }
    }
    assert!(ends.keys().any(|code| *code != 0) && ends.contains_key(&0), "{ends:?}");
    assert!(listed(&sandbox).iter().all(|status| status == "ok"), "{:?}", listed(&sandbox));
}

#[test]
fn files_that_may_not_grow_are_one_error_each() {
    let sandbox = project();
    sandbox.flowc(&RUN).is_fine();
    for kilobytes in [4, 16, 48, 96] {
        let done = held(&sandbox, kilobytes, &["run", "app.flow", &format!("name=Ada {kilobytes}")]);
        assert!(!done.err.contains("panicked") && done.code >= 0, "{kilobytes}: {done:?}");
        if done.code != 0 {
            let said = ["runs can't be recorded in", "what was spent today can't be kept in"];
            let said: usize = said.iter().map(|what| done.err.matches(what).count()).sum();
            assert_eq!(said, 1, "{kilobytes}: {done:?}");
        }
    }
    let runs = sandbox.flowc(&["runs", "--format", "json"]).is_fine().json()["runs"].clone();
    assert_eq!(runs.as_array().unwrap().last().unwrap()["status"], json!("ok"));
    sandbox.flowc(&RUN).is_fine();
}

#[test]
fn a_folder_that_may_only_be_read_is_named() {
    let sandbox = project();
    let Some(disk) = Disk::mount(sandbox.path(".flow"), "8m") else { return };
    sandbox.flowc(&RUN).is_fine();
    disk.read_only(true);
    let done = sandbox.flowc(&["run", "app.flow", "name=Bob"]);
    let said = one_error(&done, "runs can't be recorded in `");
    assert!(said.contains("Read-only file system") && said.contains("FLOW_STATE_DIR"), "{said}");
    // Without a journal, what was spent can't be kept either.
    let done = sandbox.flowc(&["run", "app.flow", "name=Bob", "--no-journal"]);
    let said = one_error(&done, "what was spent today can't be kept in `");
    assert!(said.contains("Read-only file system") && said.contains("FLOW_STATE_DIR"), "{said}");
    // Without either, only the cache is missing.
    sandbox.write("flow.toml", "");
    let done = sandbox.flowc(&["run", "app.flow", "name=Bob", "--no-journal"]);
    assert_eq!(done.is_fine().err.matches("warning: the cache failed").count(), 1, "{done:?}");
    disk.read_only(false);
    assert_eq!(sandbox.flowc(&["runs"]).is_fine().out.lines().count(), 2);
}
