//! Steps of both sides: which is which, and what each does differently.
//!
//! Steps are matched block by block, by name first, then by what they do.

use crate::Program;
use crate::facts::{Facts, compare};
use crate::guards::Guards;
use crate::likeness::{Candidate, pairs};
use crate::names::Names;
use crate::report::{Change, Class, Item, Kind, Lost, Status};
use crate::types::Sides;
use ecow::EcoString;
use flow_compiler::bounds::FlowBound;
use flow_plan::{Block, Callee, Cost, OnFail, Step, StepKind};
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
}

impl<'a> Walk<'a> {
    /// Compares two blocks; gives what is different of the blocks themselves.
    pub(crate) fn blocks(
        &mut self,
        old: &'a Block,
        new: &'a Block,
        (path, gives): (&str, &str),
    ) -> Vec<Change> {
        self.name_inputs(old, new);
        let matched = self.matched(old, new);
        for &(a, b) in &matched {
            self.pair((old, a), (new, b), path);
        }
        for node in old.steps.node_indices().filter(|n| !matched.iter().any(|(a, _)| a == n)) {
            self.removed(&old.steps[node], path);
        }
        for node in new.steps.node_indices().filter(|n| !matched.iter().any(|(_, b)| b == n)) {
            self.added(&new.steps[node], path);
        }
        // A call behind `return` is a step of its own; what it does is told there.
        let are_steps = unnamed(old).is_some() && unnamed(new).is_some();
        let (mut before, mut after) = (Facts::default(), Facts::default());
        for (block, names, facts) in [(old, &self.old.names, &mut before), (new, &self.new.names, &mut after)]
        {
            let assumes = block.assumes.iter();
            assumes.for_each(|a| facts.text(format!("assume {}", names.var(a.var)), a.most.to_string()));
            let result = match unnamed(block) {
                Some(step) if !are_steps => Some(short(step, names)),
                Some(_) => None,
                None => block.result.as_ref().map(|e| names.expr(e)),
            };
            facts.maybe(gives, result);
        }
        compare(&before, &after, &self.sides(), &self.owner)
    }

