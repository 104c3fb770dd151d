//! A review whose run is recorded in a real PostgreSQL, which the test starts by itself: killed with its
//! database, decided a week later by one of those who race, and done once.

use super::{sandbox, sent};
use crate::sandbox::{Done, Sandbox};
use std::io::{BufRead, BufReader};
use std::path::Path;
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
        assert!(server.program("createdb").arg("reviews").status().unwrap().success());
        server
    }

    // At once, as when the machine dies, and up again.
    fn crash(&mut self) {
        self.die();
        (self.bin, self.process) = launch(self.folder.path(), self.port);
        self.wait();
    }

    fn die(&mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-QUIT", &pid]).status().unwrap().success());
        self.process.wait().unwrap();
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(60);
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

    fn url(&self) -> String {
        format!("postgres://flow:s3cret@127.0.0.1:{}/reviews", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.die();
        }
    }
}

fn launch(folder: &Path, port: u16) -> (String, Child) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/tests/journals/postgres.sh");
    let venv = concat!(env!("CARGO_TARGET_TMPDIR"), "/pgserver");
    let mut command = Command::new("sh");
    command.arg(script).arg(folder).arg(port.to_string()).arg(venv);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut bin = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut bin).unwrap();
    (bin.trim().to_owned(), process)
}

struct Desk<'a> {
    sandbox: &'a Sandbox,
    url: String,
}

impl Desk<'_> {
    fn command(&self, args: &[&str], later: &str) -> Command {
        let mut command = self.sandbox.command(args);
        command.envs([("FLOW_STATE_URL", self.url.as_str()), ("FLOW_CLOCK", later), ("USER", "anna")]);
        command
    }

    fn flowc(&self, args: &[&str], later: &str) -> Done {
        Done::from(self.command(args, later).output().unwrap())
    }

    // All at the same time.
    fn race(&self, all: &[Vec<&str>], later: &str) -> Vec<Done> {
        let start = |args: &Vec<&str>| {
            let mut command = self.command(args, later);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<Child> = all.iter().map(start).collect();
        children.into_iter().map(|child| Done::from(child.wait_with_output().unwrap())).collect()
    }

    fn killed(&self, args: &[&str], later: &str, after: Duration) {
        let mut command = self.command(args, later);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(after);
        // One that has ended is not there any more.
        let _ = child.kill();
        child.wait().unwrap();
    }
}

#[test]
fn a_review_in_postgres_outlives_crashes_and_a_week_and_is_decided_and_done_once() {
    let mut server = Server::start();
    let mut random = fastrand::Rng::with_seed(11);
    for round in 0..4 {
        let sandbox = sandbox();
        let desk = Desk { sandbox: &sandbox, url: server.url() };
        let began = Instant::now();
        let first = desk.flowc(&["run", "app.flow", "--format", "json", "topic=shoes"], "+0s");
        let whole = began.elapsed().as_micros() as u64;
        assert_eq!(first.code, 1, "{first:?}");
        let run = first.json()["run"].as_str().unwrap().to_owned();
        let mut pause = || Duration::from_micros(random.u64(0..whole + whole / 4));
        // Whoever looks meanwhile is killed, and the database with them.
        desk.killed(&["run", "--resume", &run], "+1d", pause());
        server.crash();
        let waiting = desk.flowc(&["runs", "--waiting"], "+6d");
        assert!(waiting.is_fine().out.contains(&format!("{run}  ok    editors")), "{waiting:?}");

        // A week later two decide at once.
        let approve = vec!["approve", run.as_str(), "ok", "--as", "anna"];
        let reject = vec!["reject", run.as_str(), "ok", "--as", "ben", "--reason", "too loud"];
        let done = desk.race(&[approve, reject], "+7d");
        let decided: Vec<usize> = (0..2).filter(|i| done[*i].code == 0).collect();
        let [first] = decided[..] else { panic!("round {round}: {done:?}") };
        let was = ["is decided already: anna approved", "is decided already: ben rejected"][first];
        done[1 - first].fails(2, was);

        // Those who go on with it are killed, race, and the machine dies once more.
        for _ in 0..3 {
            desk.killed(&["run", "--resume", &run], "+7d", pause());
        }
        server.crash();
        let resume = vec!["run", "--resume", run.as_str()];
        desk.race(&[resume.clone(), resume.clone()], "+7d");
        let end = desk.flowc(&["run", "--resume", &run, "--format", "json"], "+8d");
        assert_eq!(end.json()["status"], ["ok", "failed"][first], "round {round}: {end:?}");
        assert_eq!(sent(&sandbox), [1, 0][first], "round {round}");
        let trace = desk.flowc(&["trace", &run, "--format", "json"], "+8d").json();
        assert_eq!(trace["reviews"].as_array().unwrap().len(), 1, "{trace:#}");
        assert_eq!(trace["reviews"][0]["decision"]["who"], ["anna", "ben"][first]);
        let verified = desk.flowc(&["audit", "verify"], "+8d");
        assert!(verified.is_fine().out.starts_with("whole: "), "{verified:?}");
        let report = desk.flowc(&["audit", "report", &run, "--format", "json"], "+8d").json();
        let people = report["runs"][0]["people"].as_array().unwrap().clone();
        let decisions = people.iter().filter(|p| p["event"] == "decision");
        assert_eq!(decisions.count(), 1, "{people:#?}");
    }
}
