//! What a stretch of a template adds to a prompt, kept open at both ends so that counts stay exact.
//!
//! Text that stands together is counted together. Between text and a pasted value counts add exactly
//! at a fence, and with [`JOINT`] tokens to spare anywhere else.

use crate::{JOINT, Measure};
use ecow::EcoString;

/// One way a stretch can come out: its text up to the first hole, and what follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fragment {
    // The text before the first hole; all of it where there is none.
    left: EcoString,
    rest: Option<Rest>,
}

// From the first hole to the end.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Rest {
    // Whether what the first hole holds has no white space at its start.
    opens: bool,
    // What holes and the text between them count.
    tokens: u64,
    // Whether what the last hole holds has no white space at its end.
    closes: bool,
    // The text behind the last hole.
    right: EcoString,
}

impl Fragment {
    /// Text of the template itself.
    pub fn text(text: impl Into<EcoString>) -> Fragment {
        Fragment { left: text.into(), rest: None }
    }

    /// A value of so many tokens at most; `trimmed` where it has no white space at its ends.
    pub fn hole(most: u64, trimmed: (bool, bool)) -> Fragment {
        let rest = Rest { opens: trimmed.0, tokens: most, closes: trimmed.1, right: EcoString::new() };
        Fragment { left: EcoString::new(), rest: Some(rest) }
    }

    /// This and then the other.
    pub fn then(&self, next: &Fragment, measure: &Measure) -> Fragment {
        let Some(rest) = &self.rest else {
            return Fragment { left: joined(&self.left, &next.left), rest: next.rest.clone() };
        };
        let between = joined(&rest.right, &next.left);
        let rest = match &next.rest {
            None => Rest { right: between, ..rest.clone() },
            Some(after) => Rest {
                opens: rest.opens,
                tokens: rest
                    .tokens
                    .saturating_add(segment(measure, &between, Some(rest.closes), Some(after.opens)))
                    .saturating_add(after.tokens),
                closes: after.closes,
                right: after.right.clone(),
            },
        };
        Fragment { left: self.left.clone(), rest: Some(rest) }
    }

    /// How many tokens it has at most, with nothing around it.
    pub fn tokens(&self, measure: &Measure) -> u64 {
        match &self.rest {
            None => measure.count(&self.left),
            Some(rest) => segment(measure, &self.left, None, Some(rest.opens))
                .saturating_add(rest.tokens)
                .saturating_add(segment(measure, &rest.right, Some(rest.closes), None)),
        }
    }
}

/// Every way a stretch can come out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    // INVARIANT: not empty.
    ways: Vec<Fragment>,
}

// More ways than these are taken as one whose ends are not known.
const MOST_WAYS: usize = 12;
// A repeated text of up to this length is counted as it stands.
const MOST_COUNTED: u64 = 1 << 14;

impl Shape {
    /// Nothing.
    pub fn empty() -> Shape {
        Shape::text("")
    }

    /// Text of the template itself.
    pub fn text(text: impl Into<EcoString>) -> Shape {
        Shape { ways: vec![Fragment::text(text)] }
    }

    /// A value of so many tokens at most.
    pub fn hole(most: u64, trimmed: (bool, bool)) -> Shape {
        Shape { ways: vec![Fragment::hole(most, trimmed)] }
    }

    /// This and then the other.
    pub fn then(&self, next: &Shape, measure: &Measure) -> Shape {
        if self.ways.len() * next.ways.len() > MOST_WAYS * MOST_WAYS {
            return self.closed(measure).then(&next.closed(measure), measure);
        }
        let ways = self.ways.iter().flat_map(|a| next.ways.iter().map(|b| a.then(b, measure)));
        Shape::of(ways.collect(), measure)
    }

    /// One or the other.
    pub fn or(mut self, other: Shape, measure: &Measure) -> Shape {
        self.ways.extend(other.ways);
        Shape::of(self.ways, measure)
    }

