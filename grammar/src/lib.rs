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
mod reuse;
mod sections;
pub mod tokens;
mod trouble;

pub use cst::{Cst, Node};
pub use error::{Replacement, SyntaxError};
pub use parser::Kind;
pub use reuse::{Made, Parsed, Part, parse_again};

use cst::{Entry, Tree};
use repair::Effort;
use sections::Section;

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
    let sections = sections::split(text, &lexed);
    for (section, nodes) in sections.iter().zip(parsed(text, &sections)) {
        let part = &text[section.range.clone()];
        let start = section.range.start;
        if let Some(depth) = &section.too_deep {
            tree.junk(section.range.clone());
            errors.push(explain::too_deep(depth.clone()));
            continue;
        }
        match (effort.as_deref_mut(), nodes) {
            (Some(effort), nodes) => repair::read((part, nodes), start, effort, &mut tree, &mut errors),
            (None, Some(nodes)) => tree.extend(&nodes, start),
            (None, None) => tree.junk(section.range.clone()),
        }
    }
    errors.sort_by_key(|e| e.range.start);
    Parse { cst: tree.finish(), errors }
}

/// More than this, in bytes, is parsed by several threads: starting one takes as long as
/// parsing about a kilobyte.
const LARGE: usize = 32 * 1024;
/// More threads than this find no more to do.
const MOST_THREADS: usize = 8;

// The nodes of each section; they know nothing of one another, so they can be parsed side by side.
fn parsed(text: &str, sections: &[Section]) -> Vec<Option<Vec<Entry>>> {
    let one = |section: &Section| match section.too_deep {
        Some(_) => None,
        None => parser::parse(&text[section.range.clone()]),
    };
    let size: usize = sections.iter().map(|section| section.range.len()).sum();
    let threads = match size {
        0..LARGE => 1,
        _ => std::thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS)),
    };
    if threads == 1 {
        return sections.iter().map(one).collect();
    }
    let share = sections.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = sections
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(one).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
