//! Random texts: words of the language in any order, and valid programs with a few changes.

use flow_grammar::tokens::{TokenKind, lex};
use proptest::prelude::*;

const PROGRAMS: [&str; 3] = [
    include_str!("../programs/support.flow"),
    include_str!("../programs/pieces.flow"),
    include_str!("../programs/everything.flow"),
];

const WORDS: [&str; 82] = [
    "import ",
    "const ",
    "type ",
    "enum ",
    "model ",
    "prompt ",
    "lookup ",
    "guard ",
    "action ",
    "flow ",
    "batch ",
    "test ",
    "eval ",
    "a",
    "b ",
    "Upper",
    "it",
    "text",
    "int ",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    "  ",
    "\t",
    "\r\n",
    ",",
    ":",
    ": ",
    "=",
    " = ",
    "==",
    "->",
    "=>",
    "<=",
    "<",
    "??",
    "?",
    "..",
    ".",
    "|",
    "+",
    "-",
    "*",
    "/",
    "%",
    "$0.5",
    "12",
    "2k tokens",
    "5s",
    "1.5",
    "\"",
    "\"text\"",
    "\"\"\"",
    "'",
    ";",
    "\\",
    "// c",
    "/// d",
    "//! f",
    "if ",
    "else ",
    "match ",
    "each ",
    "in ",
    "repeat ",
    "not ",
    "and ",
    "or ",
    "return ",
    "yield ",
    "private ",
    "é",
    "\u{feff}",
    "😀",
];

/// How many cases to run.
pub(crate) fn cases() -> u32 {
    std::env::var("FLOW_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(500)
}

/// Any text at all, words in any order, or a program with changes.
pub(crate) fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => any::<String>(),
        3 => prop::collection::vec(prop::sample::select(&WORDS[..]), 0..60).prop_map(|words| words.concat()),
        5 => changed(),
        2 => laid_out(),
    ]
}

/// A part of a valid program with some tokens changed.
pub(crate) fn changed() -> impl Strategy<Value = String> {
    altered(&WORDS, 4, 5)
}

/// A part of a valid program, laid out differently: most of these are valid too.
pub(crate) fn laid_out() -> impl Strategy<Value = String> {
    const LAYOUT: [&str; 14] = [
        " ",
        "\n",
        "\n",
        "\n\n\n",
        " // c\n",
        "\n// own\n",
        "\n  /// d\n",
        " /// e\n",
        "\t",
        ",",
        ", ",
        "   ",
        "\r\n",
        "// f\n\n",
    ];
    altered(&LAYOUT, 2, 8)
}

fn altered(words: &'static [&'static str], ways: u8, most: usize) -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..ways, prop::sample::select(words));
    let part = (any::<prop::sample::Index>(), 1_usize..60);
    (0..PROGRAMS.len(), part, prop::collection::vec(change, 0..most)).prop_map(
        move |(program, (from, length), changes)| {
            let program = PROGRAMS[program];
            let begins = |at: &usize| !program[*at..].starts_with([' ', '}']);
            let starts: Vec<usize> = std::iter::once(0)
                .chain(program.match_indices("\n\n").map(|(at, _)| at + 2).filter(begins))
                .collect();
            let first = from.index(starts.len());
            // Half of them whole declarations.
            let end = starts.get(first + 1 + length % 4).copied().unwrap_or(program.len());
            let mut text: String = program[starts[first]..end].to_owned();
            if length % 2 == 0 && ways > 2 {
                text = text.split_inclusive('\n').take(length).collect();
            }
            for (at, way, word) in changes {
                change_one(&mut text, at, way, word);
            }
            text
        },
    )
}

fn change_one(text: &mut String, at: prop::sample::Index, way: u8, word: &str) {
    let tokens = lex(text);
    if tokens.is_empty() {
        return;
    }
    let token = tokens[at.index(tokens.len())];
    match way {
        0 => text.insert_str(token.start, word),
        // Only line ends, where the rest shall stay valid.
        1 if token.kind == TokenKind::Newline => text.replace_range(token.range(), ""),
        1 => text.insert_str(token.end, word),
        2 => text.replace_range(token.range(), word),
        _ => {
            let again = text[token.range()].to_owned();
            text.insert_str(token.end, &again);
        }
    }
}
