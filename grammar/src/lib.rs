//! Flow's grammar: from text to a concrete syntax tree, whatever the text.
//!
//! In: the text of one `.flow` file. Out: [`Parse`] with a [`Cst`] that covers all of it and the
//! [`SyntaxError`]s, one for every mistake; and [`tokens`], for those who lay text out again.
//! Not here: what the tree means. This is the only crate that knows which parser reads `flow.pest`.
//!
//! A file is read declaration by declaration (`sections`), so that a broken one cannot take the
//! next one with it. Each is parsed by a grammar that matches anything, and where that found
//! something it did not understand, `repair` looks for the one token whose insertion, removal or
//! replacement makes sense of it: that is the mistake, and the tree goes on as if it were mended.

mod cst;
mod error;
mod explain;
mod layout;
mod parser;
mod repair;
mod sections;
pub mod tokens;
mod trouble;

pub use cst::{Cst, Node};
pub use error::{Replacement, SyntaxError};
pub use parser::Kind;

use cst::Tree;
use repair::Effort;

/// What a file's text is.
#[derive(Clone, Debug)]
pub struct Parse {
    /// The tree, whose nodes cover everything that was understood, with broken regions in between.
    pub cst: Cst,
    /// What was not understood, in the order of the text.
    pub errors: Vec<SyntaxError>,
}

/// Parses a file, whatever its text. Takes time in proportion to the text's length.
///
/// Where a single token would mend a mistake, the tree is the mended program's: tokens that were
/// inserted have no width, and those that were removed lie in no node.
pub fn parse(text: &str) -> Parse {
    read(text, Some(&mut Effort::default()))
}

/// The tree of the text as it stands, without mending anything.
pub fn parse_as_written(text: &str) -> Cst {
    read(text, None).cst
}

fn read(text: &str, mut effort: Option<&mut Effort>) -> Parse {
    let lexed = tokens::lex(text);
    let mut tree = Tree::new(text);
    let mut errors = Vec::new();
    for section in sections::split(text, &lexed) {
        let part = &text[section.range.clone()];
        let start = section.range.start;
        if let Some(depth) = section.too_deep {
            tree.junk(section.range.clone());
            errors.push(explain::too_deep(depth));
            continue;
        }
        match effort.as_deref_mut() {
            Some(effort) => repair::read(part, start, effort, &mut tree, &mut errors),
            None => match parser::parse(part) {
                Some(nodes) => tree.extend(&nodes, start),
                None => tree.junk(section.range.clone()),
            },
        }
    }
    errors.sort_by_key(|e| e.range.start);
    Parse { cst: tree.finish(), errors }
}
