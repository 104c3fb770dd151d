//! What changed in meaning between two states of some programs: steps, prompts, models, guards,
//! types, and what flows take at worst before and after.
//!
//! In: compiled programs of both sides, with their bounds. Out: a [`Diff`], and the gates that it does
//! not pass ([`gates`]). Layout, order and comments change nothing, since only plans are compared.
//! Not here: reading files and revisions, printing, and how bounds are derived.

mod declared;
mod facts;
pub mod gates;
mod guards;
mod likeness;
mod names;
mod order;
mod reads;
mod report;
mod steps;
mod text;
mod types;
mod work;

pub use report::*;

use declared::{Decl, What, declared};
use facts::compare as compare_facts;
use flow_compiler::bounds::Bounds;
use flow_compiler::hir::Hir;
use flow_diagnostics::{FileId, Sources, Span};
use flow_plan::{Plan, Type};
use guards::Guards;
use likeness::{Candidate, pairs};
use names::Renames;
use std::collections::{BTreeSet, HashMap};
use types::{Difference, Sides, each_declared};

/// A compiled program of one side.
pub struct Program<'a> {
    /// The folder it stands in, as both sides call it: empty, or ending in `/`.
    pub folder: String,
    /// The folder as people see it: empty, or ending in `/`.
    pub shown: String,
    /// What the root file is called on both sides, where two files of different names are compared.
    pub root: Option<String>,
    /// What it does.
    pub plan: &'a Plan,
    /// What its flows take at worst.
    pub bounds: &'a Bounds,
    /// Its files, the root first.
    pub sources: &'a Sources,
    /// What is known of it beside the plan.
    pub hir: &'a Hir,
}

impl Program<'_> {
    /// The file of a place, as both sides call it.
    pub(crate) fn home(&self, span: Span) -> String {
        match &self.root {
            Some(root) if span.file == FileId(0) => format!("{}{root}", self.folder),
            _ => format!("{}{}", self.folder, self.sources.file(span.file).name()),
        }
    }

    /// A place, as people see it.
    pub(crate) fn place(&self, span: Span) -> Place {
        let (start, end) = self.sources.range(span);
        Place {
            file: format!("{}{}", self.shown, self.sources.file(span.file).name()),
            line: start.line,
            column: start.column,
            offset: start.offset,
            end_line: end.line,
            end_column: end.column,
            end_offset: end.offset,
        }
    }

    /// Whether a file comes with the compiler.
    pub(crate) fn is_embedded(&self, file: FileId) -> bool {
        self.sources.file(file).name().starts_with("std.")
    }
}

/// Compares two sides.
pub fn compare(old: &[Program<'_>], new: &[Program<'_>]) -> Diff {
    let programs = new;
    let (old, new) = (declared(old), declared(new));
    let none = Renames::default();
    let mut renames = Renames::default();
    let mut matched: Vec<(usize, usize)> = Vec::new();
    // Models and types first: what names them is most like itself once they are known.
    for kind in KINDS {
        let found = matching(kind, (&old, &new), &renames, &none);
        for &(a, b) in &found {
            let (was, is) = (&old[a], &new[b]);
            if was.name != is.name {
                renames.decls.insert((kind, was.name.clone()), is.name.clone());
            }
            for (from, to) in renamed_params(was, is, &renames, &none) {
                renames.params.insert((kind, was.name.clone(), from), to);
            }
        }
        matched.extend(found);
    }
    let mut diff = Diff::default();
    let reach = Reach::of(&old, &new, &renames);
    let (mut seen_old, mut seen_new) = (vec![false; old.len()], vec![false; new.len()]);
    for &(a, b) in &matched {
        (seen_old[a], seen_new[b]) = (true, true);
        pair(&old[a], &new[b], (&renames, &none, &reach), &mut diff);
    }
    for decl in old.iter().zip(&seen_old).filter(|(_, seen)| !**seen).map(|(d, _)| d) {
        diff.items.push(alone(decl, Status::Removed));
        diff.flows.extend(flow_cost(Some(decl), None));
    }
    for decl in new.iter().zip(&seen_new).filter(|(_, seen)| !**seen).map(|(d, _)| d) {
        diff.items.push(alone(decl, Status::Added));
        diff.flows.extend(flow_cost(None, Some(decl)));
    }
    diff.items.sort_by_key(|i| i.place().map(|p| (p.file.clone(), p.offset, i.new.is_none())));
    diff.labels.sort_by_key(|l| (l.place.file.clone(), l.place.offset, l.step.is_some()));
    reads::note(&mut diff.items, programs);
    diff.flows.sort_by(|a, b| (&a.file, &a.name).cmp(&(&b.file, &b.name)));
    diff
}

