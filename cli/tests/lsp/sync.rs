//! Documents, changes and diagnostics.

use crate::client::{Client, find};
use serde_json::{Value, json};

const PROGRAM: &str = "\
model fast = \"sim/text\" {
  max_output: 100 tokens
}

prompt answer(question: text) -> text <= 100 tokens {
  user: \"{{ question }}\"
}

flow ask(question: text <= 30 tokens) -> text <= 100 tokens {
  reply = answer(question)
  return reply
}
";

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|d| d["code"].as_str().unwrap()).collect()
}

#[test]
fn what_is_wrong_is_said_and_taken_back() {
    let client = Client::start();
    client.open("a.flow", PROGRAM);
    assert_eq!(client.diagnostics("a.flow", 1), Vec::<Value>::new());
    // `answer(question)` becomes `anwser(question)`.
    let at = find(PROGRAM, "= answer", 4);
    client.edit("a.flow", 2, (at, [at[0], at[1] + 2]), "ws");
    let found = client.diagnostics("a.flow", 2);
    assert_eq!(codes(&found)[0], "flow::E0101");
    assert_eq!(found[0]["range"]["start"], json!({ "line": at[0], "character": at[1] - 2 }));
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["source"], "flowc");
    // The page that explains it is there to be opened.
    let page = found[0]["codeDescription"]["href"].as_str().unwrap();
    assert!(std::fs::read_to_string(page.strip_prefix("file://").unwrap()).unwrap().contains("E0101"));
    client.edit("a.flow", 3, (at, [at[0], at[1] + 2]), "sw");
    assert_eq!(client.diagnostics("a.flow", 3), Vec::<Value>::new());
    assert_eq!(client.quit(), Some(0));
}

#[test]
fn a_broken_declaration_silences_no_other() {
    let client = Client::start();
    let broken = PROGRAM
        .replace("flow ask", "type Half {\n  a: text <=\n\nflow ask")
        .replace("{{ question }}", "{{ questoin }}");
    client.open("a.flow", &broken);
    let found = client.diagnostics("a.flow", 1);
    let codes = codes(&found);
    assert!(codes.contains(&"flow::E0001") && codes.contains(&"flow::E0204"), "{codes:?}");
}

#[test]
fn every_fix_of_the_compiler_is_a_quick_fix() {
    let client = Client::start();
    let wrong = PROGRAM.replace("{{ question }}", "{{ questoin }}");
    client.open("a.flow", &wrong);
    let found = client.diagnostics("a.flow", 1);
    let range = found[0]["range"].clone();
    let params = json!({
        "textDocument": { "uri": client.uri("a.flow") }, "range": range,
        "context": { "diagnostics": found, "only": ["quickfix"] },
    });
    let actions = client.request("textDocument/codeAction", &params);
    assert_eq!(actions[0]["title"], "change it to `question`");
    assert_eq!(actions[0]["isPreferred"], true);
    let edits = &actions[0]["edit"]["changes"][client.uri("a.flow")];
    client.changes("a.flow", 2, &json!([{ "range": edits[0]["range"], "text": edits[0]["newText"] }]));
    assert_eq!(client.diagnostics("a.flow", 2), Vec::<Value>::new());
}

#[test]
fn columns_are_counted_as_was_agreed() {
    // `é𝄞` are 6 bytes, 3 UTF-16 units, 2 characters.
    let text = PROGRAM.replace("\"{{ question }}\"", "\"é𝄞 {{ questoin }}\"");
    for (offered, agreed, column) in [
        (json!([]), "utf-16", 16),
        (json!(["utf-8", "utf-16"]), "utf-8", 19),
        (json!(["utf-16", "utf-32"]), "utf-16", 16),
        (json!(["utf-32"]), "utf-32", 15),
    ] {
        let client = Client::with(json!({ "general": { "positionEncodings": offered } }));
        assert_eq!(client.capabilities["positionEncoding"], agreed);
        client.open("a.flow", &text);
        let found = client.diagnostics("a.flow", 1);
        assert_eq!(found[0]["range"]["start"], json!({ "line": 5, "character": column }), "{agreed}");
        // What was meant is written over it, at the same columns.
        let at = [5, column];
        client.edit("a.flow", 2, (at, [5, column + 8]), "question");
        assert_eq!(client.diagnostics("a.flow", 2), Vec::<Value>::new(), "{agreed}");
    }
}

