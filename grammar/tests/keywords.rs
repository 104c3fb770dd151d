//! The table of keywords is the grammar's.

use flow_grammar::tokens::{ITEM_WORDS, KEYWORDS};
use pest_meta::ast::Expr;
use pest_meta::parser::{Rule, consume_rules, parse};
use std::collections::BTreeSet;

#[test]
fn the_table_has_every_word_of_the_grammar() {
    let pairs = parse(Rule::grammar_rules, include_str!("../flow.pest")).expect("flow.pest is a grammar");
    let rules = consume_rules(pairs).expect("flow.pest is a grammar");
    let mut words = BTreeSet::new();
    for part in rules.iter().flat_map(|rule| rule.expr.iter_top_down()) {
        if let Expr::Str(literal) = part
            && !literal.is_empty()
            && literal.bytes().all(|b| b.is_ascii_lowercase())
        {
            words.insert(literal);
        }
    }
    assert_eq!(words.iter().map(String::as_str).collect::<Vec<_>>(), KEYWORDS);
    assert!(ITEM_WORDS.iter().all(|word| words.contains(*word)));
}
