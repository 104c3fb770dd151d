//! What templates may use: filters, tests, the functions of [`crate::functions`], `range`, and the
//! settings of their syntax.
//!
//! The checker types templates by these tables and the runtime registers exactly them, so that what
//! is checked is what runs. A filter is a function by its Jinja name with what is piped in as the
//! first argument, one of four that go by a field of the elements ([`ByField`]), or one of a few of
//! their own kind.

use crate::functions::{self, Function};
use crate::{EvalError, Type, Value, kind};

/// White space and delimiters of templates, for both the checker and the runtime.
#[derive(Clone, Copy, Debug)]
pub struct Syntax {
    /// Whether the line end behind a `{% … %}` belongs to it.
    pub trim_blocks: bool,
    /// Whether the white space between the start of a line and a `{% … %}` belongs to it.
    pub lstrip_blocks: bool,
    /// Whether a line end at the end of the template is kept.
    pub keep_trailing_newline: bool,
}

/// The settings of every template. A line with nothing but `{% … %}` leaves no trace, and all other
/// text is kept as it is: the literal has already lost its indent and outer line ends.
pub const SYNTAX: Syntax = Syntax { trim_blocks: true, lstrip_blocks: true, keep_trailing_newline: true };

/// The most numbers that `range` gives.
pub const MOST_RANGE: u64 = 10_000;

/// A filter.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Its name behind the `|`.
    pub name: &'static str,
    /// What it does.
    pub does: Does,
}

/// What a filter does with what is piped into it.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// A function, with what is piped in as its first argument.
    Function(&'static Function),
    /// Something with a list by a field of its elements: `passages | map(attribute="title")`.
    ByField(ByField),
    /// A list as it is: `map` and its like give lists already, but habit asks for it.
    List,
    /// The keys and values of a map, for `{% for key, value in map | items %}`.
    Items,
    /// The value as data, with its name around it: `{{ question | fence }}`. What it pastes is laid
    /// out so that its tokens add up exactly. It stands last in a hole.
    Fence,
}

/// What is done with a list by a field of its elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByField {
    /// `map(attribute="x")`: the fields.
    Map,
    /// `sort`, `sort(attribute="x")`: the elements in the order of the fields; `reverse=true` turns it.
    Sort,
    /// `selectattr("x")`: the elements whose field holds.
    Select,
    /// `rejectattr("x")`: the elements whose field does not hold.
    Reject,
}

/// A test: `{% if x is odd %}`.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// Its name behind `is`.
    pub name: &'static str,
    /// What it asks, for messages and docs.
    pub doc: &'static str,
    /// What it can be asked of.
    pub of: Tested,
    /// How many arguments it takes.
    pub args: usize,
}

/// What a test can be asked of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the kinds of values by their names")]
pub enum Tested {
    Anything,
    Int,
    Text,
}

/// The filter of this name.
pub fn find(name: &str) -> Option<Filter> {
    all().find(|f| f.name == name)
}

/// Every filter: the special ones, those with a Jinja name, and every function by its own.
pub fn all() -> impl Iterator<Item = Filter> {
    let special = SPECIAL.iter().map(|(name, does)| Filter { name, does: *does });
    let renamed = RENAMED.iter().filter_map(|(name, function)| {
        functions::find(function).map(|f| Filter { name, does: Does::Function(f) })
    });
    let own = template_functions()
        .filter(|f| SPECIAL.iter().all(|(name, _)| *name != f.spec.name))
        .map(|f| Filter { name: f.spec.name, does: Does::Function(f) });
    special.chain(renamed).chain(own)
}

/// The functions that a template may call: all but those that take an expression for each element.
pub fn template_functions() -> impl Iterator<Item = &'static Function> {
    functions::all().iter().copied().filter(|f| f.lambda.is_none())
}

/// The test of this name.
pub fn test(name: &str) -> Option<&'static Test> {
    TESTS.iter().find(|t| t.name == name)
}

