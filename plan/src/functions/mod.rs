//! The small library of pure functions: what each is called, takes, gives and does.
//!
//! In: the types of the arguments ([`Function::check`]) or their values ([`Function::call`]).
//! Out: the type of the result with its bound, or the value. One file a topic, one constant a
//! function. The filters of templates ([`crate::filters`]) are the same functions by their Jinja
//! names. Nothing here reads a clock, a random number or the outside.

mod args;
mod bounds;
mod case;
mod convert;
mod items;
mod lists;
mod numbers;
mod over;
mod pattern;
mod rounding;
mod text;

pub use bounds::shown_tokens;
pub(crate) use lists::sorted;
pub use over::{Lambda, over_type};
pub use pattern::check_pattern;
pub use text::check_format;

use crate::{CapabilityKind, CapabilitySpec, EvalError, Expr, ParamSpec, Type, TypeSpec, Value};
use args::{Args, Types};
use std::fmt;

/// A function of the library.
#[derive(Debug)]
pub struct Function {
    /// What it is called, takes and gives, with its doc and examples.
    pub spec: CapabilitySpec,
    /// Whether the last parameter may be given any number of times.
    pub repeats: bool,
    /// How the expression given for each element is handled, for `map` and its like.
    pub lambda: Option<Lambda>,
    ty: fn(&Types<'_>) -> Result<Type, Misfit>,
    eval: fn(&Args<'_>) -> Result<Value, EvalError>,
}

/// An argument that does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// Which argument, from 0; the number of arguments where one is missing.
    pub arg: usize,
    /// What was expected of it, in lower case, one line, with the function's name.
    pub message: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    all().iter().copied().find(|f| f.spec.name == name)
}

/// Every function, by topic.
pub fn all() -> &'static [&'static Function] {
    ALL
}

/// Calls a function by its name. A wrong name, number or kind of argument is an error, not a panic.
pub fn call(name: &str, args: &[Value]) -> Result<Value, EvalError> {
    find(name).ok_or_else(|| EvalError(format!("unknown function `{name}`")))?.call(args)
}

/// The function a reader means by a name from another language: `length` is `len`.
pub fn meant(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    MEANT.iter().find(|(others, _)| others.contains(&lower.as_str())).map(|(_, ours)| *ours)
}

impl Function {
    /// The type of the result for arguments of these types, in the order of the parameters.
    /// `json` fits everywhere and is looked at when the value is there.
    pub fn check(&self, types: &[Type]) -> Result<Type, Misfit> {
        self.check_count(types.len())?;
        let ty = (self.ty)(&Types { spec: &self.spec, types })?;
        Ok(match bounds::bound(self.spec.name, types) {
            Some(bound) => ty.within(&bound),
            None => ty,
        })
    }

    /// The value for arguments in the order of the parameters.
    pub fn call(&self, values: &[Value]) -> Result<Value, EvalError> {
        self.check_count(values.len()).map_err(|m| EvalError(m.message))?;
        if values.iter().any(|v| matches!(v, Value::Json(_))) {
            let plain: Vec<Value> = values.iter().map(plain).collect();
            return (self.eval)(&Args { spec: &self.spec, values: &plain });
        }
        (self.eval)(&Args { spec: &self.spec, values })
    }

    /// The call as an expression; `types` are those of `args`, which [`Function::check`] passed.
    pub fn expr(&self, mut args: Vec<Expr>, types: &[Type]) -> Expr {
        // An empty list does not know that its sum is money: the start of the sum says it.
        if let (numbers::SUM, [Type::List(item, _)]) = (self.spec.name, types) {
            args.push(Expr::Literal(numbers::zero(item)));
        }
        Expr::Call(self.spec.name.into(), args)
    }

    /// The least and the most arguments; no most where the last may repeat.
    pub fn arity(&self) -> (usize, Option<usize>) {
        let least = self.spec.params.iter().filter(|p| p.required).count();
        (least, (!self.repeats).then_some(self.spec.params.len()))
    }

    /// `join(list, sep?)`, for messages and hover.
    pub fn signature(&self) -> String {
        let params: Vec<String> = self
            .spec
            .params
            .iter()
            .map(|p| format!("{}{}", p.name, if p.required { "" } else { "?" }))
            .collect();
        format!("{}({}{})", self.spec.name, params.join(", "), if self.repeats { ", …" } else { "" })
    }

