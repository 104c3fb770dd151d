//! Declarations, statements and expressions: the words of a node in their order, with the blanks
//! that belong between them.

use super::bracket;
use super::doc::{Doc, must_break};
use super::text_block;
use flow_grammar::tokens::{Token, TokenKind};
use flow_grammar::{Kind, Node};

/// The layout of a declaration.
pub(super) fn item<'t>(text: &'t str, tokens: &'t [Token], node: Node<'_>) -> Doc<'t> {
    let from = tokens.partition_point(|t| t.end <= node.start());
    let mut writer = Writer { text, tokens, at: from, last: None, tight: false, indented: true };
    let mut out = Vec::new();
    writer.node(node, &mut out);
    Doc::Group { broken: true, parts: out }
}

/// Goes through the tokens of a declaration once.
pub(super) struct Writer<'t> {
    pub(super) text: &'t str,
    tokens: &'t [Token],
    /// The next token.
    at: usize,
    /// The token that was written last on this line, if any.
    last: Option<Token>,
    /// Nothing stands between the last token and the next.
    tight: bool,
    /// Whether a line break in this statement indents what follows.
    indented: bool,
}

impl<'t> Writer<'t> {
    /// Everything in a node.
    pub(super) fn node(&mut self, node: Node<'_>, out: &mut Vec<Doc<'t>>) {
        if bracket::is_bracket(node.kind()) {
            return self.bracket(node, out);
        }
        match node.kind() {
            Kind::if_work => return self.branches(node, out),
            Kind::member => self.break_here(out),
            Kind::map_type => {
                self.token(out);
                self.tight = true;
                node.children().for_each(|child| {
                    self.until(child.start(), out);
                    self.node(child, out);
                });
                self.tight = true;
                self.token(out);
                return;
            }
            Kind::op => {
                self.break_here(out);
                self.until(node.end(), out);
                self.break_here(out);
                return;
            }
            Kind::prefix if self.peek().is_some_and(|t| self.of(t) == "-") => {
                self.until(node.end(), out);
                self.tight = true;
                return;
            }
            Kind::signed | Kind::pattern if self.peek().is_some_and(|t| self.of(t) == "-") => {
                self.token(out);
                self.tight = true;
            }
            _ => {}
        }
        if node.kind() == Kind::operation {
            return self.operation(node, out);
        }
        let import = node.kind() == Kind::import_item;
        for child in node.children() {
            self.words(child.start(), out, import);
            self.node(child, out);
        }
        self.words(node.end(), out, import);
    }

    // What stands in for a failure goes to a line of its own where the author put it there, or where
    // the line would be too long.
    fn operation(&mut self, node: Node<'_>, out: &mut Vec<Doc<'t>>) {
        let mut outer: Vec<Vec<Doc<'t>>> = Vec::new();
        let mut current: Vec<Doc<'t>> = Vec::new();
        for child in node.children() {
            while let Some(token) = self.peek().filter(|t| t.start < child.start()) {
                let behind_brace = self.last.is_some_and(|t| self.of(t) == "}");
                if self.of(token) == "else" && !behind_brace && !self.breaks_here() && self.indented {
                    outer.push(std::mem::replace(&mut current, vec![Doc::Indent(vec![Doc::Line(" ")])]));
                    self.tight = true;
                } else if self.of(token) == "else" && !behind_brace {
                    self.break_here(&mut current);
                }
                self.token(&mut current);
            }
            self.node(child, &mut current);
        }
        self.until(node.end(), &mut current);
        while let Some(mut before) = outer.pop() {
            if must_break(&current) {
                // Its own lines are broken already: it stays where it is.
                current.remove(0);
                before.push(Doc::Text(" ".into()));
                before.append(&mut current);
            } else {
                before.push(Doc::Group { broken: false, parts: current });
            }
            current = before;
        }
        out.append(&mut current);
    }

    // The tokens between the children of a node.
    fn words(&mut self, end: usize, out: &mut Vec<Doc<'t>>, import: bool) {
        while let Some(token) = self.peek().filter(|t| t.start < end) {
            self.token(out);
            if import && self.of(token) == "," {
                self.break_here(out);
            }
        }
    }

