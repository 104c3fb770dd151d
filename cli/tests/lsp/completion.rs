//! Completion and signature help, in the middle of typing: `|` is the cursor.

use crate::client::Client;
use crate::features::{SUPPORT, applied};
use serde_json::{Value, json};

/// What is offered where one text takes another's place in the program, at the `|` in it.
fn offered(client: &Client, version: &mut i64, from: &str, to: &str) -> Vec<Value> {
    *version += 1;
    assert!(SUPPORT.contains(from), "there is no `{from}`");
    let marked = SUPPORT.replacen(from, to, 1);
    let at = marked.find('\u{1}').unwrap_or_else(|| panic!("no cursor in {to:?}"));
    let text = marked.replace('\u{1}', "");
    client.replace("support.flow", *version, &text);
    let line = text[..at].matches('\n').count() as u32;
    let column = (at - text[..at].rfind('\n').map_or(0, |n| n + 1)) as u32;
    let list = client.at("textDocument/completion", "support.flow", [line, column]);
    list["items"].as_array().unwrap().clone()
}

#[test]
fn what_fits_is_offered_wherever_something_can_be_typed() {
    let client = Client::with(json!({
        "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } },
    }));
    client.open("support.flow", SUPPORT);
    client.diagnostics("support.flow", 1);
    let mut version = 1;
    for (from, to, has, has_not) in [
        // Templates.
        ("{{ p.body }}", "{{ p.\u{1} }}", &["id", "body"][..], &["question"][..]),
        ("{{ p.body }}", "{{ p.\u{1}", &["id", "body"], &[]),
        (
            "{{ p.body }}",
            "{{ \u{1} }}",
            &["p", "question", "passages", "greeting", "loop", "len"],
            &["draft", "ask"],
        ),
        (
            "{{ question | upper }}",
            "{{ question | \u{1} }}",
            &["upper", "join", "fence", "length"],
            &["question"],
        ),
        ("{{ question | upper }}", "{{ \u{1} }}", &["question", "passages"], &["p"]),
        ("{% for p in passages %}", "{% \u{1} %}", &["for", "if", "set"], &["question"]),
        ("{% for p in passages %}", "{% for p in \u{1}", &["passages", "question"], &["for"]),
        ("{{ p.body }}", "{{ loop.\u{1} }}", &["index", "last"], &["id"]),
        ("{{ p.body }}", "{% if p.id is \u{1} %}", &["defined", "string"], &["id"]),
        // Settings and their values.
        ("    model: fast", "    \u{1}", &["model", "retry", "cache", "fallback"], &["budget"]),
        ("    model: fast", "    model: \u{1}", &["fast", "careful"], &["answer"]),
        ("    model: fast", "    tools: [\u{1}", &["help"], &["fast", "text"]),
        ("  budget: $0.02", "  \u{1}", &["budget", "deadline", "assume", "return", "each"], &["source"]),
        ("  max_output: 100 tokens", "  \u{1}", &["max_output", "temperature"], &["retry"]),
        ("source: search(\"help/*.md\")", "source: \u{1}", &["search", "file"], &["fast"]),
        ("\"openai/gpt-4o-mini\"", "\"\u{1}\"", &["openai/gpt-4o", "anthropic/claude-sonnet-4-5"], &[]),
        // Types.
        ("id: text <= 12 tokens", "id: \u{1}", &["text", "int", "Passage", "Tone", "private"], &["answer"]),
        ("[Passage] <= 3 {", "\u{1} {", &["Passage", "text"], &["answer"]),
        ("(question: text) ->", "(question: \u{1}) ->", &["text", "Passage"], &["fast"]),
        // Expressions.
        (
            "draft = answer(ask, passages)",
            "draft = \u{1}",
            &["answer", "help", "support", "ask", "injection", "pii"],
            &["fast"],
        ),
        ("answer(ask, passages)", "answer(\u{1}", &["question:", "passages:", "ask", "passages"], &[]),
        ("return draft", "return \u{1}", &["draft", "ask", "passages"], &["p"]),
        ("else stop \"No.\"", "else \u{1}", &["stop", "redact", "retry"], &[]),
        ("const greeting = \"Hello\"", "const greeting = Tone.\u{1}", &["formal", "friendly"], &["id"]),
        // Declarations, imports, tests.
        ("enum Tone { formal, friendly }", "\u{1}", &["prompt", "flow", "type", "test"], &["budget"]),
        ("import injection from", "import \u{1} from", &["pii", "injection"], &["answer"]),
        ("from std.guards", "from \u{1}", &["std.guards", "std.judges"], &[]),
        ("reply answer", "reply \u{1}", &["answer"], &["support"]),
        ("  reply answer \"Here.\"", "  \u{1}", &["reply", "let", "expect"], &["budget"]),
        ("let a = support(", "let a = \u{1}", &["support", "other"], &[]),
        // Nothing in comments.
        ("//! Answers questions.", "//! \u{1}", &[], &["prompt"]),
    ] {
        let items = offered(&client, &mut version, from, to);
        let labels: Vec<&str> = items.iter().map(|i| i["label"].as_str().unwrap()).collect();
        for wanted in has {
            assert!(labels.contains(wanted), "no `{wanted}` at {to:?}: {labels:?}");
        }
        for unwanted in has_not {
            assert!(!labels.contains(unwanted), "`{unwanted}` at {to:?}: {labels:?}");
        }
    }
}

