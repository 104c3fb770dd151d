//! The small library of pure functions.

use crate::{EvalError, Value};

/// Calls a function by its name.
pub fn call(name: &str, _args: &[Value]) -> Result<Value, EvalError> {
    Err(EvalError(format!("unknown function `{name}`")))
}
