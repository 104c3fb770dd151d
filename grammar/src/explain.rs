//! The words for what is wrong where no single token would mend it.

use crate::error::SyntaxError;
use crate::tokens::{ITEM_WORDS, Token, TokenKind};
use crate::trouble::{Trouble, TroubleKind};
use crate::{Kind, sections};
use std::ops::Range;

/// Brackets that are nested deeper than the parser goes.
pub(crate) fn too_deep(bracket: Range<usize>) -> SyntaxError {
    SyntaxError::new(bracket, format!("brackets are nested more than {} deep", sections::MAX_DEPTH))
        .help("give the inner parts names of their own")
}

/// A declaration at which the parser gave up.
pub(crate) fn too_long(section: Range<usize>) -> SyntaxError {
    SyntaxError::new(section.start..section.start, "this declaration is too large to be read")
        .help("split it, or keep its data in a file")
}

/// What is wrong at a trouble, and where: `at` is the token at which understanding stopped.
pub(crate) fn trouble(text: &str, trouble: &Trouble, at: Option<Token>, tried: &[Kind]) -> SyntaxError {
    match trouble.kind {
        TroubleKind::OpenText => SyntaxError::new(trouble.range.clone(), "this text has no closing `\"`")
            .help("close it on the same line, or use `\"\"\"` for text of several lines"),
        TroubleKind::OpenBlock => SyntaxError::new(
            trouble.range.start..trouble.range.start + 3,
            "this text block has no closing `\"\"\"`",
        )
        .help("close it with `\"\"\"`; a text line that looks like a declaration must be indented"),
        TroubleKind::Close => SyntaxError::new(trouble.range.clone(), "missing `}`"),
        TroubleKind::Junk | TroubleKind::Bad(_) => not_understood(text, trouble, at, tried),
    }
}

fn not_understood(text: &str, trouble: &Trouble, at: Option<Token>, tried: &[Kind]) -> SyntaxError {
    let range = at.map_or(trouble.range.start..trouble.range.start, |t| first_line(text, t.range()));
    let found = match at.map(|t| t.kind) {
        None => "the end of the file".to_owned(),
        Some(TokenKind::Newline) => "the end of the line".to_owned(),
        Some(TokenKind::Unknown) => {
            return unknown(&text[range.clone()], range);
        }
        Some(_) => format!("`{}`", shortened(&text[range.clone()])),
    };
    let message = match expected(trouble, tried) {
        Some(words) => format!("expected {words}, found {found}"),
        None => format!("{found} is not understood here"),
    };
    let word = &text[range.clone()];
    let error = SyntaxError::new(range, message);
    if let Some((_, ours)) = FOREIGN.into_iter().find(|(theirs, _)| *theirs == word) {
        return error.help(format!("in Flow this is {ours}"));
    }
    match trouble.kind {
        TroubleKind::Junk if !begins_item(text, trouble) => {
            error.help(format!("a declaration begins with one of {}", list(&ITEM_WORDS)))
        }
        _ => error,
    }
}

/// What other languages call it, and what it is here.
const FOREIGN: [(&str, &str); 18] = [
    ("for", "`each x in list { … }`"),
    ("foreach", "`each x in list { … }`"),
    ("while", "`repeat up to 3 from start { … } until condition`"),
    ("loop", "`repeat up to 3 from start { … } until condition`"),
    ("switch", "`match value { case => … }`"),
    ("case", "`match value { case => … }`"),
    ("let", "`name = …`, or `const name = …` between declarations"),
    ("var", "`name = …`, or `const name = …` between declarations"),
    ("fn", "`flow name(…) -> Type { … }`"),
    ("def", "`flow name(…) -> Type { … }`"),
    ("func", "`flow name(…) -> Type { … }`"),
    ("function", "`flow name(…) -> Type { … }`"),
    ("struct", "`type Name { … }`"),
    ("class", "`type Name { … }`"),
    ("interface", "`type Name { … }`"),
    ("?", "`if condition { yield a } else { yield b }`"),
    ("try", "`name = … else …`"),
    ("catch", "`name = … else …`"),
];

// A character that no word of the language begins with.
fn unknown(sign: &str, range: Range<usize>) -> SyntaxError {
    let help = match sign {
        "'" => "text stands in double quotes",
        ";" => "a statement ends with its line",
        "#" => "a comment begins with `//`",
        "!" => "write `not`",
        "$" => "an amount of money is written like `$0.02`",
        "\\" => "a line needs no sign to go on inside brackets or behind an operator",
        _ => "names are made of ASCII letters, digits and `_`",
    };
    SyntaxError::new(range, format!("`{sign}` has no meaning here")).help(help)
}

fn begins_item(text: &str, trouble: &Trouble) -> bool {
    let region = &text[trouble.range.clone()];
    ITEM_WORDS.iter().any(|w| region.starts_with(w))
}

fn list(words: &[&str]) -> String {
    words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")
}

// Text for a message: one line, not too long.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(30) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(crate) fn first_line(text: &str, range: Range<usize>) -> Range<usize> {
    let end = text[range.clone()].find('\n').map_or(range.end, |i| range.start + i);
    range.start..end
}

// What would have been understood, in the order of how likely it is meant.
fn expected(trouble: &Trouble, tried: &[Kind]) -> Option<&'static str> {
    const WORDS: [(Kind, &str); 25] = [
        (Kind::type_expr, "a type"),
        (Kind::list_type, "a type"),
        (Kind::params, "`(` and parameters"),
        (Kind::param, "a parameter `name: type`"),
        (Kind::arg, "an argument"),
        (Kind::field, "a field `name: value`"),
        (Kind::settings, "`{` and settings"),
        (Kind::block, "`{`"),
        (Kind::fields, "`{` and fields"),
        (Kind::variants, "`{` and variants"),
        (Kind::test_lines, "`{`"),
        (Kind::eval_lines, "`{`"),
        (Kind::arms, "`{` and arms"),
        (Kind::arm, "an arm `value => …`"),
        (Kind::statement, "a setting `key: value` or a step `name = …`"),
        (Kind::step, "a setting `key: value` or a step `name = …`"),
        (Kind::setting, "a setting `key: value`"),
        (Kind::reply, "`reply`, `let` or `expect`"),
        (Kind::expr, "a value"),
        (Kind::inner, "a value"),
        (Kind::subject, "a value"),
        (Kind::quoted, "a value"),
        (Kind::number, "a value"),
        (Kind::op, "an operator or the end of the line"),
        (Kind::ident, "a name"),
    ];
    let words = WORDS.into_iter().find(|(kind, _)| tried.contains(kind)).map(|(_, words)| words);
    words.or(match trouble.kind {
        TroubleKind::Bad(Kind::fields) => Some("a field `name: type`"),
        TroubleKind::Bad(Kind::variants) => Some("the name of a variant"),
        TroubleKind::Bad(Kind::settings | Kind::call_settings) => Some("a setting `key: value`"),
        TroubleKind::Bad(Kind::arms) => Some("an arm `value => …`"),
        TroubleKind::Bad(Kind::test_lines) => Some("`reply`, `let` or `expect`"),
        TroubleKind::Bad(Kind::eval_lines) => Some("a setting `key: value` or `score name: value`"),
        TroubleKind::Bad(_) => Some("a setting `key: value` or a step `name = …`"),
        _ => None,
    })
}
