//! What has changed between what the lock holds of a program and what it is now, one line each.

use super::entry::{Entry, FlowEntry, ModelEntry, PromptEntry};
use std::collections::BTreeMap;

/// The changes: models first, then prompts, then what both make of the flows.
pub(super) fn between(was: &Entry, now: &Entry) -> Vec<String> {
    let mut out = Vec::new();
    each("model", &was.models, &now.models, &mut out, model);
    each("prompt", &was.prompts, &now.prompts, &mut out, |name, before, after| {
        let same = |model: &str| {
            was.models.get(model).map(|m| (&m.id, &m.tokenizer))
                == now.models.get(model).map(|m| (&m.id, &m.tokenizer))
        };
        prompt(name, before, after, same)
    });
    each("flow", &was.flows, &now.flows, &mut out, flow);
    out
}

// What is new, what is gone, and what `changed` says of what is in both and differs.
fn each<T: PartialEq>(
    kind: &str,
    was: &BTreeMap<String, T>,
    now: &BTreeMap<String, T>,
    out: &mut Vec<String>,
    changed: impl Fn(&str, &T, &T) -> Vec<String>,
) {
    for (name, before) in was {
        match now.get(name) {
            None => out.push(format!("{kind} `{name}` is gone")),
            Some(after) if after != before => out.extend(changed(name, before, after)),
            Some(_) => {}
        }
    }
    let new = now.keys().filter(|name| !was.contains_key(*name));
    out.extend(new.map(|name| format!("{kind} `{name}` is new")));
}

fn model(name: &str, was: &ModelEntry, now: &ModelEntry) -> Vec<String> {
    // Everything else follows from that.
    if was.id != now.id {
        return vec![format!("model `{name}` was `{}`, is `{}`", was.id, now.id)];
    }
    let id = &now.id;
    let mut out = Vec::new();
    let kinds: Vec<&String> = was.usd_per_million.keys().chain(now.usd_per_million.keys()).collect();
    for (i, kind) in kinds.iter().enumerate() {
        let price = |entry: &ModelEntry| entry.usd_per_million.get(*kind).cloned();
        let (before, after) = (price(was), price(now));
        if before == after || kinds[..i].contains(kind) {
            continue;
        }
        let none = || "not given".to_owned();
        let (before, after) = (before.unwrap_or_else(none), after.unwrap_or_else(none));
        out.push(format!("price of `{id}` was {before} {}, is {after}", what(kind)));
    }
    if was.tokenizer != now.tokenizer {
        out.push(format!("tokenizer of `{id}` was {}, is {}", given(&was.tokenizer), given(&now.tokenizer)));
    }
    if (&was.dated, &was.source) != (&now.dated, &now.source) {
        let read = |entry: &ModelEntry| match &entry.dated {
            Some(day) => format!("on {day} from {}", entry.source),
            None => "from the program".to_owned(),
        };
        out.push(format!("price of `{id}` was read {}, is read {}", read(was), read(now)));
    }
    out
}

fn given(tokenizer: &Option<String>) -> String {
    tokenizer.as_ref().map_or("not given".to_owned(), |name| format!("`{name}`"))
}

fn what(kind: &str) -> &str {
    match kind {
        "input" => "in",
        "output" => "out",
        "cached_input" => "in from the cache",
        "cache_write" => "in to the cache",
        "long_input" => "in of long calls",
        "long_output" => "out of long calls",
        "long_cached_input" => "in from the cache of long calls",
        "long_cache_write" => "in to the cache of long calls",
        other => other,
    }
}

fn prompt(name: &str, was: &PromptEntry, now: &PromptEntry, same: impl Fn(&str) -> bool) -> Vec<String> {
    if was.digest != now.digest {
        return vec![format!("prompt `{name}` changed")];
    }
    let mut out = Vec::new();
    let kind = format!("prompt `{name}`: model");
    each(&kind, &was.tokens, &now.tokens, &mut out, |model, was, now| {
        // Another model counts otherwise, and is told of by itself.
        if !same(model) {
            return Vec::new();
        }
        let of = format!("of prompt `{name}` for `{model}`");
        let mut lines = Vec::new();
        if was.fixed != now.fixed {
            lines.push(format!("fixed tokens {of}: {} → {}", was.fixed, now.fixed));
        }
        if was.overhead != now.overhead {
            lines.push(format!("overhead {of}: {} → {} tokens", was.overhead, now.overhead));
        }
        lines
    });
    out
}

