//! Diagnostics as lines that GitHub Actions shows at their place in a pull request.
//!
//! The form: docs.github.com, "Workflow commands for GitHub Actions". A step may have 10 errors and 10
//! warnings; what is more would be dropped without a word, so a notice says how many.

use crate::{Diagnostics, FlowDiagnostic, Severity, Sources};

// So many of each kind are shown of one step.
const MOST: usize = 10;

/// `::error file=app.flow,line=3,col=5,…::message`, a line for each.
pub fn lines(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let mut out = String::new();
    for severity in [Severity::Error, Severity::Warning] {
        let all: Vec<&FlowDiagnostic> = diagnostics.iter().filter(|d| d.severity == severity).collect();
        all.iter().take(MOST).for_each(|d| out.push_str(&line(d, sources)));
        if all.len() > MOST {
            let (more, word) = (all.len() - MOST, word(severity));
            out.push_str(&format!("::notice::{more} more {word}s are in the log of this step\n"));
        }
    }
    out
}

fn line(diagnostic: &FlowDiagnostic, sources: &Sources) -> String {
    let span = diagnostic.span();
    let (start, end) = sources.range(span);
    let mut message = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    // Columns are shown only within one line.
    let columns = match start.line == end.line {
        true => format!(",col={},endColumn={}", start.column, end.column),
        false => String::new(),
    };
    format!(
        "::{} file={},line={},endLine={}{columns},title={}::{}\n",
        word(diagnostic.severity),
        property(sources.file(span.file).name()),
        start.line,
        end.line,
        property(diagnostic.code.name()),
        data(&message),
    )
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Span};

    #[test]
    fn what_would_end_a_line_or_a_property_is_written_in_percent() {
        let mut sources = Sources::default();
        let file = sources.add("a,b.flow", "x\n");
        let mut found = Diagnostics::default();
        for _ in 0..12 {
            let at = Span::new(file, 0, 1);
            found.push(FlowDiagnostic::new(Code::E0101, at, "100 % unknown").help("take it\nout"));
        }
        let said = lines(&found, &sources);
        let first = "::error file=a%2Cb.flow,line=1,endLine=1,col=1,endColumn=2,title=flow%3A%3AE0101::\
                     100 %25 unknown%0Ahelp: take it%0Aout";
        assert_eq!(said.lines().next(), Some(first));
        assert_eq!(said.lines().count(), 11);
        assert!(said.ends_with("::notice::2 more errors are in the log of this step\n"));
    }
}
