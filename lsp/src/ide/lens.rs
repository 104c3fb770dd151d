//! Code lenses: over each flow what it takes at worst, and what can be done with it; over each test,
//! to run it.

use super::cost;
use crate::snapshot::Snapshot;
use flow_compiler::ast::Item;
use flow_diagnostics::Span;

/// A lens.
pub(crate) struct Lens {
    /// The name it stands over.
    pub(crate) at: Span,
    /// What it says.
    pub(crate) title: String,
    /// What it does when it is clicked.
    pub(crate) does: Does,
}

/// What a lens does.
pub(crate) enum Does {
    /// Nothing: it is there to be read.
    Says,
    /// Runs a flow.
    Run(String),
    /// Runs the tests: of the program, or one by its name.
    Test(Option<String>),
    /// Draws a flow.
    Graph(String),
}

/// The lenses of the document.
pub(crate) fn of(snapshot: &Snapshot) -> Vec<Lens> {
    let costs = cost::flows(snapshot);
    let mut out = Vec::new();
    for item in snapshot.file().items() {
        match item {
            Item::Flow(flow) => {
                let at = flow.name.span;
                let cost = costs.iter().find(|c| c.flow.name.span == at);
                if let Some(cost) = cost {
                    out.push(Lens { at, title: cost.line(), does: Does::Says });
                }
                let name = || flow.name.name.to_string();
                out.push(Lens { at, title: "▷ Run".to_owned(), does: Does::Run(name()) });
                out.push(Lens { at, title: "Test".to_owned(), does: Does::Test(None) });
                out.push(Lens { at, title: "Graph".to_owned(), does: Does::Graph(name()) });
            }
            Item::Test(test) => {
                let does = Does::Test(Some(test.name.value.to_string()));
                out.push(Lens { at: test.name.span, title: "▷ Test".to_owned(), does });
            }
            _ => {}
        }
    }
    out
}
