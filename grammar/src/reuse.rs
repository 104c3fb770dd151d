//! Parsing a text again after a change: what stands in sections that stayed the same is taken over.
//!
//! In: a text, and what was kept of the text before it ([`Parsed`]). Out: exactly what
//! [`crate::parse`] gives, and what is kept for the next time. Sections are compared from both ends,
//! so that one edit costs one section, wherever it is.
//! Not here: mending, which is done anew each time, since how much of it is done depends on the file.

use crate::cst::{Entry, Tree};
use crate::repair::{self, Effort};
use crate::sections::{self, Section};
use crate::{Parse, explain, tokens, trouble};
use std::ops::Range;
use std::sync::Arc;

/// What is kept of a text that was parsed: its sections, each with its nodes.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    text: String,
    sections: Vec<Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    range: Range<usize>,
    nodes: Option<Arc<[Entry]>>,
    // Whether all of it was understood.
    clean: bool,
}

/// The same as [`crate::parse`], with what `before` keeps of a text that was mostly the same.
pub fn parse_again(text: &str, before: &mut Parsed) -> Parse {
    let sections = sections::split(text, &tokens::lex(text));
    let kept = matched(text, &sections, before);
    let mut tree = Tree::new(text);
    let mut errors = Vec::new();
    let mut effort = Effort::default();
    for (section, kept) in sections.iter().zip(&kept) {
        let start = section.range.start;
        match (&section.too_deep, &kept.nodes) {
            (Some(depth), _) => {
                tree.junk(section.range.clone());
                errors.push(explain::too_deep(depth.clone()));
            }
            (None, Some(nodes)) if kept.clean => tree.extend(nodes, start),
            (None, nodes) => {
                let part = (&text[section.range.clone()], nodes.as_ref().map(|n| n.to_vec()));
                repair::read(part, start, &mut effort, &mut tree, &mut errors);
            }
        }
    }
    errors.sort_by_key(|e| e.range.start);
    *before = Parsed { text: text.to_owned(), sections: kept };
    Parse { cst: tree.finish(), errors }
}

// What is known of each section: from the front and from the back as it was, in between parsed.
fn matched(text: &str, sections: &[Section], before: &Parsed) -> Vec<Kept> {
    let old = &before.sections;
    let same =
        |section: &Section, kept: &Kept| text[section.range.clone()] == before.text[kept.range.clone()];
    let front = sections.iter().zip(old).take_while(|(s, k)| same(s, k)).count();
    let (rest, old_rest) = (&sections[front..], &old[front..]);
    let back = rest.iter().rev().zip(old_rest.iter().rev()).take_while(|(s, k)| same(s, k)).count();
    let taken = |section: &Section, kept: &Kept| Kept { range: section.range.clone(), ..kept.clone() };
    let middle = &rest[..rest.len() - back];
    let fronts = sections.iter().zip(old).take(front).map(|(s, k)| taken(s, k));
    let parsed = crate::parsed(text, middle).into_iter().zip(middle).map(|(nodes, section)| {
        let part = &text[section.range.clone()];
        let clean = nodes.as_ref().is_some_and(|nodes| trouble::find(nodes, part).is_empty());
        Kept { range: section.range.clone(), nodes: nodes.map(Arc::from), clean }
    });
    let backs = sections[front + middle.len()..].iter().zip(&old[old.len() - back..]);
    fronts.chain(parsed).chain(backs.map(|(s, k)| taken(s, k))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Parsed, parse_again};

    #[test]
    fn a_text_parsed_again_is_as_if_it_were_parsed_anew() {
        let one = |i: usize| format!("/// {i}\ntype T{i} {{\n  a: text <= {i} tokens\n}}\n\n");
        let text: String = (0..12).map(one).collect();
        let mut kept = Parsed::default();
        let inserted = ["x", "\"\"\"", "\n", "}", "flow f() {", "// é", "type T {\n", "(", "\"", "", "  "];
        let mut now = text.clone();
        for step in 0..120 {
            // A different place each time, without a generator of random numbers.
            let mut at = step * 7919 % (now.len() + 1);
            while !now.is_char_boundary(at) {
                at -= 1;
            }
            let mut end = (at + step % 5).min(now.len());
            while !now.is_char_boundary(end) {
                end += 1;
            }
            now.replace_range(at..end, inserted[step % inserted.len()]);
            if step % 50 == 49 {
                now = text.clone();
            }
            let (again, anew) = (parse_again(&now, &mut kept), crate::parse(&now));
            assert_eq!(again.cst, anew.cst, "{now}");
            assert_eq!(again.errors, anew.errors, "{now}");
        }
    }
}
