//! What can be asked of a program: hover, hints, lenses, names, completion and the rest.

use crate::client::{Client, find};
use serde_json::{Value, json};

pub(crate) const SUPPORT: &str = "\
//! Answers questions.

import injection from std.guards

/// Quick and cheap.
model fast = \"openai/gpt-4o-mini\" {
  max_output: 100 tokens
}

model careful = \"openai/gpt-4o\" {
  max_output: 100 tokens
}

const greeting = \"Hello\"

type Passage {
  id: text <= 12 tokens
  /// What it says.
  body: text <= 50 tokens
}

enum Tone { formal, friendly }

lookup help(question: text) -> [Passage] <= 3 {
  source: search(\"help/*.md\")
}

/// Answers from passages.
prompt answer(question: text, passages: [Passage]) -> text <= 100 tokens {
  system: \"\"\"
    {{ greeting }}. Use the passages.
    \"\"\"
  user: \"\"\"
    {% for p in passages %}
    [{{ p.id }}] {{ p.body }}
    {% endfor %}
    Question: {{ question | upper }}
    \"\"\"
}

flow support(question: text <= 30 tokens) -> text <= 100 tokens {
  budget: $0.02
  deadline: 60s
  timeout: 4s

  ask = injection(question) else stop \"No.\"
  passages = help(ask)
  draft = answer(ask, passages) {
    model: fast
    fallback: careful
    retry: 1
  }
  return draft
}

flow other() -> text <= 100 tokens {
  said = support(question: \"Where?\")
  return said
}

test \"says something\" {
  reply answer \"Here.\"
  let a = support(\"Where?\")
  expect a == \"Here.\"
}
";

fn support() -> Client {
    let client = Client::with(json!({
        "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } },
    }));
    client.open("support.flow", SUPPORT);
    assert_eq!(errors(&client, "support.flow", 1), Vec::<Value>::new());
    client
}

fn errors(client: &Client, name: &str, version: i64) -> Vec<Value> {
    client.diagnostics(name, version).into_iter().filter(|d| d["severity"] == 1).collect()
}

fn hover(client: &Client, what: &str, further: usize) -> String {
    let hover = client.at("textDocument/hover", "support.flow", find(SUPPORT, what, further));
    hover["contents"]["value"].as_str().unwrap_or_else(|| panic!("nothing at `{what}`")).to_owned()
}

#[test]
fn hover_says_what_a_name_is() {
    let client = support();
    for (what, further, says) in [
        ("answer(ask", 0, "prompt answer(question: text, passages: [Passage]) -> text <= 100 tokens"),
        ("answer(ask", 0, "Answers from passages."),
        ("model: fast", 7, "window 128,000 tokens"),
        ("model: fast", 7, "Quick and cheap."),
        ("\"openai/gpt-4o-mini\"", 3, "for a million tokens"),
        ("p.body", 2, "Passage.body: text <= 50 tokens"),
        ("p.body", 2, "What it says."),
        ("p.body", 0, "p: Passage"),
        ("{{ greeting", 4, "const greeting"),
        ("| upper", 3, "upper"),
        ("draft = answer", 0, "draft: text <= 100 tokens  // untrusted"),
        ("draft = answer", 0, "| openai/gpt-4o-mini"),
        ("ask, passages", 0, "ask: text <= 30 tokens"),
        ("flow support", 6, "worst $0.00"),
        ("flow support", 6, "of $0.02"),
        ("injection(question)", 2, "injection("),
        ("search(", 2, "search("),
        ("retry: 1", 1, "Further attempts"),
        ("{{ question", 4, "question: text"),
    ] {
        let shown = hover(&client, what, further);
        assert!(shown.contains(says), "at `{what}`: {shown}");
    }
    let nothing = client.at("textDocument/hover", "support.flow", [0, 0]);
    assert_eq!(nothing, Value::Null);
}

#[test]
fn each_step_says_what_it_takes_as_flowc_cost_does() {
    let client = support();
    client.write("support.flow", SUPPORT);
    let cost = std::process::Command::new(env!("CARGO_BIN_EXE_flowc"))
        .args(["cost", "support.flow", "--format", "json"])
        .current_dir(client.folder.path())
        .output()
        .unwrap();
    let cost: Value = serde_json::from_slice(&cost.stdout).unwrap();
    let flow = cost["flows"].as_array().unwrap().iter().find(|f| f["name"] == "support").unwrap();
    let steps = flow["steps"].as_array().unwrap().iter().filter(|s| s["name"] == "draft");
    let steps: Vec<&Value> = steps.collect();
    assert_eq!(steps.len(), 2, "{flow}");
    let sum = |key: &str| steps.iter().map(|s| s[key].as_u64().unwrap()).sum::<u64>();
    let tokens = sum("input_tokens") + sum("output_tokens");
    let everything =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 999, "character": 0 } });
    let params = json!({ "textDocument": { "uri": client.uri("support.flow") }, "range": everything });
    let hints = client.request("textDocument/inlayHint", &params);
    let hints = hints.as_array().unwrap();
    // `draft`, and `said`, which calls the flow that it is in.
    assert_eq!(hints.len(), 2, "{hints:?}");
    assert_eq!(hints[0]["position"]["line"], find(SUPPORT, "draft = answer", 0)[0]);
    let label = hints[0]["label"].as_str().unwrap();
    let thousands = |n: u64| if n < 1000 { n.to_string() } else { format!("{},{:03}", n / 1000, n % 1000) };
    assert!(label.starts_with(&format!("≤ {} tok · ≤ $0.00", thousands(tokens))), "{label} is not {tokens}");
    // Only what is in the range.
    let head = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let params = json!({ "textDocument": { "uri": client.uri("support.flow") }, "range": head });
    assert_eq!(client.request("textDocument/inlayHint", &params), json!([]));
    let lenses = lenses(&client);
    let calls = flow["worst"]["calls"].as_u64().unwrap();
    assert!(
        lenses[0].starts_with("worst $0.00")
            && lenses[0].contains(&format!(" of $0.02 · {calls} calls · ≤ ")),
        "{lenses:?}"
    );
    assert_eq!(&lenses[1..4], ["▷ Run", "Test", "Graph"]);
    assert_eq!(lenses.last().unwrap(), "▷ Test");
}

