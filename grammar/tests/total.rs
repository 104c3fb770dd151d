//! The parser is total: whatever the text, it gives a tree of all of it, and in time.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod random;

use flow_grammar::tokens::{TokenKind, lex};
use flow_grammar::{Cst, Kind, Node, parse, parse_as_written};
use proptest::prelude::*;
use std::time::{Duration, Instant};

// The text from the leaves and what lies between them.
fn text_of(cst: &Cst, text: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    let mut leaves = Vec::new();
    collect(cst.root(), &mut leaves);
    for leaf in leaves {
        assert!(leaf.start() >= at, "{:?} at {} overlaps what is before it", leaf.kind(), leaf.start());
        out.push_str(&text[at..leaf.start()]);
        out.push_str(&text[leaf.range()]);
        at = leaf.end();
    }
    out.push_str(&text[at..]);
    out
}

fn collect<'c>(node: Node<'c>, leaves: &mut Vec<Node<'c>>) {
    let mut children = node.children().peekable();
    if children.peek().is_none() {
        leaves.push(node);
    }
    let mut last = node.start();
    for child in children {
        assert!(child.start() >= last && child.end() <= node.end(), "{child:?} is not inside {node:?}");
        last = child.end();
        collect(child, leaves);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: random::cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_a_tree_of_all_of_it(text in random::texts()) {
        prop_assert_eq!(&text_of(&parse(&text).cst, &text), &text);
        prop_assert_eq!(&text_of(&parse_as_written(&text), &text), &text);
    }

    #[test]
    fn errors_lie_in_the_text(text in random::texts()) {
        for error in parse(&text).errors {
            prop_assert!(text.get(error.range.clone()).is_some(), "{error:?}");
            prop_assert!(!error.message.contains('\n') && !error.message.is_empty(), "{error:?}");
            if let Some(fix) = error.fix {
                prop_assert!(text.get(fix.range.clone()).is_some(), "{fix:?}");
            }
        }
    }

    #[test]
    fn a_tree_without_errors_is_that_of_the_text(text in random::changed()) {
        let parsed = parse(&text);
        let written = parse_as_written(&text);
        let broken = written.nodes().any(|n| matches!(
            n.kind(),
            Kind::junk | Kind::bad_member | Kind::missing_close | Kind::open_quoted | Kind::open_text_block
        ));
        prop_assert_eq!(parsed.errors.is_empty(), !broken);
        if !broken {
            prop_assert_eq!(parsed.cst, written);
        }
    }

    #[test]
    fn the_words_agree_with_the_grammar(text in random::changed()) {
        let tokens = lex(&text);
        for node in parse_as_written(&text).nodes() {
            let kinds: &[TokenKind] = match node.kind() {
                Kind::ident => &[TokenKind::Word],
                Kind::number => &[TokenKind::Number],
                Kind::money => &[TokenKind::Money],
                Kind::quoted => &[TokenKind::Text],
                Kind::text_block => &[TokenKind::TextBlock],
                Kind::comment | Kind::doc | Kind::file_doc => &[TokenKind::Comment, TokenKind::Doc, TokenKind::FileDoc],
                _ => continue,
            };
            let same = tokens.iter().any(|t| t.range() == node.range() && kinds.contains(&t.kind));
            prop_assert!(same, "{:?} {:?}", node.kind(), &text[node.range()]);
        }
    }
}

#[test]
fn hostile_texts_take_no_time() {
    let size = 100_000;
    let headed = |part: &str| format!("flow f() {{\n  x = {}", part.repeat(size / part.len()));
    let plain = |part: &str| part.repeat(size / part.len());
    let mut texts = Vec::new();
    for part in [
        "(",
        "[",
        "{",
        "}",
        ")",
        "\"",
        "\"\"\"",
        "not ",
        "-",
        "a.",
        "a + ",
        "====",
        "=",
        ":",
        "//",
        "\n",
        " ",
        "a ",
        "f(",
        "(a, ",
        "{ a: ",
        "[a, ",
        "if a { } else ",
        "else if a { ",
        "x else ",
        "match x { a => ",
        "prompt ",
        "\nprompt ",
        "\nprompt a(",
        "\nflow a {",
        "type A {\n",
        "a: ",
        "a = ",
        "$",
        "1..",
        "text? ",
        "text <= 1 ",
        "private ",
        "a => ",
        "a: b\n",
        "a = f(\n",
        "\\",
        "\"\\",
        "é",
        "|",
        "each x in y {\n",
        "'",
        ";\n",
        "\"a\n",
        "x = \"\"\"\n",
        "\n}\n{\n",
        "(\n)",
        "a(b) { c: ",
        "repeat up to 3 from x {",
        "// \n",
        "a[0]",
        "???",
        "...",
    ] {
        texts.push(plain(part));
        texts.push(headed(part));
        texts.push(format!("const a = {}", part.repeat(size / part.len())));
        texts.push(format!("type T {{\n  a: {}", part.repeat(size / part.len())));
    }
    // Unoptimised code on a busy machine is some twenty times slower.
    let limit = if cfg!(debug_assertions) { Duration::from_secs(20) } else { Duration::from_millis(500) };
    let mut slowest = (Duration::ZERO, String::new());
    for text in texts {
        let start = Instant::now();
        let parsed = parse(&text);
        let took = start.elapsed();
        assert_eq!(parsed.cst.root().range(), 0..text.len());
        let shown: String = text.chars().take(40).collect();
        if took > slowest.0 {
            slowest = (took, shown);
        }
    }
    assert!(slowest.0 < limit, "{slowest:?}");
}

#[test]
fn brackets_deeper_than_the_limit_are_one_error() {
    let deep = |depth: usize| format!("const a = {}1{}\nconst b = 2\n", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(parse(&deep(64)).errors, []);
    let parsed = parse(&deep(65));
    assert_eq!(parsed.errors.len(), 1);
    assert!(parsed.errors[0].message.contains("64"), "{:?}", parsed.errors);
    let last = parsed.cst.root().children().last().unwrap();
    assert_eq!(last.kind(), Kind::const_item);
}
