//! The tree-sitter grammar against the compiler and the language server, over every program of the
//! repository whose syntax is right: it reads each of them, and gives each word the class that the
//! server says it has. The TextMate grammar is held to the same by `editors/tests/textmate.mjs`.

use super::client::Client;
use flow_grammar::tokens::KEYWORDS;
use flow_tests::repository;
use flow_tests::snippets::{pages, snippets};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use tree_sitter::{Node, Parser, Query, QueryCursor, StreamingIterator, Tree};

#[test]
fn every_program_is_read_and_each_word_has_its_class() {
    let client = Client::start();
    let queries =
        [("editors/tree-sitter-flow/queries", "tree-sitter"), ("editors/helix/queries/flow", "Helix")]
            .map(|(folder, name)| (name, query(&format!("{folder}/highlights.scm"))));
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let (mut programs, mut words) = (0, 0);
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a program can be read");
        let name = path.strip_prefix(repository()).unwrap_or(&path).display().to_string();
        // Where it stands, so that its imports are found.
        let uri = super::client::uri(&path);
        let Some(meant) = meant(&client, &uri, &text) else { continue };
        programs += 1;
        let tree = parse(&text);
        if let Some(place) = broken(tree.root_node()) {
            wrong.push(format!("{name}:{place}: tree-sitter does not read this"));
            continue;
        }
        for (who, query) in &queries {
            let given = given(query, &tree, &text);
            for (range, class) in &meant {
                words += 1;
                let word = &text[range.clone()];
                let bad = range.clone().find(|at| {
                    let blank = text.as_bytes()[*at].is_ascii_whitespace();
                    !blank && !fits(class, given.get(at).copied().unwrap_or("none"))
                });
                match bad {
                    Some(at) => {
                        let line = text[..at].matches('\n').count() + 1;
                        let found = given.get(&at).copied().unwrap_or("none");
                        wrong.push(format!("{name}:{line}: `{word}` is {class}, in {who} {found}"));
                    }
                    None if class == "keyword" => {
                        let known = KEYWORDS.iter().find(|k| **k == word);
                        seen.entry(*who).or_default().extend(known);
                    }
                    None => {}
                }
            }
        }
    }
    for (who, seen) in &seen {
        let missing: Vec<&&str> = KEYWORDS.iter().filter(|k| !seen.contains(**k)).collect();
        if !missing.is_empty() {
            wrong.push(format!("no program has these coloured as keywords in {who}: {missing:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert!(programs > 400 && words > 50_000, "only {words} words of {programs} programs were looked at");
}

#[test]
fn every_snippet_of_the_book_is_read() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, page) in pages(&repository(), "docs") {
        for snippet in snippets(&name, &page) {
            // A fragment is a part of a file, and stands inside of something more often than not.
            if snippet.is_fragment() || snippet.codes().contains(&"E0001") {
                continue;
            }
            count += 1;
            if let Some(place) = broken(parse(&snippet.text).root_node()) {
                wrong.push(format!("{}, line {place} of it", snippet.place));
            }
        }
    }
    assert!(wrong.is_empty(), "tree-sitter does not read:\n{}", wrong.join("\n"));
    assert!(count > 40, "only {count} snippets were found");
}

#[test]
fn a_mistake_leaves_its_neighbours_standing() {
    let good = "flow first(n: int) -> int {\n  return n\n}\n\n";
    for bad in [
        "flow g( -> int {\n  return 1\n}\n",
        "prompt p(q: text) -> {\n  user: \"x\n}\n",
        "flow g() -> int {\n  a = \n  b = 1 +\n  return a b\n}\n",
        "%%%\n",
    ] {
        let text = format!("{good}{bad}\n{}", good.replace("first", "last"));
        let tree = parse(&text);
        let mut cursor = tree.root_node().walk();
        let names: Vec<&str> = tree
            .root_node()
            .children(&mut cursor)
            .filter_map(|node| node.child_by_field_name("name"))
            .map(|name| &text[name.byte_range()])
            .collect();
        assert!(tree.root_node().has_error(), "{bad}");
        assert!(names.contains(&"first") && names.contains(&"last"), "{names:?} of\n{text}");
    }
}

// What the server says of each word, by its bytes; nothing where the syntax is wrong.
fn meant(client: &Client, uri: &str, text: &str) -> Option<Vec<(std::ops::Range<usize>, String)>> {
    let document = json!({ "uri": uri, "languageId": "flowc", "version": 1, "text": text });
    client.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    let published =
        client.notification("textDocument/publishDiagnostics", |p| p["uri"] == uri && p["version"] == 1);
    let document = json!({ "textDocument": { "uri": uri } });
    let data = client.request("textDocument/semanticTokens/full", &document)["data"].clone();
    client.notify("textDocument/didClose", &document);
    let diagnostics = published["diagnostics"].as_array()?;
    if diagnostics.iter().any(|d| d["code"] == "flow::E0001") {
        return None;
    }
    let legend = &client.capabilities["semanticTokensProvider"]["legend"]["tokenTypes"];
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
        .collect();
    let numbers: Vec<usize> = data.as_array()?.iter().filter_map(Value::as_u64).map(|n| n as usize).collect();
    let (mut line, mut column) = (0, 0);
    let mut out = Vec::new();
    for token in numbers.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let (start, of) = lines[line];
        let range = start + byte(of, column)..start + byte(of, column + token[2]);
        out.push((range, legend[token[3]].as_str()?.to_owned()));
    }
    Some(out)
}

