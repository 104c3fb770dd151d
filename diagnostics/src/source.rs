//! Source files and places in them.
//!
//! A [`Span`] is a byte range of one file; [`Sources`] turns it into lines and columns.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// A file of the program, by its index in [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct FileId(pub u32);

/// A range of bytes in one file: `start` inclusive, `end` exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file the range lies in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Span { file, start: offset(start), end: offset(end) }
    }

    /// The smallest range that covers both; `self` where the files differ.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty range at the end.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }

    /// The empty range at the start.
    pub fn before(self) -> Span {
        Span { end: self.start, ..self }
    }

    /// The range as `usize`s, to index a string with.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether the byte at `offset`, or the cursor behind the last byte, is inside.
    pub fn contains(self, offset: usize) -> bool {
        self.start as usize <= offset && offset <= self.end as usize
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

// A source file is refused above 4 GiB long before it gets here.
fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn line_starts(text: &str) -> Vec<u32> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| offset(at + 1))).collect()
}

/// A place as people count it: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Offset in bytes, from 0.
    pub offset: usize,
}

/// One file's name and text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    // Looked for when a position is first asked for: most files of a program never are.
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// The path as the user wrote it, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Line and column of a byte offset; offsets past the end mean the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let starts = self.line_starts.get_or_init(|| line_starts(&self.text));
        let line = starts.partition_point(|&s| s as usize <= offset);
        let start = starts[line - 1] as usize;
        Position { line, column: self.text[start..offset].chars().count() + 1, offset }
    }
}

/// The files of one compilation, in the order they were read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file and returns its identity.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let (name, text) = (name.into(), text.into());
        self.files.push(SourceFile { name, text, line_starts: OnceLock::new() });
        FileId(offset(self.files.len() - 1))
    }

    /// The file of an identity this value gave out.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Every file with its identity.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(offset(i)), f))
    }

    /// The text under a span, empty where the span does not fit the file.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or("")
    }

    /// Line and column of both ends of a span.
    pub fn range(&self, span: Span) -> (Position, Position) {
        let file = self.file(span.file);
        (file.position(span.start as usize), file.position(span.end as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let mut sources = Sources::default();
        let id = sources.add("a.flow", "é = 1\nbb");
        let file = sources.file(id);
        assert_eq!(file.position(3), Position { line: 1, column: 3, offset: 3 });
        assert_eq!(file.position(1), Position { line: 1, column: 1, offset: 0 });
        assert_eq!(file.position(99), Position { line: 2, column: 3, offset: 9 });
    }
}