    fn check_count(&self, given: usize) -> Result<(), Misfit> {
        let params = self.spec.params;
        let (least, most) = self.arity();
        if given < least {
            let missing = params.get(given).map_or("", |p| p.name);
            let message = format!("`{}` needs `{missing}`: `{}`", self.spec.name, self.signature());
            return Err(Misfit { arg: given, message });
        }
        if let Some(most) = most.filter(|m| given > *m) {
            let message = format!(
                "`{}` takes {most} argument{}, found {given}: `{}`",
                self.spec.name,
                if most == 1 { "" } else { "s" },
                self.signature()
            );
            return Err(Misfit { arg: most, message });
        }
        Ok(())
    }
}

// JSON counts as the value that it holds.
fn plain(value: &Value) -> Value {
    match value {
        Value::Json(json) => Value::from_json(json),
        other => other.clone(),
    }
}

// A function without its spec's particulars, for the constants to build on.
const fn function(
    spec: CapabilitySpec,
    ty: fn(&Types<'_>) -> Result<Type, Misfit>,
    eval: fn(&Args<'_>) -> Result<Value, EvalError>,
) -> Function {
    Function { spec, repeats: false, lambda: None, ty, eval }
}

// INVARIANT: the first sentence of `doc` alone says what the function does.
const fn spec(
    name: &'static str,
    params: &'static [ParamSpec],
    returns: TypeSpec,
    doc: &'static str,
    examples: &'static [&'static str],
) -> CapabilitySpec {
    CapabilitySpec {
        kind: CapabilityKind::Function,
        name,
        params,
        returns,
        doc,
        examples,
        ..CapabilitySpec::BASE
    }
}

const fn param(name: &'static str, ty: TypeSpec, doc: &'static str) -> ParamSpec {
    ParamSpec { name, ty, required: true, doc }
}

const fn optional(name: &'static str, ty: TypeSpec, doc: &'static str) -> ParamSpec {
    ParamSpec { name, ty, required: false, doc }
}

const LIST: TypeSpec = TypeSpec::List(&TypeSpec::Any);
const TEXTS: TypeSpec = TypeSpec::List(&TypeSpec::Text);

static ALL: &[&Function] = &[
    &case::LOWER,
    &case::UPPER,
    &case::TITLE,
    &case::CAPITALIZE,
    &text::TRIM,
    &text::STARTS_WITH,
    &text::ENDS_WITH,
    &pattern::MATCHES,
    &text::REPLACE,
    &text::SPLIT,
    &text::LINES,
    &text::JOIN,
    &text::FORMAT,
    &text::TRUNCATE,
    &text::INDENT,
    &text::WORD_COUNT,
    &items::LEN,
    &items::CONTAINS,
    &items::TAKE,
    &items::REVERSE,
    &items::KEYS,
    &items::VALUES,
    &items::DEFAULT,
    &lists::FIRST,
    &lists::LAST,
    &lists::UNIQUE,
    &lists::SORT,
    &over::MAP,
    &over::FILTER,
    &over::SORT_BY,
    &over::ANY,
    &over::ALL,
    &numbers::MIN,
    &numbers::MAX,
    &numbers::SUM_OF,
    &numbers::MEAN,
    &numbers::ABS,
    &rounding::FLOOR,
    &rounding::CEIL,
    &rounding::ROUND,
    &convert::TEXT,
    &convert::INT,
    &convert::FLOAT,
    &convert::JSON,
];

const MEANT: &[(&[&str], &str)] = &[
    (&["length", "count", "size"], "len"),
    (&["tolower", "to_lower", "lowercase"], "lower"),
    (&["toupper", "to_upper", "uppercase"], "upper"),
    (&["strip"], "trim"),
    (&["includes", "has"], "contains"),
    (&["startswith"], "starts_with"),
    (&["endswith"], "ends_with"),
    (&["regex", "match", "test"], "matches"),
    (&["average", "avg"], "mean"),
    (&["limit", "head", "slice", "substring", "substr"], "take"),
    (&["str", "string", "to_string", "tostring"], "text"),
    (&["concat"], "join"),
    (&["sorted"], "sort"),
    (&["order_by"], "sort_by"),
    (&["distinct", "dedup"], "unique"),
    (&["select", "where"], "filter"),
    (&["coalesce", "if_null"], "default"),
    (&["tojson", "to_json", "dumps", "stringify"], "json"),
    (&["number", "parse_int"], "int"),
    (&["ceiling"], "ceil"),
    (&["some", "exists"], "any"),
    (&["every"], "all"),
];

#[cfg(test)]
mod tests;
