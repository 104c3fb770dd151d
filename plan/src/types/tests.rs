#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use crate::Cost;
use serde_json::{Value as Json, json};

fn chars(n: u64) -> Type {
    Type::Text { bound: Some(Bound::Chars(n)), truncate: false }
}

fn tokens(n: u64) -> Type {
    Type::Text { bound: Some(Bound::Tokens(n)), truncate: false }
}

fn list(item: Type, most: Option<u64>) -> Type {
    Type::List(Box::new(item), most)
}

fn map(item: Type, most: Option<u64>) -> Type {
    Type::Map(Box::new(item), most)
}

fn optional(ty: Type) -> Type {
    Type::Optional(Box::new(ty))
}

fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty, doc: "".into(), labels: Labels::default(), default: None }
}

fn record(name: Option<&str>, fields: Vec<Field>) -> Type {
    Type::Record(Arc::new(RecordType { name: name.map(Into::into), doc: "".into(), fields }))
}

fn kind() -> Type {
    let variants = ["billing", "other"].map(|n| Variant { name: n.into(), doc: "".into() });
    Type::Enum(Arc::new(EnumType {
        name: "Kind".into(),
        doc: "What it is about.".into(),
        variants: variants.into(),
    }))
}

fn answer() -> Type {
    let sources = Field { doc: "Where from.".into(), ..field("sources", list(chars(5), Some(2))) };
    let sure = Field { default: Some(Value::Bool(false)), ..field("sure", Type::Bool) };
    record(
        Some("Answer"),
        vec![field("reply", Type::TEXT), sources, sure, field("note", optional(Type::TEXT))],
    )
}

#[test]
fn what_fits_where() {
    let named = record(Some("A"), vec![field("x", Type::FLOAT), field("y", optional(Type::INT))]);
    let x = record(None, vec![field("x", Type::INT)]);
    let xz = record(None, vec![field("x", Type::INT), field("z", Type::INT)]);
    for (wanted, given, fits) in [
        (chars(3), tokens(9), true),
        (Type::TEXT, kind(), true),
        (kind(), Type::TEXT, false),
        (kind(), kind(), true),
        (Type::FLOAT, Type::INT, true),
        (Type::INT, Type::FLOAT, false),
        (Type::INT, Type::Int(Some((1, 2))), true),
        (optional(Type::INT), Type::Null, true),
        (optional(Type::INT), Type::INT, true),
        (Type::INT, optional(Type::INT), false),
        (Type::INT, Type::Null, false),
        (optional(Type::FLOAT), optional(Type::INT), true),
        (Type::Json(None), list(Type::INT, None), true),
        (Type::INT, Type::Json(None), false),
        (Type::Error, Type::Bool, true),
        (Type::Bool, Type::Error, true),
        (list(Type::FLOAT, Some(1)), list(Type::INT, Some(9)), true),
        (list(Type::INT, None), Type::INT, false),
        (map(Type::INT, None), x.clone(), true),
        (map(Type::TEXT, None), x.clone(), false),
        (map(Type::FLOAT, None), named.clone(), false),
        (named.clone(), x.clone(), true),
        (named.clone(), xz.clone(), false),
        (named.clone(), record(Some("B"), vec![field("x", Type::FLOAT)]), false),
        (named.clone(), record(None, vec![field("y", Type::INT)]), false),
        (Type::Date, Type::Time, false),
        (Type::Money, Type::FLOAT, false),
    ] {
        assert_eq!(wanted.accepts(&given), fits, "{wanted} <- {given}");
    }
}

