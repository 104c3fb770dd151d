//! Steps of both sides: which is which, and what each does differently.
//!
//! Steps are matched block by block, by name first, then by what they do.

use crate::Program;
use crate::facts::{Fact, Facts, compare};
use crate::guards::Guards;
use crate::likeness::{Candidate, pairs};
use crate::names::Names;
use crate::report::{Change, Class, Item, Kind, LabelChange, Lost, Status};
use crate::types::Sides;
use crate::work::{candidate, does, guard, inline, inner, is_unnamed, offers, settings, short, work};
use ecow::EcoString;
use flow_compiler::bounds::FlowBound;
use flow_plan::{Block, Callee, Cost, Step, StepKind};
use petgraph::graph::NodeIndex;
use std::collections::HashMap;

/// One side of a declaration with steps.
#[derive(Clone)]
pub(crate) struct Side<'a> {
    /// The names; those of steps are added as blocks are gone through.
    pub(crate) names: Names<'a>,
    /// The program.
    pub(crate) program: &'a Program<'a>,
    /// What a flow takes.
    pub(crate) bound: Option<&'a FlowBound>,
}

/// Where two blocks stand.
#[derive(Clone, Copy, Default)]
pub(crate) struct At<'p> {
    /// The step around the old one, with those around it: `all.best`.
    pub(crate) old: &'p str,
    /// The step around the new one.
    pub(crate) new: &'p str,
    /// What its value is for: `returns`, `yields`, `else`.
    pub(crate) gives: &'p str,
}

/// The comparison of one declaration's steps.
pub(crate) struct Walk<'a> {
    /// The flow or guard.
    pub(crate) owner: String,
    /// Before.
    pub(crate) old: Side<'a>,
    /// After.
    pub(crate) new: Side<'a>,
    /// The guards that are called less often now.
    pub(crate) guards: Guards,
    /// What was found.
    pub(crate) items: Vec<Item>,
    /// The calls that are given something with other labels.
    pub(crate) labels: Vec<LabelChange>,
}

impl<'a> Walk<'a> {
    /// Compares two blocks; gives what is different of the blocks themselves.
    pub(crate) fn blocks(&mut self, old: &'a Block, new: &'a Block, at: At<'_>) -> Vec<Change> {
        let outside = (self.old.names.elements, self.new.names.elements);
        for (block, names) in [(old, &mut self.old.names), (new, &mut self.new.names)] {
            (0..block.inputs).for_each(|i| names.element(flow_plan::VarId(block.vars.start + i)));
        }
        let matched = self.matched(old, new);
        for &(a, b) in &matched {
            self.pair((old, a), (new, b), at);
        }
        let is_matched = |a: Option<NodeIndex>, b: Option<NodeIndex>| {
            matched.iter().any(|(x, y)| a == Some(*x) || b == Some(*y))
        };
        let (last_old, last_new) = (unnamed(old), unnamed(new));
        let mut lost = None;
        for node in old.steps.node_indices().filter(|n| !is_matched(Some(*n), None)) {
            let step = &old.steps[node];
            if is_told(step, last_old == Some(node), at) {
                lost = guard(step, &self.old.names).and_then(|g| self.guards.take(&g, &self.owner));
            } else {
                self.removed(step, at.old);
            }
        }
        for node in new.steps.node_indices().filter(|n| !is_matched(None, Some(*n))) {
            if !is_told(&new.steps[node], last_new == Some(node), at) {
                self.added(&new.steps[node], at.new);
            }
        }
        let (mut before, mut after) = (Facts::default(), Facts::default());
        // A value behind `return` is a step of its own: what it does is told there, or else here.
        let old_alone = last_old.filter(|n| !is_matched(Some(*n), None));
        let new_alone = last_new.filter(|n| !is_matched(None, Some(*n)));
        let sides =
            [(old, old_alone, &self.old.names, &mut before), (new, new_alone, &self.new.names, &mut after)];
        for (block, alone, names, facts) in sides {
            let assumes = block.assumes.iter();
            assumes.for_each(|a| facts.text(format!("assume {}", names.var(a.var)), a.most.to_string()));
            let result = match alone {
                Some(node) => Some(short(&block.steps[node], names)),
                None => block.result.as_ref().map(|e| names.expr(e)),
            };
            facts.maybe(at.gives, result);
        }
        let mut changes = compare(&before, &after, &self.sides(), &self.owner);
        if let (Some(lost), Some(change)) = (lost, changes.iter_mut().find(|c| c.what == at.gives)) {
            change.lost = Some(lost);
        }
        (self.old.names.elements, self.new.names.elements) = outside;
        changes
    }

