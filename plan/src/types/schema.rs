//! The JSON schema of a type, as providers are sent it.

use super::{Bound, Type};
use serde_json::{Value as Json, json};

impl Type {
    /// The JSON schema of the type (draft 2020-12), with docs as descriptions.
    ///
    /// With `strict`, the subset that OpenAI's structured outputs take: every field required,
    /// optional ones nullable, no additional properties, no bounds on text or lists.
    pub fn schema(&self, strict: bool) -> Json {
        let mut schema = match self {
            Type::Text { bound, .. } => match bound {
                Some(Bound::Chars(n)) if !strict => json!({"type": "string", "maxLength": n}),
                _ => json!({"type": "string"}),
            },
            Type::Int(Some((low, high))) => json!({"type": "integer", "minimum": low, "maximum": high}),
            Type::Int(None) => json!({"type": "integer"}),
            Type::Float(Some((low, high))) => json!({"type": "number", "minimum": low, "maximum": high}),
            Type::Float(None) | Type::Money | Type::Duration => json!({"type": "number"}),
            Type::Bool => json!({"type": "boolean"}),
            Type::Date => json!({"type": "string", "format": "date"}),
            Type::Time => json!({"type": "string", "format": "date-time"}),
            Type::Image => json!({"type": "string"}),
            Type::Json(_) | Type::Error => json!({}),
            Type::Null => json!({"type": "null"}),
            Type::Known(known) => known.of.schema(strict),
            Type::Enum(e) => {
                let names: Vec<&str> = e.variants.iter().map(|v| v.name.as_str()).collect();
                json!({"type": "string", "enum": names})
            }
            Type::List(item, most) => match most {
                Some(n) if !strict => json!({"type": "array", "items": item.schema(strict), "maxItems": n}),
                _ => json!({"type": "array", "items": item.schema(strict)}),
            },
            Type::Map(item, _) => json!({"type": "object", "additionalProperties": item.schema(strict)}),
            Type::Optional(t) => json!({"anyOf": [t.schema(strict), {"type": "null"}]}),
            Type::Record(r) => {
                let mut properties = serde_json::Map::new();
                let mut required = Vec::new();
                for field in &r.fields {
                    let mut schema = field.ty.schema(strict);
                    describe_schema(&mut schema, &field.doc);
                    properties.insert(field.name.to_string(), schema);
                    let may_miss = field.default.is_some() || matches!(field.ty, Type::Optional(_));
                    if strict || !may_miss {
                        required.push(field.name.as_str());
                    }
                }
                json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
            }
        };
        match self {
            Type::Enum(e) => describe_schema(&mut schema, &e.doc),
            Type::Record(r) => describe_schema(&mut schema, &r.doc),
            _ => {}
        }
        schema
    }
}

fn describe_schema(schema: &mut Json, doc: &str) {
    if let (Some(object), false) = (schema.as_object_mut(), doc.is_empty()) {
        object.insert("description".into(), doc.into());
    }
}
