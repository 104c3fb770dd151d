//! The parser that pest makes of `flow.pest`, and its answers in our own terms.
//!
//! In: one section of a file. Out: the nodes of its tree, or how far a broken region was understood.
//! Nothing of pest leaves this file except the names of its rules, as [`Kind`].

use crate::cst::{Entry, offset};
use pest::Parser;
use pest::Token;
use pest::error::InputLocation;
use std::num::NonZeroUsize;
use std::sync::Once;

#[expect(missing_docs, reason = "the rules are described in flow.pest, which these names are taken from")]
mod derived {
    /// The parser of `flow.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "../flow.pest"]
    pub(crate) struct FlowParser;
}

use derived::FlowParser;
/// What a node of the tree is: the rules of `flow.pest`.
pub use derived::Rule as Kind;

// A valid declaration of 100 KB takes about a tenth of this.
const CALL_LIMIT: NonZeroUsize = NonZeroUsize::new(20_000_000).unwrap();

/// The tree of one section, its root first; `None` where the parser's limits were reached.
pub(crate) fn parse(section: &str) -> Option<Vec<Entry>> {
    limit();
    let pairs = FlowParser::parse(Kind::file, section).ok()?;
    let mut nodes: Vec<Entry> = Vec::with_capacity(section.len() / 6 + 2);
    let mut open: Vec<usize> = Vec::with_capacity(64);
    for token in pairs.tokens() {
        match token {
            Token::Start { rule, pos } => {
                open.push(nodes.len());
                let start = offset(pos.pos());
                nodes.push(Entry { kind: rule, start, end: start, size: 1 });
            }
            Token::End { pos, .. } => {
                let Some(at) = open.pop() else { continue };
                nodes[at].end = offset(pos.pos());
                nodes[at].size = offset(nodes.len() - at);
            }
        }
    }
    Some(nodes)
}

/// Where `rule` stops understanding a region: the offset of the furthest failure, with the rules
/// that were tried there. `None` where it understands all it needs.
pub(crate) fn furthest(rule: Kind, region: &str) -> Option<(usize, Vec<Kind>)> {
    limit();
    let error = FlowParser::parse(rule, region).err()?;
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let tried = match error.variant {
        pest::error::ErrorVariant::ParsingError { positives, .. } => positives,
        pest::error::ErrorVariant::CustomError { .. } => Vec::new(),
    };
    Some((at, tried))
}

// The limit belongs to the process; it is the same for everyone, and set once.
fn limit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| pest::set_call_limit(Some(CALL_LIMIT)));
}