/// Every test.
pub const TESTS: &[Test] = &[
    asks("defined", Tested::Anything, 0, "Whether there is a value: anything but null."),
    asks("undefined", Tested::Anything, 0, "Whether there is no value: null."),
    asks("none", Tested::Anything, 0, "Whether there is no value: null."),
    asks("true", Tested::Anything, 0, "Whether it is `true`."),
    asks("false", Tested::Anything, 0, "Whether it is `false`."),
    asks("string", Tested::Anything, 0, "Whether it is text."),
    asks("number", Tested::Anything, 0, "Whether it is a number."),
    asks("boolean", Tested::Anything, 0, "Whether it is `true` or `false`."),
    asks("sequence", Tested::Anything, 0, "Whether it is a list."),
    asks("mapping", Tested::Anything, 0, "Whether it is a record or a map."),
    asks("odd", Tested::Int, 0, "Whether the number is odd."),
    asks("even", Tested::Int, 0, "Whether the number is even."),
    asks("divisibleby", Tested::Int, 1, "Whether the number can be divided by another."),
    asks("startingwith", Tested::Text, 1, "Whether the text starts with another."),
    asks("endingwith", Tested::Text, 1, "Whether the text ends with another."),
];

/// The answer of a test of [`TESTS`]; an unknown one, or one of the wrong kind, is an error.
pub fn ask(name: &str, value: &Value, arg: Option<&Value>) -> Result<bool, EvalError> {
    let number = |v: &Value| match v {
        Value::Int(i) => Ok(*i),
        other => Err(EvalError(format!("`{name}` asks of a whole number, found {}", kind(other)))),
    };
    let arg = arg.unwrap_or(&Value::Null);
    Ok(match name {
        "defined" => *value != Value::Null,
        "undefined" | "none" => *value == Value::Null,
        "true" => *value == Value::Bool(true),
        "false" => *value == Value::Bool(false),
        "string" => matches!(value, Value::Text(_)),
        "number" => matches!(value, Value::Int(_) | Value::Float(_)),
        "boolean" => matches!(value, Value::Bool(_)),
        "sequence" => matches!(value, Value::List(_)),
        "mapping" => matches!(value, Value::Record(_)),
        "odd" => number(value)? % 2 != 0,
        "even" => number(value)? % 2 == 0,
        "divisibleby" => match number(arg)? {
            0 => return Err(EvalError("division by zero".into())),
            by => number(value)?.checked_rem(by) == Some(0),
        },
        "startingwith" => return truth(functions::call("starts_with", &[value.clone(), arg.clone()])?),
        "endingwith" => return truth(functions::call("ends_with", &[value.clone(), arg.clone()])?),
        _ => return Err(EvalError(format!("unknown test `{name}`"))),
    })
}

impl ByField {
    /// The type of the result for a list with elements of type `item`, where the field has type
    /// `field`; or what was expected.
    pub fn check(self, item: &Type, most: Option<u64>, field: Option<&Type>) -> Result<Type, String> {
        let key = field.unwrap_or(item);
        match self {
            ByField::Map => Ok(Type::List(Box::new(key.clone()), most)),
            ByField::Sort if !key.is_ordered() && !matches!(key, Type::Json(_) | Type::Enum(_)) => {
                Err(format!("`sort` expects something with an order, found `{}`", key.unbounded()))
            }
            ByField::Sort | ByField::Select | ByField::Reject => Ok(Type::List(Box::new(item.clone()), most)),
        }
    }

    /// The result for a list. A field that an element lacks counts as null, which does not hold.
    pub fn run(self, list: &Value, field: Option<&str>, reverse: bool) -> Result<Value, EvalError> {
        let Some(items) = list.as_list() else {
            return Err(EvalError(format!("expected a list, found {}", kind(list))));
        };
        let key = |item: &Value| match field {
            Some(name) => name.split('.').try_fold(item.clone(), |v, part| v.get(part)).unwrap_or_default(),
            None => item.clone(),
        };
        let keys: Vec<Value> = items.iter().map(key).collect();
        let chosen = |wanted: bool| {
            let pairs = items.iter().zip(&keys);
            pairs.filter(|(_, k)| holds(k) == wanted).map(|(i, _)| i.clone()).collect()
        };
        Ok(Value::List(match self {
            ByField::Map => keys.into(),
            ByField::Sort => {
                let sorted = functions::sorted(items, &keys)?;
                if reverse { sorted.iter().rev().cloned().collect() } else { sorted }
            }
            ByField::Select => chosen(true),
            ByField::Reject => chosen(false),
        }))
    }
}

