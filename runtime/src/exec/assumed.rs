//! Holds values to what a flow assumes of their size: `assume: len(rows) <= 200`.
//!
//! Bounds follow from what is assumed, so that a larger value ends the run before any step sees it.

use super::halt::Halt;
use super::state::{Cx, Given};
use crate::{RunError, StepPath};
use flow_diagnostics::Code;
use flow_plan::{Assumed, Block, Bound, Size, Type, Value, VarId};

/// Holds the inputs of a block: E0814 where one is larger than assumed.
pub(super) fn inputs(cx: Cx<'_>, block: &Block, inputs: &[Value]) -> Given<()> {
    if block.assumes.is_empty() {
        return Ok(());
    }
    let vars = (block.vars.start..).map(VarId);
    vars.zip(inputs).try_for_each(|(var, value)| held(cx, block, (var, value)).map_err(Halt::from))
}

/// Holds the result of a step: E0814 where it is larger than assumed.
pub(super) fn holds(cx: Cx<'_>, block: &Block, var: VarId, value: &Value) -> Given<()> {
    held(cx, block, (var, value)).map_err(|mut error| {
        let step = block.steps.node_indices().find(|n| block.var_of(*n) == var);
        error.step = step.map(|n| StepPath::new(cx.inside, &block.steps[n], n).to_string());
        Halt::from(error)
    })
}

fn held(cx: Cx<'_>, block: &Block, (var, value): (VarId, &Value)) -> Result<(), RunError> {
    let Some(assumed) = block.assumes.iter().find(|a| a.var == var) else { return Ok(()) };
    let Some(found) = over(cx, assumed, value) else { return Ok(()) };
    let has = if matches!(assumed.most, Size::Int(_) | Size::Float(_)) { "is" } else { "has" };
    let message = format!("`{}` {has} {found}, and the flow assumes {} at most", assumed.name, assumed.most);
    let mut error = RunError::new(Code::E0814, message)
        .help(format!("give it less, or raise `assume: {}` and look at `flowc cost`", assumed.text));
    error.span = Some(assumed.span);
    Err(error)
}

// How large a value is that is larger than assumed.
fn over(cx: Cx<'_>, assumed: &Assumed, value: &Value) -> Option<Size> {
    match (assumed.most, value) {
        (Size::Items(most), Value::List(items)) if items.len() as u64 > most => {
            Some(Size::Items(items.len() as u64))
        }
        (Size::Items(most), Value::Record(entries)) if entries.len() as u64 > most => {
            Some(Size::Items(entries.len() as u64))
        }
        (Size::Chars(most), Value::Text(text)) => {
            let count = text.chars().count() as u64;
            (count > most).then_some(Size::Chars(count))
        }
        (Size::Tokens(most), Value::Text(_)) => {
            let ty = Type::Text { bound: Some(Bound::Tokens(most)), truncate: false };
            cx.run.engine.hold(value.clone(), &ty).err().map(|over| Size::Tokens(over.found))
        }
        (Size::Int(most), Value::Int(n)) if *n > most => Some(Size::Int(*n)),
        (Size::Float(most), Value::Float(n)) if *n > most => Some(Size::Float(*n)),
        (Size::Float(most), Value::Int(n)) if *n as f64 > most => Some(Size::Float(*n as f64)),
        _ => None,
    }
}
