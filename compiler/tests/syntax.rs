//! Reading whole programs: no errors, and nothing of them is lost.

use flow_compiler::ast::{File, Item};
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
        assert!(!file.items.iter().any(|item| matches!(item, Item::Error(_))));
    }
}

#[test]
fn a_missing_brace_costs_one_message_and_one_declaration_at_most() {
    let (file, diagnostics) =
        read("flow a() -> text {\n  x = f(1\n  return x\n\nflow b() -> text {\n  return 1\n}\n");
    assert_eq!(diagnostics.len(), 2, "{diagnostics:?}");
    assert_eq!(file.items.len(), 2);
    let Item::Flow(first) = &file.items[0] else { panic!("{:?}", file.items[0]) };
    assert_eq!(first.body.steps.len(), 1);
    assert_eq!(first.body.results.len(), 1);
}
