//! String literals: their text, and where each piece of it stands in the source.

use ecow::EcoString;
use flow_diagnostics::Span;

/// `"text"` or `"""text block"""`.
///
/// `value` has its escapes replaced and, for a block, its common indent and the line ends next to
/// the quotes removed. `pieces` says which source byte each stretch of `value` came from, so that an
/// error in a template is shown at its place in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StringLit {
    /// The text.
    pub value: EcoString,
    /// `(offset in value, offset in the file)`, ascending; each holds up to the next.
    pub pieces: Vec<(u32, u32)>,
    /// The literal with its quotes.
    pub span: Span,
}

impl StringLit {
    /// Whether it has `{{ … }}`, `{% … %}` or `{# … #}` in it.
    pub fn is_template(&self) -> bool {
        ["{{", "{%", "{#"].iter().any(|open| self.value.contains(open))
    }

    /// The place in the file of a range of `value`.
    pub fn source_span(&self, range: std::ops::Range<usize>) -> Span {
        let start = self.source_offset(range.start);
        let end = if range.is_empty() { start } else { self.source_offset(range.end - 1) + 1 };
        Span { file: self.span.file, start, end }
    }

    fn source_offset(&self, offset: usize) -> u32 {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        let at = self.pieces.partition_point(|(o, _)| *o <= offset);
        match at.checked_sub(1).map(|i| self.pieces[i]) {
            Some((from, source)) => source + (offset - from),
            None => self.span.start,
        }
    }
}
