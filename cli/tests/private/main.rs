//! Private data: in nothing that a run tells or leaves behind, wherever it fails; and still there where
//! the run goes on.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod apart;
#[path = "../modelserver/mod.rs"]
mod modelserver;
#[path = "../sandbox/mod.rs"]
mod sandbox;
mod tools;

use modelserver::{Act, Asked, ModelServer, say};
use sandbox::{Done, Sandbox};
use serde_json::json;
use std::path::Path;
use std::sync::{Arc, Mutex};

const PROGRAM: &str = r#"import length, injection from std.guards

model fast = "openai/gpt-4o-mini" {
  max_output: 300 tokens
  clearance: private
}

model careful = "openai/gpt-4o" {
  max_output: 300 tokens
  clearance: private
}

type Customer {
  id: text <= 20 tokens
  name: private text <= 20 tokens
  mail: private text <= 30 tokens
  salary: private int
}

enum Mood {
  calm
  angry
}

type Note {
  title: text <= 60 tokens
  body: text <= 200 tokens
  mood: Mood
}

lookup record(name: private text) -> [Customer] <= 2 {
  source: search("data/*.jsonl")
}

prompt draft(customer: Customer, illness: text) -> Note {
  user: "STEP draft. Write to {{ customer.name }} at {{ customer.mail }}, who earns {{ customer.salary }}, of {{ illness }}"
}

prompt shorten(text: text) -> text <= 200 tokens {
  user: "STEP shorten. {{ text }}"
}

prompt recast(text: text) -> Note {
  user: "STEP recast. {{ text }}"
}

prompt count(text: text) -> int 1..5 {
  model: fast
  user: "STEP count. {{ text }}"
}

prompt word(text: text) -> text <= 100 tokens {
  user: "STEP word. {{ text }}"
}

prompt close(text: text) -> text <= 200 tokens {
  user: "STEP close. {{ text }}"
}

guard fair(text: text) {
  require: len(text) < 2000
  require: count(text) >= 3
}

action tell(what: private untrusted text) {
  channel: http(env("DESK_URL"))
}

action keep(what: private untrusted text) {
  channel: file("outbox/notes.jsonl")
}

flow polished(text: text <= 300 tokens) -> text {
  model: fast
  short = shorten(text)
  return upper(short)
}

flow main(customer: Customer, illness: private text <= 40 tokens, words: [private text <= 10 tokens] <= 3, most: trusted int) -> text {
  model: fast
  rows = record(customer.name)
  first = rows[0]
  made = draft(first, illness) {
    fallback: careful
    escalate: careful unless count(it.body) >= 2
    retry: 1
    cache: 1h per customer.id
  }
  polish = polished(made.body)
  each_word = each w in words {
    said = word(w)
    yield said
  }
  again = repeat up to 2 from polish {
    next = recast(it)
    yield next.body
  } until len(it) > 5000
  mooded = match made.mood {
    calm => close(again),
    angry => close("{{ again }} {{ illness }}"),
  }
  fair_one = fair(mooded) else retry 1
  short = length(fair_one, most)
  listed = if len(each_word) > 0 {
    yield join(each_word, ", ")
  } else {
    yield "none"
  }
  kept = keep("{{ short }} {{ listed }}")
  safe = injection(short)
  told = tell(safe) { key: customer.id }
  return short
}

flow reviewed(customer: Customer) -> text {
  model: fast
  said = word(customer.mail)
  ok = review(said, by: "desk", within: 2d)
  told = tell(ok)
  return ok
}

flow slow(customer: Customer) -> text {
  model: fast
  said = word(customer.mail) { timeout: 300ms }
  return said
}

flow refuses(customer: Customer) -> text {
  model: fast
  said = word(customer.mail) else stop "{{ customer.name }} can't be written to."
  return said
}
"#;

// What must be nowhere, also where it is written in another way.
const PRIVATE: [&str; 10] = [
    "Quillon Zafferani",
    "Zafferani",
    "quillon.z@priv.example",
    "7346182",
    "xenoplastic \"blue\" fever",
    "xenoplastic",
    "grumbleberry",
    "tell-tale-4711",
    "zaf@found.example",
    "9182736",
];

const INPUTS: [&str; 4] = [
    r#"customer={"id":"customer-1","name":"Quillon Zafferani","mail":"quillon.z@priv.example","salary":7346182}"#,
    r#"illness=xenoplastic "blue" fever"#,
    r#"words=["grumbleberry","grumbleberry pie"]"#,
    "most=1000",
];

