//! From numbers to whole numbers and to fewer decimals.

use super::args::{Args, Types};
use super::numbers::TOO_LARGE;
use super::{Function, Misfit, function, optional, param, spec};
use crate::{EvalError, ParamSpec, Type, TypeSpec, Value};

pub(super) static FLOOR: Function = function(
    spec(
        "floor",
        NUMBER,
        TypeSpec::Int,
        "The greatest whole number that is not above the number.",
        &["floor(2.7) == 2"],
    ),
    |types| whole_type(types, f64::floor),
    |args| whole(args, f64::floor),
);

pub(super) static CEIL: Function = function(
    spec(
        "ceil",
        NUMBER,
        TypeSpec::Int,
        "The least whole number that is not below the number.",
        &["ceil(2.1) == 3"],
    ),
    |types| whole_type(types, f64::ceil),
    |args| whole(args, f64::ceil),
);

pub(super) static ROUND: Function = function(
    spec(
        "round",
        &[
            param("x", TypeSpec::Float, "The number."),
            optional("digits", TypeSpec::Int, "How many decimals to keep, from 0 to 15."),
        ],
        TypeSpec::Float,
        "The nearest whole number, or the nearest number with so many decimals. \
         Halves are rounded away from zero.",
        &["round(2.5) == 3", "round(2.345, 2) == 2.35"],
    ),
    |types| {
        if !types.given(1) {
            return whole_type(types, f64::round);
        }
        types.maybe_int(1)?;
        match types.get(0) {
            Type::Int(_) | Type::Float(_) | Type::Error => Ok(Type::FLOAT),
            _ => Err(types.misfit(0, "a number")),
        }
    },
    |args| {
        if args.values.len() == 1 {
            return whole(args, f64::round);
        }
        let x = args.get(0).as_number().ok_or_else(|| args.misfit(0, "a number"))?;
        let digits = args.count(1)?;
        if digits > 15 {
            return Err(args.failed("keeps 15 decimals at most"));
        }
        // Through decimal text, since 2.345 * 100 is 234.49999999999997.
        Ok(Value::Float(round_decimal(x, digits)))
    },
);

const NUMBER: &[ParamSpec] = &[param("x", TypeSpec::Float, "The number.")];

fn whole_type(types: &Types<'_>, round: fn(f64) -> f64) -> Result<Type, Misfit> {
    match types.get(0) {
        Type::Int(range) => Ok(Type::Int(*range)),
        Type::Float(Some((low, high))) => Ok(Type::Int(to_int(round(*low)).zip(to_int(round(*high))))),
        Type::Float(None) | Type::Error => Ok(Type::INT),
        _ => Err(types.misfit(0, "a number")),
    }
}

fn whole(args: &Args<'_>, round: fn(f64) -> f64) -> Result<Value, EvalError> {
    match args.get(0) {
        Value::Int(i) => Ok(Value::Int(*i)),
        Value::Float(f) => to_int(round(*f)).map(Value::Int).ok_or_else(|| args.failed(TOO_LARGE)),
        _ => Err(args.misfit(0, "a number")),
    }
}

/// A float without fraction as a whole number, where it is one that floats hold exactly.
pub(super) fn to_int(f: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (f.abs() <= EXACT).then_some(f as i64)
}

// Rounds halves away from zero on the shortest decimal that reads back as the same float, so that
// what is written as 2.345 becomes 2.35.
fn round_decimal(x: f64, digits: usize) -> f64 {
    let shown = format!("{x}");
    let Some((_, fraction)) = shown.split_once('.').filter(|(_, f)| f.len() > digits) else { return x };
    let up = fraction.as_bytes()[digits] >= b'5';
    let cut = &shown[..shown.len() - fraction.len() + digits];
    let Ok(kept) = cut.trim_end_matches('.').parse::<f64>() else { return x };
    if !up {
        return kept;
    }
    let step = 10f64.powi(-(digits as i32)).copysign(x);
    format!("{:.digits$}", kept + step).parse().unwrap_or(x)
}
