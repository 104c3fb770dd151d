//! Everything a program may name, in one list for the checker, hover, completion and the docs.

use crate::{action, guard, lookup, provider};
use flow_plan::CapabilitySpec;

/// The specs of all providers, lookup sources, guards and action channels, by kind and then in the
/// order of their tables; those without support are in it too, so that naming one says so.
pub fn capabilities() -> Vec<&'static CapabilitySpec> {
    let mut specs: Vec<&'static CapabilitySpec> = provider::builtin().iter().map(|p| p.spec()).collect();
    specs.extend(lookup::builtin().iter().map(|s| s.spec()));
    specs.extend(lookup::UNSUPPORTED);
    specs.extend(guard::builtin().iter().map(|g| g.spec()));
    specs.extend(action::builtin().iter().map(|c| c.spec()));
    specs.extend(action::UNSUPPORTED);
    specs
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_capability_is_named_once_and_says_what_it_does() {
        let mut seen = HashSet::new();
        for spec in capabilities() {
            assert!(seen.insert((spec.kind, spec.name)), "{} is there twice", spec.name);
            assert!(spec.doc.ends_with('.'), "{} lacks a doc", spec.name);
            assert!(!spec.supported || !spec.examples.is_empty(), "{} lacks an example", spec.name);
        }
        let has = |name: &str| capabilities().iter().any(|s| s.name == name && s.supported);
        for name in [
            "sim",
            "openai",
            "openai-compatible",
            "openai-responses",
            "anthropic",
            "google",
            "azure",
            "bedrock",
            "cohere",
            "ollama",
            "mistral",
            "groq",
            "together",
            "openrouter",
            "deepseek",
            "xai",
            "cerebras",
            "qwen",
            "search",
            "file",
            "injection",
            "pii",
            "grounded",
        ] {
            assert!(has(name), "{name} is missing");
        }
    }
}