    /// The tokens up to an offset.
    pub(super) fn until(&mut self, end: usize, out: &mut Vec<Doc<'t>>) {
        while self.peek().is_some_and(|t| t.start < end) {
            self.token(out);
        }
    }

    /// The next token that is not a line end.
    pub(super) fn peek(&mut self) -> Option<Token> {
        while self.tokens.get(self.at).is_some_and(|t| t.kind == TokenKind::Newline) {
            self.at += 1;
        }
        self.tokens.get(self.at).copied()
    }

    pub(super) fn of(&self, token: Token) -> &'t str {
        &self.text[token.range()]
    }

    /// Leaves the next token out.
    pub(super) fn skip(&mut self) {
        if self.peek().is_some() {
            self.at += 1;
        }
    }

    /// Begins a line, or stands right behind an opening bracket.
    pub(super) fn fresh(&mut self) {
        self.last = None;
        self.tight = false;
    }

    /// Runs with line breaks that indent what follows, or not.
    pub(super) fn with_indent(&mut self, indented: bool, inner: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.indented, indented);
        inner(self);
        self.indented = before;
    }

    // Keeps the author's line break in front of the next token.
    fn break_here(&mut self, out: &mut Vec<Doc<'t>>) {
        if !self.breaks_here() {
            return;
        }
        if self.indented {
            out.push(Doc::Continue);
        } else {
            out.extend([Doc::Force, Doc::Line(" ")]);
        }
        self.fresh();
    }

    // Whether the author has a line break in front of the next token.
    fn breaks_here(&mut self) -> bool {
        let (Some(last), Some(next)) = (self.last, self.peek()) else { return false };
        !is_comment(next) && !is_comment(last) && self.text[last.end..next.start].contains('\n')
    }

    /// The next token with the blank in front of it.
    pub(super) fn token(&mut self, out: &mut Vec<Doc<'t>>) {
        let Some(token) = self.peek() else { return };
        self.at += 1;
        let source = self.of(token);
        if is_comment(token) {
            out.push(Doc::Text(if self.last.is_some() { "  " } else { "" }.into()));
            out.push(Doc::Comment(source.trim_end()));
            self.last = Some(token);
            self.tight = false;
            return;
        }
        self.gap(token, out);
        out.push(match token.kind {
            TokenKind::TextBlock => match text_block::lines(source) {
                Some(lines) => Doc::Block(lines),
                None => Doc::Verbatim(source.into()),
            },
            _ => Doc::Text(source.into()),
        });
        self.last = Some(token);
        self.tight = false;
    }

    /// The blank between the last token and this one, if one belongs there.
    pub(super) fn gap(&mut self, next: Token, out: &mut Vec<Doc<'t>>) {
        if self.last.is_some_and(|last| !self.tight && self.spaced(last, next)) {
            out.push(Doc::Text(" ".into()));
        }
        self.tight = true;
    }

    /// Nothing stands between the last token and the next.
    pub(super) fn tighten(&mut self) {
        self.tight = true;
    }

    fn spaced(&self, last: Token, next: Token) -> bool {
        let (before, after) = (self.of(last), self.of(next));
        match (before, after) {
            // Side by side they would be another sign.
            ("?", "?") | (".", ".") => true,
            (_, "," | ")" | "]" | "?" | ":" | "." | "..") => false,
            ("(" | "[" | "." | "..", _) => false,
            ("/", _) => !self.is_rate(last),
            (_, "/") => !self.is_rate(next),
            _ => true,
        }
    }

    // `200/s`: a number and a unit of time are one word.
    fn is_rate(&self, slash: Token) -> bool {
        const UNITS: [&str; 9] = ["s", "m", "h", "d", "second", "min", "minute", "hour", "day"];
        let at = self.tokens.partition_point(|t| t.start < slash.start);
        let number = at.checked_sub(1).and_then(|i| self.tokens.get(i));
        let unit = self.tokens.get(at + 1);
        number.is_some_and(|t| t.kind == TokenKind::Number)
            && unit.is_some_and(|t| UNITS.contains(&self.of(*t)))
    }
}

/// Whether a token is a comment of any sort.
pub(super) fn is_comment(token: Token) -> bool {
    matches!(token.kind, TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc)
}
