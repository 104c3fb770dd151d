//! The cache in a real Redis, which the test starts by itself: see `redis.sh`.

use crate::chain;
use flow_diagnostics::Code;
use flow_plan::{Cost, FlowId, Millis, Tokens, Value};
use flow_runtime::cache::{
    Asked, Cache, CacheKey, Count, Entry, Found, Front, Placed, Places, RedisCache, Saved, Survey, Vectors,
    Which,
};
use flow_runtime::events::{Event, What};
use flow_runtime::{Context, Engine, Environment, Options, RunReport, RunStatus, Start};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Server {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
    tls: bool,
}

impl Server {
    fn start() -> Server {
        Server::started(false)
    }

    // One that talks TLS alone, with a certificate of its own authority.
    fn with_tls() -> Server {
        Server::started(true)
    }

    fn started(tls: bool) -> Server {
        let folder = tempfile::tempdir().unwrap();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = launch(folder.path(), port, tls);
        let server = Server { folder, port, process, tls };
        server.wait();
        server
    }

    // Where it must be installed first, that takes its time.
    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(120);
        while self.cli(&["ping"]) != "PONG" {
            assert!(Instant::now() < until, "Redis does not start");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn die(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = launch(self.folder.path(), self.port, self.tls);
        self.wait();
    }

    fn cache(&self) -> RedisCache {
        RedisCache::new(&format!("redis://:s3cret@127.0.0.1:{}/0", self.port)).unwrap()
    }

    // As the server's own client says it.
    fn cli(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string(), "-a", "s3cret", "--no-auth-warning"]);
        if self.tls {
            command.arg("--tls").arg("--cacert").arg(self.folder.path().join("ca.crt"));
        }
        command.args(words);
        let output = command.stderr(Stdio::null()).output();
        // Its client comes with the server.
        output.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.die();
        }
    }
}

fn launch(folder: &std::path::Path, port: u16, tls: bool) -> Child {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/caches/redis.sh");
    Command::new("sh")
        .arg(script)
        .arg(folder)
        .arg(port.to_string())
        .args(tls.then_some("tls"))
        .spawn()
        .unwrap()
}

fn asked(scope: Option<u8>, call: u8) -> Asked {
    let key = CacheKey { scope: scope.map(|s| [s; 32]), call: [call; 32] };
    Asked { key, flow: "main".into(), callee: "answer".into() }
}

fn entry(value: Value) -> Entry {
    Entry { value, saved: Saved { usd: Cost(2_000), input: Tokens(30), output: Tokens(4) } }
}

const ALWAYS: Millis = Millis(60_000);

#[tokio::test]
async fn entries_are_shared_and_good_for_their_time() {
    let server = Server::start();
    let (one, other) = (server.cache(), server.cache());
    assert_eq!(one.get(&asked(None, 7)).await, Ok(Found::Miss));
    let made =
        entry(Value::record([("price".into(), Value::Money(Cost(5))), ("a".into(), Value::text("b\nc"))]));
    one.put(&asked(None, 7), &made, ALWAYS).await.unwrap();
    one.put(&asked(Some(1), 7), &entry(Value::Int(1)), Millis(30)).await.unwrap();
    let Found::Hit(found, left) = other.get(&asked(None, 7)).await.unwrap() else { panic!("it is kept") };
    assert_eq!(found, made);
    assert!((Millis(50_000)..=ALWAYS).contains(&left), "{left}");
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(other.get(&asked(Some(1), 7)).await, Ok(Found::Miss));
    assert_eq!(server.cli(&["dbsize"]), "1", "Redis forgets what is over by itself");
}

#[tokio::test]
async fn what_was_tampered_with_is_forgotten() {
    let server = Server::start();
    let cache = server.cache();
    cache.put(&asked(None, 7), &entry(Value::Int(1)), ALWAYS).await.unwrap();
    let name = server.cli(&["keys", "flow:cache:entry:*"]);
    server.cli(&["append", &name, "2"]);
    assert_eq!(cache.get(&asked(None, 7)).await, Ok(Found::Spoilt));
    assert_eq!(cache.get(&asked(None, 7)).await, Ok(Found::Miss));
    server.cli(&["set", &name, "nothing of ours"]);
    assert_eq!(cache.get(&asked(None, 7)).await, Ok(Found::Spoilt));
}

