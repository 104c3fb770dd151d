//! The place of a step in a run: `draft`, `each_1[3].summary`.
//!
//! A path names a step stably: it follows from the plan, the element and the round, never from which
//! step happened to finish first. So it is half of a step's key in the journal.

use ecow::EcoString;
use flow_plan::Step;
use petgraph::graph::NodeIndex;
use std::fmt;
use std::sync::Arc;

/// The way from a run's flow to one of its steps.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StepPath {
    parent: Option<Arc<StepPath>>,
    name: EcoString,
    /// The element of an `each` or the round of a `repeat`, from 0.
    item: Option<u32>,
    /// Where the step is written, then its place in its block, to order paths as the program does.
    place: (u32, u32),
}

impl StepPath {
    /// The `place`th step of the block that `parent` stands for.
    pub fn new(parent: Option<&Arc<StepPath>>, step: &Step, place: NodeIndex) -> StepPath {
        let place = (step.span.start, place.index() as u32);
        StepPath { parent: parent.cloned(), name: step.name.clone(), item: None, place }
    }

    /// The path of what is inside this step.
    pub fn inside(&self) -> Arc<StepPath> {
        Arc::new(self.clone())
    }

    /// The path of what is inside one element or round of this step, from 0.
    pub fn inside_item(&self, item: usize) -> Arc<StepPath> {
        Arc::new(StepPath { item: Some(u32::try_from(item).unwrap_or(u32::MAX)), ..self.clone() })
    }

    /// The path of this step when it is tried again: `polite#2`. The first try is 1.
    pub fn at_try(&self, number: u32) -> StepPath {
        match number {
            0 | 1 => self.clone(),
            n => StepPath { name: ecow::eco_format!("{}#{n}", self.name), ..self.clone() },
        }
    }

    /// The path of a block that belongs to `owner` and is not its work: `draft.else`.
    pub fn part(owner: &Arc<StepPath>, name: &str) -> Arc<StepPath> {
        let last = (u32::MAX, u32::MAX);
        Arc::new(StepPath { parent: Some(owner.clone()), name: name.into(), item: None, place: last })
    }

    /// The step's own name.
    pub fn name(&self) -> &EcoString {
        &self.name
    }

    /// The same for every element and every round: `each_1.summary`.
    pub(crate) fn in_general(&self) -> String {
        match &self.parent {
            Some(parent) => format!("{}.{}", parent.in_general(), self.name),
            None => self.name.to_string(),
        }
    }

    /// The elements and rounds that it lies in, from the outside.
    pub(crate) fn items(&self) -> Vec<u32> {
        let mut items = self.parent.as_ref().map(|p| p.items()).unwrap_or_default();
        items.extend(self.item);
        items
    }

    /// How many steps it lies in.
    pub fn depth(&self) -> usize {
        self.parent.as_ref().map_or(0, |p| p.depth() + 1)
    }

    /// A key that sorts paths as the program orders its steps, and elements by their number.
    pub fn order(&self) -> Vec<((u32, u32), EcoString, u32)> {
        let mut order = self.parent.as_ref().map(|p| p.order()).unwrap_or_default();
        order.push((self.place, self.name.clone(), self.item.map_or(0, |i| i.saturating_add(1))));
        order
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = &self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(&self.name)?;
        match self.item {
            Some(item) => write!(f, "[{item}]"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_places_and_sort_as_the_program_does() {
        let named = |parent: Option<&Arc<StepPath>>, name: &str| StepPath {
            parent: parent.cloned(),
            name: name.into(),
            item: None,
            place: (0, 0),
        };
        let each = named(None, "each_1");
        let tenth = named(Some(&each.inside_item(10)), "summary");
        let third = named(Some(&each.inside_item(3)), "summary");
        let other = named(Some(&StepPath::part(&each.inside(), "else")), "plain");
        let again = named(Some(&each.at_try(2).inside()), "judge");
        assert_eq!(third.to_string(), "each_1[3].summary");
        assert_eq!(other.to_string(), "each_1.else.plain");
        assert_eq!(again.to_string(), "each_1#2.judge");
        assert_eq!(third.depth(), 1);
        let mut all = [tenth.clone(), third.clone(), each.clone()];
        all.sort_by_key(StepPath::order);
        assert_eq!(all, [each, third, tenth]);
    }
}