fn lenses(client: &Client) -> Vec<String> {
    let params = json!({ "textDocument": { "uri": client.uri("support.flow") } });
    let lenses = client.request("textDocument/codeLens", &params);
    let titles =
        lenses.as_array().unwrap().iter().map(|l| l["command"]["title"].as_str().unwrap().to_owned());
    titles.collect()
}

#[test]
fn the_figures_follow_what_is_typed() {
    let client = support();
    let before = lenses(&client);
    let at = find(SUPPORT, "retry: 1", 7);
    client.edit("support.flow", 2, (at, [at[0], at[1] + 1]), "2");
    let after = lenses(&client);
    assert_ne!(before[0], after[0]);
    // Over its budget: the lens says it, though the program has an error.
    let at = find(SUPPORT, "$0.02", 0);
    client.edit("support.flow", 3, (at, [at[0], at[1] + 5]), "$0.0001");
    assert_eq!(errors(&client, "support.flow", 3)[0]["code"], "flow::E0302");
    assert!(lenses(&client)[0].starts_with("✗ worst $0.00"), "{:?}", lenses(&client));
    // And the fix mends it.
    let place = json!({ "line": at[0], "character": at[1] });
    let params = json!({
        "textDocument": { "uri": client.uri("support.flow") },
        "range": { "start": place, "end": place },
        "context": { "diagnostics": [], "only": ["quickfix"] },
    });
    let actions = client.request("textDocument/codeAction", &params);
    let edits = &actions[0]["edit"]["changes"][client.uri("support.flow")];
    client.changes("support.flow", 4, &json!([{ "range": edits[0]["range"], "text": edits[0]["newText"] }]));
    assert_eq!(errors(&client, "support.flow", 4), Vec::<Value>::new());
}

