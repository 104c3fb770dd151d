//! The pages that explain the codes: each has its four parts, its wrong snippets give exactly its
//! code, and its right ones give nothing.

use flow_diagnostics::Code;
use flow_tests::snippets::{Snippet, snippets};
use flow_tests::world::FolderWorld;

#[test]
fn every_page_has_its_title_and_its_parts() {
    for &code in Code::ALL {
        let page = code.page().text;
        let title = format!("# {}: {}\n", code.short(), code.title());
        assert!(page.starts_with(&title), "{} starts with `{}`", code.short(), title.trim());
        let parts: Vec<&str> = page.lines().filter(|l| l.starts_with("## ")).collect();
        assert_eq!(parts, ["## What", "## Why", "## Wrong", "## Right"], "{}", code.short());
    }
}

#[test]
fn wrong_snippets_give_their_code_and_right_ones_none() {
    let mut problems = Vec::new();
    for &code in Code::ALL {
        // What fails at run time compiles.
        let at_run_time = code.short().starts_with("E08");
        let found = snippets(code.short(), code.page().text);
        for part in ["Wrong", "Right"] {
            assert!(found.iter().any(|s| s.section == part), "{} has a snippet under {part}", code.short());
        }
        for snippet in &found {
            let mut expected = snippet.codes();
            if expected.is_empty() && snippet.section == "Wrong" && !at_run_time {
                expected = vec![code.short()];
            }
            let given = codes(snippet);
            if given != expected {
                problems.push(format!("{}: expected {expected:?}, got {given:?}", snippet.place));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The codes that a snippet gives, each once.
pub(crate) fn codes(snippet: &Snippet) -> Vec<&'static str> {
    let mut world = FolderWorld::empty().with("main.flow", &snippet.text);
    for (name, text) in &snippet.files {
        world = world.with(name, text);
    }
    let outcome = world.compile("main.flow");
    let mut codes: Vec<&str> = outcome.diagnostics.iter().map(|d| d.code.short()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
