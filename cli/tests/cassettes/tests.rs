//! `reply … from` a cassette: tests answered by what a model really said.

use crate::modelserver::{Act, ModelServer, say};
use crate::sandbox::Sandbox;
use crate::{KEY, PROGRAM};

fn tested(model: &str, test: &str) -> String {
    format!("{}\ntest \"as recorded\" {{\n{test}\n}}\n", PROGRAM.replace("openai/gpt-4o-mini", model))
}

const TEST: &str = "  reply say from \"replies/said.jsonl\"
  let b = one(\"b\")
  let a = one(\"a\")
  let again = one(\"a\")
  expect a == \"openai says Say a\"
  expect b == \"openai says Say b\"
  expect again == a";

#[test]
fn a_test_is_answered_by_what_was_recorded_whoever_the_model_is_now() {
    let server = ModelServer::start(|asked| match asked.before {
        0 => Act::Fail(503, Some(2), "too much to do".to_owned()),
        _ => say(format!("openai says {}", asked.user)),
    });
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    std::fs::create_dir(sandbox.path("replies")).unwrap();
    let run = ["run", "app.flow", "--flow", "many", "words=[\"a\",\"b\"]", "--record", "replies/said.jsonl"];
    // The first call fails, and so does the flow: what is on the cassette is one answer and one failure.
    sandbox.flowc_with(&run, &server.vars(KEY)).fails(3, "flow::E0805");
    let done = sandbox.flowc_with(&run, &server.vars(KEY));
    assert_eq!(done.is_fine().out.matches("openai says").count(), 2);
    drop(server);
    for model in ["openai/gpt-4o-mini", "sim/text", "anthropic/claude-haiku-4-5"] {
        sandbox.write("app.flow", &tested(model, TEST));
        assert_eq!(sandbox.flowc(&["test"]).is_fine().err, "1 test passed\n", "{model}");
    }
    sandbox.write("app.flow", &tested("sim/text", TEST).replace("Say {{", "Please say {{"));
    let done = sandbox.flowc(&["test"]);
    done.fails(1, "flow::E0815").fails(1, "`Please say ");
    let script = "  reply say from \"replies/said.jsonl\"\n  reply say \"scripted\"
  let a = one(\"a\")\n  let c = one(\"c\")\n  expect a == \"openai says Say a\"\n  expect c == \"scripted\"";
    sandbox.write("app.flow", &tested("openai/gpt-4o", script));
    sandbox.flowc(&["test"]).is_fine();
}

#[test]
fn a_recorded_failure_fails_the_test_as_it_failed_the_run() {
    let server = ModelServer::start(|asked| match asked.before {
        0 => Act::Fail(503, Some(2), "too much to do".to_owned()),
        1 | 2 => say("first"),
        _ => Act::Fail(401, None, "who are you".to_owned()),
    });
    let sandbox = Sandbox::with(&[("app.flow", PROGRAM)]);
    let run = |flow, word, name| ["run", "app.flow", "--flow", flow, word, "--record", name];
    sandbox.flowc_with(&run("one", "word=a", "a.jsonl"), &server.vars(KEY)).is_fine();
    sandbox.flowc_with(&run("soft", "word=a", "b.jsonl"), &server.vars(KEY)).is_fine();
    sandbox
        .flowc_with(&run("one", "word=a", "c.jsonl"), &server.vars(KEY))
        .fails(2, "does not accept the key");
    let test = |name: &str, want: &str| {
        let test = format!("  reply say from \"{name}\"\n  let a = one(\"a\")\n  expect a == \"{want}\"");
        sandbox.write("app.flow", &tested("sim/text", &test));
        let began = std::time::Instant::now();
        let done = sandbox.flowc(&["test"]);
        assert!(began.elapsed().as_millis() < 1900, "the two seconds do not pass again");
        done
    };
    test("a.jsonl", "first").is_fine();
    test("b.jsonl", "first").is_fine();
    test("c.jsonl", "first").fails(1, "does not accept the key");
    for (text, code, says) in [
        ("{\"cassette\":1}\n{\"step\":", "E0201", "is not JSON: line 2"),
        ("{\"cassette\":9}\n", "E0810", "was recorded by a newer flowc"),
        ("{\"cassette\":1}\n{\"reply\":\"x\"}\n", "E0810", "line 2 of `a.jsonl` is damaged"),
    ] {
        sandbox.write("a.jsonl", text);
        test("a.jsonl", "first").fails(1, code).fails(1, says);
    }
}

#[test]
fn the_page_of_the_book_does_what_it_says() {
    let page = include_str!("../../../docs/reference/cassettes.md");
    let snippet = flow_tests::snippets::snippets("cassettes.md", page).remove(0);
    let sandbox = Sandbox::with(&[("main.flow", &snippet.text)]);
    for (name, text) in &snippet.files {
        sandbox.write(name, text);
    }
    assert_eq!(sandbox.flowc(&["test"]).is_fine().err, "1 test passed\n");
    let run = |question: &'static str| ["run", "main.flow", "--replay", "replies/shoes.jsonl", question];
    let done = sandbox.flowc(&run("question=How long may I keep shoes?"));
    assert_eq!(done.is_fine().out, "You may keep them for 30 days.\n");
    let done = sandbox.flowc(&run("question=How long may I keep boots?"));
    let said: String = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap().to_owned();
    done.fails(1, said.trim_end());
}