fn flow(name: &str, was: &FlowEntry, now: &FlowEntry) -> Vec<String> {
    let mut parts = Vec::new();
    if was.usd != now.usd {
        parts.push(format!("{} → {}", was.usd, now.usd));
    }
    let counts = [
        ("calls", was.calls, now.calls),
        ("tokens in", was.input_tokens, now.input_tokens),
        ("tokens out", was.output_tokens, now.output_tokens),
    ];
    for (what, before, after) in counts.into_iter().filter(|(_, before, after)| before != after) {
        parts.push(format!("{before} → {after} {what}"));
    }
    if was.seconds != now.seconds {
        parts.push(format!("{}s → {}s", was.seconds, now.seconds));
    }
    vec![format!("worst case of `{name}`: {}", parts.join(", "))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::entry::TokensEntry;

    fn entry() -> Entry {
        let model = ModelEntry {
            id: "openai/gpt-4o-mini".to_owned(),
            tokenizer: Some("o200k_base".to_owned()),
            dated: Some("2026-11-23".to_owned()),
            source: "https://openai.com".to_owned(),
            usd_per_million: [("input", "$0.15"), ("output", "$0.60")]
                .map(|(k, v)| (k.into(), v.into()))
                .into(),
        };
        let flow = FlowEntry {
            usd: "$0.061".to_owned(),
            calls: 4,
            input_tokens: 90,
            output_tokens: 8,
            seconds: 2.5,
        };
        let tokens = [("fast".to_owned(), TokensEntry { fixed: 10, overhead: 7 })].into();
        let prompt = PromptEntry { digest: "0123456789abcdef".to_owned(), tokens };
        Entry {
            flows: [("support".to_owned(), flow)].into(),
            models: [("fast".to_owned(), model)].into(),
            prompts: [("answer".to_owned(), prompt)].into(),
        }
    }

    fn changed(change: impl FnOnce(&mut Entry)) -> Vec<String> {
        let mut now = entry();
        change(&mut now);
        between(&entry(), &now)
    }

    #[test]
    fn each_change_has_a_line() {
        assert_eq!(changed(|_| ()), [""; 0]);
        let price = |e: &mut Entry| {
            e.models
                .get_mut("fast")
                .expect("it is there")
                .usd_per_million
                .insert("input".into(), "$0.20".into());
        };
        assert_eq!(changed(price), ["price of `openai/gpt-4o-mini` was $0.15 in, is $0.20"]);
        let text = |e: &mut Entry| {
            let prompt = e.prompts.get_mut("answer").expect("it is there");
            prompt.digest = "f".repeat(16);
            prompt.tokens.clear();
        };
        assert_eq!(changed(text), ["prompt `answer` changed"]);
        let tokens = |e: &mut Entry| {
            let prompt = e.prompts.get_mut("answer").expect("it is there");
            prompt.tokens.insert("fast".into(), TokensEntry { fixed: 10, overhead: 9 });
            prompt.tokens.insert("slow".into(), TokensEntry { fixed: 10, overhead: 9 });
        };
        assert_eq!(
            changed(tokens),
            ["overhead of prompt `answer` for `fast`: 7 → 9 tokens", "prompt `answer`: model `slow` is new"]
        );
        let flow = |e: &mut Entry| {
            let flow = e.flows.get_mut("support").expect("it is there");
            (flow.usd, flow.calls, flow.seconds) = ("$0.084".to_owned(), 5, 3.0);
        };
        assert_eq!(changed(flow), ["worst case of `support`: $0.061 → $0.084, 4 → 5 calls, 2.5s → 3s"]);
        assert_eq!(changed(|e| e.flows.clear()), ["flow `support` is gone"]);
    }

    #[test]
    fn another_model_is_one_change() {
        let other = |e: &mut Entry| {
            let model = e.models.get_mut("fast").expect("it is there");
            model.id = "openai/gpt-4o".to_owned();
            model.usd_per_million.clear();
            e.prompts.get_mut("answer").expect("it is there").tokens.clear();
        };
        assert_eq!(
            changed(other),
            [
                "model `fast` was `openai/gpt-4o-mini`, is `openai/gpt-4o`",
                "prompt `answer`: model `fast` is gone"
            ]
        );
    }
}