#[test]
fn a_guard_that_is_not_imported_brings_its_import() {
    let client = Client::start();
    client.open("support.flow", SUPPORT);
    client.diagnostics("support.flow", 1);
    let mut version = 1;
    let items = offered(&client, &mut version, "return draft", "return pi\u{1}");
    let pii = items.iter().find(|i| i["label"] == "pii").unwrap();
    assert_eq!(pii["additionalTextEdits"][0]["newText"], ", pii");
    // Without snippets, what is inserted is plain, in the place of what was typed.
    assert_eq!(pii["textEdit"]["newText"], "pii()");
    let typed = SUPPORT.replace("return draft", "return pi");
    let edits = json!([pii["textEdit"], pii["additionalTextEdits"][0]]);
    let after = applied(&typed, &edits);
    assert!(
        after.contains("import injection, pii from std.guards") && after.contains("return pii()"),
        "{after}"
    );
}

#[test]
fn fields_are_offered_while_the_rest_is_broken() {
    let client = Client::start();
    client.open("support.flow", SUPPORT);
    client.diagnostics("support.flow", 1);
    let mut version = 1;
    // Everything behind the cursor is gone.
    let head = &SUPPORT[..SUPPORT.find("{{ p.body }}").unwrap()];
    let rest = &SUPPORT[head.len()..];
    let items = offered(&client, &mut version, rest, "{{ p.\u{1}");
    let labels: Vec<&Value> = items.iter().map(|i| &i["label"]).collect();
    assert_eq!(labels, ["id", "body"]);
}

#[test]
fn a_call_says_what_it_takes() {
    let client = Client::start();
    client.open("support.flow", SUPPORT);
    client.diagnostics("support.flow", 1);
    for (version, from, to, label, active) in [
        (
            2,
            "answer(ask, passages)",
            "answer(\u{1}",
            "answer(question: text, passages: [Passage]) -> text <= 100 tokens",
            0,
        ),
        (
            3,
            "answer(ask, passages)",
            "answer(ask, \u{1}",
            "answer(question: text, passages: [Passage]) -> text <= 100 tokens",
            1,
        ),
        (
            4,
            "answer(ask, passages)",
            "answer(passages: \u{1}",
            "answer(question: text, passages: [Passage]) -> text <= 100 tokens",
            1,
        ),
        (5, "return draft", "return replace(draft, \u{1}", "replace(text, from, to)", 1),
    ] {
        let marked = SUPPORT.replacen(from, to, 1);
        let at = marked.find('\u{1}').unwrap();
        let text = marked.replace('\u{1}', "");
        client.replace("support.flow", version, &text);
        let line = text[..at].matches('\n').count() as u32;
        let column = (at - text[..at].rfind('\n').map_or(0, |n| n + 1)) as u32;
        let help = client.at("textDocument/signatureHelp", "support.flow", [line, column]);
        assert_eq!(help["signatures"][0]["label"], label, "{to:?}");
        assert_eq!(help["activeParameter"], active, "{to:?}");
    }
}

#[test]
fn every_setting_that_is_offered_is_one() {
    let client = Client::start();
    client.open("support.flow", SUPPORT);
    client.diagnostics("support.flow", 1);
    let mut version = 1;
    for (line, at_least) in [
        ("  max_output: 100 tokens", 10),
        ("    model: fast", 8),
        ("  budget: $0.02", 9),
        ("  source: search(\"help/*.md\")", 2),
        ("  system: \"\"\"\n    {{ greeting }}. Use the passages.\n    \"\"\"", 6),
    ] {
        let indent = &line[..line.len() - line.trim_start().len()];
        let items = offered(&client, &mut version, line, &format!("{indent}\u{1}"));
        // What is a setting is offered as a property.
        let keys: Vec<&str> =
            items.iter().filter(|i| i["kind"] == 10).map(|i| i["label"].as_str().unwrap()).collect();
        assert!(keys.len() >= at_least, "{line}: {keys:?}");
        for key in keys {
            version += 1;
            client.replace("support.flow", version, &SUPPORT.replacen(line, &format!("{indent}{key}: 1"), 1));
            let found = client.diagnostics("support.flow", version);
            let unknown =
                |d: &Value| d["message"].as_str().is_some_and(|m| m.contains(&format!("no setting `{key}`")));
            assert!(!found.iter().any(unknown), "{line} {key}: {found:?}");
        }
    }
}
