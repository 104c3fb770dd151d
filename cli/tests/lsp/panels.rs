//! What editors ask beside the protocol: what a document declares, its graphs, its prompts.

use crate::client::{Client, find};
use crate::features::SUPPORT;
use serde_json::{Value, json};

fn support() -> Client {
    let client = Client::start();
    client.open("support.flow", SUPPORT);
    client.diagnostics("support.flow", 1);
    client
}

fn refused(client: &Client, method: &str, params: &Value) -> String {
    let id = client.send(method, params);
    client.answer(id).expect_err("a request that can't be answered")["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_document_says_what_it_declares_and_what_its_flows_take() {
    let client = support();
    let program = client.request("flowc/program", &json!({ "uri": client.uri("support.flow") }));
    let names = |key: &str| -> Vec<&str> {
        program[key].as_array().unwrap().iter().map(|n| n["name"].as_str().unwrap()).collect()
    };
    assert_eq!(names("flows"), ["support", "other"]);
    assert_eq!(names("prompts"), ["answer"]);
    assert_eq!(names("tests"), ["says something"]);
    let [line, character] = find(SUPPORT, "flow support", 5);
    assert_eq!(program["flows"][0]["range"]["start"], json!({ "line": line, "character": character }));
    let input = json!({
        "name": "question", "type": "text <= 30 tokens", "doc": "", "kind": "text", "private": false,
    });
    assert_eq!(program["flows"][0]["inputs"], json!([input]));
}

#[test]
fn inputs_say_how_they_are_asked_for() {
    let client = Client::start();
    let text = "enum Tone { formal, friendly }\ntype Row { name: text <= 9 chars }\n\
                flow main(n: int 1..9 = 3, tone: Tone, row: Row, yes: bool, mail: text? <= 9 tokens) -> int {\n  return n\n}\n";
    client.open("main.flow", text);
    let found = client.diagnostics("main.flow", 1);
    let program = client.request("flowc/program", &json!({ "uri": client.uri("main.flow") }));
    let inputs = program["flows"][0]["inputs"].as_array().unwrap();
    let kinds: Vec<&str> = inputs.iter().map(|i| i["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["number", "enum", "json", "bool", "text"], "{found:?}");
    assert_eq!(inputs[0]["default"], 3);
    assert_eq!(inputs[1]["variants"], json!(["formal", "friendly"]));
    assert!(inputs[1].get("default").is_none());
    assert_eq!(inputs[4].get("default"), Some(&Value::Null));
}

#[test]
fn a_graph_has_its_costs_and_the_places_of_its_steps() {
    let client = support();
    let params = json!({ "uri": client.uri("support.flow"), "flow": "support", "labels": true });
    let graph = client.request("flowc/graph", &params);
    let svg = graph["svg"].as_str().unwrap();
    assert!(svg.contains("untrusted</text>"), "{svg}");
    let hints = client.request(
        "textDocument/inlayHint",
        &json!({
            "textDocument": { "uri": client.uri("support.flow") },
            "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 999, "character": 0 } },
        }),
    );
    let draft = hints[0]["label"].as_str().unwrap();
    assert!(svg.contains(&format!(">{draft}</text>")), "no `{draft}` in {svg}");
    assert!(graph["cost"].as_str().unwrap().starts_with("worst $0.00"), "{}", graph["cost"]);
    assert_eq!(graph["over"], false);
    assert_eq!(graph["flows"], json!(["support", "other"]));
    let [line, character] = find(SUPPORT, "draft = answer", 0);
    let at = &graph["names"]["draft"];
    assert_eq!(at["range"]["start"], json!({ "line": line, "character": character }));
    // Every box leads somewhere.
    let boxes = svg.matches("data-step=").count();
    assert_eq!(graph["steps"].as_object().unwrap().len(), boxes);
    assert!(graph["steps"].as_object().unwrap().values().any(|step| step == at));
}

#[test]
fn a_graph_follows_what_is_typed_and_says_when_it_is_too_dear() {
    let client = support();
    let dear = SUPPORT.replace("budget: $0.02", "budget: $0.0001");
    client.replace("support.flow", 2, &dear);
    let params = json!({ "uri": client.uri("support.flow"), "flow": "support" });
    let graph = client.request("flowc/graph", &params);
    assert_eq!(graph["over"], true);
    assert!(graph["cost"].as_str().unwrap().starts_with("✗ worst"), "{}", graph["cost"]);
    client.replace("support.flow", 3, &SUPPORT.replace("passages = help(ask)", "passages = nothing(ask)"));
    let why = refused(&client, "flowc/graph", &params);
    assert!(why.contains("the program has errors"), "{why}");
}

#[test]
fn a_prompt_is_shown_as_its_step_asks_it() {
    let client = support();
    let uri = client.uri("support.flow");
    let shown = client.request("flowc/prompt", &json!({ "uri": uri, "prompt": "answer" }));
    assert_eq!(shown["error"], Value::Null);
    assert_eq!(shown["step"], "draft");
    assert_eq!(shown["model"], "openai/gpt-4o-mini");
    let messages = shown["messages"].as_array().unwrap();
    let text = |i: usize| messages[i]["text"].as_str().unwrap();
    assert_eq!(messages[0]["role"], "system");
    assert!(text(0).contains("Hello. Use the passages."), "{}", text(0));
    assert!(text(1).contains("Question: ‹QUESTION›"), "{}", text(1));
    let sum: u64 = messages.iter().map(|m| m["tokens"].as_u64().unwrap()).sum();
    assert!(sum > 0 && shown["tokens"].as_u64().unwrap() >= sum, "{shown}");
    assert!(shown["tokens"].as_u64() <= shown["most"].as_u64(), "{shown}");

    let values = json!({ "question": "Where? ".repeat(200) });
    let long = client.request("flowc/prompt", &json!({ "uri": uri, "prompt": "answer", "values": values }));
    assert_eq!(long["cuts"].as_array().map(Vec::len), Some(1), "{long}");
    assert!(long["tokens"].as_u64() <= long["most"].as_u64(), "{long}");

    let values = json!({ "question": 3 });
    let wrong = client.request("flowc/prompt", &json!({ "uri": uri, "prompt": "answer", "values": values }));
    assert!(wrong["error"].as_str().unwrap().contains("`question`: expected text"), "{wrong}");
}

#[test]
fn what_is_not_there_is_refused_with_a_reason() {
    let client = support();
    for method in ["flowc/program", "flowc/graph", "flowc/prompt"] {
        let why = refused(&client, method, &json!({ "uri": client.uri("other.flow") }));
        assert_eq!(why, "the document is not open", "{method}");
        let why = refused(&client, method, &json!({ "file": "a" }));
        assert!(why.contains("`uri`"), "{method}: {why}");
    }
    client.open("empty.flow", "const a = 1\n");
    let uri = json!({ "uri": client.uri("empty.flow") });
    assert_eq!(refused(&client, "flowc/graph", &uri), "there is no flow in this file");
    assert_eq!(refused(&client, "flowc/prompt", &uri), "there is no prompt in this file");
}
