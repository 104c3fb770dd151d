//! The interpreter of pure expressions: the truth about what they mean.
//!
//! In: an [`Expr`] and a [`Scope`] with the values of its variables. Out: a [`Value`], or an
//! [`EvalError`] that says what could not be computed.

use crate::{BinaryOp, Entries, Expr, Over, TemplateId, UnaryOp, Value, VarId, functions};
use ecow::EcoString;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// Where an expression finds its variables and has its templates rendered.
pub trait Scope {
    /// The value of a variable.
    fn var(&self, id: VarId) -> Option<Value>;

    /// A template rendered with the variables of `scope`.
    fn render(&self, id: TemplateId, scope: &dyn Scope) -> Result<EcoString, EvalError>;
}

/// Why an expression has no value: one line in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvalError(pub String);

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EvalError {}

impl From<String> for EvalError {
    fn from(message: String) -> Self {
        EvalError(message)
    }
}

/// Computes an expression.
pub fn eval(expr: &Expr, scope: &dyn Scope) -> Result<Value, EvalError> {
    Ok(match expr {
        Expr::Literal(value) => value.clone(),
        // A variable without a value is our bug; it is reported, not panicked on.
        Expr::Var(id) => {
            scope.var(*id).ok_or_else(|| EvalError(format!("variable {} has no value", id.0)))?
        }
        Expr::Field(of, name) => field(&eval(of, scope)?, name)?,
        Expr::Index(of, at) => index(&eval(of, scope)?, &eval(at, scope)?)?,
        Expr::Unary(op, operand) => unary(*op, settled(eval(operand, scope)?))?,
        Expr::Binary(op, left, right) => return binary(*op, left, right, scope),
        Expr::Call(name, args) => {
            let args = args.iter().map(|a| eval(a, scope)).collect::<Result<Vec<_>, _>>()?;
            functions::call(name, &args)?
        }
        Expr::Over(over, list, var, body) => return over_list(*over, &eval(list, scope)?, *var, body, scope),
        Expr::List(items) => {
            Value::List(items.iter().map(|i| eval(i, scope)).collect::<Result<Vec<_>, _>>()?.into())
        }
        Expr::Record(entries) => {
            let mut record = Entries::with_capacity_and_hasher(entries.len(), Default::default());
            for (name, value) in entries {
                record.insert(name.clone(), eval(value, scope)?);
            }
            Value::Record(Arc::new(record))
        }
        Expr::Template(id) => Value::Text(scope.render(*id, scope)?),
        Expr::Cast(value, ty) => {
            let value = eval(value, scope)?;
            ty.read(&value.to_json())
                .map_err(|m| EvalError(format!("the value is not {}: {m}", ty.described())))?
        }
    })
}

/// Whether two values are the same; whole and other numbers compare by what they count.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        // Whole numbers are not compared as floats, which hold them exactly up to 2^53 only.
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => a.as_number() == b.as_number(),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(&**b).all(|(a, b)| equal(a, b))
        }
        (Value::Record(a), Value::Record(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        // What is not JSON is compared as what it is in JSON: an amount as dollars.
        (Value::Json(j), other) | (other, Value::Json(j)) => {
            equal(&Value::from_json(j), &Value::from_json(&other.to_json()))
        }
        _ => a == b,
    }
}

/// The order of two values of one ordered type.
pub fn compare(a: &Value, b: &Value) -> Result<Ordering, EvalError> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            a.as_number().partial_cmp(&b.as_number())
        }
        (Value::Json(j), other) => return compare(&Value::from_json(j), other),
        (other, Value::Json(j)) => return compare(other, &Value::from_json(j)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Money(a), Value::Money(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
        _ => None,
    }
    .ok_or_else(|| EvalError(format!("{} and {} cannot be compared", kind(a), kind(b))))
}

/// What a value is, in a word or two, for messages.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Int(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Text(_) => "text",
        Value::Money(_) => "money",
        Value::Duration(_) => "a duration",
        Value::Date(_) => "a date",
        Value::Time(_) => "a time",
        Value::List(_) => "a list",
        Value::Record(_) => "a record",
        Value::Json(_) => "JSON",
        Value::Image(_) => "an image",
    }
}