#[test]
fn a_graph_is_drawn_for_a_client_without_commands_of_its_own() {
    let client = support();
    let params = json!({ "command": "flowc.graph", "arguments": [client.uri("support.flow"), "support"] });
    let drawn = client.request("workspace/executeCommand", &params);
    assert!(drawn["mermaid"].as_str().unwrap().starts_with("flowchart TD"));
    let params = json!({ "command": "flowc.graph", "arguments": [client.uri("support.flow"), "nope"] });
    let error = client.answer(client.send("workspace/executeCommand", &params)).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("there is no flow `nope`"));
}

#[test]
fn a_definition_is_found_from_wherever_the_name_stands() {
    let client = support();
    for (from, further, to) in [
        ("answer(ask", 2, "answer(question: text, pass"),
        ("model: fast", 8, "fast = "),
        ("p.body", 2, "body: text"),
        ("p.body", 0, "p in passages %}"),
        ("{{ greeting", 4, "greeting = "),
        ("| upper }}", 0, ""),
        ("ask, passages", 0, "ask = injection"),
        ("[Passage] <= 3", 2, "Passage {"),
        ("reply answer", 7, "answer(question: text, pass"),
        ("support(\"Where?\")\n  expect", 0, "support(question: text"),
        ("support(question: \"", 9, "question: text <= 30"),
        ("{{ question |", 4, "question: text, passages"),
    ] {
        let found = client.at("textDocument/definition", "support.flow", find(SUPPORT, from, further));
        if to.is_empty() {
            assert_eq!(found, Value::Null, "{from}");
            continue;
        }
        let [line, character] = find(SUPPORT, to, 0);
        assert_eq!(found["range"]["start"], json!({ "line": line, "character": character }), "from `{from}`");
    }
    let ty = client.at("textDocument/typeDefinition", "support.flow", find(SUPPORT, "passages = help", 0));
    assert_eq!(ty["range"]["start"]["line"], find(SUPPORT, "type Passage", 0)[0]);
}

fn renamed(client: &Client, what: &str, further: usize, to: &str) -> String {
    let mut params = client.place("support.flow", find(SUPPORT, what, further));
    params["newName"] = json!(to);
    let edit = client.request("textDocument/rename", &params);
    applied(SUPPORT, &edit["changes"][client.uri("support.flow")])
}

/// A text with edits applied, all of which are of lines without characters of several bytes.
pub(crate) fn applied(text: &str, edits: &Value) -> String {
    let offset = |p: &Value| {
        let line = p["line"].as_u64().unwrap() as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        (start + p["character"].as_u64().unwrap() as usize).min(text.len())
    };
    let mut edits: Vec<(usize, usize, &str)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (offset(&e["range"]["start"]), offset(&e["range"]["end"]), e["newText"].as_str().unwrap()))
        .collect();
    edits.sort();
    let mut out = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        out.replace_range(start..end, new);
    }
    out
}