/// Whether a value counts as true in `{% if … %}`: not null, false, zero or empty.
pub fn holds(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Int(i) => *i != 0,
        Value::Float(f) => *f != 0.0,
        Value::Text(t) | Value::Image(t) => !t.is_empty(),
        Value::Money(c) => c.0 != 0,
        Value::Duration(d) => d.0 != 0,
        Value::Date(_) | Value::Time(_) => true,
        Value::List(l) => !l.is_empty(),
        Value::Record(r) => !r.is_empty(),
        Value::Json(j) => holds(&Value::from_json(j)),
    }
}

fn truth(value: Value) -> Result<bool, EvalError> {
    Ok(value == Value::Bool(true))
}

const fn asks(name: &'static str, of: Tested, args: usize, doc: &'static str) -> Test {
    Test { name, doc, of, args }
}

const SPECIAL: &[(&str, Does)] = &[
    ("map", Does::ByField(ByField::Map)),
    ("sort", Does::ByField(ByField::Sort)),
    ("selectattr", Does::ByField(ByField::Select)),
    ("rejectattr", Does::ByField(ByField::Reject)),
    ("items", Does::Items),
    ("list", Does::List),
    ("fence", Does::Fence),
];

// What Jinja calls them; the function's own name works as well.
const RENAMED: &[(&str, &str)] = &[
    ("length", "len"),
    ("count", "len"),
    ("d", "default"),
    ("string", "text"),
    ("tojson", "json"),
    ("wordcount", "word_count"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_filter_has_one_meaning() {
        let mut names: Vec<&str> = all().map(|f| f.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for (_, function) in RENAMED {
            assert!(functions::find(function).is_some(), "{function}");
        }
        for name in ["upper", "join", "length", "default", "tojson", "map", "selectattr", "mean"] {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(find("filter").is_none() && find("sort_by").is_none());
    }

    #[test]
    fn lists_by_a_field() {
        let rows = Value::from_json(&json!([{"n": 2, "ok": true}, {"n": 1, "ok": false}]));
        let run = |by: ByField, field, reverse| by.run(&rows, field, reverse).map(|v| v.to_json());
        assert_eq!(run(ByField::Map, Some("n"), false), Ok(json!([2, 1])));
        assert_eq!(
            run(ByField::Sort, Some("n"), false),
            Ok(json!([{"n": 1, "ok": false}, {"n": 2, "ok": true}]))
        );
        assert_eq!(run(ByField::Select, Some("ok"), false), Ok(json!([{"n": 2, "ok": true}])));
        assert_eq!(run(ByField::Reject, Some("ok"), false), Ok(json!([{"n": 1, "ok": false}])));
        let numbers = Value::from_json(&json!([2, 3, 1]));
        assert_eq!(ByField::Sort.run(&numbers, None, true).map(|v| v.to_json()), Ok(json!([3, 2, 1])));
        assert!(ByField::Map.run(&Value::Int(1), Some("n"), false).is_err());
    }

    #[test]
    fn every_test_answers() {
        for test in TESTS {
            let value = match test.of {
                Tested::Text => Value::text("abc"),
                _ => Value::Int(4),
            };
            let arg = if test.of == Tested::Text { Value::text("abc") } else { Value::Int(2) };
            let wanted = matches!(
                test.name,
                "defined" | "number" | "even" | "divisibleby" | "startingwith" | "endingwith"
            );
            assert_eq!(ask(test.name, &value, Some(&arg)), Ok(wanted), "{}", test.name);
        }
        assert!(ask("odd", &Value::text("a"), None).is_err());
        assert!(ask("divisibleby", &Value::Int(1), Some(&Value::Int(0))).is_err());
        assert!(ask("round", &Value::Int(1), None).is_err());
    }
}
