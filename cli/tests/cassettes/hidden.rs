//! What is not on a cassette: secrets, however they come into a text, and private values.

use crate::modelserver::{Act, ModelServer, say};
use crate::sandbox::Sandbox;
use crate::{KEY, report};
use std::time::Duration;

const OWN: &str = "tr0ub4dor-and-3-more-letters";
const FROM_FILE: &str = "swordfish \"in quotes\" 99";

const PROGRAM: &str = r#"model fast = "openai/gpt-4o-mini" { max_output: 160 tokens, clearance: private }
model own = "openai-compatible/own" {
  base_url: env("OWN_URL"), api_key: env("OWN_KEY")
  max_output: 60 tokens, context: 8k tokens, price: $1 in, $2 out
}

type Person {
  name: private text <= 20 tokens
  age: private int 1..120
  city: text <= 20 tokens
}

type Letter {
  greeting: text <= 60 tokens
  long: bool
}

prompt write(who: Person, note: text) -> Letter {
  user: "Write to {{ who }} about {{ note }}"
}

prompt say(word: text) -> text <= 60 tokens {
  user: "Say {{ word }}"
}

flow letter(who: Person, note: text <= 60 tokens) -> text {
  made = write(who, note) { model: fast }
  said = say(made.greeting) { model: fast }
  return said
}

flow ask(word: text <= 60 tokens) -> text {
  said = say(word) { model: own, retry: 1 }
  return said
}
"#;

#[test]
fn no_secret_is_on_a_cassette_whoever_says_it() {
    type Make = fn(&str) -> Act;
    let repeats: Make = |said| say(format!("you sent {said}"));
    let quotes: Make = |said| say(format!("{{\"you\": {}}}", serde_json::json!(said)));
    let cuts: Make = |said| say(format!("you sent {}", &said[..said.len() - 5]));
    let fails: Make = |said| Act::Fail(400, None, format!("bad key {said}"));
    let breaks: Make = |said| Act::Fail(503, Some(1), said.to_owned());
    for make in [repeats, quotes, cuts, fails, breaks] {
        let server = ModelServer::start(move |asked| {
            let said = format!("{} {KEY} {FROM_FILE} {OWN}", asked.key);
            make(&said)
        });
        let sandbox = Sandbox::with(&[("app.flow", PROGRAM), ("file.txt", &format!("{FROM_FILE}\n"))]);
        let vars = [
            ("OPENAI_API_KEY", KEY),
            ("OWN_URL", server.url.as_str()),
            ("OWN_KEY", OWN),
            ("SOME_FILE", "file.txt"),
        ];
        let word = format!("word={KEY} {OWN} {FROM_FILE}");
        let run = ["run", "app.flow", "--flow", "ask", &word, "--format", "json"];
        let live = sandbox.flowc_with(&[&run[..], &["--record", "c.jsonl"]].concat(), &vars);
        assert!(server.asked()[0].user.contains(KEY) && server.asked()[0].key.contains(OWN));
        let bytes = std::fs::read(sandbox.path("c.jsonl")).unwrap();
        let port = server.url.trim_start_matches("http://");
        for secret in [KEY, OWN, FROM_FILE, &FROM_FILE.replace('"', "\\\\\\\""), port] {
            let begins = &secret.as_bytes()[..12];
            assert!(!bytes.windows(begins.len()).any(|w| w == begins), "{}", String::from_utf8_lossy(&bytes));
        }
        // Without any of them, a replay comes to the same, but for what is hidden.
        let played = sandbox.flowc(&[&run[..], &["--replay", "c.jsonl"]].concat());
        assert_eq!(
            (played.code, &report(&played)["steps"]),
            (live.code, &report(&live)["steps"]),
            "{played:?}"
        );
    }
}

#[test]
fn private_values_stay_out_and_those_of_the_replay_stand_in_their_place() {
    let server = ModelServer::start(|asked| match asked.user.starts_with("Write") {
        true => Act::Say(
            "{\"greeting\": \"Dear Ada Lovelace, aged 36, of London\", \"long\": false}".to_owned(),
            Duration::ZERO,
        ),
        false => say(format!("I say: {}", asked.user)),
    });
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let who = "who={\"name\": \"Ada Lovelace\", \"age\": 36, \"city\": \"London\"}";
    let run = |who: &str, more: [&str; 2]| {
        let words = ["run", "app.flow", "--flow", "letter", who, "note=the weather", more[0], more[1]];
        sandbox.flowc_with(&words, &server.vars(KEY))
    };
    let live = run(who, ["--record", "c.jsonl"]);
    assert_eq!(live.is_fine().out, "I say: Say Dear Ada Lovelace, aged 36, of London\n");
    let text = sandbox.read("c.jsonl");
    assert!(!text.contains("Ada") && !text.contains("Lovelace"), "{text}");
    assert!(text.contains("Dear <private:name>") && text.contains("London"), "{text}");
    let asked = server.asked().len();
    assert_eq!(run(who, ["--replay", "c.jsonl"]).is_fine().out, live.out);
    // The same call for another person: nobody is named on the cassette.
    let other = "who={\"name\": \"Grace Hopper\", \"age\": 36, \"city\": \"London\"}";
    let done = run(other, ["--replay", "c.jsonl"]);
    assert_eq!(done.is_fine().out, "I say: Say Dear Grace Hopper, aged 36, of London\n");
    assert_eq!(server.asked().len(), asked);
}