// The byte of a place that is counted in UTF-16.
fn byte(line: &str, units: usize) -> usize {
    let mut left = units;
    for (at, c) in line.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    line.len()
}

// The class that a query gives to each byte.
fn given(query: &Query, tree: &Tree, text: &str) -> HashMap<usize, &'static str> {
    let mut out = HashMap::new();
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(query, tree.root_node(), text.as_bytes());
    while let Some((found, index)) = captures.next() {
        let capture = found.captures()[*index];
        let class = class_of(query.capture_names()[capture.index as usize]);
        out.extend(capture.node.byte_range().map(|at| (at, class)));
    }
    out
}

// What a capture amounts to, in the coarse classes that all three have.
fn class_of(capture: &str) -> &'static str {
    const CLASSES: [(&str, &str); 14] = [
        ("comment", "comment"),
        ("string", "string"),
        ("constant.character", "string"),
        ("number", "number"),
        ("constant.numeric", "number"),
        ("boolean", "keyword"),
        ("constant.builtin.boolean", "keyword"),
        ("constant.builtin", "value"),
        ("keyword", "keyword"),
        ("type", "type"),
        ("function", "function"),
        ("operator", "sign"),
        ("punctuation", "sign"),
        ("namespace", "name"),
    ];
    let is =
        |prefix: &str| capture == prefix || capture.strip_prefix(prefix).is_some_and(|r| r.starts_with('.'));
    CLASSES.iter().find(|(prefix, _)| is(prefix)).map_or("name", |(_, class)| class)
}

// A grammar does not know what a name stands for, so it may call any name a name, and nothing else.
fn fits(meant: &str, given: &str) -> bool {
    match meant {
        "comment" | "string" | "number" | "type" => given == meant,
        // `it` and `null` mean something of their own.
        "keyword" => matches!(given, "keyword" | "value"),
        "operator" => given == "sign",
        "enum" | "class" | "enumMember" => matches!(given, "type" | "name"),
        "function" => matches!(given, "function" | "name"),
        "variable" => matches!(given, "name" | "value"),
        "parameter" | "property" => given == "name",
        _ => false,
    }
}

fn query(path: &str) -> Query {
    let text = std::fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    Query::new(&tree_sitter_flow::LANGUAGE.into(), &text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_flow::LANGUAGE.into()).expect("the parser is of a version that is read");
    parser.parse(text, None).expect("a text is parsed")
}

// The line of the first thing that was not understood.
fn broken(node: Node<'_>) -> Option<usize> {
    if !node.has_error() {
        return None;
    }
    if node.is_error() || node.is_missing() {
        return Some(node.start_position().row + 1);
    }
    let mut cursor = node.walk();
    let inside: Vec<Node<'_>> = node.children(&mut cursor).collect();
    inside.into_iter().find_map(broken).or(Some(node.start_position().row + 1))
}

fn files() -> Vec<PathBuf> {
    fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|e| e == "flow") {
                out.push(path);
            }
        }
    }
    let mut out = Vec::new();
    for folder in ["tests/corpus", "examples", "stdlib", "editors/linguist"] {
        collect(&repository().join(folder), &mut out);
    }
    out.sort();
    out
}
