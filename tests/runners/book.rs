//! The book: every Flow snippet of `README.md` and `docs/` does what its info string says, the index
//! of errors is up to date, and links lead somewhere.

use crate::pages::codes;
use flow_diagnostics::{Code, Diagnostics, Sources};
use flow_plan::CapabilityKind;
use flow_tests::repository;
use flow_tests::snippets::{Snippet, pages, snippets};

#[test]
fn every_snippet_does_what_it_says() {
    let mut problems = Vec::new();
    let mut count = 0;
    for (name, text) in book() {
        for snippet in snippets(&name, &text) {
            count += 1;
            if snippet.is_fragment() {
                if !is_understood(&snippet) {
                    problems.push(format!("{}: the fragment is not understood", snippet.place));
                }
                continue;
            }
            let (given, expected) = (codes(&snippet), snippet.codes());
            if given != expected {
                problems.push(format!("{}: expected {expected:?}, got {given:?}", snippet.place));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count > 40, "only {count} snippets were found");
}

#[test]
fn generated_pages_are_up_to_date() {
    let pages = [
        ("docs/errors.md", error_index()),
        ("docs/reference/functions.md", functions_page()),
        ("docs/reference/capabilities.md", capabilities_page()),
    ];
    for (name, wanted) in pages {
        let path = repository().join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &wanted).expect("the page can be written");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, wanted, "{name} is out of date: run this test with UPDATE_DOCS=1");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut broken = Vec::new();
    for (name, text) in book() {
        let folder = repository().join(&name).parent().map(ToOwned::to_owned).unwrap_or_default();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !target.contains("://") && !folder.join(path).exists() {
                broken.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn book() -> Vec<(String, String)> {
    let root = repository();
    let mut out = pages(&root, "docs");
    for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/README.md"] {
        out.push((name.to_owned(), std::fs::read_to_string(root.join(name)).expect("the page is there")));
    }
    for (name, text) in pages(&root, "examples") {
        if name.ends_with("README.md") {
            out.push((name, text));
        }
    }
    out
}

// A fragment may be declarations, the inside of a flow, or settings and steps.
fn is_understood(snippet: &Snippet) -> bool {
    let parses = |text: &str| {
        let mut diagnostics = Diagnostics::default();
        let id = Sources::default().add("fragment.flow", text);
        flow_compiler::parse_file(text, id, &mut diagnostics);
        diagnostics.is_empty()
    };
    parses(&snippet.text) || parses(&format!("flow f() {{\n{}\n}}\n", snippet.text))
}

fn error_index() -> String {
    let mut out = String::from(
        "# Every code\n\n\
         `flowc explain E0101` prints a code's page at the terminal.\n\
         Codes are stable: a message may get better, its code stays.\n\
         What begins with W is a warning; E08 stands for what happens while a program runs.\n\n\
         | code | what it says |\n|---|---|\n",
    );
    for &code in Code::ALL {
        let short = code.short();
        out.push_str(&format!("| [{short}](../diagnostics/errors/{short}.md) | {} |\n", code.title()));
    }
    out
}

fn functions_page() -> String {
    let mut out = String::from(
        "# Functions\n\n\
         This page is written by a test, from what the functions say of themselves.\n\
         `?` stands behind what may be left out.\n\n\
         | function | gives | for example |\n|---|---|---|\n",
    );
    for function in flow_plan::functions::all() {
        let example = function.spec.examples.first().copied().unwrap_or_default();
        let row = [code(&function.signature()), cell(function.spec.doc), code(example)];
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    out
}

fn capabilities_page() -> String {
    let mut out = String::from(
        "# Capabilities\n\n\
         What this version can reach, and what the language names and this version does not have yet.\n\
         This page is written by a test, from what the capabilities say of themselves.\n",
    );
    let kinds = [
        (CapabilityKind::Provider, "Providers"),
        (CapabilityKind::Lookup, "Lookup sources"),
        (CapabilityKind::Guard, "Guards"),
        (CapabilityKind::Action, "Action channels"),
    ];
    for (kind, title) in kinds {
        let all: Vec<_> = flow_runtime::capabilities().into_iter().filter(|s| s.kind == kind).collect();
        out.push_str(&format!("\n## {title}\n"));
        for spec in all.iter().filter(|s| s.supported) {
            let names: Vec<String> = spec
                .params
                .iter()
                .map(|p| format!("{}{}", p.name, if p.required { "" } else { "?" }))
                .collect();
            // A provider's parameters are settings of the model.
            let call = if kind == CapabilityKind::Provider {
                String::new()
            } else {
                format!("({})", names.join(", "))
            };
            out.push_str(&format!("\n### `{}{call}`\n\n{}\n", spec.name, spec.doc.replace(". ", ".\n")));
            for param in spec.params {
                out.push_str(&format!("\n- `{}`: {}", param.name, param.doc));
            }
            if !spec.params.is_empty() {
                out.push('\n');
            }
            if !spec.examples.is_empty() {
                out.push_str(&format!("\n```flow,fragment\n{}\n```\n", spec.examples.join("\n")));
            }
        }
        let missing: Vec<String> =
            all.iter().filter(|s| !s.supported).map(|s| format!("`{}`", s.name)).collect();
        if !missing.is_empty() {
            out.push_str(&format!("\nNot yet: {}.\n", missing.join(", ")));
        }
    }
    out
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}