    /// This from no time to `most` times, one behind the other.
    pub fn repeated(&self, most: u64, measure: &Measure) -> Shape {
        if most == 0 {
            return Shape::empty();
        }
        if self.ways.iter().all(|w| w.rest.is_none()) {
            return self.repeated_text(most, measure);
        }
        let (holes, most_inside) = self.ends(measure);
        chained(&holes, most_inside.saturating_mul(most), most, measure)
    }

    /// These one behind the other, each of them or not.
    pub fn in_turn(each: &[Shape], measure: &Measure) -> Shape {
        let (mut holes, mut inside) = (Vec::new(), 0u64);
        for shape in each {
            let (ends, most) = shape.ends(measure);
            holes.extend(ends);
            inside = inside.saturating_add(most);
        }
        if holes.is_empty() {
            return Shape::empty();
        }
        chained(&holes, inside, each.len() as u64, measure)
    }

    // Its ways as they stand between others, and the most that one has inside.
    fn ends(&self, measure: &Measure) -> (Vec<Fragment>, u64) {
        let (texts, holes): (Vec<&Fragment>, Vec<&Fragment>) =
            self.ways.iter().partition(|w| w.rest.is_none());
        // A way without a hole stands between others with ends that are not known. One without text
        // is the same as a time less.
        let closed = texts
            .iter()
            .filter(|t| !t.left.is_empty())
            .map(|t| Fragment::hole(measure.count(&t.left), (false, false)));
        let ends: Vec<Fragment> = holes.into_iter().cloned().chain(closed).collect();
        let most = ends.iter().filter_map(|w| Some(w.rest.as_ref()?.tokens)).max().unwrap_or(0);
        (ends, most)
    }

    // A shorter run of the same text can have a few tokens more than a longer one.
    fn repeated_text(&self, most: u64, measure: &Measure) -> Shape {
        let counts = self.ways.iter().map(|way| {
            let length = (way.left.len() as u64).saturating_mul(most);
            if length <= MOST_COUNTED && self.ways.len() == 1 {
                return measure.count(&way.left.repeat(most as usize)).saturating_add(JOINT);
            }
            measure.count(&way.left).saturating_add(JOINT).saturating_mul(most)
        });
        match counts.max() {
            Some(most) if self.ways.iter().any(|w| !w.left.is_empty()) => Shape::hole(most, (false, false)),
            _ => Shape::empty(),
        }
    }

    /// How many tokens it has at most, with nothing around it.
    pub fn tokens(&self, measure: &Measure) -> u64 {
        self.ways.iter().map(|w| w.tokens(measure)).max().unwrap_or(0)
    }

    // As one way whose ends are not known.
    fn closed(&self, measure: &Measure) -> Shape {
        Shape::hole(self.tokens(measure), (false, false))
    }

    fn of(ways: Vec<Fragment>, measure: &Measure) -> Shape {
        let mut kept: Vec<Fragment> = Vec::with_capacity(ways.len());
        for way in ways {
            match kept.iter_mut().find(|k| same_ends(k, &way)) {
                Some(same) => {
                    if let (Some(a), Some(b)) = (&mut same.rest, &way.rest) {
                        a.tokens = a.tokens.max(b.tokens);
                    }
                }
                None => kept.push(way),
            }
        }
        let shape = Shape { ways: kept };
        if shape.ways.len() > MOST_WAYS { shape.closed(measure) } else { shape }
    }
}

// So many stretches at most, each with one of these ends, that have so many tokens inside all together.
fn chained(holes: &[Fragment], inside: u64, most: u64, measure: &Measure) -> Shape {
    let rests = || holes.iter().filter_map(|w| Some((&w.left, w.rest.as_ref()?)));
    let joints = rests().flat_map(|(_, a)| rests().map(move |(left, b)| (a, left, b)));
    let joint = joints
        .map(|(a, left, b)| segment(measure, &joined(&a.right, left), Some(a.closes), Some(b.opens)))
        .max()
        .unwrap_or(0);
    let tokens = inside.saturating_add(joint.saturating_mul(most.saturating_sub(1)));
    let mut ways = vec![Fragment::text("")];
    for (left, first) in rests() {
        ways.extend(rests().map(|(_, last)| Fragment {
            left: left.clone(),
            rest: Some(Rest { opens: first.opens, tokens, closes: last.closes, right: last.right.clone() }),
        }));
    }
    Shape::of(ways, measure)
}