const KINDS: [Kind; 8] =
    [Kind::Model, Kind::Type, Kind::Lookup, Kind::Action, Kind::Prompt, Kind::Guard, Kind::Flow, Kind::Test];

// By file and name, then by name alone, then by likeness.
fn matching(
    kind: Kind,
    (old, new): (&[Decl<'_>], &[Decl<'_>]),
    renames: &Renames,
    none: &Renames,
) -> Vec<(usize, usize)> {
    let of =
        |decls: &[Decl<'_>]| -> Vec<usize> { (0..decls.len()).filter(|i| decls[*i].kind == kind).collect() };
    let (mut left, mut free) = (of(old), of(new));
    let mut out: Vec<(usize, usize)> = Vec::new();
    for with_home in [true, false] {
        let key = |d: &Decl<'_>| (d.name.clone(), if with_home { d.home.clone() } else { String::new() });
        let mut by_key: HashMap<_, Vec<usize>> = HashMap::new();
        free.iter().rev().for_each(|j| by_key.entry(key(&new[*j])).or_default().push(*j));
        left.retain(|i| match by_key.get_mut(&key(&old[*i])).and_then(Vec::pop) {
            Some(j) => {
                out.push((*i, j));
                false
            }
            None => true,
        });
        let taken: BTreeSet<usize> = out.iter().map(|(_, j)| *j).collect();
        free.retain(|j| !taken.contains(j));
    }
    if !left.is_empty() && !free.is_empty() {
        let candidates = |decls: &[Decl<'_>], of: &[usize], renames: &Renames| -> Vec<Candidate> {
            of.iter().map(|i| candidate(&decls[*i], renames)).collect()
        };
        let found = pairs(&candidates(old, &left, renames), &candidates(new, &free, none));
        out.extend(found.into_iter().map(|(a, b)| (left[a], free[b])));
    }
    out
}

fn candidate(decl: &Decl<'_>, renames: &Renames) -> Candidate {
    let names = decl.names(renames);
    let mut words = decl.facts(&names).words(&names);
    if let Some(body) = decl.body() {
        body.each_step(&mut |step| words.push(step.name.to_string()));
        words.sort_unstable();
    }
    let head = match &decl.what {
        // Two models are alike by what they are.
        What::Model(model) => model.id(),
        What::Type(Type::Enum(_)) => "enum".to_owned(),
        _ => String::new(),
    };
    Candidate { head, words }
}

// Parameters that have another name at the same place and the same type.
fn renamed_params(
    old: &Decl<'_>,
    new: &Decl<'_>,
    renames: &Renames,
    none: &Renames,
) -> Vec<(ecow::EcoString, ecow::EcoString)> {
    let has = |decl: &Decl<'_>, name: &str| decl.params().iter().any(|p| p.name == name);
    let names = (old.names(renames), new.names(none));
    let sides = Sides { old: &names.0, new: &names.1 };
    let both = old.params().iter().zip(new.params());
    both.filter(|(a, b)| a.name != b.name && !has(new, &a.name) && !has(old, &b.name))
        .filter(|(a, b)| a.labels == b.labels && types::differences(&a.ty, &b.ty, &sides).is_empty())
        .map(|(a, b)| (a.name.clone(), b.name.clone()))
        .collect()
}

fn pair(
    old: &Decl<'_>,
    new: &Decl<'_>,
    (renames, none, reach): (&Renames, &Renames, &Reach),
    diff: &mut Diff,
) {
    let (before, after) = (old.names(renames), new.names(none));
    let sides = Sides { old: &before, new: &after };
    let mut changes = match (&old.what, &new.what) {
        (What::Type(a), What::Type(b)) => type_changes(a, b, &sides, reach.of_type(&new.name)),
        _ => compare_facts(&old.facts(&before), &new.facts(&after), &sides, &new.name),
    };
    if let (What::Model(a), What::Model(b)) = (&old.what, &new.what) {
        of_another_model(a, b, &mut changes);
    }
    for param in old.params() {
        let now = renames.param(old.kind, &old.name, &param.name);
        if now != param.name {
            changes.push(Change {
                what: if old.kind == Kind::Flow { "input".into() } else { "parameter".into() },
                before: Some(param.name.to_string()),
                after: Some(now.to_string()),
                class: if old.kind == Kind::Flow { Class::Breaking } else { Class::Cosmetic },
                notes: vec!["renamed".into()],
                words: None,
                lost: None,
            });
        }
    }
    if let (Some(a), Some(b)) = (old.body(), new.body()) {
        let mut walk = steps::Walk {
            owner: new.name.to_string(),
            guards: Guards::gone((a, &before), (b, &after)),
            old: steps::Side { names: before.clone(), program: old.program, bound: old.bound() },
            new: steps::Side { names: after.clone(), program: new.program, bound: new.bound() },
            items: Vec::new(),
            labels: Vec::new(),
        };
        changes.extend(walk.blocks(a, b, steps::At { gives: "returns", ..Default::default() }));
        diff.items.append(&mut walk.items);
        diff.labels.append(&mut walk.labels);
    }
    if let (What::Flow(a, _), What::Flow(b, _)) = (&old.what, &new.what)
        && a.labels != b.labels
    {
        diff.labels.push(LabelChange {
            owner: new.name.to_string(),
            step: None,
            before: a.labels,
            after: b.labels,
            place: new.place(),
        });
    }
    if let (What::Prompt(a), What::Prompt(b)) = (&old.what, &new.what) {
        order::of_prompts((a, &before), (b, &after), &mut changes);
    }
    diff.flows.extend(flow_cost(Some(old), Some(new)));
    let was = (old.name != new.name).then(|| old.name.to_string());
    let moved_from = (old.home != new.home).then(|| old.place().file);
    if changes.is_empty() && was.is_none() && moved_from.is_none() {
        return;
    }
    // A flow is run by its file and its name, and a profile swaps a model by its name.
    let of_name = match (new.kind, was.is_some() || moved_from.is_some()) {
        (_, false) => Class::Cosmetic,
        (Kind::Flow, _) => Class::Breaking,
        (Kind::Model, _) if was.is_some() => Class::Behaviour,
        // Its files are looked for from the folder of its own.
        (Kind::Lookup | Kind::Action, _) if folder(&old.home) != folder(&new.home) => Class::Behaviour,
        _ => Class::Cosmetic,
    };
    let class = changes.iter().map(|c| c.class).max().unwrap_or(Class::Cosmetic).max(of_name);
    let mut item = alone(new, Status::Changed);
    (item.was, item.moved_from, item.class, item.changes) = (was, moved_from, class, changes);
    item.old = Some(old.place());
    diff.items.push(item);
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn type_changes(old: &Type, new: &Type, sides: &Sides<'_>, (given, read): (bool, bool)) -> Vec<Change> {
    let found = match (old, new) {
        (Type::Record(a), Type::Record(b)) => types::records(a, b, sides, ""),
        (Type::Enum(a), Type::Enum(b)) => types::enums(a, b),
        _ => vec![Difference {
            path: String::new(),
            before: Some(sides.old.ty(old)),
            after: Some(sides.new.ty(new)),
            breaks_input: true,
            breaks_output: true,
        }],
    };
    let change = |d: Difference| {
        let breaks = given && d.breaks_input || read && d.breaks_output;
        Change {
            what: d.path.trim_start_matches('.').to_owned(),
            before: d.before,
            after: d.after,
            class: if breaks { Class::Breaking } else { Class::Behaviour },
            notes: Vec::new(),
            words: None,
            lost: None,
        }
    };
    found.into_iter().map(change).collect()
}

// What another model brings along is no change of its own.
fn of_another_model(old: &flow_plan::Model, new: &flow_plan::Model, changes: &mut Vec<Change>) {
    if old.id() == new.id() {
        return;
    }
    changes.retain(|c| !matches!(c.what.as_str(), "context" | "most output" | "price" | "tokenizer"));
    let (a, b) = (&old.card.price, &new.card.price);
    if let Some(change) = changes.iter_mut().find(|c| c.what == "model") {
        let (input, output) = (times(a.input.0, b.input.0), times(a.output.0, b.output.0));
        match (input, output) {
            (Some(input), Some(output)) if input == output => change.notes.push(format!("price {input}")),
            (Some(input), Some(output)) => change.notes.push(format!("price in {input}, out {output}")),
            _ if a != b => change
                .notes
                .push(format!("price {} in, {} out → {} in, {} out", a.input, a.output, b.input, b.output)),
            _ => {}
        }
    }
}

// `15.0×`; nothing where there is no price to compare with.
fn times(old: i64, new: i64) -> Option<String> {
    (old > 0 && old != new).then(|| format!("{:.1}×", new as f64 / old as f64))
}

fn alone(decl: &Decl<'_>, status: Status) -> Item {
    let place = decl.place();
    let class = match (decl.kind, status) {
        (Kind::Flow, Status::Removed) => Class::Breaking,
        (Kind::Test, _) => Class::Cosmetic,
        _ => Class::Behaviour,
    };
    let (old, new) = if status == Status::Removed { (Some(place), None) } else { (None, Some(place)) };
    Item {
        kind: decl.kind,
        name: decl.name.to_string(),
        owner: None,
        does: None,
        was: None,
        moved_from: None,
        status,
        class,
        old,
        new,
        changes: Vec::new(),
        cost: None,
        lost: Vec::new(),
    }
}

fn flow_cost(old: Option<&Decl<'_>>, new: Option<&Decl<'_>>) -> Option<FlowCost> {
    let worst = |decl: &Decl<'_>| match &decl.what {
        What::Flow(flow, bound) => Some(FlowWorst {
            worst: bound.worst,
            budget: flow.settings.budget,
            deadline: flow.settings.deadline,
        }),
        _ => None,
    };
    let last = new.or(old).filter(|d| d.kind == Kind::Flow)?;
    Some(FlowCost {
        name: last.name.to_string(),
        file: last.place().file,
        before: old.and_then(worst),
        after: new.and_then(worst),
    })
}

/// The declared types that callers of flows give and read, by their names of today.
struct Reach {
    given: BTreeSet<String>,
    read: BTreeSet<String>,
}

impl Reach {
    fn of(old: &[Decl<'_>], new: &[Decl<'_>], renames: &Renames) -> Reach {
        let mut reach = Reach { given: BTreeSet::new(), read: BTreeSet::new() };
        let both = old.iter().map(|d| (d, Some(renames))).chain(new.iter().map(|d| (d, None)));
        for (decl, renames) in both {
            let What::Flow(flow, _) = &decl.what else { continue };
            let mut put = |ty: &Type, is_given: bool| {
                each_declared(ty, &mut |ty| {
                    let name = match ty {
                        Type::Record(r) => r.name.clone(),
                        Type::Enum(e) => Some(e.name.clone()),
                        _ => None,
                    };
                    let name =
                        name.map(|n| renames.map_or(n.clone(), |r| r.decl(Kind::Type, &n)).to_string());
                    let set = if is_given { &mut reach.given } else { &mut reach.read };
                    set.extend(name);
                });
            };
            flow.params.iter().for_each(|p| put(&p.ty, true));
            put(&flow.output, false);
        }
        reach
    }

    // Whether callers give it, and whether they read it.
    fn of_type(&self, name: &str) -> (bool, bool) {
        (self.given.contains(name), self.read.contains(name))
    }
}
