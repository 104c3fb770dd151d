//! Types: written types, and the type of every expression.
//!
//! In: syntax. Out: [`Type`]s, and for expressions the plan's own form of them with type and labels.

pub(crate) mod call;
mod constant;
mod declared;
mod expr;
mod literal;
mod noted;
mod operator;
pub(crate) mod review;
mod scope;
mod signature;

pub(crate) use declared::Declared;
pub(crate) use review::{Handled, REVIEW};
pub(crate) use scope::{Binding, Builder, Scopes};
pub(crate) use signature::{Numbers, Signature};

use flow_plan::{Expr, Labels, Type, Value};

/// A checked expression.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) ty: Type,
    pub(crate) labels: Labels,
}

impl Typed {
    pub(crate) fn new(expr: Expr, ty: Type, labels: Labels) -> Self {
        Typed { expr, ty, labels }
    }

    /// A constant of the program, which is trusted.
    pub(crate) fn constant(value: Value, ty: Type) -> Self {
        Typed::new(Expr::Literal(value), ty, Labels::default())
    }

    /// What stands for an expression whose mistake was already reported.
    pub(crate) fn error() -> Self {
        Typed::constant(Value::Null, Type::Error)
    }
}
