//! `corpus/syntax`: text, parsed. Marks say where E0001 is expected; the snapshot holds the drawing
//! and, for what was understood, an outline of the tree.

use flow_compiler::ast::{File, Item};
use flow_diagnostics::{Diagnostics, Sources};
use flow_tests::cases::{cases, compare_all};
use flow_tests::expectation::{drawing, found, marks};

#[test]
fn every_text_gives_the_syntax_errors_it_is_marked_with() {
    compare_all(&cases("syntax", "flow"), |case| {
        let mut sources = Sources::default();
        let mut diagnostics = Diagnostics::default();
        let id = sources.add(case.file_name(), case.text.as_str());
        let file = flow_compiler::parse_file(&case.text, id, &mut diagnostics);
        diagnostics.sort();
        let drawn = drawing(&diagnostics, &sources);
        assert_eq!(marks(&case.text), found(&diagnostics, &sources), "marked, found:\n{drawn}");
        format!("{}\n{drawn}", outline(&file))
    });
}

// One line a declaration, so that a snapshot shows what stands although its neighbour is broken.
fn outline(file: &File) -> String {
    let mut out = String::new();
    for item in file.items() {
        let (kind, name, holds) = match item {
            Item::Import(i) => ("import", String::new(), format!("{} names", i.names.len())),
            Item::Const(c) => ("const", c.name.name.to_string(), String::new()),
            Item::Type(t) => ("type", t.name.name.to_string(), String::new()),
            Item::Enum(e) => ("enum", e.name.name.to_string(), format!("{} variants", e.variants.len())),
            Item::Model(m) => ("model", m.name.name.to_string(), format!("{} settings", m.settings.len())),
            Item::Prompt(p) => ("prompt", p.name.name.to_string(), format!("{} settings", p.settings.len())),
            Item::Lookup(c) => ("lookup", c.name.name.to_string(), format!("{} settings", c.settings.len())),
            Item::Guard(c) => ("guard", c.name.name.to_string(), format!("{} settings", c.settings.len())),
            Item::Action(c) => ("action", c.name.name.to_string(), format!("{} settings", c.settings.len())),
            Item::Flow(f) => ("flow", f.name.name.to_string(), block(&f.body)),
            Item::Batch(b) => ("batch", b.name.name.to_string(), block(&b.body)),
            Item::Test(t) => ("test", t.name.value.to_string(), format!("{} lines", t.lines.len())),
            Item::Eval(e) => ("eval", e.name.name.to_string(), format!("{} settings", e.settings.len())),
            Item::Error(_) => ("not understood", String::new(), String::new()),
        };
        out.push_str(format!("{kind} {name} {holds}").trim_end());
        out.push('\n');
    }
    out
}

fn block(block: &flow_compiler::ast::Block) -> String {
    format!("{} settings, {} steps, {} results", block.settings.len(), block.steps.len(), block.results.len())
}
