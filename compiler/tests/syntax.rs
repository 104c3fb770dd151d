//! Reading whole programs: no errors, and nothing of them is lost.

use flow_compiler::ast::{ExprKind, File, Item};
use flow_diagnostics::{Diagnostics, FileId};

fn read(text: &str) -> (File, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    let file = flow_compiler::parse_file(text, FileId(0), &mut diagnostics);
    (file, diagnostics)
}

#[test]
fn programs_are_read_without_a_diagnostic() {
    for text in [
        include_str!("../../grammar/tests/programs/support.flow"),
        include_str!("../../grammar/tests/programs/pieces.flow"),
        include_str!("../../grammar/tests/programs/everything.flow"),
    ] {
        let (file, diagnostics) = read(text);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert!(!file.items().any(|item| matches!(item, Item::Error(_))));
    }
}

#[test]
fn a_missing_brace_costs_one_message_and_one_declaration_at_most() {
    let (file, diagnostics) =
        read("flow a() -> text {\n  x = f(1\n  return x\n\nflow b() -> text {\n  return 1\n}\n");
    assert_eq!(diagnostics.len(), 2, "{diagnostics:?}");
    assert_eq!(file.items.len(), 2);
    let Item::Flow(first) = &*file.items[0] else { panic!("{:?}", file.items[0]) };
    assert_eq!(first.body.steps.len(), 1);
    assert_eq!(first.body.results.len(), 1);
}

// Every text of the file, with a word of it found in the source again.
fn assert_traced(text: &str) {
    let (file, _) = read(text);
    let Some(Item::Const(declaration)) = file.items().next() else { panic!("{:?}", file.items) };
    let ExprKind::Text(literal) = &declaration.value.kind else { panic!("{:?}", declaration.value) };
    let mut words = 0;
    for (at, word) in literal.value.match_indices(|c: char| c.is_alphanumeric()) {
        let span = literal.source_span(at..at + word.len());
        assert_eq!(&text[span.range()], word, "{text:?} at {at}");
        words += 1;
    }
    assert!(words > 2, "{literal:?}");
}

#[test]
fn every_letter_of_a_text_is_traced_to_its_place() {
    for text in [
        r#"const a = "plain words""#,
        r#"const a = "\t ab\n\"cd\" \\ \u{1F600}ef ö 日本 gh""#,
        "const a = \"\"\"\n    one é\n      two\n\n    thr\\\"ee\n    \"\"\"",
        "const a = \"\"\"\r\n\tone\r\n\t\ttwo 日本\r\n\r\n\tthree\r\n\t\"\"\"\r\n",
        "const a = \"\"\"first\n  second\n third\"\"\"",
    ] {
        assert_traced(text);
    }
}

#[test]
fn a_text_is_the_same_wherever_its_file_was_written() {
    let text = "const a = \"\"\"\n    one\n\n      two \n    \"\"\"\n";
    let value = |text: &str| match read(text).0.items().next() {
        Some(Item::Const(declaration)) => match &declaration.value.kind {
            ExprKind::Text(literal) => literal.value.to_string(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(value(text), "one\n\n  two ");
    assert_eq!(value(&text.replace('\n', "\r\n")), "one\n\n  two ");
}

#[test]
fn a_text_without_its_last_quote_keeps_its_last_letter() {
    let (file, diagnostics) = read("model m = \"sim/é\n");
    assert_eq!(diagnostics.len(), 1);
    let Some(Item::Model(model)) = file.items().next() else { panic!("{:?}", file.items) };
    assert_eq!(model.id.value, "sim/é");
}

#[test]
fn long_chains_are_refused_and_cost_no_stack() {
    for part in [" + a", ".b", "[0]", "(b)", " ?? b", " and b"] {
        let text = format!("const a = a{}\n", part.repeat(20_000));
        let (_, diagnostics) = read(&text);
        assert_eq!(diagnostics.len(), 1, "{part}");
    }
    for part in ["not ", "-"] {
        let (_, diagnostics) = read(&format!("const a = {}b\n", part.repeat(20_000)));
        assert_eq!(diagnostics.len(), 1, "{part}");
    }
    for part in [" <= 1", " 1..2", "? <= 2"] {
        let (_, diagnostics) = read(&format!("type A = text{}\n", part.repeat(20_000)));
        assert_eq!(diagnostics.len(), 1, "{part}");
    }
    let (_, diagnostics) = read(&format!("const a = f({}x)\n", "x => ".repeat(20_000)));
    assert_eq!(diagnostics.len(), 1);
    for part in ["else b ", "else if c { yield 1 } "] {
        let text = format!("flow f() {{\n  x = if a {{ yield 1 }} {}\n}}\n", part.repeat(10_000));
        let (_, diagnostics) = read(&text);
        assert_eq!(diagnostics.len(), 1, "{part}");
    }
}

#[test]
fn deep_brackets_full_of_chains_cost_no_stack() {
    let chain = " + a".repeat(200);
    let text = format!("const a = {}1{}\n", format!("(a{chain} + ").repeat(64), ")".repeat(64));
    let (file, _) = read(&text);
    assert_eq!(file.items.len(), 1);
}