struct With<'a> {
    outer: &'a dyn Scope,
    var: VarId,
    value: Value,
}

impl Scope for With<'_> {
    fn var(&self, id: VarId) -> Option<Value> {
        if id == self.var { Some(self.value.clone()) } else { self.outer.var(id) }
    }
    fn render(&self, id: TemplateId, scope: &dyn Scope) -> Result<EcoString, EvalError> {
        self.outer.render(id, scope)
    }
}

fn over_list(
    over: Over,
    list: &Value,
    var: VarId,
    body: &Expr,
    scope: &dyn Scope,
) -> Result<Value, EvalError> {
    let list = settled(list.clone());
    let items = list.as_list().ok_or_else(|| EvalError(format!("expected a list, found {}", kind(&list))))?;
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        results.push(settled(eval(body, &With { outer: scope, var, value: item.clone() })?));
    }
    Ok(Value::List(match over {
        Over::Map => results.into(),
        Over::Filter => items
            .iter()
            .zip(&results)
            .filter(|(_, r)| **r == Value::Bool(true))
            .map(|(i, _)| i.clone())
            .collect(),
        Over::SortBy => functions::sorted(items, &results)?,
    }))
}

fn field(of: &Value, name: &str) -> Result<Value, EvalError> {
    match of {
        Value::Null => Err(EvalError(format!("`{name}` of null"))),
        Value::Record(_) | Value::Json(_) => Ok(of.get(name).unwrap_or_default()),
        _ => Err(EvalError(format!("{} has no field `{name}`", kind(of)))),
    }
}

fn index(of: &Value, at: &Value) -> Result<Value, EvalError> {
    match (of, at) {
        (Value::Record(_) | Value::Json(_), Value::Text(key)) => Ok(of.get(key).unwrap_or_default()),
        (Value::Json(j), Value::Int(_)) if j.is_array() => index(&Value::from_json(j), at),
        (Value::List(items), Value::Int(i)) => {
            let len = items.len() as i64;
            let place = if *i < 0 { i + len } else { *i };
            usize::try_from(place)
                .ok()
                .and_then(|p| items.get(p))
                .cloned()
                .ok_or_else(|| EvalError(format!("no element {i}: the list has {len}")))
        }
        _ => Err(EvalError(format!("{} cannot be indexed by {}", kind(of), kind(at)))),
    }
}

fn unary(op: UnaryOp, value: Value) -> Result<Value, EvalError> {
    match (op, &value) {
        (UnaryOp::Not, Value::Bool(b)) => Ok(Value::Bool(!b)),
        (UnaryOp::Negate, Value::Int(i)) => i.checked_neg().map(Value::Int).ok_or_else(overflow),
        (UnaryOp::Negate, Value::Float(f)) => Ok(Value::Float(-f)),
        (UnaryOp::Negate, Value::Money(c)) => {
            c.0.checked_neg().map(|n| Value::Money(crate::Cost(n))).ok_or_else(overflow)
        }
        _ => Err(EvalError(format!(
            "expected {}, found {}",
            if op == UnaryOp::Not { "a truth value" } else { "a number" },
            kind(&value)
        ))),
    }
}

fn binary(op: BinaryOp, left: &Expr, right: &Expr, scope: &dyn Scope) -> Result<Value, EvalError> {
    let a = settled(eval(left, scope)?);
    // The right side is looked at only when it decides.
    match (op, &a) {
        (BinaryOp::Or, Value::Bool(true)) | (BinaryOp::And, Value::Bool(false)) => return Ok(a),
        (BinaryOp::Default, value) if *value != Value::Null => return Ok(a),
        (BinaryOp::Or | BinaryOp::And, Value::Bool(_)) | (BinaryOp::Default, _) => return eval(right, scope),
        _ => {}
    }
    let b = settled(eval(right, scope)?);
    Ok(match op {
        BinaryOp::Equal => Value::Bool(equal(&a, &b)),
        BinaryOp::NotEqual => Value::Bool(!equal(&a, &b)),
        BinaryOp::Less => Value::Bool(compare(&a, &b)?.is_lt()),
        BinaryOp::LessEqual => Value::Bool(compare(&a, &b)?.is_le()),
        BinaryOp::Greater => Value::Bool(compare(&a, &b)?.is_gt()),
        BinaryOp::GreaterEqual => Value::Bool(compare(&a, &b)?.is_ge()),
        BinaryOp::In => Value::Bool(contains(&b, &a)?),
        BinaryOp::NotIn => Value::Bool(!contains(&b, &a)?),
        _ => arithmetic(op, &a, &b)?,
    })
}

