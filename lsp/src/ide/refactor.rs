//! Code actions that move code: a text becomes a prompt of its own, and a step or a constant is written where
//! it is used.
//!
//! In: a program and a place. Out: [`Action`]s whose edits are of the document. Whether the program still
//! holds with them is seen by compiling it: what would bring an error is not offered.

use super::actions::Action;
use super::names;
use super::walk::{self, Visit};
use crate::host::Host;
use crate::snapshot::{Job, Snapshot};
use crate::text::Text;
use crate::world::Open;
use flow_compiler::Before;
use flow_compiler::ast::{
    BinaryOp, Block, Expr, ExprKind, Flow, Ident, Item, Operation, OperationKind, Setting, Step, StringLit,
};
use flow_compiler::format::format;
use flow_diagnostics::{Code, FileId, Severity, Span};
use flow_plan::Type;
use std::collections::HashMap;
use std::ops::Range;

/// What an offered change is tried in.
pub(crate) struct Trial<'t> {
    /// The program as it is.
    pub(crate) snapshot: &'t Snapshot,
    /// The files around it.
    pub(crate) open: &'t Open,
    /// The program around the server.
    pub(crate) host: &'t dyn Host,
}

/// Models that are tried for a new prompt where the program does not say which answers.
const MOST_MODELS: usize = 4;

/// Makes a prompt of the text at an offset, which is asked where the text stood.
pub(crate) fn extract(trial: &Trial<'_>, offset: usize) -> Option<Action> {
    let snapshot = trial.snapshot;
    let Some(Item::Flow(flow)) = snapshot.item_at(offset).filter(|_| !snapshot.is_broken()) else {
        return None;
    };
    let (text, step) = text_of(flow, offset)?;
    if text.value.trim().is_empty() {
        return None;
    }
    let params = params(snapshot, &text)?;
    let name = free_name(snapshot, &format!("ask_{}", step.as_ref().unwrap_or(&flow.name).name));
    let declared: Vec<String> = params.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
    let given: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
    let call = format!("{name}({})", given.join(", "));
    let at = above(snapshot, flow);
    // Where the program does not say which model answers, the prompt does.
    let models = snapshot.file().items().filter(|item| matches!(item, Item::Model(_))).filter_map(Item::name);
    let models = std::iter::once(None).chain(models.map(Some)).take(MOST_MODELS + 1);
    for model in models {
        let model = model.map(|model| format!("  model: {}\n", model.name)).unwrap_or_default();
        let user = snapshot.source(text.span);
        let prompt =
            format(&format!("prompt {name}({}) {{\n{model}  user: {user}\n}}\n", declared.join(", ")));
        let edits = vec![(at..at, format!("{prompt}\n")), (text.span.range(), call.clone())];
        // That it costs something now is meant.
        let is_meant = |code: Code| matches!(code, Code::E0301 | Code::E0302 | Code::E0303 | Code::E0305);
        if holds(trial, &edits, &is_meant) {
            return Some(Action { title: format!("Extract a prompt `{name}`, which is asked here"), edits });
        }
    }
    None
}

/// Writes the step or the constant of the name at an offset where it is used.
pub(crate) fn inline(trial: &Trial<'_>, offset: usize) -> Option<Action> {
    let snapshot = trial.snapshot;
    if snapshot.is_broken() {
        return None;
    }
    let named = names::at(snapshot, offset).filter(|named| snapshot.is_here(named.declared))?;
    let action = match snapshot.item_at(named.declared.start as usize)? {
        Item::Const(constant) if constant.name.span == named.declared && constant.ty.is_none() => {
            let uses = [named.at];
            let is_use = named.at != named.declared && are_values(snapshot, &uses);
            let edit = (named.at.range(), written(snapshot, &constant.value));
            let title = format!("Inline the constant `{}` here", constant.name.name);
            is_use.then(|| Action { title, edits: vec![edit] })
        }
        Item::Flow(flow) => inline_step(snapshot, flow, named.declared),
        _ => None,
    }?;
    holds(trial, &action.edits, &|_| false).then_some(action)
}

