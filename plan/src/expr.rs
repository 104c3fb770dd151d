//! Pure expressions, with every name resolved to a place in the run's frames.

use crate::{Type, Value};
use ecow::EcoString;
use serde::Serialize;

/// A variable of a flow: a parameter, a step's result, a loop's element or `it`.
/// Numbers are unique in one flow, guard or test; a block's own are contiguous ([`crate::Block`]).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct VarId(pub u32);

/// A template, by its index in [`crate::Plan::templates`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct TemplateId(pub u32);

/// A pure expression. Evaluation costs no model call and has no effect.
#[derive(Clone, PartialEq, Debug)]
pub enum Expr {
    /// A constant.
    Literal(Value),
    /// A variable.
    Var(VarId),
    /// A field of a record; of a map or `json`, the entry or `null`.
    Field(Box<Expr>, EcoString),
    /// An element of a list (from 0, from the end if negative) or the entry of a map.
    Index(Box<Expr>, Box<Expr>),
    /// `not a`, `-a`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`; `and`, `or` and `??` look at the right side only when they must.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// A function of [`crate::functions`], by its name.
    Call(EcoString, Vec<Expr>),
    /// `map`, `filter` or `sort_by`: the list, the element's variable, what is done with it.
    Over(Over, Box<Expr>, VarId, Box<Expr>),
    /// A list.
    List(Vec<Expr>),
    /// A record or a map.
    Record(Vec<(EcoString, Expr)>),
    /// A text with holes.
    Template(TemplateId),
    /// A value refused unless it has the type, for values the types cannot vouch for (`json`).
    Cast(Box<Expr>, Type),
}

/// What is done with each element of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Over {
    /// The list of results.
    Map,
    /// The elements for which it holds.
    Filter,
    /// The elements in ascending order of the results.
    SortBy,
}

/// Operators with one operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum UnaryOp {
    /// `not`.
    Not,
    /// `-`.
    Negate,
}

/// Operators with two operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[expect(missing_docs, reason = "each is the operator `symbol` gives")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
    Default,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl BinaryOp {
    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::In => "in",
            BinaryOp::NotIn => "not in",
            BinaryOp::Default => "??",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
        }
    }
}
