//! `secrets(value)`: keys and passwords by their shape: the keys of well-known services, private keys,
//! signed tokens, and passwords in URLs and assignments. `else redact` puts `[secret]` in their place.

mod assigned;
mod keys;

use super::phrases::replaced;
use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec, Value};
use std::ops::Range;

/// Keys and passwords by their shape.
#[derive(Debug)]
pub(super) struct Secrets;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Guard,
    name: "secrets",
    params: &[VALUE],
    returns: TypeSpec::First,
    doc: "Fails where a text holds a key or password: API keys of well-known services, private keys, signed tokens, passwords in URLs and assignments. \
          `else redact` replaces each with `[secret]`.",
    examples: &["clean = secrets(log) else redact"],
    can_redact: true,
    streams: true,
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
    let mut first = None;
    keys::each(text, |_, kind| {
        first = Some(kind);
        false
    });
    if first.is_none() {
        assigned::each(text, |_| {
            first = Some("a password or key");
            false
        });
    }
    first
}

fn redacted(text: &str) -> String {
    let mut places: Vec<Range<usize>> = Vec::new();
    keys::each(text, |at, _| {
        places.push(at);
        true
    });
    assigned::each(text, |at| {
        places.push(at);
        true
    });
    places.sort_by_key(|at| (at.start, std::cmp::Reverse(at.end)));
    // Two that overlap are one: what reaches further is taken out whole.
    let mut apart: Vec<Range<usize>> = Vec::new();
    for at in places {
        match apart.last_mut() {
            Some(last) if at.start < last.end => last.end = last.end.max(at.end),
            _ => apart.push(at),
        }
    }
    replaced(text, apart.into_iter(), "[secret]")
}

#[cfg(test)]
mod formats;

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
            ("<pinToken>x8Kq93hdQmZ1aB2c</pinToken>".to_owned(), "<pinToken>[secret]</pinToken>"),
            ("curl -u ann:x8Kq93hd! https://h".to_owned(), "curl -u ann:[secret] https://h"),
            ("login with password x8Kq-93hd, then go".to_owned(), "login with password [secret], then go"),
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
