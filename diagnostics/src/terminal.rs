//! Diagnostics for people at a terminal, drawn by miette.

use crate::{FlowDiagnostic, Label, Severity, SourceFile, Sources};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::sync::Arc;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to colour.
    pub colour: bool,
    /// Columns to wrap at.
    pub width: usize,
}

/// One diagnostic, drawn with the source around its places.
pub fn render(diagnostic: &FlowDiagnostic, sources: &Sources, style: Style) -> String {
    if diagnostic.labels.iter().any(|label| is_wide(label, sources)) {
        return plain(diagnostic, sources);
    }
    let theme = if style.colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(style.width).with_links(false);
    let mut out = String::new();
    match handler.render_report(&mut out, &Report::new(diagnostic, sources)) {
        Ok(()) => out,
        Err(_) => plain(diagnostic, sources),
    }
}

/// Lines longer than this, in bytes, are not drawn: no terminal shows them, and miette panics where a
/// column does not fit 16 bits.
const WIDEST: usize = 2_000;

fn is_wide(label: &Label, sources: &Sources) -> bool {
    let text = sources.file(label.span.file).text();
    let (start, end) = (label.span.start as usize, (label.span.end as usize).min(text.len()));
    let from =
        text.as_bytes()[..start.min(text.len())].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let to = text.as_bytes()[end..].iter().position(|b| *b == b'\n').map_or(text.len(), |i| end + i);
    text.as_bytes()[from..to].split(|b| *b == b'\n').any(|line| line.len() > WIDEST)
}

// Without the source: `app.flow:3:17: flow::E0101: unknown name`.
fn plain(diagnostic: &FlowDiagnostic, sources: &Sources) -> String {
    let mut out = String::new();
    for (number, label) in diagnostic.labels.iter().enumerate() {
        let file = sources.file(label.span.file);
        let at = file.position(label.span.start as usize);
        let said = match number {
            0 => format!("{}: {}", diagnostic.code.name(), diagnostic.message),
            _ => label.message.clone(),
        };
        out.push_str(&format!("{}:{}:{}: {said}\n", file.name(), at.line, at.column));
    }
    if let Some(help) = &diagnostic.help {
        out.push_str(&format!("  help: {help}\n"));
    }
    out
}

/// A diagnostic in miette's terms: one source a report, so places in other files become related
/// reports of their own.
#[derive(Debug)]
struct Report<'a> {
    message: &'a str,
    code: Option<&'static str>,
    severity: Severity,
    help: Option<&'a str>,
    source: NamedSource<Arc<str>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Report<'a>>,
}

impl<'a> Report<'a> {
    fn new(diagnostic: &'a FlowDiagnostic, sources: &'a Sources) -> Self {
        let home = diagnostic.span().file;
        let (here, elsewhere): (Vec<_>, Vec<_>) = diagnostic.labels.iter().partition(|l| l.span.file == home);
        let related = elsewhere.into_iter().map(|label| Report {
            message: &label.message,
            code: None,
            severity: diagnostic.severity,
            help: None,
            source: named(sources.file(label.span.file)),
            labels: vec![labelled(None, label.span)],
            related: Vec::new(),
        });
        Report {
            message: &diagnostic.message,
            code: Some(diagnostic.code.name()),
            severity: diagnostic.severity,
            help: diagnostic.help.as_deref(),
            source: named(sources.file(home)),
            labels: here
                .into_iter()
                .map(|l| labelled((!l.message.is_empty()).then(|| l.message.clone()), l.span))
                .collect(),
            related: related.collect(),
        }
    }
}

fn named(file: &SourceFile) -> NamedSource<Arc<str>> {
    NamedSource::new(file.name(), file.text().clone())
}

fn labelled(message: Option<String>, span: crate::Span) -> LabeledSpan {
    LabeledSpan::new(message, span.start as usize, (span.end - span.start) as usize)
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.code.map(|c| Box::new(c) as Box<dyn fmt::Display>)
    }
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.help.map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn miette::Diagnostic> + 'b>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|r| r as &dyn miette::Diagnostic)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Span};

    #[test]
    fn a_line_of_any_length_is_reported() {
        let mut sources = Sources::default();
        let file = sources.add("long.flow", "x".repeat(200_000));
        let at = Span::new(file, 150_000, 150_001);
        let diagnostic = FlowDiagnostic::new(Code::E0101, at, "unknown name `x`").help("take it out");
        let drawn = render(&diagnostic, &sources, Style { colour: false, width: 100 });
        assert_eq!(drawn, "long.flow:1:150001: flow::E0101: unknown name `x`\n  help: take it out\n");
    }
}