#[test]
fn what_two_have_in_common_holds_both() {
    let anonymous = |ty: Type| record(None, vec![field("x", ty)]);
    let named = record(Some("A"), vec![field("x", chars(9))]);
    for (a, b, wanted) in [
        (chars(3), chars(9), "text <= 9 chars"),
        (chars(3), tokens(9), "text <= 12 tokens"),
        (chars(3), Type::TEXT, "text"),
        (kind(), kind(), "Kind"),
        (kind(), chars(3), "text <= 7 chars"),
        (kind(), tokens(3), "text <= 28 tokens"),
        (Type::INT, Type::Null, "int?"),
        (optional(Type::INT), Type::FLOAT, "float?"),
        (optional(Type::INT), Type::Null, "int?"),
        (Type::Null, Type::Null, "null"),
        (Type::Int(Some((1, 3))), Type::Int(Some((2, 9))), "int 1..9"),
        (Type::Int(Some((1, 3))), Type::INT, "int"),
        (list(chars(2), Some(3)), list(chars(5), Some(1)), "[text <= 5 chars] <= 3"),
        (list(Type::Error, Some(0)), list(Type::INT, Some(1)), "[int] <= 1"),
        (anonymous(chars(2)), anonymous(chars(5)), "{ x: text <= 5 chars }"),
        (anonymous(chars(2)), named.clone(), "A"),
        (named, anonymous(chars(2)), "A"),
        (map(chars(2), Some(1)), anonymous(chars(5)), "{text: text <= 5 chars} <= 1"),
        (Type::Json(Some(Bound::Chars(5))), Type::TEXT, "json"),
        (Type::Json(Some(Bound::Chars(5))), Type::Json(Some(Bound::Chars(7))), "json <= 7 chars"),
        (Type::Error, Type::Bool, "bool"),
    ] {
        for (a, b) in [(&a, &b), (&b, &a)] {
            let joined = a.join(b).unwrap();
            assert_eq!(joined.to_string(), wanted, "{a} and {b}");
            assert!(joined.accepts(a) && joined.accepts(b), "{a} and {b}");
        }
    }
    let xy = record(None, vec![field("x", Type::INT), field("y", Type::INT)]);
    for (a, b) in [
        (Type::INT, Type::TEXT),
        (Type::Bool, Type::INT),
        (anonymous(Type::INT), xy),
        (Type::Date, Type::Time),
    ] {
        assert_eq!(a.join(&b), None);
        assert_eq!(b.join(&a), None);
    }
}

#[test]
fn values_are_read_strictly() {
    let read = |json: Json| answer().read(&json).map(|v| v.to_json()).map_err(|m| m.to_string());
    assert_eq!(
        read(json!({"sources": ["a"], "reply": "r"})),
        Ok(json!({"reply": "r", "sources": ["a"], "sure": false, "note": null}))
    );
    for (json, wanted) in [
        (json!([]), "expected a record `Answer`, found a list"),
        (json!({"reply": "r"}), "`sources`: is missing"),
        (json!({"reply": 1, "sources": []}), "`reply`: expected text, found 1"),
        (json!({"reply": "r", "sources": ["a", 2]}), "`sources[1]`: expected text, found 2"),
        (json!({"reply": "r", "sources": ["abcdef"]}), "`sources[0]`: is longer than 5 characters: it has 6"),
        (json!({"reply": "r", "sources": ["a", "b", "c"]}), "`sources`: has more than 2 elements: it has 3"),
        (
            json!({"reply": "r", "sources": [], "x": 1}),
            "unknown field `x`; the fields are `reply`, `sources`, `sure` or `note`",
        ),
        (json!({"reply": "r", "sources": [], "sure": null}), "`sure`: expected true or false, found null"),
    ] {
        assert_eq!(read(json), Err(wanted.into()));
    }
}

#[test]
fn numbers_names_and_times_are_read() {
    let read = |ty: &Type, json: Json| ty.read(&json).map_err(|m| m.to_string());
    assert_eq!(read(&Type::INT, json!(3.0)), Ok(Value::Int(3)));
    assert_eq!(read(&Type::FLOAT, json!(3)), Ok(Value::Float(3.0)));
    assert_eq!(read(&kind(), json!("other")), Ok(Value::text("other")));
    assert_eq!(read(&optional(Type::INT), Json::Null), Ok(Value::Null));
    assert_eq!(read(&Type::Duration, json!(1.5)).unwrap().to_string(), "1500ms");
    assert_eq!(read(&Type::Date, json!("2026-03-14")).unwrap().to_string(), "2026-03-14");
    let cut = Type::Text { bound: Some(Bound::Chars(3)), truncate: true };
    assert_eq!(read(&cut, json!("äöüß")), Ok(Value::text("äöü")));
    for (ty, json, wanted) in [
        (Type::INT, json!(3.5), "expected a whole number, found 3.5"),
        (Type::INT, json!(u64::MAX), "expected a whole number, found 18446744073709551615"),
        (Type::Int(Some((1, 10))), json!(11), "expected a whole number from 1 to 10, found 11"),
        (Type::Float(Some((0.0, 1.0))), json!(1.5), "expected a number from 0 to 1, found 1.5"),
        (Type::INT, json!("3"), "expected a whole number, found the text \"3\""),
        (kind(), json!("Other"), "expected one of `billing` or `other`, found \"Other\""),
        (Type::Money, json!(-1), "expected an amount in dollars, found -1"),
        (Type::Money, json!(1e-10), "expected an amount in dollars, found 1e-10"),
        (Type::Duration, json!(-1), "expected a number of seconds, found -1"),
        (Type::Date, json!("14.3.2026"), "expected a date such as 2026-03-14, found the text \"14.3.2026\""),
        (
            Type::Time,
            json!("2026-03-14"),
            "expected a time such as 2026-03-14T09:30:00Z, found the text \"2026-03-14\"",
        ),
        (map(Type::INT, Some(1)), json!({"a": 1, "b": 2}), "has more than 1 entries: it has 2"),
        (map(Type::INT, None), json!({"a": "x"}), "`a`: expected a whole number, found the text \"x\""),
        (Type::Json(Some(Bound::Chars(3))), json!([1, 2]), "is longer than 3 characters: it has 5"),
        (Type::Null, json!(0), "expected null, found 0"),
    ] {
        assert_eq!(read(&ty, json), Err(wanted.into()));
    }
}

