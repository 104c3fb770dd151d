//! The variables of a block that runs: each is set once, inner blocks see the outer ones.

use super::halt::Halt;
use super::state::Cx;
use crate::prompt::Templates;
use ecow::EcoString;
use flow_plan::{Block, EvalError, Expr, Scope, TemplateId, Value, VarId, eval};
use std::sync::OnceLock;

/// The variables of one block, or of one callee.
pub(crate) struct Frame<'a> {
    templates: &'a Templates,
    start: u32,
    slots: Vec<OnceLock<Value>>,
    parent: Option<&'a Frame<'a>>,
}

impl<'a> Frame<'a> {
    /// The frame of a block, with its inputs set.
    pub(crate) fn new(
        cx: Cx<'a>,
        block: &Block,
        inputs: Vec<Value>,
        parent: Option<&'a Frame<'a>>,
    ) -> Frame<'a> {
        let mut slots: Vec<OnceLock<Value>> = inputs.into_iter().map(OnceLock::from).collect();
        slots.resize_with(block.vars.len(), OnceLock::new);
        Frame { templates: &cx.run.engine.templates, start: block.vars.start, slots, parent }
    }

    /// The frame of a callee: its parameter `i` is `VarId(i)`.
    pub(crate) fn of_params(templates: &'a Templates, params: &[Value]) -> Frame<'a> {
        let slots = params.iter().cloned().map(OnceLock::from).collect();
        Frame { templates, start: 0, slots, parent: None }
    }

    /// Gives a variable its value.
    pub(crate) fn set(&self, var: VarId, value: Value) {
        if let Some(slot) = self.slot(var) {
            let again = slot.set(value).is_err();
            debug_assert!(!again, "variable {} is set once", var.0);
        }
    }

    /// The value of one of the block's own variables.
    pub(crate) fn get(&self, var: VarId) -> Option<&Value> {
        self.slot(var)?.get()
    }

    /// What an expression is worth here.
    pub(crate) fn eval(&self, expr: &Expr) -> Result<Value, Halt> {
        // The commonest expressions need no walk through the interpreter.
        match expr {
            Expr::Literal(value) => Ok(value.clone()),
            _ => eval(expr, self).map_err(Halt::eval),
        }
    }

    /// Whether a condition holds here.
    pub(crate) fn holds(&self, expr: &Expr) -> Result<bool, Halt> {
        match self.eval(expr)? {
            Value::Bool(b) => Ok(b),
            other => Err(Halt::eval(EvalError(format!(
                "expected true or false, found {}",
                flow_plan::kind(&other)
            )))),
        }
    }

    /// What the block is worth once its steps have run.
    pub(crate) fn result(&self, block: &Block) -> Result<Value, Halt> {
        block.result.as_ref().map_or(Ok(Value::Null), |expr| self.eval(expr))
    }

    fn slot(&self, var: VarId) -> Option<&OnceLock<Value>> {
        self.slots.get(var.0.checked_sub(self.start)? as usize)
    }
}

impl Scope for Frame<'_> {
    fn var(&self, id: VarId) -> Option<Value> {
        match self.slot(id) {
            Some(slot) => slot.get().cloned(),
            None => self.parent?.var(id),
        }
    }

    fn render(&self, id: TemplateId, scope: &dyn Scope) -> Result<EcoString, EvalError> {
        self.templates.render(id, scope)
    }
}
