//! Diagnostics as cases expect and show them: `//~ E0101` marks on the lines of a source, and the
//! drawing for a snapshot, with what each fix would change.

use flow_diagnostics::terminal::{Style, render};
use flow_diagnostics::{Diagnostics, Fix, Sources};

/// A line, from 1, and the code that is expected there.
pub type Mark = (usize, String);

/// What the `//~` marks of a source say, in order.
pub fn marks(text: &str) -> Vec<Mark> {
    let mut out: Vec<Mark> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((_, codes)) = line.split_once("//~") else { continue };
        let codes = codes.split_whitespace().take_while(|w| w.len() == 5);
        out.extend(codes.map(|code| (number + 1, code.to_owned())));
    }
    out.sort();
    out
}

/// Where diagnostics stand and what their codes are, in the order of [`marks`].
pub fn found(diagnostics: &Diagnostics, sources: &Sources) -> Vec<Mark> {
    let place =
        |d: &flow_diagnostics::FlowDiagnostic| (sources.range(d.span()).0.line, d.code.short().to_owned());
    let mut out: Vec<Mark> = diagnostics.iter().map(place).collect();
    out.sort();
    out
}

/// Diagnostics as a terminal shows them without colour, each with its fixes.
pub fn drawing(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.iter() {
        let drawn = render(diagnostic, sources, Style { colour: false, width: 100 });
        for line in drawn.lines() {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        for fix in &diagnostic.fixes {
            out.push_str(&format!("  fix: {}\n", fix.title));
            for edit in &fix.edits {
                let old = sources.text(edit.span);
                out.push_str(&format!("    {old:?} -> {:?}\n", edit.text));
            }
        }
        out.push('\n');
    }
    if out.is_empty() { "no diagnostics\n".to_owned() } else { out }
}

/// The source of the fix's file after the fix.
pub fn mended(fix: &Fix, sources: &Sources) -> String {
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort_by_key(|e| std::cmp::Reverse(e.span.start));
    let file = edits.first().map(|e| e.span.file).unwrap_or_default();
    let mut text = sources.file(file).text().to_string();
    for edit in edits {
        text.replace_range(edit.span.range(), &edit.text);
    }
    text
}
