#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use crate::{Bound, Cost, EnumType, Millis, Over, Variant};
use serde_json::json;
use std::sync::Arc;

fn value(json: serde_json::Value) -> Value {
    Value::from_json(&json)
}

fn run(name: &str, args: serde_json::Value) -> Result<serde_json::Value, String> {
    let args: Vec<Value> = args.as_array().unwrap().iter().map(Value::from_json).collect();
    call(name, &args).map(|v| v.to_json()).map_err(|e| e.0)
}

fn check(name: &str, types: &[Type]) -> String {
    match find(name).unwrap().check(types) {
        Ok(ty) => ty.to_string(),
        Err(misfit) => format!("{}: {misfit}", misfit.arg),
    }
}

fn chars(n: u64) -> Type {
    Type::Text { bound: Some(Bound::Chars(n)), truncate: false }
}

fn tokens(n: u64) -> Type {
    Type::Text { bound: Some(Bound::Tokens(n)), truncate: false }
}

fn list(item: Type, most: Option<u64>) -> Type {
    Type::List(Box::new(item), most)
}

fn literal(n: i64) -> Type {
    Type::Int(Some((n, n)))
}

#[test]
fn every_function_is_named_once_and_documented() {
    let mut names: Vec<&str> = all().iter().map(|f| f.spec.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for function in all() {
        let spec = &function.spec;
        assert!(spec.doc.ends_with('.') && !spec.examples.is_empty(), "{}", spec.name);
        assert!(spec.examples.iter().all(|e| e.contains(&format!("{}(", spec.name))), "{}", spec.name);
        let optional = spec.params.iter().position(|p| !p.required).unwrap_or(spec.params.len());
        assert!(spec.params[optional..].iter().all(|p| !p.required), "{}", spec.name);
    }
    for (_, ours) in MEANT {
        assert!(find(ours).is_some(), "{ours}");
    }
    assert_eq!(meant("toUpper"), Some("upper"));
    assert_eq!(meant("uppercase"), Some("upper"));
    assert_eq!(meant("average"), Some("mean"));
}

#[test]
fn texts() {
    for (name, args, wanted) in [
        ("lower", json!(["ÀB"]), json!("àb")),
        ("upper", json!(["straße"]), json!("STRAßE")),
        ("title", json!(["the big QUESTION, isn't it"]), json!("The Big Question, Isn't It")),
        ("capitalize", json!(["hELLO world"]), json!("Hello world")),
        ("capitalize", json!([""]), json!("")),
        ("trim", json!(["  a b\n"]), json!("a b")),
        ("starts_with", json!(["invoice", "inv"]), json!(true)),
        ("ends_with", json!(["a.png", ".jpg"]), json!(false)),
        ("matches", json!(["A REFUND", "(?i)refund"]), json!(true)),
        ("matches", json!(["A REFUND", "refund"]), json!(false)),
        ("replace", json!(["a-b-c", "-", " "]), json!("a b c")),
        ("split", json!(["a, b,c", ", "]), json!(["a", "b,c"])),
        ("split", json!([" a\tb "]), json!(["a", "b"])),
        ("lines", json!(["a\nb\n"]), json!(["a", "b"])),
        ("join", json!([["a", 1, null, true], ", "]), json!("a, 1, , true")),
        ("join", json!([[]]), json!("")),
        ("format", json!(["{} of {}", 1, [2]]), json!("1 of [2]")),
        ("truncate", json!(["äbcdef", 4]), json!("äbc…")),
        ("truncate", json!(["abcd", 4]), json!("abcd")),
        ("truncate", json!(["abcdef", 2, "..."]), json!("..")),
        ("truncate", json!(["abcdef", 3, ""]), json!("abc")),
        ("indent", json!(["a\nb\n\nc", 2]), json!("a\n  b\n\n  c")),
        ("word_count", json!([" one  two "]), json!(2)),
    ] {
        assert_eq!(run(name, args.clone()), Ok(wanted), "{name}{args}");
    }
}

#[test]
fn lists_and_maps() {
    for (name, args, wanted) in [
        ("len", json!(["größe"]), json!(5)),
        ("len", json!([[1, 2]]), json!(2)),
        ("len", json!([{"a": 1}]), json!(1)),
        ("contains", json!(["30 days left", "30 days"]), json!(true)),
        ("contains", json!([[1, 2], 2.0]), json!(true)),
        ("contains", json!([{"a": 1}, "b"]), json!(false)),
        ("take", json!([[1, 2, 3], 2]), json!([1, 2])),
        ("take", json!([[1], 9]), json!([1])),
        ("take", json!(["größe", 3]), json!("grö")),
        ("reverse", json!([[1, 2]]), json!([2, 1])),
        ("reverse", json!(["äb"]), json!("bä")),
        ("keys", json!([{"b": 1, "a": 2}]), json!(["b", "a"])),
        ("values", json!([{"b": 1, "a": 2}]), json!([1, 2])),
        ("default", json!([null, 3]), json!(3)),
        ("default", json!([false, 3]), json!(false)),
        ("first", json!([[7, 8]]), json!(7)),
        ("last", json!([[7, 8]]), json!(8)),
        ("first", json!([[]]), json!(null)),
        ("unique", json!([["b", "a", "b"]]), json!(["b", "a"])),
        ("sort", json!([["b", "a", "c"]]), json!(["a", "b", "c"])),
        ("any", json!([[false, true]]), json!(true)),
        ("any", json!([[]]), json!(false)),
        ("all", json!([[]]), json!(true)),
        ("all", json!([[true, false]]), json!(false)),
    ] {
        assert_eq!(run(name, args.clone()), Ok(wanted), "{name}{args}");
    }
}

#[test]
fn numbers_of_all_kinds() {
    for (name, args, wanted) in [
        ("min", json!([3, 1.5, 2]), json!(1.5)),
        ("max", json!([[3, 1, 2]]), json!(3)),
        ("sum", json!([[1, 2, 3]]), json!(6)),
        ("sum", json!([[1, 0.5]]), json!(1.5)),
        ("sum", json!([[]]), json!(0)),
        ("mean", json!([[1, 2, 4, 5]]), json!(3.0)),
        ("abs", json!([-3]), json!(3)),
        ("floor", json!([-2.5]), json!(-3)),
        ("ceil", json!([2.1]), json!(3)),
        ("round", json!([2.5]), json!(3)),
        ("round", json!([-2.5]), json!(-3)),
        ("round", json!([2.345, 2]), json!(2.35)),
        ("round", json!([-2.345, 2]), json!(-2.35)),
        ("round", json!([9.999, 1]), json!(10.0)),
        ("round", json!([0.04, 1]), json!(0.0)),
        ("round", json!([7, 2]), json!(7.0)),
        ("text", json!([12]), json!("12")),
        ("text", json!([null]), json!("")),
        ("text", json!([{"a": [1, null]}]), json!("{\"a\":[1,null]}")),
        ("int", json!([" 12 "]), json!(12)),
        ("int", json!(["12a"]), json!(null)),
        ("int", json!([-2.9]), json!(-2)),
        ("int", json!([true]), json!(1)),
        ("float", json!(["0.5"]), json!(0.5)),
        ("float", json!(["nan"]), json!(null)),
        ("float", json!([2]), json!(2.0)),
        ("json", json!([{"a": "ö"}]), json!("{\"a\":\"ö\"}")),
        ("json", json!([{"a": 1}, 2]), json!("{\n  \"a\": 1\n}")),
    ] {
        assert_eq!(run(name, args.clone()), Ok(wanted), "{name}{args}");
    }
}

#[test]
fn money_and_durations_stay_what_they_are() {
    let dollars = |n: i64| Value::Money(Cost(n));
    let prices = Value::List(vec![dollars(5), dollars(2), dollars(3)].into());
    assert_eq!(call("sum", std::slice::from_ref(&prices)), Ok(dollars(10)));
    assert_eq!(call("mean", std::slice::from_ref(&prices)), Ok(dollars(3)));
    assert_eq!(call("min", std::slice::from_ref(&prices)), Ok(dollars(2)));
    assert_eq!(call("abs", &[dollars(-4)]), Ok(dollars(4)));
    let times = Value::List(vec![Value::Duration(Millis(100)), Value::Duration(Millis(200))].into());
    assert_eq!(call("mean", std::slice::from_ref(&times)), Ok(Value::Duration(Millis(150))));

    // An empty list of amounts adds up to an amount, since the call says from where it starts.
    let money = [list(Type::Money, None)];
    let Expr::Call(name, args) = find("sum").unwrap().expr(vec![Expr::List(vec![])], &money) else {
        panic!("not a call")
    };
    let values = [Value::List(vec![].into()), Value::Money(Cost::ZERO)];
    assert_eq!((name.as_str(), &args[1]), ("sum", &Expr::Literal(values[1].clone())));
    assert_eq!(call("sum", &values), Ok(Value::Money(Cost::ZERO)));
}

#[test]
fn what_cannot_be_computed_says_why() {
    for (name, args, wanted) in [
        ("upper", json!([1]), "`upper` expects text, found a whole number"),
        ("upper", json!([]), "`upper` needs `text`: `upper(text)`"),
        ("upper", json!(["a", "b"]), "`upper` takes 1 argument, found 2: `upper(text)`"),
        ("frist", json!([[]]), "unknown function `frist`"),
        ("mean", json!([[]]), "`mean` of an empty list has no value"),
        ("max", json!([[]]), "`max` of an empty list has no value"),
        ("min", json!([1, "a"]), "text and a whole number cannot be compared"),
        ("sum", json!([["a"]]), "`sum` cannot add up text"),
        ("sum", json!([[i64::MAX, 1]]), "`sum` gives a number that is too large"),
        ("take", json!([[1], -1]), "`take` expects a number that is not negative"),
        ("split", json!(["a", ""]), "`split` cannot split at an empty text"),
        ("format", json!(["{}", 1, 2]), "`format` has 2 values for 1 `{}`"),
        ("floor", json!([1e300]), "`floor` gives a number that is too large"),
        ("matches", json!(["a", "("]), "`matches`: the pattern does not parse: unclosed group"),
        ("indent", json!(["a", 100_000]), "`indent` takes a width of 200 at most"),
        ("map", json!([[1], 1]), "`map` needs an expression for each element"),
    ] {
        assert_eq!(run(name, args.clone()), Err(wanted.to_owned()), "{name}{args}");
    }
    assert!(check_pattern("^[a-z]+$").is_ok());
    assert_eq!(check_pattern("[z-a]").unwrap_err().lines().count(), 1);
    assert_eq!(check_pattern("(a{1000}){1000}"), Err("the pattern is too large".into()));
}

#[test]
fn json_counts_as_what_it_holds() {
    let json = Value::Json(Arc::new(json!(["b", "a"])));
    assert_eq!(call("sort", std::slice::from_ref(&json)), Ok(value(json!(["a", "b"]))));
    assert_eq!(call("upper", &[Value::Json(Arc::new(json!("a")))]), Ok(Value::text("A")));
    assert_eq!(check("upper", &[Type::Json(None)]), "text");
}

#[test]
fn bounds_follow_what_is_done() {
    let kind = Type::Enum(Arc::new(EnumType {
        name: "Kind".into(),
        doc: "".into(),
        variants: vec![Variant { name: "billing".into(), doc: "".into() }],
    }));
    for (name, types, wanted) in [
        ("upper", vec![chars(9)], "text <= 9 chars"),
        ("upper", vec![tokens(9)], "text <= 36 tokens"),
        ("upper", vec![kind.clone()], "text <= 7 chars"),
        ("trim", vec![tokens(9)], "text <= 9 tokens"),
        ("len", vec![chars(9)], "int 0..9"),
        ("len", vec![tokens(9)], "int"),
        ("len", vec![list(Type::TEXT, Some(4))], "int 0..4"),
        ("split", vec![chars(9)], "[text <= 9 chars] <= 10"),
        ("split", vec![tokens(9), Type::TEXT], "[text <= 9 tokens] <= 1153"),
        ("take", vec![list(Type::Bool, Some(9)), literal(3)], "[bool] <= 3"),
        ("take", vec![list(Type::Bool, None), literal(3)], "[bool] <= 3"),
        ("take", vec![list(Type::Bool, Some(9)), Type::INT], "[bool] <= 9"),
        ("take", vec![Type::TEXT, literal(20)], "text <= 20 chars"),
        ("truncate", vec![chars(5), literal(20)], "text <= 5 chars"),
        ("truncate", vec![tokens(5), literal(20)], "text <= 5 tokens"),
        ("first", vec![list(chars(9), Some(4))], "(text <= 9 chars)?"),
        ("first", vec![list(Type::Optional(Box::new(Type::INT)), None)], "int?"),
        ("sort", vec![list(Type::INT, Some(4))], "[int] <= 4"),
        ("join", vec![list(chars(9), Some(4)), Type::TEXT], "text"),
        ("default", vec![Type::Optional(Box::new(chars(5))), chars(9)], "text <= 9 chars"),
        ("default", vec![Type::Null, Type::INT], "int"),
        ("min", vec![literal(3), Type::Int(Some((0, 9)))], "int 0..9"),
        ("max", vec![Type::INT, Type::FLOAT], "float"),
        ("sum", vec![list(Type::Int(Some((0, 9))), None)], "int"),
        ("sum", vec![list(Type::Money, None)], "money"),
        ("mean", vec![list(Type::INT, None)], "float"),
        ("mean", vec![list(Type::Duration, None)], "duration"),
        ("abs", vec![Type::Int(Some((-5, 3)))], "int 0..5"),
        ("floor", vec![Type::Float(Some((0.5, 2.5)))], "int 0..2"),
        ("round", vec![Type::FLOAT], "int"),
        ("round", vec![Type::FLOAT, literal(2)], "float"),
        ("text", vec![Type::Bool], "text <= 5 chars"),
        ("text", vec![Type::Int(Some((-10, 5)))], "text <= 3 chars"),
        ("text", vec![kind], "text <= 7 chars"),
        ("int", vec![Type::TEXT], "int?"),
        ("int", vec![Type::FLOAT], "int"),
        ("keys", vec![Type::Map(Box::new(Type::INT), Some(3))], "[text <= 64 tokens] <= 3"),
        ("word_count", vec![chars(9)], "int 0..5"),
        ("any", vec![list(Type::TEXT, None), Type::Bool], "bool"),
    ] {
        assert_eq!(check(name, &types), wanted, "{name}{types:?}");
    }
}

#[test]
fn what_does_not_fit_is_said_of_its_argument() {
    let text = Type::TEXT;
    for (name, types, wanted) in [
        ("upper", vec![Type::INT], "0: `upper` expects text, found `int`"),
        (
            "upper",
            vec![Type::Optional(Box::new(text.clone()))],
            "0: `upper` expects text, found `text?`, which may be null",
        ),
        (
            "replace",
            vec![text.clone(), text.clone(), literal(1)],
            "2: `replace` expects text for `to`, found `int`",
        ),
        ("replace", vec![text.clone()], "1: `replace` needs `from`: `replace(text, from, to)`"),
        ("first", vec![text.clone()], "0: `first` expects a list, found `text`"),
        (
            "sort",
            vec![list(Type::Bool, None)],
            "0: `sort` expects a list of what has an order, found `[bool]`",
        ),
        (
            "contains",
            vec![list(text.clone(), None), Type::INT],
            "1: `contains` expects an element of `[text]` for `what`, found `int`",
        ),
        (
            "round",
            vec![Type::FLOAT, text.clone()],
            "1: `round` expects a whole number for `digits`, found `text`",
        ),
        ("max", vec![Type::INT, text.clone()], "1: `max` expects something like `int` for `y`, found `text`"),
        ("any", vec![list(text, None)], "0: `any` expects a list of truth values for `list`, found `[text]`"),
    ] {
        assert_eq!(check(name, &types), wanted);
    }
    assert_eq!(find("join").unwrap().signature(), "join(list, sep?)");
    assert_eq!(find("format").unwrap().signature(), "format(pattern, value?, …)");
}

#[test]
fn lambdas_have_the_types_of_their_results() {
    let rows = list(Type::TEXT, Some(7));
    let shown = |r: Result<Type, Misfit>| r.map(|t| t.to_string()).unwrap_or_else(|m| m.to_string());
    assert_eq!(shown(over_type(Over::Map, &rows, &Type::INT)), "[int] <= 7");
    assert_eq!(shown(over_type(Over::Filter, &rows, &Type::Bool)), "[text] <= 7");
    assert_eq!(shown(over_type(Over::SortBy, &rows, &Type::Money)), "[text] <= 7");
    assert_eq!(
        shown(over_type(Over::Filter, &rows, &Type::INT)),
        "`filter` expects a condition, found `int`"
    );
    assert_eq!(
        shown(over_type(Over::SortBy, &rows, &Type::Bool)),
        "`sort_by` expects something with an order, found `bool`"
    );
    assert_eq!(shown(over_type(Over::Map, &Type::INT, &Type::INT)), "`map` expects a list, found `int`");
}
