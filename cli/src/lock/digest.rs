//! The digest of a prompt: of everything that decides what a model is told, whatever is pasted.

use flow_plan::{Expr, Plan, Prompt};

/// Sixteen hexadecimal digits over the prompt's texts, examples and the schema of its answer.
pub(super) fn prompt(plan: &Plan, prompt: &Prompt) -> String {
    let mut parts: Vec<String> = Vec::new();
    for param in &prompt.params {
        parts.extend([param.name.to_string(), param.ty.to_string()]);
    }
    for (role, id) in &prompt.messages {
        let template = &plan.templates[id.0 as usize];
        parts.extend([format!("{role:?}"), template.source.to_string()]);
        // Constants are a part of the text.
        for (name, value) in &template.vars {
            if let Expr::Literal(value) = value {
                parts.extend([name.to_string(), value.to_json().to_string()]);
            }
        }
    }
    for example in &prompt.examples {
        parts.extend(example.input.iter().map(|value| value.to_json().to_string()));
        parts.push(example.output.to_json().to_string());
    }
    parts.extend([prompt.output.to_string(), prompt.output.schema(false).to_string()]);
    of(&parts)
}

// Each part with its length in front, so that no text can pass over into the next.
fn of(parts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn where_a_part_ends_counts() {
        let one = of(&["ab".to_owned(), "c".to_owned()]);
        assert_eq!(one.len(), 16);
        assert_ne!(one, of(&["a".to_owned(), "bc".to_owned()]));
        assert_eq!(one, of(&["ab".to_owned(), "c".to_owned()]));
    }
}
