//! The journal in a real PostgreSQL, which the test starts by itself: see `postgres.sh`.

use super::*;
use crate::chain;
use flow_diagnostics::Code;
use flow_plan::FlowId;
use flow_runtime::events::{Event, What};
use flow_runtime::{Context, Engine, Environment, Options, Start};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Server {
    folder: tempfile::TempDir,
    port: u16,
    bin: String,
    process: Child,
}

impl Server {
    fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (bin, process) = launch(folder.path(), port);
        let server = Server { folder, port, bin, process };
        server.wait();
        server
    }

    fn restart(&mut self) {
        (self.bin, self.process) = launch(self.folder.path(), self.port);
        self.wait();
    }

    // At once, as when the machine dies.
    fn die(&mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-QUIT", &pid]).status().unwrap().success());
        self.process.wait().unwrap();
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(30);
        while !self.program("pg_isready").status().unwrap().success() {
            assert!(Instant::now() < until, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(format!("{}/{name}", self.bin));
        command.args(["-h", "127.0.0.1", "-U", "flow", "-p", &self.port.to_string()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://flow:s3cret@127.0.0.1:{}/{database}", self.port)
    }

    fn database(&self, name: &str) -> String {
        assert!(self.program("createdb").arg(name).status().unwrap().success());
        self.url(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.die();
        }
    }
}

fn launch(folder: &std::path::Path, port: u16) -> (String, Child) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journals/postgres.sh");
    let venv = concat!(env!("CARGO_TARGET_TMPDIR"), "/pgserver");
    let mut command = Command::new("sh");
    command.arg(script).arg(folder).arg(port.to_string()).arg(venv);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut bin = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut bin).unwrap();
    (bin.trim().to_owned(), process)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_in_postgres_holds_every_promise() {
    let server = Server::start();
    let next = std::cell::Cell::new(0);
    promises::hold(|| {
        next.set(next.get() + 1);
        let url = server.database(&format!("promise{}", next.get()));
        Pair {
            one: Arc::new(DurableJournal::postgres(&url)),
            other: Arc::new(DurableJournal::postgres(&url)),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_is_one_error_and_loses_nothing() {
    let mut server = Server::start();
    let journal = DurableJournal::postgres(&server.database("runs"));
    let lease = journal.open(&head("r")).await.unwrap().lease;
    journal.begin(&lease, begun("a", 1, InDoubt::Repeat)).await.unwrap();
    journal.settle(&lease, AttemptId(1), used(3));
    journal.record(&lease, "a", &outcome(Ok(Value::Int(1)), 3)).await.unwrap();
    server.die();
    for _ in 0..2 {
        let error = journal.record(&lease, "b", &outcome(Ok(Value::Int(2)), 3)).await.unwrap_err();
        assert_eq!(error.code, Code::E0810);
        let place = format!("runs can't be recorded in `postgres://127.0.0.1:{}/runs`: ", server.port);
        assert!(error.message.starts_with(&place) && !error.message.contains('\n'), "{error}");
        assert!(error.help.unwrap().contains("whether the server runs"));
    }
    drop(lease);
    server.restart();
    // Everything that was recorded is there, and more is taken.
    let Opened { lease, recorded } = journal.open(&head("r")).await.unwrap();
    assert_eq!((recorded.done.len(), recorded.spent.usd), (1, Cost(3)));
    assert_eq!(recorded.done["a"].result, Ok(Value::Int(1)));
    journal.record(&lease, "b", &outcome(Ok(Value::Int(2)), 3)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_gives_its_runs_back() {
    let server = Server::start();
    let url = server.database("runs");
    let dying = DurableJournal::postgres(&url);
    let lease = dying.open(&head("r")).await.unwrap().lease;
    let other = DurableJournal::postgres(&url);
    assert!(other.open(&head("r")).await.unwrap_err().message.contains("under way"));
    // Its session ends, as the system ends the connections of a process that dies.
    let mut psql = server.program("psql");
    let ends = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
        and mode = 'ExclusiveLock' and granted and pid in (select pid from pg_locks where locktype = 'advisory')";
    assert!(psql.args(["-d", "runs", "-c", ends]).status().unwrap().success());
    let taken = match other.open(&head("r")).await {
        // The other's own connection may be gone as well.
        Err(error) if error.message.contains("can't be recorded") => other.open(&head("r")).await,
        first => first,
    };
    let taken = taken.unwrap();
    assert!(taken.lease.fence > lease.fence);
    let error = dying.record(&lease, "a", &outcome(Ok(Value::Null), 0)).await.unwrap_err();
    let error = match error.message.contains("can't be recorded") {
        true => dying.record(&lease, "a", &outcome(Ok(Value::Null), 0)).await.unwrap_err(),
        false => error,
    };
    assert_eq!(error.message, "another process has taken the run over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_server_is_said_without_the_password() {
    let server = Server::start();
    for (url, message, help) in [
        (server.url("nothing"), "database \"nothing\" does not exist", "createdb"),
        ("postgres://flow:s3cret@127.0.0.1:9/x".to_owned(), "refused", "whether the server runs"),
        ("postgres://flow:s3cret@127.0.0.1:port/x".to_owned(), "is not understood", "postgres://user@host"),
    ] {
        let error = DurableJournal::postgres(&url).open(&head("r")).await.unwrap_err();
        assert!(error.message.contains(message) && !error.message.contains("s3cret"), "{error}");
        assert!(error.help.as_ref().unwrap().contains(help), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_middle_of_a_run_ends_it_with_one_error_and_loses_nothing() {
    let mut server = Server::start();
    let url = server.database("runs");
    let id = RunId("r".into());
    let engine = || {
        let journal: Arc<dyn Journal> = Arc::new(DurableJournal::postgres(&url));
        let options = Options { journal: Some(journal), ..Options::default() };
        Engine::new(Arc::new(chain::chain(None)), Context::new(Environment::default(), ".", ".flow"), options)
    };
    // The calls that are made, by the steps that make them; the server dies with the second.
    let run = async |engine: Engine, die: Option<u32>| {
        let made: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
        let heard = made.clone();
        let sink = move |event: Event| {
            if let (What::CallStarted { .. }, Some(step)) = (&event.what, &event.step) {
                let mut made = heard.lock().unwrap();
                made.push(step.to_string());
                if let (2, Some(pid)) = (made.len(), die) {
                    let pid = pid.to_string();
                    assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
                    std::thread::sleep(Duration::from_millis(200));
                }
            }
        };
        let inputs = vec![Value::text("shoes")];
        let start =
            Start { run: Some(id.clone()), events: Some(Arc::new(sink)), ..Start::new(FlowId(0), inputs) };
        let report = engine.run(start).await;
        let made = made.lock().unwrap().clone();
        (report, made)
    };
    let (report, made) = run(engine().unwrap(), Some(server.process.id())).await;
    server.process.wait().unwrap();
    assert_eq!((report.status, made.as_slice()), (RunStatus::Failed, &["one".into(), "two".into()][..]));
    let error = report.error.unwrap();
    assert_eq!(error.code, Code::E0810);
    assert!(error.message.starts_with("runs can't be recorded in `postgres://"), "{error}");
    assert!(error.help.unwrap().contains("`flowc run --resume` goes on from there"));

    server.restart();
    let (report, made) = run(engine().unwrap(), None).await;
    assert_eq!(report.status, RunStatus::Ok, "{:?}", report.error);
    // What was recorded is not asked again; what was under way is, and both are charged.
    assert_eq!(made, ["two", "three"]);
    assert_eq!(report.spent.calls, 4);
}
