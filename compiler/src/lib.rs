//! From `.flow` text to a checked plan. Pure: no disk, network, clock or environment.
//!
//! In: a [`World`], which gives the sources, and the root file. Out: an [`Outcome`]; it has a plan
//! exactly when there is no error. Every phase is total: broken programs are data.

#[cfg(test)]
mod alone;
pub mod ast;
pub mod bounds;
mod changes;
mod check;
mod checker;
mod decl;
pub mod format;
pub mod graph;
pub mod hir;
mod kept;
mod labels;
pub mod lower;
mod parse;
mod quiet;
mod rates;
mod resolve;
mod steps;
pub mod template;
mod types;
mod world;

pub use parse::{Before, parse_file};
pub use rates::{Misplaced, parse_rate};
pub use world::World;

use flow_diagnostics::{Code, Diagnostics, Severity, Sources};
use flow_plan::Plan;
use hir::Hir;
use std::sync::Arc;

/// What a compilation gives.
#[derive(Debug)]
pub struct Outcome {
    /// The files that were read, the root first.
    pub sources: Sources,
    /// What each of them says.
    pub files: Vec<Arc<ast::File>>,
    /// What is known of the program, also where it has errors.
    pub hir: Hir,
    /// The plan, if there is no error.
    pub plan: Option<Plan>,
    /// What its flows take at worst, also where that is too much; nothing where the program has other
    /// errors.
    pub bounds: Option<bounds::Bounds>,
    /// Everything found, by file and place.
    pub diagnostics: Diagnostics,
}

/// Compiles a program. `file` is the root's path relative to the program's folder.
pub fn compile(world: &dyn World, file: &str) -> Outcome {
    let Analysed { mut outcome, plan, .. } = analysed(world, file, None);
    outcome.plan = (!outcome.diagnostics.has_errors()).then_some(plan);
    outcome
}

/// Compiles a program as an editor needs it: again and again, with small changes in between.
/// What `before` keeps of earlier compilations is used where the text is the same.
pub fn analyse(world: &dyn World, file: &str, before: &mut Before) -> Analysis {
    let Analysed { outcome, plan, .. } = analysed(world, file, Some(before));
    let open = outcome.diagnostics.iter().any(|d| matches!(d.code, Code::E0303 | Code::E0306));
    let plan = (outcome.bounds.is_some() && !open).then_some(plan);
    Analysis { outcome, plan }
}

/// What [`analyse`] gives.
#[derive(Debug)]
pub struct Analysis {
    /// What was found; without the plan.
    pub outcome: Outcome,
    /// The plan with its bounds written into it, also where a flow takes too much.
    pub plan: Option<Plan>,
}

/// A compiled program with what a plan is made from.
struct Analysed {
    /// What was found; without the plan.
    outcome: Outcome,
    program: resolve::Program,
    /// Whole only if the program has no errors but those of its bounds.
    plan: Plan,
}

/// What the deepest nesting that parses needs, and what is taken where the caller's thread has less.
const STACK: usize = 6 << 20;

fn analysed(world: &dyn World, file: &str, before: Option<&mut Before>) -> Analysed {
    stacker::maybe_grow(STACK, 2 * STACK, || phases(world, file, before))
}

fn phases(world: &dyn World, file: &str, mut before: Option<&mut Before>) -> Analysed {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let program = resolve::load(world, file, before.as_deref_mut(), (&mut sources, &mut diagnostics));
    let memo = before.as_deref().map(Before::memo);
    memo.inspect(|memo| memo.changes.borrow_mut().see(&program, &sources));
    let (hir, mut plan, found) = checker::check(world, &program, &sources, memo);
    diagnostics.append(found);
    quiet::quiet(&program, &hir, &mut diagnostics);
    // What is broken has no bounds worth a message.
    let is_whole = !diagnostics.has_errors();
    memo.filter(|_| is_whole).inspect(|memo| memo.changes.borrow_mut().link(&program, &sources));
    // What is not built yet still has labels. Before the bounds, which copy steps with their labels.
    if diagnostics.iter().all(|d| d.severity == Severity::Warning || is_beside_the_plan(d.code)) {
        labels::check(world, &mut plan, memo, &mut diagnostics);
    }
    let bounds = is_whole.then(|| {
        let bounds = bounds::derive_with(&mut plan, memo);
        bounds::check(&program, (&plan, &bounds), memo, &mut diagnostics);
        bounds
    });
    diagnostics.sort();
    let files = program.files.iter().map(|f| f.ast.clone()).collect();
    Analysed { outcome: Outcome { sources, files, hir, plan: None, bounds, diagnostics }, program, plan }
}

// Whether the plan is whole where this is wrong: something is not built yet, or takes too much.
fn is_beside_the_plan(code: Code) -> bool {
    matches!(
        code,
        Code::E0002 | Code::E0301 | Code::E0302 | Code::E0303 | Code::E0304 | Code::E0305 | Code::E0306
    )
}