fn inline_step(snapshot: &Snapshot, flow: &Flow, declared: Span) -> Option<Action> {
    let mut found = Declared { at: declared, blocks: Vec::new(), lambdas: Vec::new(), found: None };
    walk::item(snapshot.item_at(flow.span.start as usize)?, &mut found);
    let (step, block) = found.found?;
    let (name, Operation { kind: OperationKind::Expr(value), settings, on_fail: None, .. }) =
        (step.name.as_ref()?, &step.operation)
    else {
        return None;
    };
    if !settings.is_empty() || !step.doc.is_empty() {
        return None;
    }
    let uses: Vec<Span> = names::occurrences(snapshot, declared).into_iter().skip(1).collect();
    let inner = names_in(value);
    // In a lambda a name may mean another thing.
    if uses.is_empty() || !are_values(snapshot, &uses) || found.lambdas.iter().any(|l| inner.contains(l)) {
        return None;
    }
    // What runs something runs as often as before, and in the same place.
    if runs(snapshot, value) {
        let [one] = uses.as_slice() else { return None };
        let steps = block.steps.iter().map(|s| &s.operation).chain(block.results.iter().map(|r| &r.value));
        let around = |operation: &Operation| match &operation.kind {
            OperationKind::Expr(value) if value.span.contains(one.start as usize) => Some(value.clone()),
            _ => None,
        };
        let mut apart = Apart { at: *one, is_apart: false };
        walk::value(&steps.filter_map(around).next()?, &mut apart);
        if apart.is_apart {
            return None;
        }
    }
    let line = lines_of(snapshot, step.span)?;
    let text = written(snapshot, value);
    let mut edits = vec![(line, String::new())];
    edits.extend(uses.iter().map(|at| (at.range(), text.clone())));
    Some(Action { title: format!("Inline `{}` and take the step out", name.name), edits })
}

// Whether the program has no error with the edits that it has not now, but those that are meant.
fn holds(trial: &Trial<'_>, edits: &[(Range<usize>, String)], is_meant: &dyn Fn(Code) -> bool) -> bool {
    let Trial { snapshot, open, host } = trial;
    let mut text = snapshot.text().to_owned();
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    for (range, new) in edits {
        text.replace_range(range.clone(), new);
    }
    let job = Job { text: Text::new(text), ..snapshot.job.clone() };
    let with = Snapshot::of(job, open, *host, &mut Before::default());
    let errors = |snapshot: &Snapshot| -> HashMap<(Code, String), usize> {
        let mut count = HashMap::new();
        for found in snapshot.found.outcome.diagnostics.iter().filter(|d| d.severity == Severity::Error) {
            *count.entry((found.code, found.message.clone())).or_default() += 1;
        }
        count
    };
    let before = errors(snapshot);
    errors(&with).iter().all(|(error, n)| is_meant(error.0) || before.get(error).is_some_and(|b| n <= b))
}

// The text of a flow that is a value at an offset, with the step that it is part of.
fn text_of(flow: &Flow, offset: usize) -> Option<(StringLit, Option<Ident>)> {
    struct At {
        offset: usize,
        step: Option<Ident>,
        found: Option<(StringLit, Option<Ident>)>,
        settings: Vec<Span>,
    }
    impl Visit for At {
        fn step(&mut self, step: &Step) {
            if step.span.contains(self.offset) {
                self.step = step.name.clone().or(self.step.take());
            }
        }
        fn setting(&mut self, setting: &Setting) {
            self.settings.push(setting.span);
        }
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Text(text) = &expr.kind
                && text.span.contains(self.offset)
                && !self.settings.iter().any(|s| s.contains(self.offset))
            {
                self.found = Some((text.clone(), self.step.clone()));
            }
        }
    }
    let mut at = At { offset, step: None, found: None, settings: Vec::new() };
    walk::item(&Item::Flow(flow.clone()), &mut at);
    at.found
}

// The names that a text takes from around it, each with its type as it is written; nothing where one has a
// type that has no name.
fn params(snapshot: &Snapshot, text: &StringLit) -> Option<Vec<(String, Type)>> {
    let hir = snapshot.hir();
    let mut params: Vec<(String, Type)> = Vec::new();
    let inside = |at: &Span| snapshot.is_here(*at) && text.span.contains(at.start as usize);
    for (at, declared) in hir.uses.iter().filter(|(at, _)| inside(at)) {
        let name = snapshot.source(*at);
        if params.iter().any(|(known, _)| known == name) || hir.decls.iter().any(|d| d.span == *declared) {
            continue;
        }
        let typed = hir.typed.iter().find(|t| t.span == *declared && t.name == name)?;
        params.push((name.to_owned(), typed.ty.clone()));
    }
    params.iter().all(|(_, ty)| has_name(ty)).then_some(params)
}

// Whether a type can be written.
fn has_name(ty: &Type) -> bool {
    match ty {
        Type::List(inner, _) | Type::Map(inner, _) | Type::Optional(inner) => has_name(inner),
        Type::Record(record) => record.name.is_some(),
        Type::Null | Type::Error | Type::Known(_) => false,
        _ => true,
    }
}

