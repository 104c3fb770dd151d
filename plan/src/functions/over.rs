//! Functions that do something with each element of a list: `map(rows, r => r.score)`.
//!
//! The compiler turns them into [`Expr::Over`](crate::Expr::Over), whose element is a variable, and
//! asks [`over_type`] for the type. Only `any` and `all` are also called as functions, on the list
//! of answers.

use super::args::{Args, Types};
use super::{Function, LIST, Misfit, function, optional, param, spec};
use crate::{CapabilitySpec, EvalError, Over, ParamSpec, Type, TypeSpec, Value};

/// How a function handles the expression given for each element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lambda {
    /// What is done with each element.
    pub over: Over,
    /// Whether the function is then called with the list of results.
    pub then_call: bool,
    /// Whether the function may be called without the expression.
    pub optional: bool,
}

pub(super) static MAP: Function = over(
    Over::Map,
    spec(
        "map",
        &[LIST_PARAM, param("to", TypeSpec::Any, "What becomes of each element, which is called `it`.")],
        LIST,
        "What an expression makes of each element of a list.",
        &["map(rows, it.score)", "map(rows, r => r.score)"],
    ),
);

pub(super) static FILTER: Function = over(
    Over::Filter,
    spec(
        "filter",
        &[LIST_PARAM, param("keep", TypeSpec::Bool, "Whether to keep an element, which is called `it`.")],
        TypeSpec::First,
        "The elements of a list for which an expression holds.",
        &["filter(rows, it.score >= 3)"],
    ),
);

pub(super) static SORT_BY: Function = over(
    Over::SortBy,
    spec(
        "sort_by",
        &[LIST_PARAM, param("key", TypeSpec::Any, "What an element, which is called `it`, is sorted by.")],
        TypeSpec::First,
        "The elements of a list in ascending order of an expression; equal ones keep their order.",
        &["take(reverse(sort_by(rows, it.score)), 3)"],
    ),
);

pub(super) static ANY: Function = asked(
    spec(
        "any",
        &[LIST_PARAM, CONDITION],
        TypeSpec::Bool,
        "Whether an expression holds for at least one element of a list.",
        &["any(rows, it.urgent)", "any([false, true])"],
    ),
    |args| Ok(Value::Bool(args.list(0)?.contains(&Value::Bool(true)))),
);

pub(super) static ALL: Function = asked(
    spec(
        "all",
        &[LIST_PARAM, CONDITION],
        TypeSpec::Bool,
        "Whether an expression holds for every element of a list; for an empty one it does.",
        &["all(rows, it.score >= 3)", "all([true, true])"],
    ),
    |args| Ok(Value::Bool(args.list(0)?.iter().all(|a| *a == Value::Bool(true)))),
);

/// The type of `over` with a list of this type, where the expression for each element has type `body`.
pub fn over_type(over: Over, list: &Type, body: &Type) -> Result<Type, Misfit> {
    let name = match over {
        Over::Map => "map",
        Over::Filter => "filter",
        Over::SortBy => "sort_by",
    };
    let (item, most) = match list {
        Type::List(item, most) => ((**item).clone(), *most),
        Type::Error | Type::Json(_) => (Type::Error, None),
        _ => {
            return Err(Misfit {
                arg: 0,
                message: format!("`{name}` expects a list, found `{}`", list.unbounded()),
            });
        }
    };
    let expects = |what: &str| Misfit {
        arg: 1,
        message: format!("`{name}` expects {what}, found `{}`", body.unbounded()),
    };
    match over {
        Over::Map => Ok(Type::List(Box::new(body.clone()), most)),
        Over::Filter if matches!(body, Type::Bool | Type::Error | Type::Json(_)) => {
            Ok(Type::List(Box::new(item), most))
        }
        Over::Filter => Err(expects("a condition")),
        Over::SortBy if body.is_ordered() || matches!(body, Type::Enum(_) | Type::Json(_)) => {
            Ok(Type::List(Box::new(item), most))
        }
        Over::SortBy => Err(expects("something with an order")),
    }
}

const LIST_PARAM: ParamSpec = param("list", LIST, "The list.");
const CONDITION: ParamSpec =
    optional("condition", TypeSpec::Bool, "What is asked of each element, which is called `it`.");

const fn over(over: Over, spec: CapabilitySpec) -> Function {
    Function {
        lambda: Some(Lambda { over, then_call: false, optional: false }),
        ..function(
            spec,
            over_type_by_name,
            // INVARIANT: the compiler makes an `Expr::Over` of it, so that only a list comes here.
            |args| Err(args.failed("needs an expression for each element")),
        )
    }
}

fn over_type_by_name(types: &Types<'_>) -> Result<Type, Misfit> {
    let over = match types.spec.name {
        "filter" => Over::Filter,
        "sort_by" => Over::SortBy,
        _ => Over::Map,
    };
    over_type(over, types.get(0), types.get(1))
}

// `any` and `all`: the list of answers, or the list and what is asked of each element.
const fn asked(spec: CapabilitySpec, eval: fn(&Args<'_>) -> Result<Value, EvalError>) -> Function {
    Function {
        lambda: Some(Lambda { over: Over::Map, then_call: true, optional: true }),
        ..function(
            spec,
            |types| {
                let (item, _) = types.list(0)?;
                let (at, answer) = if types.given(1) { (1, types.get(1)) } else { (0, item) };
                match answer {
                    Type::Bool | Type::Error | Type::Json(_) => Ok(Type::Bool),
                    _ if at == 1 => Err(types.misfit(1, "a condition")),
                    _ => Err(types.misfit(0, "a list of truth values")),
                }
            },
            eval,
        )
    }
}
