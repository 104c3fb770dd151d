//! Texts: escapes replaced, the common indent of blocks removed, every piece traced to its place.

use super::Lower;
use crate::ast::StringLit;
use ecow::EcoString;
use flow_diagnostics::Span;
use flow_grammar::{Kind, Node};

impl Lower<'_> {
    /// A text literal, if the node is one.
    pub(super) fn string(&mut self, node: Node<'_>) -> Option<StringLit> {
        let raw = self.of(node);
        let (quotes, closed) = match node.kind() {
            Kind::quoted => (1, true),
            Kind::open_quoted => (1, false),
            Kind::text_block => (3, true),
            Kind::open_text_block => (3, false),
            _ => return None,
        };
        // What the parser took for a quote may be missing, or a single one: that was reported.
        let quote = if raw.starts_with('\'') { "'" } else { &"\"\"\""[..quotes] };
        let body = raw.strip_prefix(quote).unwrap_or(raw);
        let start = node.start() + (raw.len() - body.len());
        let body = if closed { body.strip_suffix(quote).unwrap_or(body) } else { body };
        let mut cooked = Cooked { value: EcoString::new(), pieces: Vec::new() };
        if quotes == 3 {
            for (line, at) in block_lines(body) {
                // A line ends alike wherever the file was written.
                let text = line.strip_suffix('\n').unwrap_or(line);
                self.cook(text.trim_end_matches('\r'), start + at, &mut cooked);
                cooked.piece(&line[text.len()..], start + at + text.len());
            }
        } else {
            self.cook(body, start, &mut cooked);
        }
        Some(StringLit { value: cooked.value, pieces: cooked.pieces, span: self.span(node) })
    }

    // Appends `text`, which stands at `at` in the file, with its escapes replaced.
    fn cook(&mut self, text: &str, at: usize, out: &mut Cooked) {
        let mut rest = text;
        let mut at = at;
        while let Some(slash) = rest.find('\\') {
            out.piece(&rest[..slash], at);
            let (replaced, taken) = escape(&rest[slash..]);
            match replaced {
                Some(text) => out.piece(&text, at + slash),
                None => {
                    let span = Span::new(self.file, at + slash, at + slash + taken);
                    let shown = &rest[slash..slash + taken];
                    let diagnostic = self
                        .error(span, format!("`{shown}` is not an escape"))
                        .help("the escapes are `\\n`, `\\r`, `\\t`, `\\\"`, `\\\\` and `\\u{1F600}`; a backslash itself is `\\\\`");
                    self.out.push(diagnostic);
                    out.piece(shown, at + slash);
                }
            }
            at += slash + taken;
            rest = &rest[slash + taken..];
        }
        out.piece(rest, at);
    }
}

struct Cooked {
    value: EcoString,
    pieces: Vec<(u32, u32)>,
}

impl Cooked {
    fn piece(&mut self, text: &str, at: usize) {
        if !text.is_empty() {
            let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            self.pieces.push((offset(self.value.len()), offset(at)));
            self.value.push_str(text);
        }
    }
}

// What an escape stands for, and how many bytes it takes; `None` where there is no such escape.
fn escape(text: &str) -> (Option<String>, usize) {
    let mut chars = text.chars();
    chars.next();
    let Some(c) = chars.next() else { return (None, 1) };
    let taken = 1 + c.len_utf8();
    let plain = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '"' => '"',
        '\\' => '\\',
        'u' => {
            let digits = text[taken..].strip_prefix('{').and_then(|d| d.split_once('}')).map(|(d, _)| d);
            let Some(digits) = digits.filter(|d| d.len() <= 6) else { return (None, taken) };
            let value = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            return (value.map(String::from), taken + digits.len() + 2);
        }
        _ => return (None, taken),
    };
    (Some(plain.to_string()), taken)
}

// The lines of a block without their common indent, each with its line end and its place.
//
// The line end behind the opening quotes and the indent before the closing ones are layout; the line
// end before the closing quotes is layout too. Lines of blanks alone do not count for the indent.
pub(crate) fn block_lines(body: &str) -> Vec<(&str, usize)> {
    let mut lines: Vec<(&str, usize)> = Vec::new();
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        lines.push((line, at));
        at += line.len();
    }
    let blank = |line: &str| line.trim().is_empty();
    let opens_with_text = lines.first().is_some_and(|(line, _)| !blank(line));
    if !opens_with_text && lines.len() > 1 {
        lines.remove(0);
    }
    // The closing quotes stand on a line of their own: their indent counts, their line does not.
    let closing = match lines.last() {
        Some((line, _)) if !line.ends_with('\n') && blank(line) && at > 0 => {
            lines.pop().map(|(line, _)| line)
        }
        _ => None,
    };
    let indents = lines.iter().skip(usize::from(opens_with_text)).map(|(l, _)| *l).filter(|l| !blank(l));
    let indent = indents.chain(closing).map(indent_of).min().unwrap_or(0);
    let count = lines.len();
    let mut out = Vec::with_capacity(count);
    for (number, (line, at)) in lines.into_iter().enumerate() {
        let cut = if number == 0 && opens_with_text { 0 } else { indent.min(indent_of(line)) };
        let mut kept = &line[cut..];
        if number + 1 == count && closing.is_some() {
            kept = kept.strip_suffix('\n').unwrap_or(kept);
        }
        out.push((kept, at + cut));
    }
    out
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

#[cfg(test)]
mod tests {
    use super::block_lines;

    fn text(body: &str) -> String {
        block_lines(body).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn a_block_loses_its_layout_and_nothing_else() {
        assert_eq!(text("\n    a\n      b\n\n    c\n    "), "a\n  b\n\nc");
        assert_eq!(text("one line"), "one line");
        assert_eq!(text("\n  a\n  b"), "a\nb");
        assert_eq!(text(""), "");
        assert_eq!(text("\n    a\n  "), "  a");
    }
}