    // Elements and `it`, which have no name of their own.
    fn name_inputs(&mut self, old: &Block, new: &Block) {
        for (block, names) in [(old, &mut self.old.names), (new, &mut self.new.names)] {
            for i in 0..block.inputs {
                let var = flow_plan::VarId(block.vars.start + i);
                names.vars.entry(var).or_insert_with(|| "it".into());
            }
        }
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
        path: &str,
    ) {
        let (old, new) = (&old_block.steps[a], &new_block.steps[b]);
        let own = joined(path, &new.name);
        let (mut before, mut after) = (Facts::default(), Facts::default());
        work(old, &self.old.names, &mut before);
        work(new, &self.new.names, &mut after);
        settings(old, &self.old.names, &mut before);
        settings(new, &self.new.names, &mut after);
        let (inner_old, inner_new) = (inner(old), inner(new));
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
                        "body" => "yields".to_owned(),
                        title => title.to_owned(),
                    };
                    changes.extend(self.blocks(block, now, (&own, &gives)));
                }
                None => self.lost_inside(block, title, &mut changes),
            }
        }
        let was = self.renamed(&old.name, &new.name);
        let cost = self.cost(&joined(path, &old.name), &own);
        let is_new = !changes.is_empty() || was.is_some();
        if is_new {
            let class = changes.iter().map(|c| c.class).max().unwrap_or(Class::Cosmetic);
            let mut item = self.item(does(new, &self.new.names), own, Status::Changed);
            item.was = was;
            item.class = class;
            item.changes = changes;
            item.cost = cost;
            item.old = Some(self.old.program.place(old.span));
            item.new = Some(self.new.program.place(new.span));
            self.items.push(item);
        }
    }

    // A step whose outer step was renamed has a new name without anybody's doing.
    fn renamed(&self, old: &EcoString, new: &EcoString) -> Option<String> {
        let part = |name: &str| name.split_once('.').map(|(_, rest)| rest.to_owned());
        let implied = part(old).is_some() && part(old) == part(new);
        (old != new && !implied).then(|| old.to_string())
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

/// What a step does, as facts.
pub(crate) fn work(step: &Step, names: &Names<'_>, facts: &mut Facts) {
    match &step.kind {
        StepKind::Call(callee, args) => {
            let (kind, name, params) = names.callee(callee);
            facts.text("calls", format!("{} {name}", kind.word()));
            for (i, arg) in args.iter().enumerate() {
                let param = params.get(i).map_or_else(|| format!("{}", i + 1), |p| p.to_string());
                facts.text(format!("argument {param}"), names.expr(arg));
            }
        }
        StepKind::Compute(expr) => facts.text("value", names.expr(expr)),
        StepKind::If(condition, ..) => facts.text("if", names.expr(condition)),
        StepKind::Match(subject, _) => facts.text("match", names.expr(subject)),
        StepKind::Each { list, parallel, .. } => {
            facts.text("each in", names.expr(list));
            facts.text("parallel", parallel.to_string());
        }
        StepKind::Repeat { up_to, from, .. } => {
            facts.text("repeat up to", up_to.to_string());
            facts.text("from", names.expr(from));
        }
    }
}

/// The guard that a step calls.
pub(crate) fn guard(step: &Step, names: &Names<'_>) -> Option<String> {
    match &step.kind {
        StepKind::Call(callee @ (Callee::Guard(_) | Callee::Builtin(_)), _) => {
            Some(names.callee(callee).1.to_string())
        }
        _ => None,
    }
}

fn settings(step: &Step, names: &Names<'_>, facts: &mut Facts) {
    let settings = &step.settings;
    // The model's own change is told where it is declared.
    let shown = |m| names.model(m).to_string();
    facts.maybe("model", settings.model.map(shown));
    let fallback: Vec<String> = settings.fallback.iter().map(|m| shown(*m)).collect();
    facts.maybe("fallback", (!fallback.is_empty()).then(|| fallback.join(", ")));
    facts.maybe("escalate", settings.escalate.as_ref().map(|e| shown(e.to)));
    facts.maybe("retry", (settings.retry > 0).then_some(settings.retry));
    facts.maybe("timeout", settings.timeout);
    facts.maybe("hedge", settings.hedge);
    facts.maybe(
        "cache",
        settings.cache.as_ref().map(|cache| {
            let scope = cache.scope.as_ref().map(|s| format!(" per {}", names.expr(s))).unwrap_or_default();
            let similar = cache.similar.map(|s| {
                let by = s.embed.map(|m| format!(" embed {}", shown(m))).unwrap_or_default();
                format!("similar {}{by} for ", s.least)
            });
            format!("{}{}{scope}", similar.unwrap_or_default(), cache.ttl)
        }),
    );
    facts.maybe("key", settings.key.as_ref().map(|k| names.expr(k)));
    match &step.on_fail {
        Some(OnFail::Stop(message)) => facts.text("else", format!("stop {}", names.expr(message))),
        Some(OnFail::Redact) => facts.text("else", "redact"),
        Some(OnFail::Retry(n)) => facts.text("else", format!("retry {n}")),
        Some(OnFail::Do(_)) | None => {}
    }
}

// The blocks inside a step, by what they are for.
fn inner(step: &Step) -> Vec<(String, &Block)> {
    let mut out: Vec<(String, &Block)> = Vec::new();
    match &step.kind {
        StepKind::Call(..) | StepKind::Compute(_) => {}
        StepKind::If(_, then, otherwise) => {
            out.push(("then".into(), then));
            out.extend(otherwise.iter().map(|b| ("otherwise".into(), &**b)));
        }
        StepKind::Match(_, arms) => {
            for arm in arms {
                let values: Vec<String> = arm.values.iter().map(|v| v.to_string()).collect();
                let title = if values.is_empty() { "else".to_owned() } else { values.join(" | ") };
                out.push((format!("arm {title}"), &arm.body));
            }
        }
        StepKind::Each { body, .. } => out.push(("body".into(), body)),
        StepKind::Repeat { body, until, .. } => {
            out.push(("body".into(), body));
            out.extend(until.iter().map(|b| ("until".into(), &**b)));
        }
    }
    if let Some(unless) = step.settings.escalate.as_ref().and_then(|e| e.unless.as_ref()) {
        out.push(("unless".into(), unless));
    }
    if let Some(OnFail::Do(handler)) = &step.on_fail {
        out.push(("else".into(), handler));
    }
    out
}

fn inline(block: &Block, names: &mut Names<'_>) -> String {
    for i in 0..block.inputs {
        names.vars.entry(flow_plan::VarId(block.vars.start + i)).or_insert_with(|| "it".into());
    }
    let mut said = Vec::new();
    for node in block.steps.node_indices() {
        let step = &block.steps[node];
        names.name(block.var_of(node), &step.name);
        let mut facts = Facts::default();
        work(step, names, &mut facts);
        let gives = block.result == Some(flow_plan::Expr::Var(block.var_of(node)));
        let shown = short(step, names);
        said.push(if gives { shown } else { format!("{} = {shown}", step.name) });
        if gives {
            return said.join("; ");
        }
    }
    said.extend(block.result.as_ref().map(|e| names.expr(e)));
    said.join("; ")
}

fn short(step: &Step, names: &Names<'_>) -> String {
    match &step.kind {
        StepKind::Call(callee, args) => {
            let args: Vec<String> = args.iter().map(|a| names.expr(a)).collect();
            format!("{}({})", names.callee(callee).1, args.join(", "))
        }
        StepKind::Compute(expr) => names.expr(expr),
        StepKind::If(condition, ..) => format!("if {} …", names.expr(condition)),
        StepKind::Match(subject, _) => format!("match {} …", names.expr(subject)),
        StepKind::Each { list, .. } => format!("each in {} …", names.expr(list)),
        StepKind::Repeat { up_to, .. } => format!("repeat up to {up_to} …"),
    }
}

fn does(step: &Step, names: &Names<'_>) -> Option<String> {
    match &step.kind {
        StepKind::Call(callee, _) => {
            let (kind, name, _) = names.callee(callee);
            Some(format!("{} {name}", kind.word()))
        }
        _ => None,
    }
}

fn candidate(step: &Step, names: &Names<'_>) -> Candidate {
    let mut facts = Facts::default();
    work(step, names, &mut facts);
    let head = match &step.kind {
        StepKind::Call(..) => does(step, names).unwrap_or_default(),
        StepKind::Compute(_) => "value".into(),
        StepKind::If(..) => "if".into(),
        StepKind::Match(..) => "match".into(),
        StepKind::Each { .. } => "each".into(),
        StepKind::Repeat { .. } => "repeat".into(),
    };
    settings(step, names, &mut facts);
    Candidate { head, words: facts.words(names) }
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
fn unnamed(block: &Block) -> Option<&Step> {
    let flow_plan::Expr::Var(var) = block.result.as_ref()? else { return None };
    let node = block.steps.node_indices().find(|n| block.var_of(*n) == *var)?;
    let step = &block.steps[node];
    (matches!(step.name.as_str(), "return" | "yield") || step.name.ends_with(".else")).then_some(step)
}

// As `flowc cost` names steps inside others.
fn joined(path: &str, name: &str) -> String {
    if path.is_empty() || name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')) {
        return name.to_owned();
    }
    format!("{path}.{name}")
}
