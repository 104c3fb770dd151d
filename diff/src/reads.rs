//! Who uses what has changed: the steps, guards and prompts that name a field of a type, and the steps
//! that take what a prompt or a lookup gives.
//!
//! Only the new side is looked at: what is gone is used by nobody there.

use crate::Program;
use crate::report::{Item, Kind, Place, Status};
use crate::steps::joined;
use ecow::EcoString;
use flow_diagnostics::Span;
use flow_plan::{Block, Callee, Step, StepKind};
use std::collections::HashMap;

/// Who uses fields, by the file and the name of their type, and results, by the file and the name of
/// what gives them, with an empty field.
#[derive(Default)]
struct Users(HashMap<(String, EcoString, EcoString), Vec<User>>);

#[derive(Clone, PartialEq, Eq)]
struct User {
    name: String,
    place: Place,
}

// So many are named.
const MOST: usize = 3;

/// Notes at each changed field and result who uses it.
pub(crate) fn note(items: &mut [Item], programs: &[Program<'_>]) {
    let is_used = |i: &Item| {
        let gives = matches!(i.kind, Kind::Prompt | Kind::Lookup);
        i.status == Status::Changed
            && (i.kind == Kind::Type || gives && i.changes.iter().any(|c| is_output(&c.what)))
    };
    if !items.iter().any(is_used) {
        return;
    }
    let mut users = Users::default();
    programs.iter().for_each(|p| users.look_at(p));
    for item in items.iter_mut().filter(|i| is_used(i)) {
        let Some(place) = &item.new else { continue };
        for change in &mut item.changes {
            let field = match item.kind {
                // What is said of a field is for models, and for nobody who names it.
                Kind::Type if change.what.ends_with("description") => continue,
                Kind::Type => change.what.split(['.', '[', ' ']).next().unwrap_or_default(),
                _ if is_output(&change.what) => "",
                _ => continue,
            };
            let key = (place.file.clone(), item.name.as_str().into(), field.into());
            change.notes.extend(users.0.get(&key).map(|found| told(found, &place.file)));
        }
    }
}

fn is_output(what: &str) -> bool {
    what.strip_prefix("output").is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

// `used by support.checked (:66), prompt translate (:40)`
fn told(users: &[User], file: &str) -> String {
    let at = |p: &Place| if p.file == file { String::new() } else { p.file.clone() };
    let mut sorted: Vec<&User> = users.iter().collect();
    sorted.sort_by_key(|u| (&u.place.file, u.place.offset));
    let shown = sorted.iter().take(MOST);
    let mut out: Vec<String> =
        shown.map(|u| format!("{} ({}:{})", u.name, at(&u.place), u.place.line)).collect();
    if users.len() > MOST {
        out.push(format!("{} more", users.len() - MOST));
    }
    format!("used by {}", out.join(", "))
}

impl Users {
    fn look_at(&mut self, program: &Program<'_>) {
        let mut steps: Vec<(Span, String)> = Vec::new();
        for flow in &program.plan.flows {
            self.steps(program, &flow.body, (&flow.name, ""), &mut steps);
        }
        for guard in &program.plan.guards {
            self.steps(program, &guard.body, (&guard.name, ""), &mut steps);
        }
        let decls = &program.hir.decls;
        for used in &program.hir.fields {
            let Some(record) = &used.record else { continue };
            let Some(ty) = decls.iter().find(|d| d.name == *record && d.kind == "type") else { continue };
            let holds = |span: &Span| {
                span.file == used.span.file && span.start <= used.span.start && used.span.end <= span.end
            };
            let step = steps.iter().filter(|(span, _)| holds(span)).min_by_key(|(s, _)| s.end - s.start);
            let user = match step {
                Some((span, name)) => Some((*span, name.clone())),
                // What is in no step is in the declaration that begins before it.
                None => decls
                    .iter()
                    .filter(|d| d.span.file == used.span.file && d.span.start <= used.span.start)
                    .max_by_key(|d| d.span.start)
                    .map(|d| (d.span, format!("{} {}", d.kind, d.name))),
            };
            let Some((span, name)) = user.filter(|(span, _)| !program.is_embedded(span.file)) else {
                continue;
            };
            let key = (program.place(ty.span).file, record.clone(), used.name.clone());
            self.add(key, User { name, place: program.place(span) });
        }
    }

    // Every step with its name, and whose results it takes.
    fn steps(
        &mut self,
        program: &Program<'_>,
        block: &Block,
        (owner, path): (&str, &str),
        into: &mut Vec<(Span, String)>,
    ) {
        for node in block.steps.node_indices() {
            let step = &block.steps[node];
            let own = joined(path, &step.name);
            let name = format!("{owner}.{own}");
            if !program.is_embedded(step.span.file) {
                for from in block.steps.neighbors_directed(node, petgraph::Direction::Incoming) {
                    if let Some((gives, span)) = called(program, &block.steps[from]) {
                        let key = (program.place(span).file, gives, EcoString::new());
                        self.add(key, User { name: name.clone(), place: program.place(step.span) });
                    }
                }
                into.push((step.span, name));
            }
            step.each_block(&mut |inner| self.steps(program, inner, (owner, &own), into));
        }
    }

    fn add(&mut self, key: (String, EcoString, EcoString), user: User) {
        let found = self.0.entry(key).or_default();
        if !found.contains(&user) {
            found.push(user);
        }
    }
}

// The prompt or the lookup that a step calls.
fn called(program: &Program<'_>, step: &Step) -> Option<(EcoString, Span)> {
    let StepKind::Call(callee, _) = &step.kind else { return None };
    let (prompts, lookups) = (&program.plan.prompts, &program.plan.lookups);
    match callee {
        Callee::Prompt(id) => Some((prompts[id.index()].name.clone(), prompts[id.index()].span)),
        Callee::Lookup(id) => Some((lookups[id.index()].name.clone(), lookups[id.index()].span)),
        _ => None,
    }
}
