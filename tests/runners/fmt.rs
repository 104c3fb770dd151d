//! `corpus/fmt`: text, formatted. The snapshot holds what comes out.

use flow_compiler::format::format;
use flow_tests::cases::{cases, compare_all};
use flow_tests::world::FolderWorld;

#[test]
fn every_text_is_formatted_as_its_snapshot_says() {
    compare_all(&cases("fmt", "flow"), |case| {
        let formatted = format(&case.text);
        assert_eq!(format(&formatted), formatted, "formatting twice changes nothing more");
        assert!(formatted.is_empty() || formatted.ends_with('\n'), "the last line ends");
        assert!(!formatted.ends_with("\n\n"), "no empty lines at the end");
        formatted
    });
}

#[test]
fn formatting_the_whole_corpus_twice_changes_nothing_more() {
    for area in ["check", "run", "syntax"] {
        for case in cases(area, "flow") {
            let once = format(&case.text);
            assert_eq!(format(&once), once, "{}", case.name);
        }
    }
}

#[test]
fn examples_are_formatted() {
    let examples = flow_tests::repository().join("examples");
    for folder in std::fs::read_dir(examples).expect("there are examples").flatten() {
        let path = folder.path().join("main.flow");
        let text = std::fs::read_to_string(&path).expect("an example has a main.flow");
        assert_eq!(format(&text), text, "{}", path.display());
    }
}

#[test]
fn formatting_changes_no_diagnostic() {
    for case in cases("check", "flow") {
        let codes = |world: FolderWorld| {
            let outcome = world.compile(&case.file_name());
            let mut codes: Vec<_> = outcome.diagnostics.iter().map(|d| d.code.short()).collect();
            codes.sort_unstable();
            codes
        };
        let formatted = format(&case.text);
        let after = codes(FolderWorld::at(case.folder()).with(&case.file_name(), &formatted));
        assert_eq!(codes(FolderWorld::at(case.folder())), after, "{} formatted:\n{formatted}", case.name);
    }
}