// A name that nothing in the program has.
fn free_name(snapshot: &Snapshot, wanted: &str) -> String {
    let hir = snapshot.hir();
    let is_taken =
        |name: &str| hir.decls.iter().any(|d| d.name == name) || hir.typed.iter().any(|t| t.name == name);
    let numbered = (2u32..).map(|n| format!("{wanted}_{n}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

// Where a declaration above a flow begins: in front of the comments that belong to the flow.
fn above(snapshot: &Snapshot, flow: &Flow) -> usize {
    let text = snapshot.text();
    let mut at = text[..flow.span.start as usize].rfind('\n').map_or(0, |end| end + 1);
    while let Some(line) = text[..at].strip_suffix('\n') {
        let start = line.rfind('\n').map_or(0, |end| end + 1);
        if !line[start..].trim_start().starts_with("//") {
            break;
        }
        at = start;
    }
    at
}

// The lines of a step, where nothing else stands on them.
fn lines_of(snapshot: &Snapshot, span: Span) -> Option<Range<usize>> {
    let (text, range) = (snapshot.text(), span.range());
    let start = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |end| range.end + end + 1);
    let is_alone = text[start..range.start].trim().is_empty() && text[range.end..end].trim().is_empty();
    is_alone.then_some(start..end)
}

// An expression as it is written, so that it is one wherever it stands.
fn written(snapshot: &Snapshot, value: &Expr) -> String {
    let text = snapshot.source(value.span);
    match value.kind {
        ExprKind::Binary(..) | ExprKind::Unary(..) => format!("({text})"),
        _ => text.to_owned(),
    }
}

// Whether at each place a name is a value by itself, and no part of a text or an assumption.
fn are_values(snapshot: &Snapshot, places: &[Span]) -> bool {
    struct Values(Vec<Span>);
    impl Visit for Values {
        fn expr(&mut self, expr: &Expr) {
            if matches!(expr.kind, ExprKind::Name(_)) {
                self.0.push(expr.span);
            }
        }
        fn setting(&mut self, setting: &Setting) {
            self.0.retain(|span| !setting.span.contains(span.start as usize));
        }
    }
    let mut values = Values(Vec::new());
    walk::file(snapshot.file(), &mut values);
    let here = |at: &Span| at.file == FileId::default() && values.0.contains(at);
    places.iter().all(here)
}

// The names in an expression.
fn names_in(value: &Expr) -> Vec<String> {
    struct Names(Vec<String>);
    impl Visit for Names {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Name(name) = &expr.kind {
                self.0.push(name.to_string());
            }
        }
    }
    let mut names = Names(Vec::new());
    walk::value(value, &mut names);
    names.0
}

// Whether an expression asks, looks up, acts or calls a flow; a function is computed in place.
fn runs(snapshot: &Snapshot, value: &Expr) -> bool {
    struct Runs<'s>(&'s Snapshot, bool);
    impl Visit for Runs<'_> {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Call(callee, _) = &expr.kind {
                let name = self.0.source(callee.span);
                self.1 |= flow_plan::functions::find(name).is_none()
                    || self.0.hir().uses.iter().any(|(at, _)| *at == callee.span);
            }
        }
    }
    let mut runs = Runs(snapshot, false);
    walk::value(value, &mut runs);
    runs.1
}

// The step that is declared at a place, with its block; and what lambdas are called around.
struct Declared {
    at: Span,
    blocks: Vec<Block>,
    lambdas: Vec<String>,
    found: Option<(Step, Block)>,
}

impl Visit for Declared {
    fn block(&mut self, block: &Block) {
        if block.span.contains(self.at.start as usize) {
            self.blocks.push(block.clone());
        }
    }

    fn step(&mut self, step: &Step) {
        if let (Some(name), Some(block)) = (&step.name, self.blocks.last())
            && name.span == self.at
        {
            self.found = Some((step.clone(), block.clone()));
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Lambda(name, _) = &expr.kind {
            self.lambdas.push(name.name.to_string());
        }
    }
}

// Whether a place lies in an expression where it is computed more than once or not always.
struct Apart {
    at: Span,
    is_apart: bool,
}

impl Visit for Apart {
    fn expr(&mut self, expr: &Expr) {
        let is_in = |expr: &Expr| expr.span.contains(self.at.start as usize);
        let is_over = |name: &str| matches!(name, "map" | "filter" | "sort_by" | "any" | "all");
        self.is_apart |= match &expr.kind {
            ExprKind::Lambda(_, body) => is_in(body),
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or | BinaryOp::Default, _, right) => is_in(right),
            ExprKind::Call(callee, args) => {
                matches!(&callee.kind, ExprKind::Name(name) if is_over(name))
                    && args.get(1).is_some_and(|body| is_in(&body.value))
            }
            _ => false,
        };
    }
}
