//! Expressions.

use super::{Ident, StringLit};
use ecow::EcoString;
use flow_diagnostics::Span;
use flow_plan::{Cost, Millis};

/// An expression where it stands.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where; without surrounding parentheses.
    pub span: Span,
}

/// The shapes of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `12`, `1_000`, `3M`, `2k`.
    Int(i64),
    /// `0.5`.
    Float(f64),
    /// `40%`, as a fraction.
    Percent(f64),
    /// `true`, `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// `"text"` and `"""text block"""`, with or without holes.
    Text(StringLit),
    /// `$0.02`.
    Money(Cost),
    /// `5s`, `200ms`, `15m`, `1h`, `7d`.
    Duration(Millis),
    /// `300 tokens`, `2k chars`: the number and its unit.
    Size(u64, SizeUnit),
    /// A name.
    Name(EcoString),
    /// `a.b`.
    Field(Box<Expr>, Ident),
    /// `a[0]`.
    Index(Box<Expr>, Box<Expr>),
    /// `f(a, b: c)`: what is called is a name or `module.name`.
    Call(Box<Expr>, Vec<Arg>),
    /// `not a`, `-a`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `Answer { reply: "…" }`, or `{ reply: "…" }` where the type is known from the place.
    /// Keys may be quoted, as a map's are.
    Record(Option<Ident>, Vec<(Ident, Expr)>),
    /// `p => p.title`.
    Lambda(Ident, Box<Expr>),
    /// An expression that was not understood.
    Error,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Arg {
    /// The parameter's name, if written.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// What a size counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizeUnit {
    /// Model tokens.
    Tokens,
    /// Unicode characters.
    Chars,
    /// Bits of influence.
    Bits,
}

pub use flow_plan::{BinaryOp, UnaryOp};
