//! Parsing a text again after a change: what stands in sections that stayed the same is taken over.
//!
//! In: a text, and what was kept of the text before it ([`Parsed`]). Out: its [`Part`]s, which together
//! are exactly what [`crate::parse`] gives. What is before the change and behind it is neither lexed nor
//! parsed again, so that one edit costs one section, wherever it is.
//! Not here: mending, which is done anew each time, since how much of it is done depends on the file.

use crate::cst::{Cst, Entry, Tree};
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
    // The bracket that is nested too deep, from the section's start.
    too_deep: Option<Range<usize>>,
    nodes: Option<Arc<[Entry]>>,
    // Whether all of it was understood.
    clean: bool,
}

/// A part of a text: one declaration, with what stands above it and behind it.
#[derive(Debug)]
pub struct Part {
    /// Where it stands.
    pub range: Range<usize>,
    /// What it says.
    pub made: Made,
}

/// What a part says.
#[derive(Debug)]
pub enum Made {
    /// The same as the part of this number before, which has no mistakes.
    Before(usize),
    /// This.
    New(Parse),
}

impl Parsed {
    /// The tree of a part without mistakes, with the places that it has in the whole text.
    pub fn tree(&self, part: usize) -> Cst {
        let Some(kept) = self.sections.get(part) else { return Tree::new("").finish() };
        let mut tree = Tree::of(kept.range.clone());
        tree.extend(kept.nodes.as_deref().unwrap_or_default(), kept.range.start);
        tree.finish()
    }
}

/// The parts of a text, with what `before` keeps of a text that was mostly the same.
pub fn parse_again(text: &str, before: &mut Parsed) -> Vec<Part> {
    let (kept, same) = matched(text, before);
    let mut effort = Effort::default();
    let parts = kept.iter().zip(same).map(|(kept, same)| {
        let range = kept.range.clone();
        let made = match same.filter(|_| kept.clean) {
            Some(before) => Made::Before(before),
            None => Made::New(read(text, kept, &mut effort)),
        };
        Part { range, made }
    });
    let parts = parts.collect();
    *before = Parsed { text: text.to_owned(), sections: kept };
    parts
}

fn read(text: &str, kept: &Kept, effort: &mut Effort) -> Parse {
    let start = kept.range.start;
    let mut tree = Tree::of(kept.range.clone());
    let mut errors = Vec::new();
    match (&kept.too_deep, &kept.nodes) {
        (Some(depth), _) => {
            tree.junk(kept.range.clone());
            errors.push(explain::too_deep(start + depth.start..start + depth.end));
        }
        (None, Some(nodes)) if kept.clean => tree.extend(nodes, start),
        (None, nodes) => {
            let part = (&text[kept.range.clone()], nodes.as_ref().map(|n| n.to_vec()));
            repair::read(part, start, effort, &mut tree, &mut errors);
        }
    }
    Parse { cst: tree.finish(), errors }
}

// The sections of a text, and of each which it was before, if it has not changed.
fn matched(text: &str, before: &Parsed) -> (Vec<Kept>, Vec<Option<usize>>) {
    let Split { front, middle, back } = split(text, before);
    let old = &before.sections;
    let moved = |kept: &Kept, range: Range<usize>| Kept { range, ..kept.clone() };
    let mut kept: Vec<Kept> = old[..front].to_vec();
    let mut same: Vec<Option<usize>> = (0..front).map(Some).collect();
    // What is cut anew may be as it was all the same.
    let fits = |section: &Section, old: &Kept| text[section.range.clone()] == before.text[old.range.clone()];
    let left = &old[front..back];
    let first = middle.iter().zip(left).take_while(|(s, k)| fits(s, k)).count();
    let (rest, left_rest) = (&middle[first..], &left[first..]);
    let last = rest.iter().rev().zip(left_rest.iter().rev()).take_while(|(s, k)| fits(s, k)).count();
    let changed = &rest[..rest.len() - last];
    for (i, section) in middle[..first].iter().enumerate() {
        kept.push(moved(&left[i], section.range.clone()));
        same.push(Some(front + i));
    }
    for (nodes, section) in crate::parsed(text, changed).into_iter().zip(changed) {
        let part = &text[section.range.clone()];
        let clean = nodes.as_ref().is_some_and(|nodes| trouble::find(nodes, part).is_empty());
        let start = section.range.start;
        let too_deep = section.too_deep.as_ref().map(|d| d.start - start..d.end - start);
        kept.push(Kept { range: section.range.clone(), too_deep, nodes: nodes.map(Arc::from), clean });
        same.push(None);
    }
    for (i, section) in middle[first + changed.len()..].iter().enumerate() {
        let was = back - last + i;
        kept.push(moved(&old[was], section.range.clone()));
        same.push(Some(was));
    }
    for (i, behind) in old[back..].iter().enumerate() {
        let end = |at: usize| text.len() - (before.text.len() - at);
        kept.push(moved(behind, end(behind.range.start)..end(behind.range.end)));
        same.push(Some(back + i));
    }
    (kept, same)
}