// What is found is not what is given.
const ROW: &str =
    r#"{"id":"customer-1","name":"Quillon Zafferani","mail":"zaf@found.example","salary":9182736}"#;

/// How a step fails.
#[derive(Clone, Copy, PartialEq, Debug)]
enum How {
    /// Not at all.
    Not,
    /// The model's server repeats what it was sent, and is broken.
    Broken,
    /// It refuses what it was sent, and repeats it.
    Refused,
    /// The answer is none, and tells what it was made of.
    Odd,
    /// It comes too late.
    Late,
}

struct World {
    sandbox: Sandbox,
    models: ModelServer,
    fails: Arc<Mutex<(String, How)>>,
    desk: String,
    // What was posted to the webhook.
    told: Arc<Mutex<Vec<String>>>,
    // The threads of the desk.
    _desk: tokio::runtime::Runtime,
}

impl World {
    fn new() -> World {
        let fails = Arc::new(Mutex::new((String::new(), How::Not)));
        let told = fails.clone();
        let models = ModelServer::start(move |asked| act(asked, &told.lock().unwrap()));
        World::with(PROGRAM, models, fails)
    }

    fn with(program: &str, models: ModelServer, fails: Arc<Mutex<(String, How)>>) -> World {
        let sandbox = Sandbox::with(&[("main.flow", program), ("data/customers.jsonl", ROW)]);
        let told = Arc::<Mutex<Vec<String>>>::default();
        let (desk, threads) = desk(fails.clone(), told.clone());
        World { sandbox, models, fails, desk, told, _desk: threads }
    }

    /// Waits until a model was asked this.
    fn waits_for(&self, question: &str) {
        let asked = || self.models.asked().iter().any(|asked| asked.user.contains(question));
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !asked() && std::time::Instant::now() < until {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(asked(), "it is under way");
    }

    fn fail(&self, step: &str, how: How) {
        *self.fails.lock().unwrap() = (step.to_owned(), how);
    }

    fn flowc(&self, args: &[&str]) -> Done {
        Done::from(self.command(args).output().unwrap())
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.sandbox.command(args);
        command.envs(self.models.vars("sk-for-the-test"));
        let hook = format!("{}hook", self.desk);
        command.envs([("DESK_URL", &self.desk), ("FLOW_REVIEWS_WEBHOOK", &hook)]);
        command
    }

    fn run(&self, flow: &str, inputs: &[&str]) -> Done {
        let mut args = vec!["run", "main.flow", "--flow", flow, "--format", "json", "--verbose"];
        args.extend(["--events", "events.jsonl"]);
        args.extend(inputs);
        self.flowc(&args)
    }

    /// Panics where something private is in what the commands say of the run, or in a file of the state.
    fn tells_nothing(&self, done: &Done, case: &str) {
        let runs = self.flowc(&["runs", "--format", "json"]).json();
        let run = runs["runs"][0]["run"].as_str().unwrap_or_default().to_owned();
        let mut said = vec![("stderr".to_owned(), done.err.clone().into_bytes())];
        if done.code != 0 {
            said.push(("stdout".to_owned(), done.out.clone().into_bytes()));
        }
        for args in [
            vec!["trace", &run],
            vec!["trace", &run, "--format", "json"],
            vec!["runs", "--format", "json"],
            vec!["runs"],
            vec!["runs", "--waiting"],
            vec!["runs", "--waiting", "--format", "json"],
            vec!["cache", "--format", "json"],
            vec!["audit", "report", &run],
            vec!["audit", "report", &run, "--format", "json"],
            vec!["audit", "verify"],
        ] {
            let shown = self.flowc(&args);
            said.push((args.join(" "), [shown.out, shown.err].concat().into_bytes()));
        }
        said.push(("events".to_owned(), std::fs::read(self.sandbox.path("events.jsonl")).unwrap()));
        said.push(("the webhook".to_owned(), self.told.lock().unwrap().concat().into_bytes()));
        files(&self.sandbox.path(".flow"), &mut said);
        assert!(said.len() > 8, "there is a journal");
        for (place, bytes) in said {
            has_nothing(&bytes, &format!("{place}, {case}"));
        }
    }
}

fn has_nothing(bytes: &[u8], place: &str) {
    let text = String::from_utf8_lossy(bytes);
    let small = text.to_ascii_lowercase();
    for private in PRIVATE {
        let found = written(private).into_iter().find(|form| small.contains(&form.to_ascii_lowercase()));
        let found = found.or_else(|| in_base64(private).into_iter().find(|form| text.contains(form)));
        if let Some(form) = found {
            let at = small.find(&form.to_ascii_lowercase()).unwrap_or_default();
            let from = (0..=at.saturating_sub(200)).rev().find(|at| small.is_char_boundary(*at)).unwrap();
            let around: String = small[from..].chars().take(400).collect();
            panic!("`{private}` is in {place} as `{form}`: {around}");
        }
    }
}

// As it is, as JSON writes it (once, and as a text inside JSON), as URLs and forms do, and by its bytes.
fn written(private: &str) -> Vec<String> {
    let escaped = |text: &str| {
        let json = serde_json::Value::from(text).to_string();
        json[1..json.len() - 1].to_owned()
    };
    let percent: String = private
        .bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => (b as char).to_string(),
            b => format!("%{b:02x}"),
        })
        .collect();
    let hex: String = private.bytes().map(|b| format!("{b:02x}")).collect();
    let once = escaped(private);
    vec![private.to_owned(), escaped(&once), once, percent.replace("%20", "+"), percent, hex]
}

