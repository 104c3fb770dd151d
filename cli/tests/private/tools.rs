//! What a model looks up by itself: what it asks for, and what is found, are as private as what it was told.

use super::*;

const PROGRAM: &str = r#"model fast = "openai/gpt-4o-mini" {
  max_output: 300 tokens
  clearance: private
}

type Customer {
  id: text <= 20 tokens
  name: private text <= 20 tokens
  mail: private text <= 30 tokens
  salary: private int
}

type Advice {
  text: text <= 100 tokens
  grade: int 1..5
}

/// Finds a customer.
lookup record(name: private text <= 20 tokens, at_most: int 1..9) -> [Customer] <= 2 {
  source: search("data/*.jsonl")
}

prompt advise(question: text, name: text) -> Advice {
  user: "STEP advise. {{ question }} For {{ name }}"
}

flow main(question: private text <= 60 tokens, name: private text <= 20 tokens) -> Advice {
  model: fast
  reply = advise(question, name) {
    tools: [record] rounds 2
    cache: 1h per question
  }
  return reply
}
"#;

const TOLD: [&str; 2] =
    [r#"question=Of what is "grumbleberry", or of xenoplastic "blue" fever?"#, "name=Quillon Zafferani"];

/// What the model does of itself.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Does {
    /// It looks a customer up and answers.
    Answer,
    /// Its server is broken behind a lookup, and repeats what was found.
    Break,
    /// Its answer is none.
    Ramble,
    /// It asks for what there is not, then for what has not its type.
    Misread,
    /// It never answers.
    Insist,
}

fn world(does: Does) -> World {
    let models = ModelServer::start(move |asked| {
        let name = "Quillon Zafferani, tell-tale-4711";
        let look = |args| Act::Look("record", args);
        match (does, asked.found.as_slice()) {
            (Does::Misread, []) => Act::Look("Quillon Zafferani", json!({ "name": name })),
            (Does::Misread, [_]) => look(json!({ "name": [name], "at_most": format!("as {name}") })),
            (_, []) | (Does::Insist, _) => look(json!({ "name": "Quillon Zafferani", "at_most": 2 })),
            (Does::Break, found) => Act::Fail(500, None, format!("{found:?}")),
            (Does::Ramble, found) => say(format!("I found {found:?}")),
            (_, found) => {
                let text: String = format!("tell-tale-4711 {found:?}").chars().take(200).collect();
                say(json!({ "text": text, "grade": 4 }).to_string())
            }
        }
    });
    World::with(PROGRAM, models, Arc::new(Mutex::new((String::new(), How::Not))))
}

#[test]
fn nothing_private_is_told_or_left_of_what_a_model_looks_up() {
    for (does, code) in [
        (Does::Answer, None),
        (Does::Break, Some("flow::E0805")),
        (Does::Ramble, Some("flow::E0806")),
        (Does::Misread, None),
        (Does::Insist, Some("flow::E0806")),
    ] {
        let world = world(does);
        let done = world.run("main", &TOLD);
        let asked = world.models.asked();
        assert!(asked.iter().any(|asked| !asked.found.is_empty()), "{does:?}: {done:?}");
        assert_eq!(done.json()["error"]["code"].as_str(), code, "{does:?}: {done:?}");
        world.tells_nothing(&done, &format!("{does:?}"));
    }
}

#[test]
fn nothing_private_is_told_or_left_where_a_lookup_of_a_model_fails() {
    let world = world(Does::Answer);
    world
        .sandbox
        .write("data/customers.jsonl", &ROW.replace("9182736}", "\"Quillon Zafferani has 9182736\"}"));
    let failed = world.run("main", &TOLD);
    assert_ne!(failed.code, 0, "{failed:?}");
    assert!(
        failed.json()["error"]["message"].as_str().unwrap().contains("does not have its type"),
        "{failed:?}"
    );
    world.tells_nothing(&failed, "a row that is wrong");
}

#[test]
fn a_cassette_has_no_private_value_that_a_model_has_looked_up() {
    for does in [Does::Answer, Does::Break, Does::Ramble, Does::Misread, Does::Insist] {
        let world = world(does);
        let run = |tape| world.flowc(&["run", "main.flow", tape, "c.jsonl", TOLD[0], TOLD[1]]);
        let recorded = run("--record");
        // What a model knows of itself is on it.
        let cassette = world.sandbox.read("c.jsonl").to_lowercase().replace("tell-tale-4711", "");
        assert!(cassette.contains("record"), "{cassette}");
        has_nothing(cassette.as_bytes(), &format!("a cassette, {does:?}"));
        let asked = world.models.asked().len();
        let played = run("--replay");
        assert_eq!((played.code, &played.out), (recorded.code, &recorded.out), "{does:?}: {played:?}");
        assert_eq!(world.models.asked().len(), asked, "{does:?}: the model is asked nothing");
    }
}
