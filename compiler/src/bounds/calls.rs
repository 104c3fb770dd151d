//! Lists of calls that stay short: a flow that calls another twice makes each of its calls twice, one
//! that calls that one twice four times, and so on. Past [`MOST`] calls, those that one step of the
//! source makes of one model are one entry, whatever called it.

use flow_diagnostics::Span;
use flow_plan::ModelId;
use rustc_hash::FxHashMap;

/// Calls that are listed one by one.
const MOST: usize = 1000;

/// Calls that a step makes of a model, on one way to it.
pub(crate) trait Call {
    /// The step that asks, as it is written, and who is asked.
    fn of(&self) -> (Span, ModelId);

    /// Takes in another of the same.
    fn add(&mut self, other: Self);
}

/// A list of calls.
#[derive(Clone, Debug)]
pub(crate) struct Calls<C> {
    list: Vec<C>,
    // Where the calls of a step are, once there are too many to keep them apart.
    at: Option<FxHashMap<(Span, ModelId), usize>>,
}

impl<C> Default for Calls<C> {
    fn default() -> Calls<C> {
        Calls { list: Vec::new(), at: None }
    }
}

impl<C: Call> Calls<C> {
    pub(crate) fn push(&mut self, call: C) {
        match &mut self.at {
            None => self.list.push(call),
            Some(at) => match at.get(&call.of()) {
                Some(known) => self.list[*known].add(call),
                None => {
                    at.insert(call.of(), self.list.len());
                    self.list.push(call);
                }
            },
        }
        if self.at.is_none() && self.list.len() > MOST {
            self.at = Some(FxHashMap::default());
            let apart = std::mem::take(&mut self.list);
            self.extend(apart);
        }
    }

    pub(crate) fn extend(&mut self, calls: impl IntoIterator<Item = C>) {
        calls.into_iter().for_each(|call| self.push(call));
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, C> {
        self.list.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> std::slice::IterMut<'_, C> {
        self.list.iter_mut()
    }
}

impl<C> IntoIterator for Calls<C> {
    type Item = C;
    type IntoIter = std::vec::IntoIter<C>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}