// Whatever stands before it: what is sure of it in each of the three places where it can begin.
fn in_base64(private: &str) -> Vec<String> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let at = |before: usize| {
        let bytes = [&vec![b' '; before], private.as_bytes()].concat();
        let whole = bytes.len() / 3 * 4;
        let from = if before == 0 { 0 } else { 4 };
        [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)].map(|t| t[from..whole].to_owned())
    };
    let forms: Vec<String> = (0..3).flat_map(at).collect();
    assert!(forms.iter().all(|form| form.len() >= 4), "{forms:?}");
    forms
}

#[test]
fn whatever_holds_a_private_value_is_found_to() {
    use base64::Engine;
    let told = |text: String| std::panic::catch_unwind(|| has_nothing(text.as_bytes(), "a test")).is_err();
    for private in PRIVATE {
        for form in written(private) {
            assert!(told(format!("x {form} y")), "{form}");
        }
        for before in ["", "a", "ab", "abc"] {
            let bytes = format!("{before}{private}, and more");
            assert!(told(base64::engine::general_purpose::STANDARD.encode(&bytes)), "{bytes}");
        }
    }
    assert!(!told("nothing of it".to_owned()));
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default())),
        }
    }
}

// Every answer tells what it was made of, and something of its own that only a model knows.
fn act(asked: &Asked, (step, how): &(String, How)) -> Act {
    let told = format!("{} tell-tale-4711", asked.user);
    if !step.is_empty() && asked.user.contains(&format!("STEP {step}.")) {
        match how {
            How::Not => {}
            How::Broken => return Act::Fail(500, None, asked.user.clone()),
            How::Refused => return Act::Fail(400, None, asked.user.clone()),
            How::Odd => return say(format!("I would rather not: {told}")),
            How::Late => return Act::Say(told, std::time::Duration::from_secs(5)),
        }
    }
    let note = json!({ "title": "a note with tell-tale-4711", "body": told, "mood": "calm" });
    match asked.user.split(['.', ' ']).nth(1).unwrap_or_default() {
        "draft" | "recast" => say(note.to_string()),
        "count" => say(if step == "fair" { "1" } else { "4" }),
        _ => say(told),
    }
}

