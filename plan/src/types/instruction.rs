//! What a model is told of the shape of its answer, where its provider does not hold it to a schema.

use super::Type;

impl Type {
    /// What is said to a model that is not held to a schema by its provider, behind the last user
    /// message. `None` for text, which has no shape.
    pub fn instruction(&self) -> Option<String> {
        let words = match self {
            Type::Text { .. } | Type::Image => return None,
            Type::Optional(present) if present.instruction().is_none() => return None,
            Type::Enum(e) => {
                let names: Vec<&str> = e.variants.iter().map(|v| v.name.as_str()).collect();
                format!("Answer with one of these words and nothing else: {}.", names.join(", "))
            }
            Type::Bool => "Answer with true or false and nothing else.".to_owned(),
            Type::Int(None) => "Answer with a whole number and nothing else.".to_owned(),
            Type::Int(Some((low, high))) => {
                format!("Answer with a whole number from {low} to {high} and nothing else.")
            }
            Type::Float(None) => "Answer with a number and nothing else.".to_owned(),
            Type::Float(Some((low, high))) => {
                format!("Answer with a number from {low} to {high} and nothing else.")
            }
            _ => format!(
                "Answer with one JSON value that fits this JSON schema, without Markdown and without \
                 any other text:\n{}",
                self.schema(false)
            ),
        };
        Some(words)
    }
}
