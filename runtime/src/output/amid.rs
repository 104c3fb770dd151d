//! Lines with words before and behind them: which of a text are its bullets or its fields.
//!
//! In: a text that is more than such lines. Out: the lines alone. They are taken only where nothing around
//! them can be another answer or a part of this one.

use super::clean::{self, Fence, unbulleted};
use super::lines::field_line;
use super::parse::folded;
use super::said_around as around;
use super::{fit, shown};
use flow_plan::{RecordType, Type};

/// The bullets of a text: announced with a colon, and with nothing behind them but a farewell.
pub(super) fn bullets<'t>(text: &'t str, item: &Type) -> Option<&'t str> {
    let found = Amid::of(text, |line| unbulleted(line).is_some())?;
    let is_announced = around::announces_list(found.before(), item);
    let is_end = found.behind().trim().is_empty() || around::is_farewell(found.behind());
    (is_announced && is_end && found.is_given()).then(|| found.inside())
}

/// The fields of a text, each on a line of its own.
pub(super) fn fields<'t>(text: &'t str, record: &RecordType) -> Option<&'t str> {
    // `name = value` among words is code.
    let is_field = |line: &str| field_line(line, record).is_some() && !line.contains('=');
    let mut found = Amid::of(text, is_field)?;
    let lines = found.inside().lines().filter_map(|line| field_line(line.trim(), record));
    let given: Vec<(usize, &str)> = lines.map(|(at, _, value)| (at, value)).collect();
    let is_small = |at: usize| is_small(&record.fields[at].ty);
    let &(last, value) = given.last()?;
    // A single text may as well be a part of the words around it.
    if given.len() == 1 && !is_small(last) {
        return None;
    }
    if value.is_empty() && !found.has_fence() {
        found.take_below();
    }
    // What is missing may stand in the words, or under another name.
    let is_key = |line: &str| {
        let key = line.split_once([':', '=']).filter(|(_, value)| !value.trim().is_empty());
        key.is_some_and(|(key, _)| key.split_whitespace().count() <= 3)
    };
    let has_key = [found.before(), found.behind()].iter().any(|text| text.lines().any(is_key));
    let words = folded(found.before()) + &folded(found.behind());
    let is_lost = record.fields.iter().enumerate().any(|(at, field)| {
        let is_given = given.iter().any(|(given, _)| *given == at);
        !is_given && (words.contains(&folded(&field.name)) || text.contains('@') || has_key)
    });
    let behind = found.behind();
    // A text may go on behind its line.
    let is_apart = is_small(last) || found.has_fence() || behind.trim().is_empty();
    let words = folded(behind);
    let is_said_again = given.iter().any(|(at, _)| {
        let field = &record.fields[*at];
        let has_other = match field.ty.present() {
            Type::Enum(e) => fit::names_in(e, behind).next().is_some(),
            _ => false,
        };
        has_other || is_small(*at) && words.contains(&folded(&field.name))
    });
    let is_end = around::is_farewell(behind) || around::is_quiet(behind);
    let is_given = found.is_given() && !around::holds_back(found.before());
    (!is_lost && is_apart && !is_said_again && is_end && is_given).then(|| found.inside())
}

/// Whether a value or the elements of a list of this type are numbers, names and the like.
pub(super) fn is_small(ty: &Type) -> bool {
    match ty.present() {
        Type::List(item, _) => super::is_small(item),
        ty => super::is_small(ty),
    }
}

/// The lines, and what stands around them.
struct Amid<'t> {
    text: &'t str,
    /// Where the lines are; those without a fence are both its outside and its inside.
    fence: Fence,
}

impl<'t> Amid<'t> {
    // The lines of a kind: in the only fence, or from the first to the last.
    fn of(text: &'t str, is_kind: impl Fn(&str) -> bool) -> Option<Amid<'t>> {
        let has_kind = |text: &str| text.lines().any(|line| is_kind(line.trim()));
        let fence = clean::fence(text).map(|fence| Amid { text, fence });
        let found = fence.filter(|found| has_kind(found.inside()));
        let found = found.or_else(|| Amid::stretch(text, &is_kind))?;
        if found.before().len() + found.behind().len() > around::LONGEST {
            return None;
        }
        (!has_kind(found.before()) && !has_kind(found.behind())).then_some(found)
    }

    fn stretch(text: &'t str, is_kind: impl Fn(&str) -> bool) -> Option<Amid<'t>> {
        let mut found: Option<(usize, usize)> = None;
        let mut from = 0;
        for line in text.split_inclusive('\n') {
            let to = from + line.trim_end().len();
            if is_kind(line.trim()) {
                found = Some((found.map_or(from, |(first, _)| first), to));
            }
            from += line.len();
        }
        found.map(|span| Amid { text, fence: Fence { outer: span, inner: span } })
    }

    // The value below the name of the last field: its bullets, or one line.
    fn take_below(&mut self) {
        let (mut to, mut count) = (self.fence.outer.1, 0);
        for line in self.behind().split_inclusive('\n') {
            let is_empty = line.trim().is_empty();
            if !is_empty && count > 0 && unbulleted(line).is_none() {
                break;
            }
            to += line.len();
            if !is_empty {
                count += 1;
                self.fence.outer.1 = to - (line.len() - line.trim_end().len());
            }
        }
        self.fence.inner.1 = self.fence.outer.1;
    }

    fn before(&self) -> &'t str {
        &self.text[..self.fence.outer.0]
    }

    fn inside(&self) -> &'t str {
        &self.text[self.fence.inner.0..self.fence.inner.1]
    }

    fn behind(&self) -> &'t str {
        &self.text[self.fence.outer.1..]
    }

    fn has_fence(&self) -> bool {
        self.fence.inner != self.fence.outer
    }

    // Whether there are words around the lines, and none that says that they are no answer, or may be one itself.
    fn is_given(&self) -> bool {
        let both = [self.before(), self.behind()];
        let is_alone = both.iter().all(|text| text.trim().is_empty());
        let holds_other = both.iter().any(|text| text.contains(['{', '}', '[', ']', '|', '<', '>', '`']));
        let is_refusal = both.iter().any(|text| around::is_refusal(text));
        !is_alone && !holds_other && !is_refusal && !shown::is_shown(self.text, self.fence.outer)
    }
}