// Where actions act: it repeats what it was sent. And where it is told that a person is waited for.
fn desk(
    fails: Arc<Mutex<(String, How)>>,
    told: Arc<Mutex<Vec<String>>>,
) -> (String, tokio::runtime::Runtime) {
    use axum::http::StatusCode;
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let answer = move |body: String| {
        let fail = fails.lock().unwrap().0 == "tell";
        async move { (if fail { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, body) }
    };
    let hook = move |body: String| {
        told.lock().unwrap().push(body);
        async { StatusCode::NO_CONTENT }
    };
    let app =
        axum::Router::new().route("/", axum::routing::post(answer)).route("/hook", axum::routing::post(hook));
    let listener = threads.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    threads.spawn(async move { axum::serve(listener, app).await });
    (url, threads)
}

#[test]
fn nothing_private_is_told_or_left_wherever_a_run_fails() {
    let world = World::new();
    for how in [How::Broken, How::Refused, How::Odd] {
        for step in ["draft", "shorten", "recast", "count", "word", "close"] {
            // Any text is an answer where one is asked for.
            if how == How::Odd && ["shorten", "word", "close"].contains(&step) {
                continue;
            }
            world.fail(step, how);
            // What an earlier run was answered would be used.
            let _ = std::fs::remove_dir_all(world.sandbox.path(".flow"));
            let failed = world.run("main", &INPUTS);
            assert_ne!(failed.code, 0, "{step} {how:?}: {failed:?}");
            world.tells_nothing(&failed, &format!("{step} {how:?}"));
        }
    }
    world.fail("tell", How::Not);
    let failed = world.run("main", &INPUTS);
    assert_eq!(failed.code, 3, "{failed:?}");
    world.tells_nothing(&failed, "an action that is refused");

    world.fail("fair", How::Not);
    let failed = world.run("main", &INPUTS);
    assert!(failed.json()["error"]["message"].as_str().unwrap().contains("`fair` requires"), "{failed:?}");
    world.tells_nothing(&failed, "a guard of the program");

    world.fail("", How::Not);
    let failed = world.run("main", &[&INPUTS[..3], &["most=10"]].concat());
    assert!(failed.json()["error"]["message"].as_str().unwrap().contains("`length`"), "{failed:?}");
    world.tells_nothing(&failed, "a built-in guard");

    // A row that is wrong, and a list that is empty.
    for (rows, wrong) in [
        (ROW.replace("9182736}", "\"Quillon Zafferani has 9182736\"}"), "does not have its type"),
        ("{}".to_owned(), ""),
    ] {
        world.sandbox.write("data/customers.jsonl", &rows);
        let failed = world.run("main", &INPUTS);
        assert!(failed.json()["error"]["message"].as_str().unwrap().contains(wrong), "{failed:?}");
        assert_ne!(failed.code, 0, "{failed:?}");
        world.tells_nothing(&failed, "a lookup");
    }
    world.sandbox.write("data/customers.jsonl", ROW);

    world.fail("word", How::Broken);
    let refused = world.run("refuses", &INPUTS[..1]);
    assert_eq!(refused.json()["status"], "stopped");
    let message = refused.json()["error"]["message"].clone();
    assert_eq!(message, "<private:name> can't be written to.");
    world.tells_nothing(&refused, "a refusal");
}

#[test]
fn nothing_private_is_told_or_left_where_a_person_is_asked() {
    let world = World::new();
    let waits = world.run("reviewed", &INPUTS[..1]);
    assert_eq!((waits.code, &waits.json()["status"]), (1, &"waiting".into()), "{waits:?}");
    world.tells_nothing(&waits, "a run that waits");
    assert_eq!(world.told.lock().unwrap().len(), 1);
    let run = waits.json()["run"].as_str().unwrap().to_owned();
    // What a person writes of it may name it as well.
    let reason = "Quillon Zafferani of quillon.z@priv.example must not have it, with 7346182 a year";
    let rejected = world.flowc(&["reject", &run, "ok", "--as", "anna", "--reason", reason]);
    assert_eq!(rejected.code, 0, "{rejected:?}");
    let failed = world.flowc(&["run", "--resume", &run, "--format", "json", "--events", "events.jsonl"]);
    assert_eq!(failed.json()["error"]["code"], "flow::E0808", "{failed:?}");
    world.tells_nothing(&failed, "a review that was rejected");

    let waits = world.run("reviewed", &INPUTS[..1]);
    let run = waits.json()["run"].as_str().unwrap().to_owned();
    let edited = "Dear Quillon Zafferani, xenoplastic grumbleberry tell-tale-4711";
    let approved =
        world.flowc(&["approve", &run, "ok", "--as", "anna", "--value", edited, "--reason", reason]);
    assert_eq!(approved.code, 0, "{approved:?}");
    world.fail("tell", How::Not);
    let failed = world.flowc(&["run", "--resume", &run, "--format", "json", "--events", "events.jsonl"]);
    assert_eq!(failed.json()["error"]["code"], "flow::E0811", "{failed:?}");
    world.tells_nothing(&failed, "an edited value whose action was refused");
}

#[test]
fn nothing_private_is_told_or_left_where_time_money_or_the_process_ends() {
    let world = World::new();
    world.fail("word", How::Late);
    let late = world.run("slow", &INPUTS[..1]);
    assert_eq!(late.json()["error"]["code"], "flow::E0805", "{late:?}");
    world.tells_nothing(&late, "an answer that comes too late");

    // Killed in the middle of its calls.
    let mut args = vec!["run", "main.flow", "--flow", "main", "--events", "events.jsonl"];
    args.extend(INPUTS);
    let mut command = world.command(&args);
    let piped = std::process::Stdio::piped;
    let mut child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
    world.waits_for("STEP shorten.");
    child.kill().unwrap();
    let killed = Done::from(child.wait_with_output().unwrap());
    assert_ne!(killed.code, 0);
    world.tells_nothing(&killed, "a run that was killed");

    world.sandbox.write("flow.toml", "[budget]\nper_day = \"$0.00001\"\n");
    let poor = world.run("main", &INPUTS);
    assert_eq!(poor.json()["error"]["code"], "flow::E0803", "{poor:?}");
    world.tells_nothing(&poor, "a budget that is spent");
}

#[test]
fn a_run_goes_on_with_what_is_sealed_and_its_answer_is_for_whoever_ran_it() {
    let world = World::new();
    world.fail("close", How::Broken);
    let failed = world.run("main", &INPUTS);
    let run = failed.json()["run"].as_str().unwrap().to_owned();
    let before = world.models.asked().len();

    // The key is gone: one clear error.
    let key = world.sandbox.path(".config/flow/state.key");
    let kept = std::fs::read_to_string(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let lost = world.flowc(&["run", "--resume", &run]);
    lost.fails(2, "was sealed with another key").fails(2, "there is none here").fails(2, "FLOW_STATE_KEY");
    assert!(!key.exists(), "no key is made to read with");
    let mut given = vec!["run", "main.flow", "--flow", "main", "--resume", &run];
    given.extend(INPUTS);
    world.flowc(&given).fails(2, "was sealed with another key");
    // That run had things to seal, so there is one now: of another run.
    std::fs::remove_file(&key).unwrap();

    // And with the key in the environment, it goes on and asks nothing twice.
    world.fail("", How::Not);
    let mut vars = world.models.vars("sk-for-the-test");
    vars.extend([("DESK_URL", world.desk.as_str()), ("FLOW_STATE_KEY", kept.trim())]);
    let args = ["run", "--resume", &run, "--format", "json", "--events", "events.jsonl"];
    let done = world.sandbox.flowc_with(&args, &vars);
    done.is_fine();
    assert!(done.json()["output"].as_str().unwrap().contains("tell-tale-4711"), "{done:?}");
    let asked = world.models.asked();
    let later: Vec<&str> = asked[before..].iter().filter_map(|a| a.user.split(['.', ' ']).nth(1)).collect();
    assert!(!later.contains(&"draft") && !later.contains(&"word"), "{later:?}");
    std::fs::write(&key, kept).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    world.tells_nothing(&done, "a run that went on");
    let again = world.flowc(&["run", "--resume", &run, "--format", "json"]);
    assert_eq!(again.json()["output"], done.json()["output"], "its recorded end is readable");
    let trace = world.flowc(&["trace", &run, "--format", "json"]).json();
    assert_eq!(trace["output"], "<private>");
    assert_eq!(trace["inputs"][0]["id"], "customer-1");
    assert_eq!(trace["inputs"][0]["name"], "<private>");
    assert_eq!(trace["inputs"][1], "<private>");
    assert_eq!(trace["inputs"][3], 1000);

    // What the cache has kept is found by the next run, and can't be read there.
    // A machine that is too busy to reach the cache in time says so: then it is not there.
    let is_away = |done: &Done| done.err.contains("the cache has not answered within");
    let (mut before, mut next) = (failed, world.run("main", &INPUTS));
    for _ in 0..10 {
        if is_away(&before) || is_away(&next) {
            (before, next) = (next, world.run("main", &INPUTS));
        }
    }
    next.is_fine();
    let steps = next.json()["steps"].as_array().unwrap().clone();
    let draft = steps.iter().find(|s| s["name"] == "made").unwrap();
    assert_eq!(draft["status"], "cached", "{next:?}");
    world.tells_nothing(&next, "a run with a cached answer");
}

#[test]
fn a_cassette_has_no_private_value() {
    let world = World::new();
    for (step, how) in [("", How::Not), ("close", How::Refused), ("recast", How::Odd)] {
        world.fail(step, how);
        let mut args = vec!["run", "main.flow", "--flow", "main", "--record", "c.jsonl"];
        args.extend(INPUTS);
        world.flowc(&args);
        let cassette = std::fs::read(world.sandbox.path("c.jsonl")).unwrap();
        // What a model knows of itself is on it: that is what a cassette is for.
        let own = String::from_utf8(cassette).unwrap().to_lowercase().replace("tell-tale-4711", "");
        has_nothing(own.as_bytes(), "a cassette");
    }
}
