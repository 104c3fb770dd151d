//! Arguments as the functions see them: types while checking, values while evaluating, each with
//! the message for what does not fit.

use super::Misfit;
use crate::{Bound, CapabilitySpec, EvalError, Type, Value, kind};

/// The types of the arguments. Their number has been checked.
pub(super) struct Types<'a> {
    pub(super) spec: &'a CapabilitySpec,
    pub(super) types: &'a [Type],
}

impl<'a> Types<'a> {
    /// The type of an argument; unknown where it is `json` or not given.
    pub(super) fn get(&self, at: usize) -> &'a Type {
        match self.types.get(at) {
            None | Some(Type::Json(_)) => &Type::Error,
            Some(ty) => ty,
        }
    }

    pub(super) fn given(&self, at: usize) -> bool {
        at < self.types.len()
    }

    /// Text and its bound.
    pub(super) fn text(&self, at: usize) -> Result<Option<Bound>, Misfit> {
        match self.get(at) {
            Type::Text { bound, .. } => Ok(*bound),
            Type::Enum(e) => Ok(Some(Bound::Chars(
                e.variants.iter().map(|v| v.name.chars().count() as u64).max().unwrap_or(0),
            ))),
            Type::Error => Ok(None),
            _ => Err(self.misfit(at, "text")),
        }
    }

    /// A list: its elements' type and how many there are at most.
    pub(super) fn list(&self, at: usize) -> Result<(&'a Type, Option<u64>), Misfit> {
        match self.get(at) {
            Type::List(item, most) => Ok((item, *most)),
            Type::Error => Ok((&Type::Error, None)),
            _ => Err(self.misfit(at, "a list")),
        }
    }

    /// A whole number, if it is given.
    pub(super) fn maybe_int(&self, at: usize) -> Result<(), Misfit> {
        match self.types.get(at) {
            None => Ok(()),
            Some(_) if matches!(self.get(at), Type::Int(_) | Type::Error) => Ok(()),
            Some(_) => Err(self.misfit(at, "a whole number")),
        }
    }

    /// The most a whole number from 0 can be, where its type says it.
    pub(super) fn most(&self, at: usize) -> Option<u64> {
        match self.get(at) {
            Type::Int(Some((_, most))) => Some(u64::try_from(*most).unwrap_or(0)),
            _ => None,
        }
    }

    /// Text, if it is given.
    pub(super) fn maybe_text(&self, at: usize) -> Result<(), Misfit> {
        if self.given(at) { self.text(at).map(|_| ()) } else { Ok(()) }
    }

    /// Says that an argument does not fit, and what was expected.
    pub(super) fn misfit(&self, at: usize, wanted: &str) -> Misfit {
        let found = self.types.get(at).unwrap_or(&Type::Error).unbounded();
        let null = if matches!(found, Type::Optional(_)) { ", which may be null" } else { "" };
        let param = self.spec.params.get(at).or(self.spec.params.last()).map_or("", |p| p.name);
        let message = match self.spec.params {
            [_] => format!("`{}` expects {wanted}, found `{found}`{null}", self.spec.name),
            _ => format!("`{}` expects {wanted} for `{param}`, found `{found}`{null}", self.spec.name),
        };
        Misfit { arg: at, message }
    }
}

/// The values of the arguments. Their number has been checked, and none is JSON.
pub(super) struct Args<'a> {
    pub(super) spec: &'a CapabilitySpec,
    pub(super) values: &'a [Value],
}

impl<'a> Args<'a> {
    pub(super) fn get(&self, at: usize) -> &'a Value {
        self.values.get(at).unwrap_or(&Value::Null)
    }

    pub(super) fn text(&self, at: usize) -> Result<&'a str, EvalError> {
        self.get(at).as_text().ok_or_else(|| self.misfit(at, "text"))
    }

    pub(super) fn text_or(&self, at: usize, default: &'a str) -> Result<&'a str, EvalError> {
        if at < self.values.len() { self.text(at) } else { Ok(default) }
    }

    pub(super) fn list(&self, at: usize) -> Result<&'a [Value], EvalError> {
        self.get(at).as_list().ok_or_else(|| self.misfit(at, "a list"))
    }

    pub(super) fn int(&self, at: usize) -> Result<i64, EvalError> {
        match self.get(at) {
            Value::Int(i) => Ok(*i),
            _ => Err(self.misfit(at, "a whole number")),
        }
    }

    /// A whole number from 0, for lengths.
    pub(super) fn count(&self, at: usize) -> Result<usize, EvalError> {
        usize::try_from(self.int(at)?).map_err(|_| self.failed("expects a number that is not negative"))
    }

    pub(super) fn misfit(&self, at: usize, wanted: &str) -> EvalError {
        self.failed(&format!("expects {wanted}, found {}", kind(self.get(at))))
    }

    pub(super) fn failed(&self, why: &str) -> EvalError {
        EvalError(format!("`{}` {why}", self.spec.name))
    }
}
