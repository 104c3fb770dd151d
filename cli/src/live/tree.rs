//! What is known of a run's steps: one row for each step of the program, however often it runs.
//!
//! The rounds and elements of a loop share a row and are counted there, so that a loop over
//! thousands takes no more room than one over two.

use flow_plan::{Cost, Millis};
use flow_runtime::{Spent, StepStatus};

/// A run's steps so far.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// The flow.
    pub(crate) name: String,
    /// The most it may spend.
    pub(crate) budget: Option<Cost>,
    /// What it has spent.
    pub(crate) spent: Cost,
    /// The steps, in the order they first began.
    pub(crate) rows: Vec<Row>,
    /// How the run ended, if it has, and when.
    pub(crate) end: Option<(StepStatus, Millis)>,
}

/// A step of the program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// The path without the numbers of rounds and elements: `drafts.better`.
    pub(crate) key: String,
    /// The name alone: `better`.
    pub(crate) label: String,
    /// How many steps it lies inside of.
    pub(crate) depth: usize,
    /// Whether it runs inside a loop, and is counted.
    pub(crate) counted: bool,
    /// When it first began.
    pub(crate) since: Millis,
    /// How long it took, all its runs from the first to the last.
    pub(crate) took: Millis,
    /// How many of its runs are under way.
    pub(crate) running: usize,
    /// How many have ended, by how.
    pub(crate) ended: [usize; 5],
    /// What they spent.
    pub(crate) spent: Spent,
    /// The last model that was asked.
    pub(crate) model: Option<String>,
    /// Whether an answer was mended.
    pub(crate) repaired: bool,
    /// How near the words were of whose answer it is, where the cache found it by similarity; the least
    /// near of all runs.
    pub(crate) similar: Option<f64>,
    /// The last model that was not asked, though it was its turn.
    pub(crate) not_asked: Option<String>,
}

/// The end of one run of a step.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// How.
    pub(crate) status: StepStatus,
    /// How long it took.
    pub(crate) took: Millis,
    /// What it spent, its own calls alone.
    pub(crate) spent: Spent,
    /// The model that was asked last.
    pub(crate) model: Option<String>,
    /// How many attempts there were.
    pub(crate) attempts: u32,
    /// Whether something was mended in the model's answer.
    pub(crate) repaired: bool,
    /// How near the words were of whose answer it is, where the cache found it by similarity.
    pub(crate) similar: Option<f64>,
}

impl Tree {
    /// A run that has not begun.
    pub(crate) fn new(name: &str, budget: Option<Cost>) -> Tree {
        Tree { name: name.to_owned(), budget, spent: Cost::ZERO, rows: Vec::new(), end: None }
    }

    /// A step has begun, at this time of the run.
    pub(crate) fn started(&mut self, path: &str, at: Millis) {
        let row = self.row(path, at);
        row.running += 1;
    }

    /// A model is asked for a step.
    pub(crate) fn asked(&mut self, path: &str, model: &str, at: Millis) {
        self.row(path, at).model = Some(model.to_owned());
    }

    /// A model was not asked for a step.
    pub(crate) fn not_asked(&mut self, path: &str, model: &str, at: Millis) {
        self.row(path, at).not_asked = Some(model.to_owned());
    }

    /// A step has ended, at this time of the run.
    pub(crate) fn finished(&mut self, path: &str, end: &End, at: Millis) {
        self.spent = self.spent.plus(end.spent.usd);
        let row = self.row(path, at);
        row.running = row.running.saturating_sub(1);
        row.ended[end.status as usize] += 1;
        row.took = Millis(at.0.saturating_sub(row.since.0));
        row.spent.add(end.spent);
        row.repaired |= end.repaired;
        row.similar = [row.similar, end.similar].into_iter().flatten().reduce(f64::min);
        if end.model.is_some() {
            row.model.clone_from(&end.model);
        }
    }

    fn row(&mut self, path: &str, at: Millis) -> &mut Row {
        let key = without_numbers(path);
        let index = match self.rows.iter().position(|r| r.key == key) {
            Some(index) => index,
            None => self.insert(path, key, at),
        };
        &mut self.rows[index]
    }

    // Below the last row of the step it lies inside of, so that the tree reads from top to bottom.
    fn insert(&mut self, path: &str, key: String, at: Millis) -> usize {
        let inside = |outer: &Row| key.strip_prefix(&outer.key).is_some_and(|rest| rest.starts_with('.'));
        let outer = self.rows.iter().rposition(inside);
        let (depth, label, place) = match outer {
            None => (0, key.clone(), self.rows.len()),
            Some(outer) => {
                let below =
                    self.rows[outer + 1..].iter().take_while(|r| r.depth > self.rows[outer].depth).count();
                (
                    self.rows[outer].depth + 1,
                    key[self.rows[outer].key.len() + 1..].to_owned(),
                    outer + 1 + below,
                )
            }
        };
        let counted = path.contains(['[', '#']);
        self.rows.insert(place, Row { key, label, depth, counted, since: at, ..Row::default() });
        place
    }
}

impl Row {
    /// How many of its runs ended this way.
    pub(crate) fn count(&self, status: StepStatus) -> usize {
        self.ended[status as usize]
    }

    /// How many of its runs ended.
    pub(crate) fn done(&self) -> usize {
        self.ended.iter().sum()
    }
}

// `drafts[3].better`, `drafts[4].better` and `drafts#2.better` are the same step.
fn without_numbers(path: &str) -> String {
    let names = path.split('.').map(|part| part.split(['[', '#']).next().unwrap_or(part));
    names.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_plan::Tokens;

    fn end(status: StepStatus) -> End {
        let spent = Spent { usd: Cost(1_000_000), input: Tokens(10), output: Tokens(2), ..Spent::default() };
        End {
            status,
            took: Millis(5),
            spent,
            model: Some("sim/text".to_owned()),
            attempts: 1,
            repaired: false,
            similar: None,
        }
    }

    #[test]
    fn loops_share_a_row_and_stand_below_what_they_are_inside_of() {
        let mut tree = Tree::new("main", None);
        tree.started("all", Millis(0));
        tree.started("after", Millis(1));
        for i in 0..3 {
            tree.started(&format!("all[{i}].draft"), Millis(2));
        }
        tree.finished("all[0].draft", &end(StepStatus::Ok), Millis(9));
        tree.finished("all[1].draft", &end(StepStatus::Cached), Millis(12));
        let rows: Vec<_> = tree.rows.iter().map(|r| (r.label.as_str(), r.depth, r.counted)).collect();
        assert_eq!(rows, [("all", 0, false), ("draft", 1, true), ("after", 0, false)]);
        let draft = &tree.rows[1];
        assert_eq!((draft.running, draft.done(), draft.count(StepStatus::Cached)), (1, 2, 1));
        assert_eq!((draft.took, draft.spent.input), (Millis(10), Tokens(20)));
        assert_eq!(tree.spent, Cost(2_000_000));
    }
}
