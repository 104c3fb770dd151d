//! Semantic tokens: every word by what it means, the template language inside of texts included.
//!
//! In: a program. Out: [`Token`]s of the document in their order, none over another and none over the
//! end of a line.

use super::names;
use super::walk::{self, Visit};
use crate::snapshot::Snapshot;
use flow_compiler::ast::{
    Expr, ExprKind, Item, Setting, SettingValue, Step, StringLit, TypeExpr, TypeExprKind,
};
use flow_diagnostics::Span;
use flow_grammar::tokens::{KEYWORDS, TokenKind, lex};
use minijinja::machinery::{Token as Piece, tokenize};
use minijinja::syntax::SyntaxConfig;
use std::collections::HashMap;
use std::ops::Range;

/// What a token is; its number is its place in [`NAMES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    Keyword,
    Comment,
    String,
    Number,
    Operator,
    Type,
    Enum,
    EnumMember,
    Function,
    Variable,
    Parameter,
    Property,
    Model,
}

/// The protocol's names of the classes, in their order.
pub(crate) const NAMES: [&str; 13] = [
    "keyword",
    "comment",
    "string",
    "number",
    "operator",
    "type",
    "enum",
    "enumMember",
    "function",
    "variable",
    "parameter",
    "property",
    "class",
];

/// A token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    /// Its bytes, all of one line.
    pub(crate) range: Range<usize>,
    /// What it is.
    pub(crate) class: Class,
    /// Whether something is declared here.
    pub(crate) declares: bool,
}

/// The tokens in these bytes of the document.
pub(crate) fn of(snapshot: &Snapshot, range: Range<usize>) -> Vec<Token> {
    let text = snapshot.text();
    let mut known = Known { classes: HashMap::new(), texts: Vec::new() };
    let inside = |item: &&Item| {
        let span = item.span().range();
        span.start <= range.end && range.start <= span.end
    };
    for item in snapshot.file().items().filter(inside) {
        known.declared(item);
        walk::item(item, &mut known);
    }
    known.used(snapshot, &range);
    let mut out = Vec::new();
    for token in lex(text).into_iter().filter(|t| t.start < range.end && range.start < t.end) {
        let word = &text[token.range()];
        let (class, declares) = match token.kind {
            TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc => (Class::Comment, false),
            TokenKind::Number | TokenKind::Money => (Class::Number, false),
            TokenKind::Sign => (Class::Operator, false),
            TokenKind::Text | TokenKind::OpenText | TokenKind::TextBlock | TokenKind::OpenTextBlock => {
                known.text(text, token.range(), &mut out);
                continue;
            }
            TokenKind::Word => match known.classes.get(&token.start) {
                Some(found) => *found,
                None if is_keyword(word) => (Class::Keyword, false),
                None => continue,
            },
            TokenKind::Newline | TokenKind::Open | TokenKind::Close | TokenKind::Unknown => continue,
        };
        lines(text, token.range(), class, declares, &mut out);
    }
    out.retain(|t| range.start <= t.range.start && t.range.end <= range.end);
    out
}

// Words that are no keywords of the grammar, and mean something in their place all the same.
const WORDS: [&str; 7] = ["true", "false", "null", "it", "unless", "for", "per"];

// Names that stand for a label where one is wanted: `clearance: private`.
const LABELS: [&str; 3] = ["private", "untrusted", "trusted"];

fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word) || WORDS.contains(&word)
}

// A token that goes over several lines is one for each of them.
fn lines(text: &str, range: Range<usize>, class: Class, declares: bool, out: &mut Vec<Token>) {
    let mut start = range.start;
    for line in text[range].split_inclusive('\n') {
        let shown = line.trim_end_matches(['\n', '\r']);
        if !shown.is_empty() {
            out.push(Token { range: start..start + shown.len(), class, declares });
        }
        start += line.len();
    }
}

// What is known of words by where they begin, and the texts by where they begin.
struct Known {
    classes: HashMap<usize, (Class, bool)>,
    texts: Vec<StringLit>,
}

impl Known {
    fn set(&mut self, span: Span, class: Class, declares: bool) {
        self.classes.insert(span.start as usize, (class, declares));
    }

    fn declared(&mut self, item: &Item) {
        if let Some(name) = item.name() {
            self.set(name.span, class_of(item.keyword()), true);
        }
        if let Item::Enum(d) = item {
            d.variants.iter().for_each(|(v, _)| self.set(v.span, Class::EnumMember, true));
        }
    }

    // What was resolved is said last: it is the truth.
    fn used(&mut self, snapshot: &Snapshot, range: &Range<usize>) {
        let hir = snapshot.hir();
        let near = |span: &Span| {
            snapshot.is_here(*span) && (span.start as usize) < range.end && range.start < span.end as usize
        };
        let kinds: HashMap<Span, &str> = hir.decls.iter().map(|d| (d.span, d.kind)).collect();
        for typed in hir.typed.iter().filter(|t| near(&t.span) && !t.name.is_empty()) {
            let known = self.classes.get(&(typed.span.start as usize));
            let declares = known.is_none_or(|(_, declares)| *declares);
            self.set(typed.span, Class::Variable, declares);
        }
        let params: Vec<Span> =
            snapshot.file().items().flat_map(names::params).map(|p| p.name.span).collect();
        params.iter().filter(|s| near(s)).for_each(|s| self.set(*s, Class::Parameter, true));
        for (at, declared) in hir.uses.iter().chain(&hir.imports).filter(|(at, _)| near(at)) {
            let class = match kinds.get(declared) {
                Some(kind) => class_of(kind),
                None if params.contains(declared) => Class::Parameter,
                None => Class::Variable,
            };
            self.set(*at, class, false);
        }
        hir.fields.iter().filter(|f| near(&f.span)).for_each(|f| self.set(f.span, Class::Property, false));
    }