// Where a text is cut into sections: so many as before, these, and those from `back` on as before.
struct Split {
    front: usize,
    middle: Vec<Section>,
    back: usize,
}

// Where a section begins is decided by its own text and by the comments right above it. So a section in
// front of an unchanged one is what it was, and lexing can begin with the unchanged one; and where a
// section begins again where one began before the change, all behind it is what it was.
fn split(text: &str, before: &Parsed) -> Split {
    let old = &before.sections;
    let (start, end) = unchanged(text.as_bytes(), before.text.as_bytes());
    let front = old.partition_point(|k| k.range.end <= start).saturating_sub(1);
    let from = old.get(front).map_or(0, |k| k.range.start);
    let new = |at: usize| text.len() - (before.text.len() - at);
    let first = old.partition_point(|k| k.range.start < before.text.len() - end).max(front + 1);
    let window = old.get(first + 1).map(|behind| new(behind.range.start));
    if let (Some(to), Some(resumed)) = (window, old.get(first)) {
        let middle = cut(text, from..to);
        let resumes = new(resumed.range.start);
        if let Some(at) = middle.iter().position(|section| section.range.start == resumes) {
            let middle = middle.into_iter().take(at).collect();
            return Split { front, middle, back: first };
        }
    }
    Split { front, middle: cut(text, from..text.len()), back: old.len() }
}

fn cut(text: &str, range: Range<usize>) -> Vec<Section> {
    let (start, part) = (range.start, &text[range]);
    let place = |range: Range<usize>| range.start + start..range.end + start;
    let sections = sections::split(part, &tokens::lex(part)).into_iter();
    sections.map(|s| Section { range: place(s.range), too_deep: s.too_deep.map(place) }).collect()
}

// How many bytes are the same at the start, and behind them at the end.
fn unchanged(now: &[u8], before: &[u8]) -> (usize, usize) {
    const AT_ONCE: usize = 512;
    let same = |(a, b): &(&[u8], &[u8])| a == b;
    let whole = now.chunks(AT_ONCE).zip(before.chunks(AT_ONCE)).take_while(same).count() * AT_ONCE;
    let start = whole.min(now.len()).min(before.len());
    let (now, before) = (&now[start..], &before[start..]);
    let more = now.iter().zip(before).take_while(|(a, b)| a == b).count();
    let (now, before) = (&now[more..], &before[more..]);
    let whole = now.rchunks(AT_ONCE).zip(before.rchunks(AT_ONCE)).take_while(same).count() * AT_ONCE;
    let end = whole.min(now.len()).min(before.len());
    let (now, before) = (&now[..now.len() - end], &before[..before.len() - end]);
    let rest = now.iter().rev().zip(before.iter().rev()).take_while(|(a, b)| a == b).count();
    (start + more, end + rest)
}

#[cfg(test)]
mod tests {
    use super::{Made, Parsed, Tree, parse_again};
    use crate::Parse;

    // What the parts say, in one.
    fn whole(text: &str, kept: &mut Parsed) -> Parse {
        let parts = parse_again(text, kept);
        let mut tree = Tree::new(text);
        let mut errors = Vec::new();
        for (i, part) in parts.into_iter().enumerate() {
            match part.made {
                Made::Before(_) => tree.append(&kept.tree(i)),
                Made::New(parse) => {
                    tree.append(&parse.cst);
                    errors.extend(parse.errors);
                }
            }
        }
        errors.sort_by_key(|e| e.range.start);
        Parse { cst: tree.finish(), errors }
    }

    #[test]
    fn a_text_parsed_again_is_as_if_it_were_parsed_anew() {
        let one = |i: usize| format!("/// {i}\ntype T{i} {{\n  a: text <= {i} tokens\n}}\n\n");
        let text: String = (0..12).map(one).collect();
        let mut kept = Parsed::default();
        let inserted = [
            "x",
            "\"\"\"",
            "\n",
            "}",
            "flow f() {",
            "// é",
            "type T {\n",
            "(",
            "\"",
            "",
            "  ",
            "\n// a\n",
            "\ntype X",
            "\n\"\"\"\ntype U {\n\"\"\"\n",
            "\r\n",
            "\u{feff}",
            "///",
            "\n/// doc\n",
        ];
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
            let (again, anew) = (whole(&now, &mut kept), crate::parse(&now));
            assert_eq!(again.cst, anew.cst, "{now}");
            assert_eq!(again.errors, anew.errors, "{now}");
        }
    }

    #[test]
    fn an_edit_costs_its_own_section() {
        let text: String = (0..40).map(|i| format!("type T{i} {{\n  a: int\n}}\n\n")).collect();
        let mut kept = Parsed::default();
        parse_again(&text, &mut kept);
        let changed = text.replacen("T20 {\n  a: int", "T20 {\n  a: text", 1);
        let parts = parse_again(&changed, &mut kept);
        let anew: Vec<usize> = (0..parts.len()).filter(|i| matches!(parts[*i].made, Made::New(_))).collect();
        assert_eq!(anew, [20]);
    }
}