/// Whether `needle` is part of a text, an element of a list or a key of a map.
// JSON counts as the value that it holds.
fn settled(value: Value) -> Value {
    match value {
        Value::Json(json) => Value::from_json(&json),
        other => other,
    }
}

pub(crate) fn contains(within: &Value, needle: &Value) -> Result<bool, EvalError> {
    match (within, needle) {
        (Value::Text(t), Value::Text(n)) => Ok(t.contains(n.as_str())),
        (Value::List(items), _) => Ok(items.iter().any(|i| equal(i, needle))),
        (Value::Record(r), Value::Text(n)) => Ok(r.contains_key(n)),
        _ => Err(EvalError(format!("{} cannot be looked for in {}", kind(needle), kind(within)))),
    }
}

fn arithmetic(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, EvalError> {
    use BinaryOp::{Add, Divide, Multiply, Remainder, Subtract};
    Ok(match (op, a, b) {
        (Add, Value::Text(a), Value::Text(b)) => Value::Text(ecow::eco_format!("{a}{b}")),
        (Add, Value::List(a), Value::List(b)) => Value::List(a.iter().chain(b.iter()).cloned().collect()),
        (Divide | Remainder, _, Value::Int(0)) => return Err(EvalError("division by zero".into())),
        // Whole numbers stay whole but for `/`, which gives a number: `7 / 2` is 3.5.
        (Divide, Value::Int(a), Value::Int(b)) => Value::Float(*a as f64 / *b as f64),
        (_, Value::Int(a), Value::Int(b)) => Value::Int(
            match op {
                Add => a.checked_add(*b),
                Subtract => a.checked_sub(*b),
                Multiply => a.checked_mul(*b),
                _ => a.checked_rem_euclid(*b),
            }
            .ok_or_else(overflow)?,
        ),
        (_, Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            let (x, y) = (a.as_number().unwrap_or(f64::NAN), b.as_number().unwrap_or(f64::NAN));
            if matches!(op, Divide | Remainder) && y == 0.0 {
                return Err(EvalError("division by zero".into()));
            }
            let result = match op {
                Add => x + y,
                Subtract => x - y,
                Multiply => x * y,
                Divide => x / y,
                _ => x.rem_euclid(y),
            };
            // JSON has no word for infinity: it would come back as null.
            if !result.is_finite() {
                return Err(overflow());
            }
            Value::Float(result)
        }
        (Add, Value::Money(a), Value::Money(b)) => {
            Value::Money(crate::Cost(a.0.checked_add(b.0).ok_or_else(overflow)?))
        }
        (Subtract, Value::Money(a), Value::Money(b)) => {
            Value::Money(crate::Cost(a.0.checked_sub(b.0).ok_or_else(overflow)?))
        }
        (Multiply, Value::Money(m), Value::Int(n)) | (Multiply, Value::Int(n), Value::Money(m)) => {
            Value::Money(crate::Cost(m.0.checked_mul(*n).ok_or_else(overflow)?))
        }
        (Add, Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(crate::Millis(a.0.saturating_add(b.0)).min(crate::limits::LONGEST_TIME))
        }
        (Subtract, Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(crate::Millis(a.0.saturating_sub(b.0)))
        }
        _ => return Err(EvalError(format!("{} {} {} has no meaning", kind(a), op.symbol(), kind(b)))),
    })
}

fn overflow() -> EvalError {
    EvalError("the number is too large".into())
}

#[cfg(test)]
mod tests;