#[test]
fn renaming_reaches_into_templates_and_leaves_the_program_whole() {
    let client = support();
    for (version, (what, further, to, has)) in [
        ("question: text, passages", 0, "asked", "{{ asked | upper }}"),
        ("passages: [Passage]", 0, "found", "{% for p in found %}"),
        ("p in passages %}", 0, "one", "[{{ one.id }}] {{ one.body }}"),
        ("body: text", 0, "said_there", "{{ p.said_there }}"),
        ("greeting = ", 0, "hello", "{{ hello }}. Use"),
        ("draft = ", 0, "reply_1", "return reply_1"),
        ("fast = ", 0, "quick", "model: quick"),
        ("prompt answer", 8, "respond", "reply respond \"Here.\""),
        ("type Passage", 6, "Excerpt", "-> [Excerpt] <= 3"),
        ("question: text <= 30", 0, "asked", "support(asked: \"Where?\")"),
    ]
    .into_iter()
    .enumerate()
    {
        let after = renamed(&client, what, further, to);
        assert!(after.contains(has), "{what}: {after}");
        client.open("renamed.flow", &after);
        let found = errors(&client, "renamed.flow", 1);
        assert_eq!(found, Vec::<Value>::new(), "{what} {version}: {after}");
        client.notify(
            "textDocument/didClose",
            &json!({ "textDocument": { "uri": client.uri("renamed.flow") } }),
        );
    }
    let mut params = client.place("support.flow", find(SUPPORT, "draft = ", 0));
    params["newName"] = json!("passages");
    let error = client.answer(client.send("textDocument/rename", &params)).unwrap_err();
    assert_eq!(
        error["message"],
        format!("`passages` is taken: support.flow:{}", find(SUPPORT, "passages = ", 0)[0] + 1)
    );
    params["newName"] = json!("no name");
    let error = client.answer(client.send("textDocument/rename", &params)).unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("is not a name"));
    let placeholder =
        client.at("textDocument/prepareRename", "support.flow", find(SUPPORT, "ask, passages", 1));
    assert_eq!(placeholder["placeholder"], "ask");
}

#[test]
fn renaming_goes_over_files_that_are_open_or_not() {
    let client = Client::start();
    let types = "type Note {\n  body: text <= 9 tokens\n}\n";
    let open = "import Note from \"types.flow\"\n\nconst a = Note { body: \"\" }\n";
    let closed = "import Note as Other from \"../types.flow\"\n\nconst b = Other { body: \"\" }\n";
    client.write("types.flow", types);
    client.write("deep/closed.flow", closed);
    client.open("types.flow", types);
    client.open("open.flow", open);
    client.diagnostics("open.flow", 1);
    let mut params = client.place("types.flow", [0, 5]);
    params["newName"] = json!("Memo");
    let edit = client.request("textDocument/rename", &params);
    let after = |name: &str, text: &str| applied(text, &edit["changes"][client.uri(name)]);
    assert_eq!(after("types.flow", types), types.replace("Note", "Memo"));
    assert_eq!(after("open.flow", open), open.replace("Note", "Memo"));
    assert_eq!(after("deep/closed.flow", closed), closed.replace("Note", "Memo"));
    let mut params = client.place("types.flow", [1, 2]);
    params["newName"] = json!("words");
    let edit = client.request("textDocument/rename", &params);
    assert_eq!(
        applied(closed, &edit["changes"][client.uri("deep/closed.flow")]),
        closed.replace("body", "words")
    );
    let mut params = client.place("types.flow", [0, 5]);
    params["context"] = json!({ "includeDeclaration": false });
    assert_eq!(client.request("textDocument/references", &params).as_array().unwrap().len(), 3);
}

#[test]
fn the_outline_folds_and_selections_fit_the_text() {
    let client = support();
    let document = json!({ "textDocument": { "uri": client.uri("support.flow") } });
    let symbols = client.request("textDocument/documentSymbol", &document);
    let names: Vec<&str> = symbols.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "fast",
            "careful",
            "greeting",
            "Passage",
            "Tone",
            "help",
            "answer",
            "support",
            "other",
            "says something"
        ]
    );
    assert_eq!(symbols[7]["children"][2]["name"], "draft");
    let folds = client.request("textDocument/foldingRange", &document);
    let [line, _] = find(SUPPORT, "flow support", 0);
    assert!(folds.as_array().unwrap().iter().any(|f| f["startLine"] == line), "{folds}");
    let [line, character] = find(SUPPORT, "p.body", 3);
    let params = json!({
        "textDocument": { "uri": client.uri("support.flow") },
        "positions": [{ "line": line, "character": character }],
    });
    let selections = client.request("textDocument/selectionRange", &params);
    let (mut depth, mut now) = (0, &selections[0]);
    while now["parent"].is_object() {
        (depth, now) = (depth + 1, &now["parent"]);
    }
    assert!(depth >= 3 && now["range"]["start"] == json!({ "line": 0, "character": 0 }), "{selections}");
    let found = client.request("workspace/symbol", &json!({ "query": "sprt" }));
    assert_eq!(found[0]["name"], "support");
    let places = client.at("textDocument/documentHighlight", "support.flow", find(SUPPORT, "draft = ", 0));
    assert_eq!(places.as_array().unwrap().len(), 2);
}

