//! Functions of numbers, money and durations.
//!
//! Money and durations stay what they are: their sum, mean, least and greatest are amounts again.

use super::args::{Args, Types};
use super::{Function, LIST, Misfit, function, optional, param, spec};
use crate::limits::LONGEST_TIME;
use crate::{Cost, EvalError, Millis, ParamSpec, Type, TypeSpec, Value, compare};
use std::cmp::Ordering;

/// The name of the function whose empty case needs the type.
pub(super) const SUM: &str = "sum";

pub(super) static MIN: Function = Function {
    repeats: true,
    ..function(
        spec(
            "min",
            EXTREMES,
            TypeSpec::First,
            "The least of the arguments, or of the elements of a list. The list must not be empty.",
            &["min(len(rows), 10)", "min([3, 1, 2]) == 1"],
        ),
        extreme_type,
        |args| extreme(args, Ordering::Less),
    )
};

pub(super) static MAX: Function = Function {
    repeats: true,
    ..function(
        spec(
            "max",
            EXTREMES,
            TypeSpec::First,
            "The greatest of the arguments, or of the elements of a list. The list must not be empty.",
            &["max(score, 0)", "max([3, 1, 2]) == 3"],
        ),
        extreme_type,
        |args| extreme(args, Ordering::Greater),
    )
};

pub(super) static SUM_OF: Function = function(
    spec(
        SUM,
        &[
            param("list", LIST, "Numbers, amounts or durations."),
            optional("start", TypeSpec::Any, "What the sum starts from; 0 unless given."),
        ],
        TypeSpec::Any,
        "The sum of the elements of a list.",
        &["sum([1, 2, 3]) == 6", "sum(map(lines, it.price))"],
    ),
    |types| {
        let (item, _) = types.list(0)?;
        let sum = summable(types, item)?;
        if types.given(1) && !sum.accepts(types.get(1)) {
            return Err(types.misfit(1, &sum.described()));
        }
        Ok(sum)
    },
    |args| {
        let start = if args.values.len() > 1 { args.get(1).clone() } else { Value::Int(0) };
        args.list(0)?.iter().enumerate().try_fold(start, |sum, (i, item)| {
            // Without a start, the first element says what is added up.
            if i == 0 && args.values.len() == 1 { number(args, item) } else { add(args, &sum, item) }
        })
    },
);

pub(super) static MEAN: Function = function(
    spec(
        "mean",
        &[param("list", LIST, "Numbers, amounts or durations.")],
        TypeSpec::Any,
        "The mean of the elements of a list. The list must not be empty.",
        &["mean([1, 2, 4])", "mean(helpful) >= 0.8"],
    ),
    |types| {
        let (item, _) = types.list(0)?;
        Ok(match summable(types, item)? {
            Type::Int(_) => Type::FLOAT,
            other => other,
        })
    },
    |args| {
        let items = args.list(0)?;
        let Some((first, rest)) = items.split_first() else {
            return Err(args.failed("of an empty list has no value"));
        };
        let sum = rest.iter().try_fold(number(args, first)?, |sum, item| add(args, &sum, item))?;
        let count = items.len() as i64;
        Ok(match sum {
            Value::Money(c) => Value::Money(Cost(rounded(i128::from(c.0), count))),
            Value::Duration(m) => {
                Value::Duration(Millis(u64::try_from(rounded(i128::from(m.0), count)).unwrap_or(0)))
            }
            other => Value::Float(other.as_number().unwrap_or(f64::NAN) / count as f64),
        })
    },
);

pub(super) static ABS: Function = function(
    spec(
        "abs",
        &[param("x", TypeSpec::Float, "A number or an amount.")],
        TypeSpec::First,
        "A number or an amount without its sign.",
        &["abs(-3) == 3"],
    ),
    |types| match types.get(0) {
        Type::Int(Some((low, high))) if *low >= 0 => Ok(Type::Int(Some((*low, *high)))),
        Type::Int(Some((low, high))) => Ok(Type::Int(low.checked_neg().map(|l| (0, l.max(*high))))),
        Type::Float(Some((low, high))) if *low < 0.0 => Ok(Type::Float(Some((0.0, high.max(-low))))),
        same @ (Type::Int(_) | Type::Float(_) | Type::Money | Type::Error) => Ok(same.clone()),
        _ => Err(types.misfit(0, "a number or an amount")),
    },
    |args| match args.get(0) {
        Value::Int(i) => i.checked_abs().map(Value::Int).ok_or_else(|| args.failed(TOO_LARGE)),
        Value::Float(f) => Ok(Value::Float(f.abs())),
        Value::Money(c) => {
            c.0.checked_abs().map(|n| Value::Money(Cost(n))).ok_or_else(|| args.failed(TOO_LARGE))
        }
        _ => Err(args.misfit(0, "a number or an amount")),
    },
);

