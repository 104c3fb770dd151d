//! A value of a type to show what a template makes of it: plain, short, and told apart from real data by
//! its quotation marks.

use flow_plan::Type;
use serde_json::{Map, Value as Json, json};

/// A value of the type as JSON; texts say where they stand: `‹question›`.
pub(crate) fn of(ty: &Type, name: &str) -> Json {
    match ty {
        Type::Text { .. } => json!(format!("‹{name}›")),
        Type::Int(range) => json!(range.map_or(1_i64, |(low, high)| 1.max(low).min(high))),
        Type::Float(range) => json!(range.map_or(0.5, |(low, high)| 0.5f64.max(low).min(high))),
        Type::Bool => json!(true),
        Type::Date => json!("2026-01-31"),
        Type::Time => json!("2026-01-31T12:00:00Z"),
        Type::Duration => json!(60),
        Type::Money => json!(1.5),
        Type::Json(_) => json!({ name: "‹json›" }),
        Type::Image => json!("https://example.com/image.png"),
        Type::Enum(of) => of.variants.first().map_or(Json::Null, |variant| json!(variant.name.as_str())),
        Type::Record(of) => {
            let field = |f: &flow_plan::Field| {
                let value = f.default.as_ref().map(flow_plan::Value::to_json);
                (f.name.to_string(), value.unwrap_or_else(|| self::of(&f.ty, &f.name)))
            };
            Json::Object(of.fields.iter().map(field).collect::<Map<_, _>>())
        }
        Type::List(item, most) => {
            let count = most.unwrap_or(2).min(2);
            let nth = |i: u64| format!("{name} {i}");
            (1..=count).map(|i| of(item, &nth(i))).collect()
        }
        Type::Map(item, most) if most.unwrap_or(1) > 0 => json!({ "‹key›": of(item, name) }),
        Type::Map(..) => json!({}),
        Type::Optional(present) => of(present, name),
        Type::Known(known) => of(&known.of, name),
        Type::Null | Type::Error => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_read_by_its_type() {
        let list = |of: Type, most| Type::List(Box::new(of), most);
        for ty in [
            Type::TEXT,
            Type::Int(Some((3, 9))),
            Type::Float(Some((-2.0, -1.0))),
            Type::Bool,
            Type::Date,
            Type::Time,
            Type::Duration,
            Type::Money,
            Type::Json(None),
            Type::Image,
            list(Type::TEXT, Some(1)),
            list(Type::INT, None),
            Type::Map(Box::new(Type::Money), None),
            Type::Optional(Box::new(Type::Date)),
        ] {
            let sample = of(&ty, "a");
            assert!(ty.read(&sample).is_ok(), "{ty}: {sample} is none: {:?}", ty.read(&sample));
        }
    }
}