#[test]
fn a_text_and_a_count_are_judged_alone_as_in_json() {
    let cut = Type::Text { bound: Some(Bound::Chars(3)), truncate: true };
    let types = [chars(3), cut, kind(), Type::Date, Type::Time, Type::Image, Type::INT, Type::Json(None)];
    for ty in types.into_iter().flat_map(|ty| [ty.clone(), optional(ty)]) {
        for text in ["abc", "abcd", "billing", "2026-03-14", "2026-03-14T09:30:00Z"] {
            assert_eq!(ty.read_text(text), ty.read(&json!(text)), "{ty} {text}");
        }
    }
    for (ty, found) in [
        (list(Type::INT, Some(2)), json!([1, 2, 3])),
        (map(Type::INT, Some(2)), json!({"a": 1, "b": 2, "c": 3})),
    ] {
        assert_eq!(ty.check_count(3).err(), ty.read(&found).err());
        assert!(ty.check_count(2).is_ok() && ty.read(&found).is_err());
    }
}

#[test]
fn money_is_read_back_as_it_is_written() {
    for nanos in [0, 1, 15, 999, 20_000_000, 1_234_567_891, 1_600_000_000_000] {
        let money = Value::Money(Cost(nanos));
        assert_eq!(Type::Money.read(&money.to_json()), Ok(money));
    }
}

#[test]
fn schemas_say_what_a_type_says() {
    assert_eq!(
        answer().schema(false),
        json!({
            "type": "object",
            "properties": {
                "reply": {"type": "string"},
                "sources": {
                    "type": "array",
                    "items": {"type": "string", "maxLength": 5},
                    "maxItems": 2,
                    "description": "Where from."
                },
                "sure": {"type": "boolean"},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}]}
            },
            "required": ["reply", "sources"],
            "additionalProperties": false
        })
    );
    let strict = answer().schema(true);
    assert_eq!(strict["required"], json!(["reply", "sources", "sure", "note"]));
    assert_eq!(
        strict["properties"]["sources"],
        json!({"type": "array", "items": {"type": "string"}, "description": "Where from."})
    );
    assert_eq!(
        kind().schema(true),
        json!({"type": "string", "enum": ["billing", "other"], "description": "What it is about."})
    );
    assert_eq!(Type::Int(Some((1, 5))).schema(false), json!({"type": "integer", "minimum": 1, "maximum": 5}));
    assert_eq!(map(Type::Bool, None).schema(false)["additionalProperties"], json!({"type": "boolean"}));
}

#[test]
fn types_are_written_as_in_the_language() {
    for (ty, wanted) in [
        (Type::Text { bound: Some(Bound::Tokens(3)), truncate: true }, "text <= 3 tokens truncate"),
        (list(chars(3), Some(2)), "[text <= 3 chars] <= 2"),
        (optional(list(Type::INT, Some(2))), "([int] <= 2)?"),
        (map(kind(), None), "{text: Kind}"),
        (Type::Float(Some((0.0, 1.0))), "float 0..1"),
        (record(None, vec![field("a", Type::INT), field("b", Type::Date)]), "{ a: int, b: date }"),
    ] {
        assert_eq!(ty.to_string(), wanted);
    }
}

#[test]
fn records_of_one_name_join_to_the_larger_bound_of_each_field() {
    let thing = |tokens| {
        let ty = Type::Text { bound: Some(Bound::Tokens(tokens)), truncate: false };
        let (name, labels) = ("body".into(), Labels::default());
        let fields = vec![Field { name, ty, doc: "".into(), labels, default: None }];
        Type::Record(Arc::new(RecordType { name: Some("Thing".into()), doc: "".into(), fields }))
    };
    assert_eq!(thing(3).join(&thing(50)), Some(thing(50)));
    assert_eq!(thing(50).join(&thing(3)), Some(thing(50)));
}