    fn sides(&self) -> Sides<'_> {
        Sides { old: &self.old.names, new: &self.new.names }
    }

    // Which step is which; all have names afterwards.
    fn matched(&mut self, old: &Block, new: &Block) -> Vec<(NodeIndex, NodeIndex)> {
        let by_name: HashMap<&EcoString, NodeIndex> =
            new.steps.node_indices().map(|n| (&new.steps[n].name, n)).collect();
        let mut out = Vec::new();
        for node in new.steps.node_indices() {
            self.new.names.name(new.var_of(node), &new.steps[node].name);
        }
        let mut left = Vec::new();
        for node in old.steps.node_indices() {
            self.old.names.name(old.var_of(node), &old.steps[node].name);
            match by_name.get(&old.steps[node].name) {
                Some(same) => out.push((node, *same)),
                None => left.push(node),
            }
        }
        let free: Vec<NodeIndex> =
            new.steps.node_indices().filter(|n| !out.iter().any(|(_, b)| b == n)).collect();
        // What depends on a step that was renamed is most like itself once that is known.
        for _ in 0..3 {
            let candidates = |nodes: &[NodeIndex], block: &Block, names: &Names<'_>| -> Vec<Candidate> {
                nodes.iter().map(|n| candidate(&block.steps[*n], names)).collect()
            };
            let (a, b) = (candidates(&left, old, &self.old.names), candidates(&free, new, &self.new.names));
            for (i, j) in pairs(&a, &b) {
                self.old.names.name(old.var_of(left[i]), &new.steps[free[j]].name);
            }
        }
        let (a, b): (Vec<Candidate>, Vec<Candidate>) = (
            left.iter().map(|n| candidate(&old.steps[*n], &self.old.names)).collect(),
            free.iter().map(|n| candidate(&new.steps[*n], &self.new.names)).collect(),
        );
        out.extend(pairs(&a, &b).into_iter().map(|(i, j)| (left[i], free[j])));
        out.sort_by_key(|(_, b)| new.steps[*b].span.start);
        out
    }

    fn pair(
        &mut self,
        (old_block, a): (&'a Block, NodeIndex),
        (new_block, b): (&'a Block, NodeIndex),
        at: At<'_>,
    ) {
        let (old, new) = (&old_block.steps[a], &new_block.steps[b]);
        let (was, own) = (joined(at.old, &old.name), joined(at.new, &new.name));
        let (mut before, mut after) = (Facts::default(), Facts::default());
        work(old, &self.old.names, &mut before);
        work(new, &self.new.names, &mut after);
        settings(old, &self.old.names, &mut before);
        settings(new, &self.new.names, &mut after);
        let (offers_old, offers_new) = (offers(old, &self.old.names), offers(new, &self.new.names));
        offered(&offers_old, &offers_new, (&self.old.names, &mut before));
        offered(&offers_new, &offers_old, (&self.new.names, &mut after));
        let (mut inner_old, inner_new) = (inner(old), inner(new));
        same_arms(&mut inner_old, &inner_new, (&mut before, &mut after));
        for (title, block) in inner_old.iter().filter(|(t, _)| !inner_new.iter().any(|(u, _)| u == t)) {
            before.text(title, self.inline(block, false));
        }
        for (title, block) in inner_new.iter().filter(|(t, _)| !inner_old.iter().any(|(u, _)| u == t)) {
            after.text(title, self.inline(block, true));
        }
        let mut changes = compare(&before, &after, &self.sides(), &self.owner);
        self.bypassed((old_block, a), (new_block, b), &mut changes);
        if let (Some(guard), true) =
            (guard(old, &self.old.names), guard(old, &self.old.names) != guard(new, &self.new.names))
        {
            let lost = self.guards.take(&guard, &self.owner);
            if let Some(change) = changes.iter_mut().find(|c| c.what == "calls") {
                change.lost = lost;
            }
        }
        for (title, block) in &inner_old {
            match inner_new.iter().find(|(t, _)| t == title) {
                Some((_, now)) => {
                    let gives = match title.as_str() {
                        "body" => "yields",
                        title => title,
                    };
                    changes.extend(self.blocks(block, now, At { old: &was, new: &own, gives }));
                }
                None => self.lost_inside(block, title, &mut changes),
            }
        }
        if old.given != new.given && leaves(new) {
            self.labels.push(LabelChange {
                owner: self.owner.clone(),
                step: Some(own.clone()),
                before: old.given,
                after: new.given,
                place: self.new.program.place(new.span),
            });
        }
        let renamed = self.renamed(&old.name, &new.name).then_some(was.clone());
        let cost = self.cost(&was, &own);
        if !changes.is_empty() || renamed.is_some() {
            let class = changes.iter().map(|c| c.class).max().unwrap_or(Class::Cosmetic);
            let mut item = self.item(does(new, &self.new.names), own, Status::Changed);
            item.was = renamed;
            item.class = class;
            item.changes = changes;
            item.cost = cost;
            item.old = Some(self.old.program.place(old.span));
            item.new = Some(self.new.program.place(new.span));
            self.items.push(item);
        }
    }

    // A step whose outer step was renamed has a new name without anybody's doing.
    fn renamed(&self, old: &EcoString, new: &EcoString) -> bool {
        let part = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_owned());
        let implied = part(old).is_some() && part(old) == part(new);
        old != new && !implied
    }

    // An argument that came through a guard and comes around it now.
    fn bypassed(
        &mut self,
        (old, a): (&Block, NodeIndex),
        (new, b): (&Block, NodeIndex),
        changes: &mut [Change],
    ) {
        let rewired = changes.iter_mut().find(|c| c.what.starts_with("argument ") || c.what == "value");
        let Some(change) = rewired else { return };
        let now = behind(new, b, &self.new.names);
        for guard in behind(old, a, &self.old.names) {
            if !now.contains(&guard) && !self.guards.is_gone(&guard) {
                change.notes.push(format!("no longer behind guard {guard}"));
                change.lost = Some(Lost { guard, owner: self.owner.clone() });
            }
        }
    }

    fn lost_inside(&mut self, block: &'a Block, title: &str, changes: &mut [Change]) {
        let mut found = Vec::new();
        block.each_step(&mut |step| found.extend(guard(step, &self.old.names)));
        for name in found {
            let lost = self.guards.take(&name, &self.owner);
            if let Some(change) = changes.iter_mut().find(|c| c.what == title && c.lost.is_none()) {
                change.lost = lost;
            }
        }
    }

    fn removed(&mut self, step: &'a Step, path: &str) {
        let mut item = self.item(does(step, &self.old.names), joined(path, &step.name), Status::Removed);
        item.old = Some(self.old.program.place(step.span));
        let mut names = vec![guard(step, &self.old.names)];
        step.each_block(&mut |block| block.each_step(&mut |s| names.push(guard(s, &self.old.names))));
        for name in names.into_iter().flatten() {
            item.lost.extend(self.guards.take(&name, &self.owner));
        }
        self.items.push(item);
    }

    fn added(&mut self, step: &'a Step, path: &str) {
        let mut item = self.item(does(step, &self.new.names), joined(path, &step.name), Status::Added);
        item.new = Some(self.new.program.place(step.span));
        self.items.push(item);
    }

    fn item(&self, does: Option<String>, name: String, status: Status) -> Item {
        Item {
            kind: Kind::Step,
            name,
            owner: Some(self.owner.clone()),
            does,
            was: None,
            moved_from: None,
            status,
            class: Class::Behaviour,
            old: None,
            new: None,
            changes: Vec::new(),
            cost: None,
            lost: Vec::new(),
        }
    }

    // Steps and value of a block in one line.
    fn inline(&mut self, block: &'a Block, is_new: bool) -> String {
        let side = if is_new { &mut self.new } else { &mut self.old };
        inline(block, &mut side.names)
    }

    fn cost(&self, old: &str, new: &str) -> Option<(Cost, Cost)> {
        let of = |bound: Option<&FlowBound>, name: &str| -> Option<Cost> {
            let own = bound?.steps.iter().filter(|s| s.step == name);
            own.map(|s| s.worst.usd).reduce(Cost::plus)
        };
        let (a, b) = (of(self.old.bound, old)?, of(self.new.bound, new)?);
        (a != b).then_some((a, b))
    }
}

