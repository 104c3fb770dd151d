//! Where the cursor is, by the words before it: in a text, in which brackets, behind what.

use flow_grammar::tokens::{ITEM_WORDS, TokenKind, lex};
use std::ops::Range;

/// What the cursor is inside of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Inside<'t> {
    /// A comment.
    Comment,
    /// A text: what of it stands before the cursor, without the quotes.
    Text(&'t str),
    /// Anything else.
    Code,
}

/// A bracket that is open at the cursor.
#[derive(Clone, Debug)]
pub(crate) struct Bracket<'t> {
    /// `(`, `[` or `{`.
    pub(crate) open: char,
    /// What stands on its line before it.
    pub(crate) before: &'t str,
}

/// Where the cursor is.
#[derive(Clone, Debug)]
pub(crate) struct Place<'t> {
    /// What it is inside of.
    pub(crate) inside: Inside<'t>,
    /// The keyword of the declaration around it; empty where there is none.
    pub(crate) keyword: &'t str,
    /// The declaration's name, or a test's text.
    pub(crate) name: &'t str,
    /// The brackets that are open, outermost first.
    pub(crate) brackets: Vec<Bracket<'t>>,
    /// The line up to the cursor.
    pub(crate) line: &'t str,
    /// The line up to the word at the cursor, without blanks at its end.
    pub(crate) before: &'t str,
    /// The bytes of the word before the cursor.
    pub(crate) word: Range<usize>,
}

/// Where the declaration that a byte lies in begins: the last line before it, at column 0, with a
/// declaration's keyword.
pub(crate) fn item_start(text: &str, offset: usize) -> usize {
    let mut end = offset;
    loop {
        let start = text[..end].rfind('\n').map_or(0, |i| i + 1);
        let line = &text[start..offset];
        let word = line.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
        if ITEM_WORDS.contains(&word) || start == 0 {
            return start;
        }
        end = start - 1;
    }
}

impl<'t> Place<'t> {
    /// The place of an offset.
    pub(crate) fn of(text: &'t str, offset: usize) -> Place<'t> {
        let start = item_start(text, offset);
        let part = &text[start..offset];
        let tokens = lex(part);
        let inside = match tokens.last().filter(|t| t.end == part.len()) {
            Some(t) => match t.kind {
                TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc => Inside::Comment,
                TokenKind::OpenText => Inside::Text(&part[t.start + 1..]),
                TokenKind::OpenTextBlock => Inside::Text(part.get(t.start + 3..).unwrap_or("")),
                _ => Inside::Code,
            },
            None => Inside::Code,
        };
        let line_before = |at: usize| &part[part[..at].rfind('\n').map_or(0, |i| i + 1)..at];
        let mut brackets = Vec::new();
        for token in &tokens {
            match token.kind {
                TokenKind::Open => {
                    let open = part[token.start..].chars().next().unwrap_or('(');
                    brackets.push(Bracket { open, before: line_before(token.start).trim() });
                }
                TokenKind::Close => {
                    brackets.pop();
                }
                _ => {}
            }
        }
        let line = line_before(part.len());
        let tail = line.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let before = line[..line.len() - tail].trim();
        let mut head =
            part.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|w| !w.is_empty());
        let keyword = head.next().filter(|w| ITEM_WORDS.contains(w)).unwrap_or_default();
        let name = match keyword {
            "test" => part.split('"').nth(1).unwrap_or_default(),
            _ => head.next().unwrap_or_default(),
        };
        let at_keyword = part.len() == keyword.len();
        let keyword = if at_keyword { "" } else { keyword };
        Place { inside, keyword, name, brackets, line, before, word: offset - tail..offset }
    }

    /// Whether a type stands here: behind the colon of a parameter or a field.
    pub(crate) fn is_type(&self) -> bool {
        let Some(last) = self.brackets.last() else { return false };
        let is_param = self.brackets.len() == 1 && last.open == '(' && self.keyword != "test";
        let is_field = self.keyword == "type" && last.open == '{';
        let in_list = last.open == '[' && self.brackets.len() <= 2 && last.before.ends_with([':', '>']);
        let labelled = ["private", "untrusted", "trusted"].iter().any(|w| self.before.ends_with(w));
        (is_param || is_field) && (self.before.ends_with(':') || labelled) || in_list
    }

    /// The key of the setting whose value stands here.
    pub(crate) fn key(&self) -> Option<&'t str> {
        let in_braces = self.brackets.last().is_some_and(|b| b.open == '{');
        if !in_braces || self.keyword == "type" || self.block() == "record" {
            return None;
        }
        let (key, value) = self.line.trim_start().split_once(':')?;
        let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let is_first = value.trim_start().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        (is_key && is_first).then_some(key)
    }

    /// What is between the innermost braces: the keyword of the declaration, `step` for the settings of
    /// a call, `each` and `block` for steps inside a step, `record` for a literal.
    pub(crate) fn block(&self) -> &'t str {
        let Some(last) = self.brackets.last() else { return "" };
        if self.brackets.len() == 1 && last.open == '{' {
            return self.keyword;
        }
        let starts = |word: &str| {
            let line = last.before.split_once('=').map_or(last.before, |(_, rest)| rest.trim_start());
            line.starts_with(word) || last.before.starts_with(word)
        };
        match last.open {
            '{' if starts("each ") => "each",
            '{' if starts("if ") || starts("repeat ") || starts("match ") => "block",
            '{' if last.before.ends_with("else") || last.before.ends_with("=>") => "block",
            '{' if last.before.ends_with(')') => "step",
            '{' => "record",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place<'_> {
        Place::of(text, text.len())
    }

    #[test]
    fn the_place_is_found_by_what_stands_before() {
        assert_eq!(place("mod").word, 0..3);
        assert!(place("mod").brackets.is_empty() && place("mod").before.is_empty());
        let setting = place("model fast = \"a/b\" {\n  max_");
        assert_eq!((setting.block(), setting.before, setting.key()), ("model", "", None));
        assert_eq!(place("flow f() {\n  a = p(x) {\n    model: fa").key(), Some("model"));
        assert_eq!(place("flow f() {\n  a = p(x) {\n    ").block(), "step");
        assert_eq!(place("flow f() {\n  a = each c in rows {\n    ").block(), "each");
        assert_eq!(place("flow f() {\n  a = Answer {\n    ").block(), "record");
        assert!(place("prompt p(a: te").is_type());
        assert!(place("type T {\n  a: private te").is_type());
        assert!(!place("flow f(a: text) {\n  b = p(a: te").is_type());
        assert_eq!(place("prompt p() {\n  user: \"a {{ b").inside, Inside::Text("a {{ b"));
        assert_eq!(place("prompt p() {\n  user: \"\"\"\n    a\n").inside, Inside::Text("\n    a\n"));
        assert_eq!(place("// a").inside, Inside::Comment);
        assert_eq!(place("test \"it works\" {\n  let a = ").name, "it works");
    }
}
