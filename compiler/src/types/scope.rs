//! The names inside one body: parameters, steps, loop elements, `it`.

use super::review::Handled;
use crate::ast::Setting;
use ecow::EcoString;
use flow_diagnostics::Span;
use flow_plan::{Labels, Step, Type, VarId};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The state of checking one flow, guard, test, prompt or constant.
pub(crate) struct Scopes {
    /// The file it stands in.
    pub(crate) file: usize,
    layers: Vec<FxHashMap<EcoString, Binding>>,
    next_var: u32,
    /// Variables read so far; a step's own reads are the tail since it began.
    pub(crate) reads: Vec<VarId>,
    /// Where the reads of the step that is being checked begin.
    pub(crate) mark: usize,
    /// The blocks under construction, innermost last; a call inside an expression becomes a step of
    /// the innermost.
    pub(crate) builders: Vec<Builder>,
    /// Why a call cannot stand here, if it cannot.
    pub(crate) no_calls: Option<&'static str>,
    /// What it is that nobody can be waited for in, if it is something.
    pub(crate) no_reviews: Option<&'static str>,
    /// What a review that stands in for a failed step decides on; taken by it.
    pub(crate) handled: Option<Handled>,
    /// Step settings that the flow gives all its steps.
    pub(crate) defaults: Rc<[Setting]>,
    /// The name of the step that is being checked, for steps made from its inner calls.
    pub(crate) step_name: EcoString,
}

/// What a name in a body stands for.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) var: VarId,
    pub(crate) ty: Type,
    pub(crate) labels: Labels,
    pub(crate) span: Span,
}

/// A block's steps so far.
#[derive(Default)]
pub(crate) struct Builder {
    /// Number of the block's first variable.
    pub(crate) start: u32,
    pub(crate) inputs: u32,
    /// The steps with the variables each reads.
    pub(crate) steps: Vec<(Step, Vec<VarId>)>,
}

impl Scopes {
    pub(crate) fn new(file: usize) -> Self {
        Scopes {
            file,
            layers: vec![FxHashMap::default()],
            next_var: 0,
            reads: Vec::new(),
            mark: 0,
            builders: Vec::new(),
            no_calls: None,
            no_reviews: None,
            handled: None,
            defaults: Rc::new([]),
            step_name: EcoString::new(),
        }
    }

    /// A scope in which only constants have a value.
    pub(crate) fn constants(file: usize) -> Self {
        Scopes { no_calls: Some("a constant is known before anything runs"), ..Scopes::new(file) }
    }

    /// Numbers that no other variable of this body has.
    pub(crate) fn reserve(&mut self, count: u32) -> u32 {
        let start = self.next_var;
        self.next_var += count;
        start
    }

    pub(crate) fn fresh(&mut self) -> VarId {
        VarId(self.reserve(1))
    }

    pub(crate) fn push(&mut self) {
        self.layers.push(FxHashMap::default());
    }

    pub(crate) fn pop(&mut self) {
        self.layers.pop();
    }

    pub(crate) fn bind(&mut self, name: EcoString, binding: Binding) {
        if let Some(layer) = self.layers.last_mut() {
            layer.insert(name, binding);
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Binding> {
        self.layers.iter().rev().find_map(|l| l.get(name))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().rev().flat_map(|l| l.keys().map(EcoString::as_str))
    }
}

impl Builder {
    /// Appends a step and gives its variable.
    pub(crate) fn add(&mut self, step: Step, reads: Vec<VarId>) -> VarId {
        let var = VarId(self.start + self.inputs + self.steps.len() as u32);
        self.steps.push((step, reads));
        var
    }
}
