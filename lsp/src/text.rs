//! A document's text and its lines: positions in the client's encoding, and changes of it.
//!
//! In: text, positions and changes as the protocol has them. Out: byte offsets, positions, the text
//! after a change. A position that lies behind a line or behind the text means its end, and one in
//! the middle of a character the character's start; so every position is valid.

use std::sync::Arc;
use tower_lsp_server::ls_types::{Position, PositionEncodingKind, Range, TextDocumentContentChangeEvent};

/// What a column counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 units: what a client has that says nothing.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The encoding that is spoken with a client that offers these: bytes where it can.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        let offers = |kind: PositionEncodingKind| offered.is_some_and(|kinds| kinds.contains(&kind));
        if offers(PositionEncodingKind::UTF8) {
            Encoding::Utf8
        } else if offers(PositionEncodingKind::UTF32) && !offers(PositionEncodingKind::UTF16) {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    /// Its name in the protocol.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn width(self, text: &str) -> usize {
        match self {
            Encoding::Utf8 => text.len(),
            Encoding::Utf16 if text.is_ascii() => text.len(),
            Encoding::Utf16 => text.chars().map(char::len_utf16).sum(),
            Encoding::Utf32 => text.chars().count(),
        }
    }
}

/// A text that knows where its lines begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    text: Arc<str>,
    starts: Arc<[u32]>,
}

impl Text {
    /// A text with its lines. A line ends with `\n`, `\r\n` or `\r`, as the protocol has it.
    pub(crate) fn new(text: impl Into<Arc<str>>) -> Text {
        let text: Arc<str> = text.into();
        let mut starts = Vec::with_capacity(text.len() / 24 + 1);
        starts.push(0);
        let bytes = text.as_bytes();
        for i in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[i] == b'\n' || bytes.get(i + 1) != Some(&b'\n') {
                starts.push(u32::try_from(i + 1).unwrap_or(u32::MAX));
            }
        }
        Text { text, starts: starts.into() }
    }

    /// The whole text.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The whole text, shared.
    pub(crate) fn shared(&self) -> Arc<str> {
        self.text.clone()
    }

    /// The line a byte lies on, from 0.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|s| *s as usize <= offset).saturating_sub(1)
    }

    /// The bytes of a line, without its end.
    pub(crate) fn line_range(&self, line: usize) -> std::ops::Range<usize> {
        let Some(start) = self.starts.get(line).map(|s| *s as usize) else {
            return self.text.len()..self.text.len();
        };
        let end = self.starts.get(line + 1).map_or(self.text.len(), |s| *s as usize);
        let line = &self.text[start..end];
        start..start + line.trim_end_matches(['\n', '\r']).len()
    }

    /// The byte a position means.
    pub(crate) fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let range = self.line_range(position.line as usize);
        let line = &self.text[range.clone()];
        let wanted = position.character as usize;
        if wanted >= line.len() && encoding == Encoding::Utf8 {
            return range.end;
        }
        let mut column = 0;
        for (at, c) in line.char_indices() {
            let next = column + encoding.width(&line[at..at + c.len_utf8()]);
            if next > wanted {
                return range.start + at;
            }
            column = next;
        }
        range.end
    }

    /// The position of a byte.
    pub(crate) fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset);
        let start = self.starts[line] as usize;
        let column = encoding.width(&self.text[start..offset]);
        Position::new(to_u32(line), to_u32(column))
    }

    /// The positions of a range of bytes.
    pub(crate) fn range(&self, range: std::ops::Range<usize>, encoding: Encoding) -> Range {
        Range::new(self.position(range.start, encoding), self.position(range.end, encoding))
    }

    /// The bytes a range of positions means; in order, whichever way it is given.
    pub(crate) fn bytes(&self, range: Range, encoding: Encoding) -> std::ops::Range<usize> {
        let (a, b) = (self.offset(range.start, encoding), self.offset(range.end, encoding));
        a.min(b)..a.max(b)
    }
}

/// The text after changes, each of which speaks of the text after the one before it.
pub(crate) fn changed(text: &Text, changes: &[TextDocumentContentChangeEvent], encoding: Encoding) -> Text {
    let mut now = text.clone();
    for change in changes {
        now = match change.range {
            None => Text::new(change.text.as_str()),
            Some(range) => {
                let range = now.bytes(range, encoding);
                let whole = now.as_str();
                Text::new([&whole[..range.start], &change.text, &whole[range.end..]].concat())
            }
        };
    }
    now
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "aé𝄞b\r\nzwei\rdrei\n";

    #[test]
    fn columns_are_counted_in_the_encoding() {
        let text = Text::new(TEXT);
        let b = TEXT.find('b').unwrap_or_default();
        for (encoding, column) in [(Encoding::Utf8, 7), (Encoding::Utf16, 4), (Encoding::Utf32, 3)] {
            assert_eq!(text.position(b, encoding), Position::new(0, column), "{encoding:?}");
            assert_eq!(text.offset(Position::new(0, column), encoding), b, "{encoding:?}");
        }
        let starts = [(1, "zwei"), (2, "drei"), (3, "")];
        for (line, begins) in starts {
            let at = text.offset(Position::new(line, 0), Encoding::Utf16);
            assert!(TEXT[at..].starts_with(begins), "{line}");
            assert_eq!(text.position(at, Encoding::Utf16), Position::new(line, 0));
        }
    }

    #[test]
    fn a_position_that_is_nowhere_is_at_the_nearest_place() {
        let text = Text::new(TEXT);
        // In the middle of a surrogate pair and of a character's bytes.
        assert_eq!(text.offset(Position::new(0, 3), Encoding::Utf16), 3);
        assert_eq!(text.offset(Position::new(0, 2), Encoding::Utf8), 1);
        // Behind the line and behind the text; never the line's end itself.
        assert_eq!(text.offset(Position::new(0, 99), Encoding::Utf16), 8);
        assert_eq!(text.offset(Position::new(99, 5), Encoding::Utf16), TEXT.len());
        assert_eq!(text.position(usize::MAX, Encoding::Utf8), Position::new(3, 0));
    }

    #[test]
    fn changes_follow_one_another() {
        let change = |line, from, to, text: &str| TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(line, from), Position::new(line, to))),
            range_length: None,
            text: text.to_owned(),
        };
        let text = Text::new("ab\ncd");
        let after = changed(&text, &[change(0, 1, 2, "x\ny"), change(1, 1, 1, "!")], Encoding::Utf16);
        assert_eq!(after.as_str(), "ax\ny!\ncd");
        let whole = TextDocumentContentChangeEvent { range: None, range_length: None, text: "new".into() };
        assert_eq!(changed(&after, &[whole], Encoding::Utf16).as_str(), "new");
        // A range that is given from its end to its start.
        let turned = TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(0, 2), Position::new(0, 0))),
            range_length: None,
            text: String::new(),
        };
        assert_eq!(changed(&text, &[turned], Encoding::Utf16).as_str(), "\ncd");
    }

    #[test]
    fn bytes_are_spoken_where_the_client_can() {
        let kinds = [PositionEncodingKind::UTF16, PositionEncodingKind::UTF8, PositionEncodingKind::UTF32];
        assert_eq!(Encoding::negotiate(Some(&kinds)), Encoding::Utf8);
        assert_eq!(Encoding::negotiate(Some(&kinds[..1])), Encoding::Utf16);
        assert_eq!(Encoding::negotiate(Some(&kinds[2..])), Encoding::Utf32);
        assert_eq!(Encoding::negotiate(None), Encoding::Utf16);
    }
}
