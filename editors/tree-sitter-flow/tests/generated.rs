//! What is generated is up to date: `src/grammar.json` by `grammar.js`, the parser by both.
//!
//! `UPDATE_PARSER=1 cargo test -p tree-sitter-flow -- --include-ignored` writes them anew, and needs
//! Node, in which `grammar.js` is run.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use tree_sitter_generate::{OptLevel, generate_parser_in_directory, load_grammar_file};

// What Neovim 0.9 and Helix 23 can load, and everything since.
const ABI: usize = 14;

const HINT: &str = "UPDATE_PARSER=1 cargo test -p tree-sitter-flow -- --include-ignored";

#[test]
#[ignore = "needs Node; editors/test.sh runs it"]
fn the_grammar_is_that_of_grammar_js() {
    let grammar = load_grammar_file(&folder().join("grammar.js"), Some("node")).expect("grammar.js is right");
    let path = folder().join("src/grammar.json");
    if updates() {
        std::fs::write(&path, grammar + "\n").expect("it can be written");
        generate(&folder().join("src"));
        return;
    }
    let there = read_to_string(&path).expect("src/grammar.json is there");
    assert!(there.trim_end() == grammar.trim_end(), "src/grammar.json is not that of grammar.js: {HINT}");
}

#[test]
fn the_parser_is_that_of_the_grammar() {
    if updates() {
        return;
    }
    let made = tempfile::tempdir().expect("a folder can be made");
    generate(made.path());
    for name in ["parser.c", "node-types.json", "tree_sitter/parser.h"] {
        let [new, there] = [made.path().join(name), folder().join("src").join(name)]
            .map(|path| read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        assert!(new == there, "src/{name} is not that of src/grammar.json: {HINT}");
    }
}

#[test]
fn every_query_fits_the_grammar() {
    let language = tree_sitter_flow::LANGUAGE.into();
    let others = [
        ("helix/queries/flow", "highlights indents locals textobjects"),
        ("zed/languages/flow", "brackets indents outline"),
    ]
    .into_iter()
    .flat_map(|(place, names)| names.split(' ').map(move |name| format!("{place}/{name}")))
    .map(|name| {
        let path = folder().join(format!("../{name}.scm"));
        let text = read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        (name, text)
    });
    let own = tree_sitter_flow::QUERIES.map(|(name, query)| (name.to_owned(), query.to_owned()));
    for (name, query) in own.into_iter().chain(others) {
        if let Err(error) = tree_sitter::Query::new(&language, &query) {
            panic!("{name}.scm: {error}");
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn updates() -> bool {
    std::env::var_os("UPDATE_PARSER").is_some()
}

fn generate(into: &Path) {
    let grammar = folder().join("src/grammar.json");
    generate_parser_in_directory(
        folder(),
        Some(into),
        Some(grammar),
        ABI,
        None,
        None,
        true,
        OptLevel::default(),
        &mut Vec::new(),
    )
    .expect("the grammar has no conflicts");
}
