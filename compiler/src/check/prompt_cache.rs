//! W0705: changing text before fixed text defeats the provider's prompt cache.
//!
//! Providers bill the part of a prompt that is the same as in a recent call at a fraction of the
//! price, if it is a prefix of at least 1,024 tokens (OpenAI and Anthropic say so in their guides to
//! prompt caching). A hole ends that prefix, so long fixed text belongs before the first hole.

use crate::checker::Checker;
use flow_diagnostics::{Code, FlowDiagnostic, Span};
use flow_plan::{Cost, Prompt, Role, Tokens};

/// The shortest prefix that providers cache, in tokens.
const CACHED_FROM: u64 = 1024;
/// Characters in a token of English prose, to judge lengths by.
const CHARS_PER_TOKEN: u64 = 4;

pub(super) fn check(checker: &mut Checker<'_>) {
    let mut found = Vec::new();
    for prompt in &checker.plan.prompts {
        let length: usize = prompt
            .messages
            .iter()
            .filter_map(|(_, id)| checker.plan.templates.get(id.0 as usize))
            .map(|t| t.source.len())
            .sum();
        if (length as u64) < CACHED_FROM * CHARS_PER_TOKEN {
            continue;
        }
        let Some((hole, after)) = fixed_after_hole(checker, prompt) else { continue };
        let tokens = Tokens(after / CHARS_PER_TOKEN);
        if tokens.0 < CACHED_FROM {
            continue;
        }
        let saved = checker
            .plan
            .models
            .iter()
            .filter_map(|m| {
                let cheaper = m.card.price.cached_input?;
                Some(Cost(m.card.price.input.0 - cheaper.0).per_million(tokens))
            })
            .max()
            .filter(|saved| *saved > Cost::ZERO);
        let cost = saved.map(|s| format!(", which costs up to {s} more a call")).unwrap_or_default();
        let message = format!(
            "about {tokens} of fixed text stand behind the first changing text, so the provider cannot cache them{cost}"
        );
        found.push(
            FlowDiagnostic::new(Code::W0705, hole, message)
                .here("the text changes from here on")
                .help("move what changes behind what stays the same"),
        );
    }
    found.into_iter().for_each(|d| checker.report(d));
}

// Where the first hole is, and how many characters of fixed text follow it.
fn fixed_after_hole(checker: &Checker<'_>, prompt: &Prompt) -> Option<(Span, u64)> {
    let system = prompt.messages.iter().filter(|(role, _)| *role == Role::System);
    let others = prompt.messages.iter().filter(|(role, _)| *role != Role::System);
    let mut hole = None;
    let mut fixed = 0;
    for (_, template) in system.chain(others) {
        let Some(template) = checker.plan.templates.get(template.0 as usize) else { continue };
        let mut rest = template.source.as_str();
        while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
            if hole.is_some() {
                fixed += rest[..open].chars().count() as u64;
            }
            let close = rest[open..].find("}}").into_iter().chain(rest[open..].find("%}")).min();
            hole.get_or_insert(template.span);
            rest = close.map_or("", |c| &rest[open + c + 2..]);
        }
        if hole.is_some() {
            fixed += rest.chars().count() as u64;
        }
    }
    hole.map(|at| (at, fixed))
}
