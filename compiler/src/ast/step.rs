//! Blocks, steps and what they do.

use super::{Expr, Ident, Setting};
use ecow::EcoString;
use flow_diagnostics::Span;

/// What stands between the braces of a flow, a batch or a block step.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// `key: value` lines.
    pub settings: Vec<Setting>,
    /// Steps in their order.
    pub steps: Vec<Step>,
    /// `return …` of a flow or `yield …` of a block; every one that is written, in order.
    /// More than one is an error that the checker reports.
    pub results: Vec<BlockResult>,
    /// From brace to brace.
    pub span: Span,
}

/// `return …` or `yield …`.
#[derive(Clone, Debug)]
pub struct BlockResult {
    /// Whether it is written `return` (else `yield`).
    pub is_return: bool,
    /// The keyword's place.
    pub keyword: Span,
    /// What is given back.
    pub value: Operation,
}

/// `name = operation`.
#[derive(Clone, Debug)]
pub struct Step {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name; `None` for an `if`, `match`, `each` or `repeat` that stands alone.
    pub name: Option<Ident>,
    /// What the step does.
    pub operation: Operation,
    /// The whole step.
    pub span: Span,
}

/// What a step does, with its settings and what happens when it fails.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The work.
    pub kind: OperationKind,
    /// `{ model: fast … }` behind a call.
    pub settings: Vec<Setting>,
    /// `else …`.
    pub on_fail: Option<Box<OnFail>>,
    /// All of it.
    pub span: Span,
}

/// The work of a step.
#[derive(Clone, Debug)]
pub enum OperationKind {
    /// A call or a pure expression.
    Expr(Expr),
    /// `if c { … } else if d { … } else { … }`; an `else if` is a block whose one result is an `If`.
    If {
        /// The condition.
        condition: Expr,
        /// Taken when it holds.
        then: Block,
        /// Taken when it does not.
        otherwise: Option<Block>,
    },
    /// `match x { A => …, B | C => { … }, else => … }`.
    Match {
        /// What is looked at.
        subject: Expr,
        /// The arms in their order.
        arms: Vec<Arm>,
    },
    /// `each c in rows { parallel: 64 … yield x }`.
    Each {
        /// The name of one element.
        item: Ident,
        /// The list.
        list: Expr,
        /// What is done with each.
        body: Block,
    },
    /// `repeat up to 3 from draft { … yield better } until it.score >= 4`.
    Repeat {
        /// The most rounds; `None` where `up to` is missing, which the checker reports.
        up_to: Option<Expr>,
        /// The first value of `it`.
        from: Option<Expr>,
        /// One round.
        body: Block,
        /// When to stop.
        until: Option<Expr>,
    },
    /// An operation that was not understood.
    Error(Span),
}

/// One arm of a `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The values it is for.
    pub patterns: Vec<Pattern>,
    /// What is done; a single operation is a block whose one result is that operation.
    pub body: Block,
    /// The whole arm.
    pub span: Span,
}

/// What an arm matches.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// A variant's name: `billing` or `Kind.billing`.
    Variant {
        /// The enum's name, if written.
        of: Option<Ident>,
        /// The variant.
        name: Ident,
    },
    /// A number, text, `true`, `false` or `null`.
    Literal(Expr),
    /// `else` or `_`.
    Else(Span),
}

/// What happens when a step fails.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is boxed where it is held")]
pub enum OnFail {
    /// `else stop "message"`.
    Stop {
        /// What the caller is told.
        message: Expr,
        /// From `else` to the end.
        span: Span,
    },
    /// `else redact`.
    Redact(Span),
    /// `else retry 2`.
    Retry {
        /// How many times more.
        times: Expr,
        /// From `else` to the end.
        span: Span,
    },
    /// `else hold`: a batch waits for a person.
    Hold(Span),
    /// `else` another step or value.
    Do(Operation),
    /// A handler that was not understood.
    Error(Span),
}