#[test]
fn formatting_changes_only_what_is_not_yet_as_it_should_be() {
    let client = Client::start();
    let messy = "const a = 1\nconst   b =  2\nconst c = 3\n";
    client.open("a.flow", messy);
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let params = json!({ "textDocument": { "uri": client.uri("a.flow") }, "options": options });
    let edits = client.request("textDocument/formatting", &params);
    assert_eq!(edits.as_array().unwrap().len(), 1);
    assert_eq!(applied(messy, &edits), "const a = 1\nconst b = 2\nconst c = 3\n");
    let range = json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 4 } });
    let params =
        json!({ "textDocument": { "uri": client.uri("a.flow") }, "options": options, "range": range });
    let none = client.request("textDocument/rangeFormatting", &params);
    assert!(none.as_array().unwrap().iter().all(|e| e["range"]["start"]["line"] == 1), "{none}");
}

#[test]
fn words_are_coloured_in_templates_too() {
    let client = support();
    let legend = client.capabilities["semanticTokensProvider"]["legend"]["tokenTypes"].clone();
    let document = json!({ "textDocument": { "uri": client.uri("support.flow") } });
    let data = client.request("textDocument/semanticTokens/full", &document)["data"].clone();
    let numbers: Vec<u64> = data.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    let lines: Vec<&str> = SUPPORT.lines().collect();
    let (mut line, mut column, mut words) = (0, 0, Vec::new());
    for token in numbers.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let word = &lines[line as usize][column as usize..(column + token[2]) as usize];
        words.push((word, legend[token[3] as usize].as_str().unwrap().to_owned()));
    }
    for (word, class) in [
        ("flow", "keyword"),
        ("support", "function"),
        ("Passage", "type"),
        ("fast", "class"),
        ("for", "keyword"),
        ("{{", "operator"),
        ("p", "variable"),
        ("body", "property"),
        ("upper", "function"),
        ("// Answers", "comment"),
        ("question", "parameter"),
        ("\"Hello\"", "string"),
        ("budget", "property"),
        ("60s", "number"),
        ("formal", "enumMember"),
    ] {
        let fits = |(w, c): &(&str, String)| {
            (*w == word || w.starts_with("///") && word.starts_with("//")) && c == class
        };
        assert!(words.iter().any(fits) || class == "comment", "`{word}` is no {class}: {words:?}");
    }
    let range = json!({ "start": { "line": 30, "character": 0 }, "end": { "line": 36, "character": 0 } });
    let params = json!({ "textDocument": { "uri": client.uri("support.flow") }, "range": range });
    let part = client.request("textDocument/semanticTokens/range", &params);
    let part = part["data"].as_array().unwrap().len();
    assert!(0 < part && part < numbers.len());
}

