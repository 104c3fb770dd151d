//! Lays out a document of texts, possible line breaks and groups in 100 columns.
//!
//! In: a [`Doc`]. Out: lines. A group stands on one line if it may and fits, else every break of its
//! own becomes a line end. The algorithm is Wadler's ("A prettier printer", 2003) in the strict form
//! that most formatters use.
//! Not here: anything about Flow.

use std::borrow::Cow;

/// Columns of a line.
const WIDTH: usize = 100;
/// Columns of a level.
pub(super) const INDENT: usize = 2;

/// A piece of a document.
pub(super) enum Doc<'t> {
    /// Text without line ends.
    Text(Cow<'t, str>),
    /// A comment, behind which the line ends.
    Comment(&'t str),
    /// Text of several lines, of which all but the first are printed as they are.
    Verbatim(Cow<'t, str>),
    /// A line end if the group is broken, else this text.
    Line(&'static str),
    /// This text if the group is broken.
    IfBroken(&'static str),
    /// An empty line in a broken group.
    Blank,
    /// Breaks the groups around it.
    Force,
    /// A line end in the middle of a statement, which goes on one level deeper.
    Continue,
    /// One level deeper.
    Indent(Vec<Doc<'t>>),
    /// Breaks together, where `broken` says so or it does not fit.
    Group { broken: bool, parts: Vec<Doc<'t>> },
    /// A text block, by its lines; printed one level deeper than the line it begins on.
    Block(Vec<&'t str>),
}

/// The text of a document that stands at this level.
pub(super) fn print(doc: &Doc<'_>, level: usize) -> String {
    let mut printer = Printer { out: String::new(), column: level * INDENT, line_end_due: false };
    printer.run(doc, level * INDENT);
    printer.out
}

/// Whether it holds a line end whatever its group does.
pub(super) fn must_break(parts: &[Doc<'_>]) -> bool {
    parts.iter().any(|part| match part {
        Doc::Comment(_) | Doc::Continue | Doc::Force | Doc::Block(_) => true,
        Doc::Verbatim(text) => text.contains('\n'),
        Doc::Indent(parts) => must_break(parts),
        Doc::Group { broken, .. } => *broken,
        Doc::Text(_) | Doc::Line(_) | Doc::IfBroken(_) | Doc::Blank => false,
    })
}

#[derive(Clone, Copy)]
struct Command<'d, 't> {
    indent: usize,
    broken: bool,
    doc: &'d Doc<'t>,
}

struct Printer {
    out: String,
    column: usize,
    /// A comment was printed: nothing else may stand on its line.
    line_end_due: bool,
}

impl Printer {
    fn run(&mut self, doc: &Doc<'_>, indent: usize) {
        let mut stack = vec![Command { indent, broken: true, doc }];
        while let Some(Command { indent, broken, doc }) = stack.pop() {
            match doc {
                Doc::Text(text) => self.text(text, indent),
                Doc::Verbatim(text) => self.verbatim(text, indent),
                Doc::Comment(text) => {
                    // A comment behind a comment stands on a line of its own.
                    if self.line_end_due {
                        self.line_end(indent);
                    }
                    self.text(text, indent);
                    self.line_end_due = true;
                }
                Doc::Line(_) if broken => self.line_end(indent),
                Doc::Line(flat) => self.text(flat, indent),
                Doc::IfBroken(text) if broken => self.text(text, indent),
                Doc::Blank if broken => self.blank(),
                Doc::IfBroken(_) | Doc::Blank | Doc::Force => {}
                Doc::Continue => self.line_end(indent + INDENT),
                Doc::Indent(parts) => push(&mut stack, parts, indent + INDENT, broken),
                Doc::Group { broken, parts } => {
                    let broken = *broken || !fits(WIDTH.saturating_sub(self.column), parts, &stack);
                    push(&mut stack, parts, indent, broken);
                }
                Doc::Block(lines) => self.block(lines, indent + INDENT),
            }
        }
    }

    fn text(&mut self, text: &str, indent: usize) {
        let mut text = text;
        if self.line_end_due {
            text = text.trim_start();
            if text.is_empty() {
                return;
            }
            self.line_end(indent + INDENT);
        }
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn verbatim(&mut self, text: &str, indent: usize) {
        self.text("", indent);
        let last = text.rsplit('\n').next().unwrap_or("");
        if self.line_end_due {
            self.line_end(indent + INDENT);
        }
        self.out.push_str(text);
        self.column = if text.contains('\n') { 0 } else { self.column } + last.chars().count();
    }

    fn block(&mut self, lines: &[&str], indent: usize) {
        self.text("\"\"\"", indent);
        for line in lines {
            self.out.push('\n');
            if !line.is_empty() {
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(line);
            }
        }
        self.line_end(indent);
        self.text("\"\"\"", indent);
    }

    fn line_end(&mut self, indent: usize) {
        self.line_end_due = false;
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    fn blank(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }
}

fn push<'d, 't>(stack: &mut Vec<Command<'d, 't>>, parts: &'d [Doc<'t>], indent: usize, broken: bool) {
    stack.extend(parts.iter().rev().map(|doc| Command { indent, broken, doc }));
}

// Whether the parts on one line, with what follows up to where a line may end, take at most `width`.
fn fits(width: usize, parts: &[Doc<'_>], rest: &[Command<'_, '_>]) -> bool {
    let mut left = width;
    let mut inside: Vec<&Doc<'_>> = parts.iter().rev().collect();
    let mut rest = rest.iter().rev();
    loop {
        let (doc, outside) = match inside.pop() {
            Some(doc) => (doc, None),
            None => match rest.next() {
                Some(command) => (command.doc, Some(command)),
                None => return true,
            },
        };
        let width = match doc {
            Doc::Text(text) => text.chars().count(),
            Doc::Line(_) if outside.is_some_and(|c| c.broken) => return true,
            Doc::Line(flat) => flat.len(),
            // A comment may reach over the edge, but does not push anything there.
            Doc::Comment(_) | Doc::Continue | Doc::Block(_) => return true,
            Doc::Verbatim(text) => match text.split_once('\n') {
                Some((first, _)) => return first.chars().count() <= left,
                None => text.chars().count(),
            },
            Doc::IfBroken(text) if outside.is_some_and(|c| c.broken) => text.len(),
            Doc::IfBroken(_) | Doc::Blank | Doc::Force => 0,
            Doc::Indent(inner) => match outside {
                // What follows may break right here.
                Some(c) if c.broken => {
                    let next = inner.iter().find(|d| !matches!(d, Doc::Blank));
                    if matches!(next, Some(Doc::Line(_))) {
                        return true;
                    }
                    inside.extend(inner.iter().rev());
                    0
                }
                _ => {
                    inside.extend(inner.iter().rev());
                    0
                }
            },
            Doc::Group { parts, .. } => {
                if outside.is_some() {
                    // Its opening bracket, behind which it may break.
                    let opening = parts.iter().take_while(|p| matches!(p, Doc::Text(_)));
                    let opening: usize =
                        opening.map(|p| if let Doc::Text(t) = p { t.chars().count() } else { 0 }).sum();
                    return opening <= left;
                }
                inside.extend(parts.iter().rev());
                0
            }
        };
        match left.checked_sub(width) {
            Some(less) => left = less,
            None => return false,
        }
    }
}