#[test]
fn a_change_of_an_imported_document_reaches_those_that_import_it() {
    let client = Client::start();
    client.write("common/types.flow", "type Note {\n  body: text <= 9 tokens\n}\n");
    let user = "import Note from \"../common/types.flow\"\n\nconst empty: Note = Note { body: \"\" }\n";
    client.open("app/a.flow", user);
    let first = client.diagnostics("app/a.flow", 1);
    assert!(first.iter().all(|d| d["severity"] == 2), "{first:?}");
    // Opened and changed, but not saved.
    client.open("common/types.flow", "type Note {\n  text: text <= 9 tokens\n}\n");
    let found = client.notification("textDocument/publishDiagnostics", |params| {
        let list = params["diagnostics"].as_array().unwrap();
        params["uri"] == client.uri("app/a.flow") && codes(list).contains(&"flow::E0202")
    });
    assert_eq!(found["version"], 1);
    // Closed: what is on the disk counts again.
    client.notify(
        "textDocument/didClose",
        &json!({ "textDocument": { "uri": client.uri("common/types.flow") } }),
    );
    client.notification("textDocument/publishDiagnostics", |params| {
        let list = params["diagnostics"].as_array().unwrap();
        params["uri"] == client.uri("app/a.flow") && !codes(list).contains(&"flow::E0202")
    });
}

#[test]
fn mistakes_in_files_that_are_not_open_are_said_where_they_are() {
    let client = Client::start();
    client.write("types.flow", "type Note {\n  body: txt\n}\n");
    client.open(
        "a.flow",
        "import Note from \"types.flow\"\n\nprompt p(n: Note) {\n  user: \"{{ n.body }}\"\n}\n",
    );
    let of = |params: &Value| params["uri"] == client.uri("types.flow");
    let found = client.notification("textDocument/publishDiagnostics", of);
    assert_eq!(codes(found["diagnostics"].as_array().unwrap()), ["flow::E0101"]);
    client.write("types.flow", "type Note {\n  body: text\n}\n");
    let changes = json!({ "changes": [{ "uri": client.uri("types.flow"), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", &changes);
    let gone = client.notification("textDocument/publishDiagnostics", of);
    assert_eq!(gone["diagnostics"], json!([]));
}

#[test]
fn hundreds_of_changes_at_once_are_taken_in_their_order() {
    let client = Client::start();
    client.open("a.flow", "//! \n");
    let text = "The quick brown fox. ".repeat(20);
    for (i, c) in text.chars().enumerate() {
        let at = [0, 4 + i as u32];
        client.edit("a.flow", 2 + i as i64, (at, at), &c.to_string());
    }
    let last = 1 + text.len() as i64;
    // A misspelt declaration at the end shows that the text is what was typed.
    client.edit("a.flow", last + 1, ([1, 0], [1, 0]), "const a = b\n");
    let found = client.diagnostics("a.flow", last + 1);
    assert_eq!(found[0]["range"]["start"], json!({ "line": 1, "character": 10 }));
    let hover = client
        .request("textDocument/diagnostic", &json!({ "textDocument": { "uri": client.uri("a.flow") } }));
    assert_eq!(hover["kind"], "full");
    assert_eq!(hover["items"].as_array().unwrap().len(), found.len());
}

#[test]
fn the_project_s_configuration_counts_and_its_mistakes_are_said() {
    let client = Client::start();
    client.write("flow.toml", "[models]\nfast = \"openai/gpt-nope\"\n");
    client.open("a.flow", PROGRAM);
    assert!(codes(&client.diagnostics("a.flow", 1)).contains(&"flow::E0401"));
    client.write("flow.toml", "[models\n");
    let changed = json!({ "changes": [{ "uri": client.uri("flow.toml"), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", &changed);
    let found = client.diagnostics("a.flow", 1);
    assert!(found[0]["message"].as_str().unwrap().contains("configuration"), "{found:?}");
}

#[test]
fn a_document_that_is_no_file_is_a_program() {
    let client = Client::start();
    let uri = "untitled:Untitled-1";
    let document = json!({ "uri": uri, "languageId": "flowc", "version": 1, "text": "const a = b\n" });
    client.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    let found = client.notification("textDocument/publishDiagnostics", |p| p["uri"] == uri);
    assert!(codes(found["diagnostics"].as_array().unwrap()).contains(&"flow::E0101"));
}

#[test]
fn a_client_that_only_pulls_is_sent_nothing() {
    let client = Client::with(json!({ "textDocument": { "diagnostic": {} } }));
    assert_eq!(client.capabilities["diagnosticProvider"]["interFileDependencies"], true);
    client.open("a.flow", "const a = b\n");
    let params = json!({ "textDocument": { "uri": client.uri("a.flow") } });
    let report = client.request("textDocument/diagnostic", &params);
    assert!(codes(report["items"].as_array().unwrap()).contains(&"flow::E0101"));
}
