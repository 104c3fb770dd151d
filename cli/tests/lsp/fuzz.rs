//! Random edits over the corpus, with every request in between: nothing panics, every position is
//! valid, and what is known after many edits is what a fresh start knows.
//!
//! `FLOW_FUZZ_EDITS=100000` makes as many edits, `FLOW_FUZZ_SEED=7` others.

use crate::client::Client;
use fastrand::Rng;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Edits of one document before the next one is taken.
const EDITS_EACH: usize = 40;
/// Documents longer than this are left out: nothing is learnt from them that shorter ones do not show.
const LONGEST: u64 = 6_000;

#[test]
fn random_edits_leave_the_server_as_a_fresh_start_would() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let edits = number("FLOW_FUZZ_EDITS").unwrap_or(600) as usize;
    let mut random = Rng::with_seed(number("FLOW_FUZZ_SEED").unwrap_or(1));
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus"), &mut files);
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"), &mut files);
    files.sort();
    assert!(files.len() > 100, "the corpus is there");
    let mut client = Client::start();
    for round in 0..edits.div_ceil(EDITS_EACH) {
        let file = &files[random.usize(..files.len())];
        let text = std::fs::read_to_string(file).unwrap();
        let after = edited(&client, &mut random, round, text);
        assert!(client.runs(), "the server is lost after {}", file.display());
        let here = known(&client, &format!("edited{round}.flow"));
        client.open(&format!("anew{round}.flow"), &after);
        let anew = known(&client, &format!("anew{round}.flow"));
        assert_eq!(here, anew, "round {round}, from {}:\n{after}", file.display());
        for name in ["edited", "anew"] {
            let uri = client.uri(&format!("{name}{round}.flow"));
            client.notify("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
        }
    }
    assert_eq!(client.quit(), Some(0));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "flow") && entry.metadata().unwrap().len() < LONGEST {
            files.push(path);
        }
    }
}

// Opens a text, and edits it with requests in between; the text after that.
fn edited(client: &Client, random: &mut Rng, round: usize, mut text: String) -> String {
    let name = format!("edited{round}.flow");
    client.open(&name, &text);
    let mut asked = Vec::new();
    for version in 0..EDITS_EACH {
        let (start, end, new) = edit(random, &text);
        let range = json!({ "start": position(&text, start), "end": position(&text, end) });
        client.changes(&name, version as i64 + 2, &json!([{ "range": range, "text": new }]));
        text.replace_range(start..end, &new);
        if random.bool() {
            let (method, params) = question(client, random, &name, &text);
            asked.push((method, client.send(method, &params)));
        }
        // An editor tells the server to forget what it does not want to know any more.
        if random.u8(..20) == 0
            && let Some((_, id)) = asked.last()
        {
            client.notify("$/cancelRequest", &json!({ "id": id }));
        }
    }
    for (method, id) in asked {
        if let Err(error) = client.answer(id) {
            // Cancelled, out of date, or refused with a reason: -32603 would be a panic.
            let code = error["code"].as_i64();
            assert!(matches!(code, Some(-32800 | -32801 | -32803)), "{method}: {error}\n{text}");
        }
    }
    text
}

fn edit(random: &mut Rng, text: &str) -> (usize, usize, String) {
    const NEW: [&str; 28] = [
        "",
        "",
        "",
        "a",
        " ",
        "\n",
        "{",
        "}",
        "(",
        ")",
        "\"",
        "\"\"\"",
        "{{ ",
        " }}",
        "{% for x in y %}",
        ".",
        ",",
        ": ",
        "= ",
        "é𝄞",
        "\r\n",
        "//",
        "///",
        "flow f() {\n",
        "model m = \"sim/text\"\n",
        "$0.01",
        "<= 3",
        "\\",
    ];
    let start = floor(text, random.usize(..=text.len()));
    let most = [0, 1, 1, 2, 5, 40][random.usize(..6)];
    let end = floor(text, (start + random.usize(..=most)).min(text.len())).max(start);
    let new = match random.u8(..8) {
        // What stands elsewhere, once more.
        0 => {
            let from = floor(text, random.usize(..=text.len()));
            let to = floor(text, (from + random.usize(..60)).min(text.len())).max(from);
            text[from..to].to_owned()
        }
        _ => NEW[random.usize(..NEW.len())].to_owned(),
    };
    (start, end, new)
}

fn question(client: &Client, random: &mut Rng, name: &str, text: &str) -> (&'static str, Value) {
    const AT: [&str; 11] = [
        "textDocument/hover",
        "textDocument/definition",
        "textDocument/typeDefinition",
        "textDocument/references",
        "textDocument/documentHighlight",
        "textDocument/completion",
        "textDocument/signatureHelp",
        "textDocument/prepareRename",
        "textDocument/prepareCallHierarchy",
        "textDocument/rename",
        "textDocument/selectionRange",
    ];
    const OF: [&str; 11] = [
        "textDocument/documentSymbol",
        "textDocument/foldingRange",
        "textDocument/codeLens",
        "textDocument/documentLink",
        "textDocument/semanticTokens/full",
        "textDocument/semanticTokens/full/delta",
        "textDocument/semanticTokens/range",
        "textDocument/inlayHint",
        "textDocument/formatting",
        "textDocument/codeAction",
        "textDocument/diagnostic",
    ];
    let at = position(text, floor(text, random.usize(..=text.len())));
    let mut params = json!({ "textDocument": { "uri": client.uri(name) }, "position": at });
    params["range"] = json!({ "start": at, "end": position(text, text.len()) });
    params["positions"] = json!([at]);
    params["context"] =
        json!({ "includeDeclaration": true, "diagnostics": [], "triggerKind": 1, "isRetrigger": false });
    params["newName"] = json!("renamed");
    params["previousResultId"] = json!(random.u8(..10).to_string());
    params["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    let method = match random.bool() {
        true => AT[random.usize(..AT.len())],
        false => OF[random.usize(..OF.len())],
    };
    (method, params)
}

// Everything that is known of a document, with its name taken out, and each position valid.
fn known(client: &Client, name: &str) -> Value {
    let document = json!({ "textDocument": { "uri": client.uri(name) } });
    let everything =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 1_000_000, "character": 0 } });
    let mut format = document.clone();
    format["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    let mut hints = document.clone();
    hints["range"] = everything;
    let of = |method: &str, params: &Value| client.request(&format!("textDocument/{method}"), params);
    let known = json!({
        "diagnostics": of("diagnostic", &document)["items"],
        "symbols": of("documentSymbol", &document),
        "tokens": of("semanticTokens/full", &document)["data"],
        "lenses": of("codeLens", &document),
        "hints": of("inlayHint", &hints),
        "folds": of("foldingRange", &document),
        "format": of("formatting", &format),
    });
    let plain = known.to_string().replace(name, "NAME.flow");
    serde_json::from_str(&plain).unwrap()
}

// There is no position inside a character, nor inside a line's end.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    if text[..at].ends_with('\r') && text[at..].starts_with('\n') {
        at -= 1;
    }
    at
}

// As the protocol has it: lines end with `\n`, `\r\n` or `\r`, and columns count UTF-16 units.
fn position(text: &str, at: usize) -> Value {
    let bytes = text.as_bytes();
    let ends = |i: &usize| bytes[*i] == b'\n' || bytes[*i] == b'\r' && bytes.get(i + 1) != Some(&b'\n');
    let line = (0..at).filter(ends).count();
    let start = (0..at).rev().find(ends).map_or(0, |i| i + 1);
    let column: usize = text[start..at].chars().map(char::len_utf16).sum();
    json!({ "line": line, "character": column })
}