#[tokio::test]
async fn places_are_shared_and_spoilt_ones_dropped() {
    let server = Server::start();
    let (one, other) = (server.cache(), server.cache());
    let group = [9; 32];
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let place = |call: u8, until: i64| Placed {
        call: [call; 32],
        vectors: Vectors::of(&[vec![1.0, f32::from(call)]]).unwrap(),
        until,
    };
    assert_eq!(other.placed(&group, 0).await.unwrap(), Places::default());
    for (call, until) in [(1, now + 60_000), (2, now + 60_000), (3, now - 1), (4, now + 60_000)] {
        one.place(&group, &asked(None, call), &place(call, until)).await.unwrap();
    }
    let places = other.placed(&group, 0).await.unwrap();
    assert_eq!(places.placed.iter().map(|p| p.call[0]).collect::<Vec<_>>(), [1, 2, 4]);
    assert!(!places.more && places.spoilt == 0);
    // What was placed in the same millisecond may come again; nothing is passed over.
    tokio::time::sleep(Duration::from_millis(5)).await;
    one.place(&group, &asked(None, 5), &place(5, now + 60_000)).await.unwrap();
    let more = other.placed(&group, places.upto).await.unwrap();
    assert_eq!(more.placed.last().map(|p| p.call[0]), Some(5));
    assert!(more.upto > places.upto);

    let name = server.cli(&["keys", "flow:cache:places:*"]);
    server.cli(&["xadd", &name, "*", "call", "x", "until", "y"]);
    assert_eq!(other.placed(&group, 0).await.unwrap().spoilt, 1);
    assert_eq!(other.placed(&group, 0).await.unwrap().spoilt, 0);
    let left: i64 = server.cli(&["pttl", &name]).parse().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
    one.clear(&Which::default()).await.unwrap();
    assert_eq!(server.cli(&["dbsize"]), "0");
}

