//! Functions of lists that need nothing but the list.

use super::args::Types;
use super::{Function, LIST, Misfit, function, param, spec};
use crate::{EvalError, Type, TypeSpec, Value, compare, equal};
use std::cmp::Ordering;

pub(super) static FIRST: Function = function(
    spec(
        "first",
        &[param("list", LIST, "The list.")],
        TypeSpec::Any,
        "The first element of a list, or null if it is empty.",
        &["first(sources) ?? \"none\""],
    ),
    element,
    |args| Ok(args.list(0)?.first().cloned().unwrap_or_default()),
);

pub(super) static LAST: Function = function(
    spec(
        "last",
        &[param("list", LIST, "The list.")],
        TypeSpec::Any,
        "The last element of a list, or null if it is empty.",
        &["last(drafts) ?? \"\""],
    ),
    element,
    |args| Ok(args.list(0)?.last().cloned().unwrap_or_default()),
);

pub(super) static UNIQUE: Function = function(
    spec(
        "unique",
        &[param("list", LIST, "The list.")],
        TypeSpec::First,
        "The elements of a list without repeats, in their order.",
        &["unique([\"a\", \"b\", \"a\"]) == [\"a\", \"b\"]"],
    ),
    same_list,
    |args| {
        let mut kept: Vec<Value> = Vec::new();
        for item in args.list(0)? {
            if !kept.iter().any(|k| equal(k, item)) {
                kept.push(item.clone());
            }
        }
        Ok(Value::List(kept.into()))
    },
);

pub(super) static SORT: Function = function(
    spec(
        "sort",
        &[param("list", LIST, "Numbers, texts, amounts, durations, days or moments.")],
        TypeSpec::First,
        "The elements of a list in ascending order; `reverse` turns it round.",
        &["sort([3, 1, 2]) == [1, 2, 3]"],
    ),
    |types| {
        let (item, _) = types.list(0)?;
        if !item.is_ordered() {
            return Err(types.misfit(0, "a list of what has an order"));
        }
        same_list(types)
    },
    |args| {
        let items = args.list(0)?;
        sorted(items, items).map(Value::List)
    },
);

/// The items in ascending order of their keys; equal keys keep the order they came in.
pub(crate) fn sorted(items: &[Value], keys: &[Value]) -> Result<std::sync::Arc<[Value]>, EvalError> {
    let mut failed = None;
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| {
        compare(&keys[*a], &keys[*b]).unwrap_or_else(|error| {
            failed.get_or_insert(error);
            Ordering::Equal
        })
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(order.into_iter().map(|i| items[i].clone()).collect()),
    }
}

fn element(types: &Types<'_>) -> Result<Type, Misfit> {
    let (item, _) = types.list(0)?;
    Ok(match item {
        Type::Error | Type::Optional(_) | Type::Null => item.clone(),
        item => Type::Optional(Box::new(item.clone())),
    })
}

fn same_list(types: &Types<'_>) -> Result<Type, Misfit> {
    types.list(0).map(|(item, most)| Type::List(Box::new(item.clone()), most))
}