    // A text, with the template language in it where it is a template.
    fn text(&self, text: &str, range: Range<usize>, out: &mut Vec<Token>) {
        let literal = self.texts.iter().find(|t| t.span.start as usize == range.start);
        let mut pieces = literal.filter(|l| l.is_template()).map(template).unwrap_or_default();
        pieces.retain(|(piece, _)| range.start <= piece.start && piece.end <= range.end);
        let mut at = range.start;
        for (piece, class) in pieces {
            if piece.start < at {
                continue;
            }
            lines(text, at..piece.start, Class::String, false, out);
            let (class, declares) = match class {
                Some(class) => (class, false),
                None => self.classes.get(&piece.start).copied().unwrap_or((Class::Variable, false)),
            };
            lines(text, piece.clone(), class, declares, out);
            at = piece.end;
        }
        lines(text, at..range.end, Class::String, false, out);
    }
}

impl Visit for Known {
    fn text(&mut self, text: &StringLit) {
        self.texts.push(text.clone());
    }

    fn setting(&mut self, setting: &Setting) {
        self.set(setting.key.span, Class::Property, false);
        if let SettingValue::Words { words, .. } = &setting.value {
            words.iter().for_each(|(word, _)| self.set(word.span, Class::Keyword, false));
        }
    }

    fn param(&mut self, param: &flow_compiler::ast::Param) {
        self.set(param.name.span, Class::Property, true);
    }

    fn ty(&mut self, ty: &TypeExpr) {
        if let TypeExprKind::Named(name) = &ty.kind {
            self.set(name.span, Class::Type, false);
        }
    }

    fn step(&mut self, step: &Step) {
        step.name.iter().for_each(|name| self.set(name.span, Class::Variable, true));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            // A callee has been seen to. A name in capitals that stands for nothing may be meant as a type.
            ExprKind::Name(name)
                if !LABELS.contains(&name.as_str())
                    && !name.starts_with(|c: char| c.is_ascii_uppercase()) =>
            {
                self.classes.entry(expr.span.start as usize).or_insert((Class::Variable, false));
            }
            ExprKind::Call(callee, args) => {
                self.set(callee.span, Class::Function, false);
                args.iter()
                    .filter_map(|a| a.name.as_ref())
                    .for_each(|n| self.set(n.span, Class::Parameter, false));
            }
            ExprKind::Field(_, name) => self.set(name.span, Class::Property, false),
            ExprKind::Record(of, entries) => {
                of.iter().for_each(|name| self.set(name.span, Class::Type, false));
                entries.iter().for_each(|(key, _)| self.set(key.span, Class::Property, false));
            }
            _ => {}
        }
    }
}

fn class_of(kind: &str) -> Class {
    match kind {
        "type" => Class::Type,
        "enum" => Class::Enum,
        "model" => Class::Model,
        "const" => Class::Variable,
        _ => Class::Function,
    }
}

// The pieces of a template that are not plain text; a name without a class is one of the program's.
fn template(literal: &StringLit) -> Vec<(Range<usize>, Option<Class>)> {
    let Ok(tokens) = tokenize(&literal.value, false, SyntaxConfig::default()).collect::<Result<Vec<_>, _>>()
    else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut before = None;
    let mut at = 0;
    for (token, span) in tokens {
        out.extend(comment(literal, at..span.start_offset as usize));
        at = span.end_offset as usize;
        let class = match &token {
            Piece::TemplateData(_) => {
                before = None;
                continue;
            }
            Piece::Ident(word) => match before {
                Some(After::Dot) => Some(Class::Property),
                Some(After::Pipe) => Some(Class::Function),
                Some(After::Block) => Some(Class::Keyword),
                _ if is_template_word(word) => Some(Class::Keyword),
                _ => None,
            },
            Piece::Str(_) | Piece::String(_) => Some(Class::String),
            Piece::Int(_) | Piece::Int128(_) | Piece::Float(_) => Some(Class::Number),
            _ => Some(Class::Operator),
        };
        before = match token {
            Piece::Dot => Some(After::Dot),
            Piece::Pipe => Some(After::Pipe),
            Piece::BlockStart => Some(After::Block),
            _ => None,
        };
        let place = literal.source_span(span.start_offset as usize..span.end_offset as usize);
        out.push((place.range(), class));
    }
    out.extend(comment(literal, at..literal.value.len()));
    out
}

// What lies between two tokens is blank, or a comment.
fn comment(literal: &StringLit, between: Range<usize>) -> Option<(Range<usize>, Option<Class>)> {
    let text = literal.value.get(between.clone())?;
    let (start, end) = (text.find("{#")?, text.rfind("#}")? + 2);
    let place = literal.source_span(between.start + start..between.start + end);
    Some((place.range(), Some(Class::Comment)))
}

enum After {
    Dot,
    Pipe,
    Block,
}

fn is_template_word(word: &str) -> bool {
    matches!(
        word,
        "in" | "is" | "and" | "or" | "not" | "if" | "else" | "true" | "false" | "none" | "recursive"
    )
}