const EXTREMES: &[ParamSpec] = &[
    param("x", TypeSpec::Any, "A list, or the first of what is compared."),
    optional("y", TypeSpec::Any, "What it is compared with."),
];
pub(super) const TOO_LARGE: &str = "gives a number that is too large";

/// What a sum of such elements starts from.
pub(super) fn zero(item: &Type) -> Value {
    match item {
        Type::Money => Value::Money(Cost::ZERO),
        Type::Duration => Value::Duration(Millis(0)),
        Type::Float(_) => Value::Float(0.0),
        _ => Value::Int(0),
    }
}

fn extreme_type(types: &Types<'_>) -> Result<Type, Misfit> {
    if types.types.len() == 1 {
        let (item, _) = types.list(0)?;
        return match item.is_ordered() {
            true => Ok(item.clone()),
            false => Err(types.misfit(0, "a list of what has an order")),
        };
    }
    let mut joined = types.get(0).clone();
    for at in 0..types.types.len() {
        if !types.get(at).is_ordered() {
            return Err(types.misfit(at, "something with an order"));
        }
        joined = joined
            .join(types.get(at))
            .ok_or_else(|| types.misfit(at, &format!("something like `{}`", types.get(0).unbounded())))?;
    }
    Ok(joined)
}

fn extreme(args: &Args<'_>, wanted: Ordering) -> Result<Value, EvalError> {
    let items = if args.values.len() == 1 { args.list(0)? } else { args.values };
    let Some((first, rest)) = items.split_first() else {
        return Err(args.failed("of an empty list has no value"));
    };
    let mut best = first;
    for item in rest {
        if compare(item, best)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

// A sum leaves the range of its elements.
fn summable(types: &Types<'_>, item: &Type) -> Result<Type, Misfit> {
    match item {
        Type::Int(_) => Ok(Type::INT),
        Type::Float(_) => Ok(Type::FLOAT),
        Type::Money | Type::Duration | Type::Error => Ok(item.clone()),
        Type::Json(_) => Ok(Type::Error),
        _ => Err(types.misfit(0, "a list of numbers, amounts or durations")),
    }
}

fn number(args: &Args<'_>, item: &Value) -> Result<Value, EvalError> {
    match item {
        Value::Int(_) | Value::Float(_) | Value::Money(_) | Value::Duration(_) => Ok(item.clone()),
        other => Err(args.failed(&format!("cannot add up {}", crate::kind(other)))),
    }
}

fn add(args: &Args<'_>, sum: &Value, item: &Value) -> Result<Value, EvalError> {
    let too_large = || args.failed(TOO_LARGE);
    Ok(match (sum, item) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(*b).ok_or_else(too_large)?),
        (Value::Money(a), Value::Money(b)) => Value::Money(Cost(a.0.checked_add(b.0).ok_or_else(too_large)?)),
        (Value::Duration(a), Value::Duration(b)) => {
            let sum = a.0.checked_add(b.0).map(Millis).filter(|sum| *sum <= LONGEST_TIME);
            Value::Duration(sum.ok_or_else(too_large)?)
        }
        (a, b) => match (a.as_number(), b.as_number()) {
            (Some(a), Some(b)) => Value::Float(a + b),
            _ => {
                let (a, b) = (crate::kind(a), crate::kind(b));
                return Err(args.failed(&format!("cannot add up {a} and {b}")));
            }
        },
    })
}

fn rounded(sum: i128, count: i64) -> i64 {
    let count = i128::from(count.max(1));
    let half = if sum < 0 { -count / 2 } else { count / 2 };
    // The mean of numbers is no larger than the largest of them.
    i64::try_from((sum + half) / count).unwrap_or(i64::MAX)
}