#[tokio::test]
async fn a_connection_may_be_with_tls() {
    let server = Server::with_tls();
    let url = format!("rediss://:s3cret@127.0.0.1:{}/0", server.port);
    // What a process trusts is said by its environment, so that each case is a process of its own.
    let inside = |trusted: Option<&str>| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", "--ignored", "redis::inside_a_process_of_its_own"])
            .env("FLOW_TEST_REDIS", &url);
        match trusted {
            Some(file) => test.env("SSL_CERT_FILE", server.folder.path().join(file)),
            None => test.env_remove("SSL_CERT_FILE"),
        };
        let done = test.output().unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    let (fine, said) = inside(Some("ca.crt"));
    assert!(fine, "{said}");
    assert_eq!(server.cli(&["dbsize"]), "1");
    // A certificate of an authority that nobody knows.
    let (fine, said) = inside(None);
    assert!(!fine && said.contains("the cache in Redis failed"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    // And a server that talks TLS is not talked to without.
    let plain = RedisCache::new(&url.replace("rediss", "redis")).unwrap();
    assert_eq!(plain.get(&asked(None, 7)).await.unwrap_err().code, Code::E0810);
}

#[tokio::test]
#[ignore = "run by the test above in a process of its own, since certificates are read once in a process"]
async fn inside_a_process_of_its_own() {
    let cache = RedisCache::new(&std::env::var("FLOW_TEST_REDIS").unwrap()).unwrap();
    // Connecting may take longer than a question may, and goes on.
    let until = Instant::now() + Duration::from_secs(5);
    let put = loop {
        let put = cache.put(&asked(None, 7), &entry(Value::Int(1)), ALWAYS).await;
        if put.is_ok() || Instant::now() > until {
            break put;
        }
    };
    put.map_err(|error| error.message).unwrap();
    let found = cache.get(&asked(None, 7)).await.unwrap();
    assert!(matches!(found, Found::Hit(..)));
}

#[tokio::test]
async fn hits_are_counted_and_entries_cleared() {
    let server = Server::start();
    let cache = Front::new(Arc::new(server.cache()));
    for scope in [None, Some(1), Some(2)] {
        cache.get(&asked(scope, 7)).await.unwrap();
        cache.put(&asked(scope, 7), &entry(Value::Int(1)), ALWAYS).await.unwrap();
        cache.count(&asked(scope, 7), Count::Miss);
        for _ in 0..9 {
            cache.get(&asked(scope, 7)).await.unwrap();
            cache.count(&asked(scope, 7), Count::Hit(entry(Value::Int(1)).saved));
        }
        cache.count(&asked(scope, 7), Count::Similar(entry(Value::Int(1)).saved));
    }
    let survey = server.cache().survey().await.unwrap();
    assert_eq!(survey.counted, [], "what was counted is told later");
    cache.flush().await.unwrap();
    let survey = server.cache().survey().await.unwrap();
    let [counted] = survey.counted.as_slice() else { panic!("{survey:?}") };
    assert_eq!((counted.hits, counted.similar, counted.misses), (30, 3, 3));
    assert_eq!(counted.saved.usd, Cost(60_000));
    let scopes: Vec<_> = survey.groups.iter().map(|g| (g.scope.map(|s| s[0]), g.entries)).collect();
    assert_eq!(scopes, [(None, 1), (Some(1), 1), (Some(2), 1)]);

    let first = Which { scopes: vec![[1; 32]], ..Which::default() };
    assert_eq!(cache.clear(&first).await, Ok(1));
    assert_eq!(cache.get(&asked(Some(1), 7)).await, Ok(Found::Miss), "memory in front has forgotten it too");
    assert_eq!(cache.clear(&Which::default()).await, Ok(2));
    assert_eq!(cache.survey().await, Ok(Survey::default()));
}

#[tokio::test]
async fn a_server_that_is_away_is_an_error_at_once_and_comes_back() {
    let mut server = Server::start();
    let cache = server.cache();
    cache.put(&asked(None, 7), &entry(Value::Int(1)), ALWAYS).await.unwrap();
    server.die();
    for _ in 0..3 {
        let began = Instant::now();
        let error = cache.get(&asked(None, 7)).await.unwrap_err();
        assert_eq!(error.code, Code::E0810);
        assert!(error.message.starts_with("the cache in Redis failed: "), "{}", error.message);
        assert!(!format!("{error:?}").contains("s3cret"));
        assert!(began.elapsed() < Duration::from_millis(450), "{:?}", began.elapsed());
    }
    server.restart();
    let until = Instant::now() + Duration::from_secs(10);
    while cache.get(&asked(None, 7)).await != Ok(Found::Miss) {
        assert!(Instant::now() < until, "the connection is not made anew");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    cache.put(&asked(None, 7), &entry(Value::Int(2)), ALWAYS).await.unwrap();
    assert!(matches!(cache.get(&asked(None, 7)).await, Ok(Found::Hit(..))));
}

/// A run of three steps, each of whose answers is kept; the first waits until `meanwhile` is done.
async fn run(cache: Arc<dyn Cache>, meanwhile: impl FnOnce() + Send + 'static) -> (RunReport, Vec<String>) {
    let said: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let heard = said.clone();
    let meanwhile = std::sync::Mutex::new(Some(meanwhile));
    let sink = move |event: Event| match event.what {
        What::Warned { message } => heard.lock().unwrap().push(message),
        What::CallStarted { .. } => {
            if let Some(meanwhile) = meanwhile.lock().unwrap().take() {
                meanwhile();
            }
        }
        _ => {}
    };
    let options = Options { cache, ..Options::default() };
    let context = Context::new(Environment::default(), ".", ".flow");
    let engine = Engine::new(Arc::new(chain::chain(Some(Millis(60_000)))), context, options).unwrap();
    let start = Start { events: Some(Arc::new(sink)), ..Start::new(FlowId(0), vec![Value::text("shoes")]) };
    let report = engine.run(start).await;
    let said = said.lock().unwrap().clone();
    (report, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_the_middle_of_a_run_stops_nothing() {
    let mut server = Server::start();
    let first: Arc<dyn Cache> = Arc::new(server.cache());
    let (report, said) = run(first, || {}).await;
    assert_eq!((report.status, report.spent.calls, said.len()), (RunStatus::Ok, 3, 0), "{said:?}");
    let whole = report.output;
    server.cli(&["flushall"]);

    let pid = server.process.id().to_string();
    let cache: Arc<dyn Cache> = Arc::new(server.cache());
    let began = Instant::now();
    let (report, said) = run(cache, move || {
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        // Until its connections are gone.
        std::thread::sleep(Duration::from_millis(100));
    })
    .await;
    server.process.wait().unwrap();
    assert_eq!((report.status, report.spent.calls, report.output), (RunStatus::Ok, 3, whole), "{said:?}");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("the cache in Redis failed: "), "{said:?}");
    assert!(said[0].ends_with("; the run goes on without it"), "{said:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());

    server.restart();
    let (report, said) = run(Arc::new(server.cache()), || {}).await;
    assert_eq!((report.spent.calls, said.len()), (3, 0), "{said:?}");
    let (report, _) = run(Arc::new(server.cache()), || {}).await;
    assert_eq!((report.spent.calls, report.spent.cached_calls), (0, 3));
}