// How the lookups are made that both sides offer: of one that is new or gone, that is told alone.
fn offered(offers: &[(String, &Step)], others: &[(String, &Step)], (names, facts): (&Names<'_>, &mut Facts)) {
    for (name, step) in offers.iter().filter(|(name, _)| others.iter().any(|(other, _)| other == name)) {
        let mut own = Facts::default();
        settings(step, names, &mut own);
        own.0.into_iter().for_each(|fact| {
            facts.0.push(Fact { what: format!("{} of {name}", fact.what), ..fact });
        });
    }
}

// Whether it goes to a model, to a source or out into the world.
fn leaves(step: &Step) -> bool {
    let StepKind::Call(callee, _) = &step.kind else { return false };
    matches!(callee, Callee::Prompt(_) | Callee::Lookup(_) | Callee::Action(_))
}

// Whether a step is told as the value of its block alone: a value that nobody has named, and whatever
// stands in for a failure.
fn is_told(step: &Step, is_last: bool, at: At<'_>) -> bool {
    is_last && (matches!(step.kind, StepKind::Compute(_)) || at.gives == "else")
}

// An arm that is for other values now is the same arm: the old one is called as the new one is.
fn same_arms(
    old: &mut [(String, &Block)],
    new: &[(String, &Block)],
    (before, after): (&mut Facts, &mut Facts),
) {
    let values = |title: &str| -> Vec<String> {
        title.strip_prefix("arm ").map_or(Vec::new(), |v| v.split(" | ").map(str::to_owned).collect())
    };
    for at in 0..old.len() {
        let title = old[at].0.clone();
        if new.iter().any(|(t, _)| *t == title) {
            continue;
        }
        let mine = values(&title);
        let shares = |t: &str| values(t).iter().any(|v| mine.contains(v));
        let now = new.iter().find(|(t, _)| shares(t) && !old.iter().any(|(o, _)| o == t));
        if let Some((now, _)) = now {
            before.text("arm", mine.join(" | "));
            after.text("arm", values(now).join(" | "));
            old[at].0.clone_from(now);
        }
    }
}

// The guards that what goes into a step has come through, in its block.
fn behind(block: &Block, node: NodeIndex, names: &Names<'_>) -> Vec<String> {
    let (mut out, mut seen, mut left) = (Vec::new(), vec![node], vec![node]);
    while let Some(at) = left.pop() {
        for from in block.steps.neighbors_directed(at, petgraph::Direction::Incoming) {
            if !seen.contains(&from) {
                seen.push(from);
                left.push(from);
                out.extend(guard(&block.steps[from], names));
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

// The step that a block's value is, where its name is none that anybody wrote.
fn unnamed(block: &Block) -> Option<NodeIndex> {
    let flow_plan::Expr::Var(var) = block.result.as_ref()? else { return None };
    let node = block.steps.node_indices().find(|n| block.var_of(*n) == *var)?;
    is_unnamed(&block.steps[node]).then_some(node)
}

/// As `flowc cost` names steps inside others.
pub(crate) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() || name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')) {
        return name.to_owned();
    }
    format!("{path}.{name}")
}