fn same_ends(a: &Fragment, b: &Fragment) -> bool {
    let ends = |f: &Fragment| f.rest.as_ref().map(|r| (r.opens, r.closes, r.right.clone()));
    a.left == b.left && ends(a) == ends(b)
}

fn joined(a: &EcoString, b: &EcoString) -> EcoString {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b.clone(),
        (_, true) => a.clone(),
        _ => ecow::eco_format!("{a}{b}"),
    }
}

/// The tokens of a text between holes, with what its joints may add. `after` and `before` say of a
/// hole that stands there whether the white space at its end, or start, is gone.
fn segment(measure: &Measure, text: &str, after: Option<bool>, before: Option<bool>) -> u64 {
    let counter = measure.counter();
    if counter.adds() {
        return measure.count(text);
    }
    if text.is_empty() {
        return if after.is_some() && before.is_some() { JOINT } else { 0 };
    }
    let exact = counter.splits_at_fences();
    let starts = after.is_none_or(|trimmed| exact && trimmed && closes_fence(text));
    let ends = before.is_none_or(|trimmed| exact && trimmed && opens_fence(text));
    let slack = u64::from(!starts) + u64::from(!ends);
    measure.count(text).saturating_add(slack * JOINT)
}

/// Whether a value behind this text stands in a fence: the text ends in a letter or digit of ASCII and
/// a line break.
pub fn opens_fence(text: &str) -> bool {
    let Some(before) = text.strip_suffix('\n') else { return false };
    before.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether a value before this text stands in a fence: the text starts with one space and something
/// that is no white space.
pub fn closes_fence(text: &str) -> bool {
    let Some(behind) = text.strip_prefix(' ') else { return false };
    behind.chars().next().is_some_and(|c| !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure() -> Measure {
        Measure::named("o200k_base", None).expect("the name is known")
    }

    #[test]
    fn fenced_values_add_exactly_and_others_have_slack() {
        let m = measure();
        let fenced = Shape::text("<doc> is\n").then(&Shape::hole(100, (true, true)), &m);
        let fenced = fenced.then(&Shape::text(" </doc>"), &m);
        assert_eq!(fenced.tokens(&m), m.count("<doc> is\n") + 100 + m.count(" </doc>"));
        let loose = Shape::text("Question: ").then(&Shape::hole(100, (false, false)), &m);
        let loose = loose.then(&Shape::text("\nAnswer:"), &m);
        assert_eq!(loose.tokens(&m), m.count("Question: ") + 100 + m.count("\nAnswer:") + 2 * JOINT);
    }

    #[test]
    fn text_that_stands_together_is_counted_together() {
        let m = measure();
        let whole = Shape::text("interna").then(&Shape::text("tional"), &m);
        assert_eq!(whole.tokens(&m), m.count("international"));
    }

    #[test]
    fn loops_count_their_seams_and_branches_their_larger_side() {
        let m = measure();
        let body = Shape::text("<p> is\n").then(&Shape::hole(10, (true, true)), &m);
        let body = body.then(&Shape::text(" </p>\n"), &m);
        let looped = Shape::text("Passages:\n").then(&body.repeated(3, &m), &m).then(&Shape::text("End"), &m);
        let seam = m.count(" </p>\n<p> is\n");
        let wanted = m.count("Passages:\n<p> is\n") + 30 + 2 * seam + m.count(" </p>\nEnd");
        assert_eq!(looped.tokens(&m), wanted);
        let choice = Shape::text("a b c d").or(Shape::text("e"), &m);
        assert_eq!(choice.tokens(&m), 4);
        assert_eq!(body.repeated(0, &m), Shape::empty());
    }
}
