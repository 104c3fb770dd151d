//! `secrets(value)`: keys and passwords by their shape: the keys of well-known services, private keys,
//! signed tokens, and passwords in URLs and assignments. `else redact` puts `[secret]` in their place.

use super::{Guard, Verdict, texts};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, ParamSpec, TypeSpec, Value};
use regex::{Captures, Regex};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Keys and passwords by their shape.
#[derive(Debug)]
pub(super) struct Secrets;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "secrets",
    params: &[ParamSpec {
        name: "value",
        ty: TypeSpec::Any,
        required: true,
        doc: "What is looked through, however deep.",
    }],
    returns: TypeSpec::First,
    doc: "Fails where a text holds a key or password: API keys of well-known services, private keys, signed tokens, passwords in URLs and assignments. \
          `else redact` replaces each with `[secret]`.",
    examples: &["clean = secrets(log) else redact"],
    can_redact: true,
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Guard for Secrets {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn check(&self, _context: &Context, args: &[Value]) -> Result<Verdict, RunError> {
        let texts = args.first().map(texts::texts).unwrap_or_default();
        Ok(match texts.iter().find_map(|text| first(text)) {
            Some(kind) => Verdict::Fail(format!("it holds {kind}")),
            None => Verdict::Pass,
        })
    }

    fn redact(&self, args: &[Value]) -> Value {
        args.first().map(|value| texts::map(value, &redacted)).unwrap_or_default()
    }
}

fn first(text: &str) -> Option<&'static str> {
    if let Some((_, kind)) = KINDS.iter().find(|(pattern, _)| pattern.is_match(text)) {
        return Some(kind);
    }
    ASSIGNED.captures_iter(text).any(|c| looks_random(&c[2])).then_some("a password or key")
}

fn redacted(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, _) in KINDS.iter() {
        text = pattern.replace_all(&text, "${keep}[secret]${after}").into_owned();
    }
    let assigned = |c: &Captures<'_>| match looks_random(&c[2]) {
        true => format!("{}[secret]", &c[1]),
        false => c[0].to_owned(),
    };
    ASSIGNED.replace_all(&text, assigned).into_owned()
}

// Words have few distinct signs or no digits; what a machine made has many, of several sorts.
fn looks_random(text: &str) -> bool {
    let mut counts: HashMap<char, f64> = HashMap::new();
    text.chars().for_each(|c| *counts.entry(c).or_default() += 1.0);
    let length = text.chars().count() as f64;
    let bits: f64 = counts.values().map(|n| -(n / length) * (n / length).log2()).sum();
    let sorts = [
        text.contains(|c: char| c.is_ascii_digit()),
        text.contains(|c: char| c.is_lowercase()),
        text.contains(|c: char| c.is_uppercase()),
        text.contains(|c: char| c.is_ascii_punctuation()),
    ];
    bits >= 2.7 && sorts.into_iter().filter(|s| *s).count() >= 2 && !text.starts_with(['<', '{', '$', '['])
}

static KINDS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)", "a private key"),
        (r"\bsk-(?:ant-|proj-|svcacct-|or-)?[A-Za-z0-9_-]{20,}", "an API key"),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", "an AWS key"),
        (r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})", "a GitHub token"),
        (r"\bglpat-[A-Za-z0-9_-]{20,}", "a GitLab token"),
        (r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", "a Slack token"),
        (r"\bAIza[0-9A-Za-z_-]{35}", "a Google API key"),
        (r"\b[sr]k_(?:live|test)_[0-9a-zA-Z]{16,}", "a Stripe key"),
        (r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", "a SendGrid key"),
        (r"\b(?:hf|npm)_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{40,}", "a registry token"),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", "a signed token"),
        (r"(?P<keep>[a-z][a-z0-9+.-]*://[^\s:/@]+:)[^\s:/@]{3,}(?P<after>@)", "a URL with a password"),
        (r"(?i)(?P<keep>\bauthorization:\s*(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{12,}", "an authorization header"),
    ]
    .into_iter()
    .map(|(pattern, kind)| (Regex::new(pattern).expect("the pattern is fixed and tested"), kind))
    .collect()
});

static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)(\b[\w-]*(?:api[_-]?key|secret|token|password|passwd|pwd|access[_-]?key)["']?\s*(?:[:=]|=>|\bis\b)\s*["']?)([^\s"',;]{8,})"#)
        .expect("the pattern is fixed and tested")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_replaced() {
        // Put together here, so that no scanner takes this file for a leak.
        let openai = format!("sk-proj-{}", "a1B2".repeat(8));
        let aws = format!("AKIA{}", "ABCD2345".repeat(2));
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----";
        for (text, expected) in [
            (format!("use {openai} now"), "use [secret] now"),
            (format!("{aws}."), "[secret]."),
            (format!("{pem}\nbye"), "[secret]\nbye"),
            ("postgres://app:hunter22@db/x".to_owned(), "postgres://app:[secret]@db/x"),
            ("API_KEY = \"x8Kq-93hd-QmZ1\"".to_owned(), "API_KEY = \"[secret]\""),
        ] {
            assert!(first(&text).is_some(), "{text}");
            assert_eq!(redacted(&text), expected);
        }
    }

    #[test]
    fn talk_about_keys_is_left() {
        for text in [
            "The password: required for every login",
            "Set your API key: <your-key-here-1>",
            "secret is something",
            "https://example.org/a:b",
        ] {
            assert_eq!(first(text), None, "{text}");
            assert_eq!(redacted(text), text);
        }
    }
}
