//! Whatever the text: it is read and formatted without a panic, formatting is stable, and where the
//! text has no mistakes its tree stays.

#[path = "../../grammar/tests/random/mod.rs"]
mod random;

use flow_compiler::format::format;
use flow_diagnostics::{Diagnostics, FileId};
use proptest::prelude::*;

mod tree;

fn has_mistakes(text: &str) -> bool {
    let mut diagnostics = Diagnostics::default();
    flow_compiler::parse_file(text, FileId(0), &mut diagnostics);
    !diagnostics.is_empty()
}

// Every comment, in order.
fn comments(text: &str) -> Vec<&str> {
    use flow_grammar::tokens::{TokenKind, lex};
    let is_comment = |kind| matches!(kind, TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc);
    lex(text).into_iter().filter(|t| is_comment(t.kind)).map(|t| text[t.range()].trim_end()).collect()
}

// Every other word, in order; commas come and go, and blocks are indented anew.
fn words(text: &str) -> Vec<String> {
    use flow_grammar::tokens::{TokenKind, lex};
    let is_layout =
        |kind| matches!(kind, TokenKind::Newline | TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc);
    let words = lex(text).into_iter().filter(|t| !is_layout(t.kind) && &text[t.range()] != ",");
    words.map(|t| text[t.range()].split_whitespace().collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: random::cases(), failure_persistence: None, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn formatting_is_stable_and_keeps_every_word(text in random::texts()) {
        let once = format(&text);
        prop_assert_eq!(&format(&once), &once);
        prop_assert_eq!(comments(&once), comments(&text));
        prop_assert_eq!(words(&once), words(&text));
    }

    #[test]
    fn formatting_keeps_the_tree(text in prop_oneof![1 => random::changed(), 3 => random::laid_out()]) {
        let (before, mistakes) = tree::of(&text);
        prop_assume!(mistakes == 0);
        let once = format(&text);
        let (after, mistakes) = tree::of(&once);
        prop_assert_eq!(mistakes, 0, "{}", once);
        prop_assert_eq!(after, before, "{}", once);
    }

    #[test]
    fn formatting_makes_no_mistakes_and_mends_none(text in random::texts()) {
        prop_assert_eq!(has_mistakes(&format(&text)), has_mistakes(&text));
    }
}