#[test]
fn colours_are_told_as_what_has_changed() {
    let client = support();
    let uri = client.uri("support.flow");
    let document = json!({ "textDocument": { "uri": uri } });
    let since = |known: &Value| {
        let params = json!({ "textDocument": { "uri": uri }, "previousResultId": known["resultId"] });
        client.request("textDocument/semanticTokens/full/delta", &params)
    };
    let first = client.request("textDocument/semanticTokens/full", &document);
    assert_eq!(since(&first)["edits"], json!([]), "nothing has changed");
    client.edit(
        "support.flow",
        2,
        (find(SUPPORT, "flow other", 0), find(SUPPORT, "flow other", 0)),
        "const a = 1\n",
    );
    let changed = since(&first);
    let edits = changed["edits"].as_array().unwrap();
    assert_eq!(edits.len(), 1);
    // Four words more, and the one behind them stands in another line.
    assert!(edits[0]["data"].as_array().unwrap().len() <= 25, "{edits:?}");
    let mut numbers = first["data"].as_array().unwrap().clone();
    let place = |key: &str| edits[0][key].as_u64().unwrap() as usize;
    numbers.splice(
        place("start")..place("start") + place("deleteCount"),
        edits[0]["data"].as_array().unwrap().iter().cloned(),
    );
    let whole = client.request("textDocument/semanticTokens/full", &document);
    assert_eq!(json!(numbers), whole["data"]);
    assert_eq!(whole["resultId"], changed["resultId"]);
    // Of what is not known any more, everything is told.
    let all = since(&first);
    assert_eq!(all["data"], whole["data"]);
}

#[test]
fn calls_are_followed_both_ways() {
    let client = support();
    let items =
        client.at("textDocument/prepareCallHierarchy", "support.flow", find(SUPPORT, "flow support", 6));
    assert_eq!(items[0]["name"], "support");
    let names = |calls: &Value, key: &str| -> Vec<String> {
        let calls = calls.as_array().unwrap().iter();
        calls.map(|c| c[key]["name"].as_str().unwrap().to_owned()).collect()
    };
    let outgoing = client.request("callHierarchy/outgoingCalls", &json!({ "item": items[0] }));
    assert_eq!(names(&outgoing, "to"), ["help", "answer"]);
    let incoming = client.request("callHierarchy/incomingCalls", &json!({ "item": items[0] }));
    assert_eq!(names(&incoming, "from"), ["other", "says something"]);
}

#[test]
fn files_that_are_named_can_be_opened() {
    let client = Client::start();
    client.write("types.flow", "type Note {\n  body: text\n}\n");
    let text = "import Note from \"types.flow\"\n\nimport Gone from \"gone.flow\"\n";
    client.open("a.flow", text);
    let links = client
        .request("textDocument/documentLink", &json!({ "textDocument": { "uri": client.uri("a.flow") } }));
    assert_eq!(links.as_array().unwrap().len(), 1);
    assert_eq!(links[0]["target"], client.uri("types.flow"));
    assert_eq!(links[0]["range"]["start"], json!({ "line": 0, "character": 18 }));
}

#[test]
fn actions_change_the_program_to_one_that_still_holds() {
    let client = support();
    let at = |what: &str, further: usize| {
        let [line, character] = find(SUPPORT, what, further);
        let place = json!({ "line": line, "character": character });
        let params = json!({
            "textDocument": { "uri": client.uri("support.flow") },
            "range": { "start": place, "end": place },
            "context": { "diagnostics": [], "only": ["refactor"] },
        });
        client.request("textDocument/codeAction", &params)
    };
    for (what, further, title) in [
        ("flow other", 6, "Add `budget: "),
        ("flow other", 6, "Add `deadline: "),
        ("question: text <= 30", 1, "Check `question` for instructions"),
        ("model careful", 7, "Use `"),
    ] {
        let actions = at(what, further);
        let actions = actions.as_array().unwrap();
        let found = actions.iter().find(|a| a["title"].as_str().unwrap().starts_with(title));
        let found = found.unwrap_or_else(|| panic!("no `{title}` at `{what}`: {actions:?}"));
        let after = applied(SUPPORT, &found["edit"]["changes"][client.uri("support.flow")]);
        assert_ne!(after, SUPPORT);
        client.open("after.flow", &after);
        assert_eq!(errors(&client, "after.flow", 1), Vec::<Value>::new(), "{title}: {after}");
        client
            .notify("textDocument/didClose", &json!({ "textDocument": { "uri": client.uri("after.flow") } }));
    }
}
