//! `secrets(value)`: keys and passwords by their shape: the keys of well-known services, private keys,
//! signed tokens, and passwords in URLs and assignments. `else redact` puts `[secret]` in their place.

use super::texts::{self, VALUE};
use super::{Guard, Verdict};
use crate::{Context, RunError};
use async_trait::async_trait;
use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec, Value};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

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
    let kind = KINDS.iter().find(|(pattern, _)| pattern.captures_iter(text).any(|c| is_key(&c)));
    if let Some((_, kind)) = kind {
        return Some(kind);
    }
    ASSIGNED.captures_iter(text).any(|c| looks_random(&c[2])).then_some("a password or key")
}

fn redacted(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, _) in KINDS.iter() {
        let replaced = pattern.replace_all(&text, |c: &Captures<'_>| {
            let named = |name| c.name(name).map_or("", |m| m.as_str());
            match is_key(c) {
                true => format!("{}[secret]{}", named("keep"), named("after")),
                false => c[0].to_owned(),
            }
        });
        if let Cow::Owned(changed) = replaced {
            text = changed;
        }
    }
    let assigned = |c: &Captures<'_>| match looks_random(&c[2]) {
        true => format!("{}[secret]", &c[1]),
        false => c[0].to_owned(),
    };
    ASSIGNED.replace_all(&text, assigned).into_owned()
}

// What words have the shape of too must look random: `sk-toggleable-label-arrow`, `gsk_xxxxxxxx`.
fn is_key(found: &Captures<'_>) -> bool {
    found.name("body").is_none_or(|body| {
        let body = body.as_str();
        let distinct: HashSet<char> = body.chars().skip(6).collect();
        body.chars().filter(char::is_ascii_digit).count() > 1 && distinct.len() > 3
    })
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
    static CODE: LazyLock<Regex> = LazyLock::new(|| {
        // `config.password2`, `get_token()`, `process.env["KEY"]`, `Option<String>`: names, not what they hold.
        Regex::new(r"^[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)*[(\[<)\]?]|^[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+;?$|^(?:https?|file)://")
            .expect("the pattern is fixed and tested")
    });
    // `your-key-here` are words.
    let words = text.chars().all(|c| c.is_lowercase() || matches!(c, '-' | '_' | '.'));
    bits >= 2.7
        && !words
        && !CODE.is_match(text)
        && sorts.into_iter().filter(|s| *s).count() >= 2
        && !text.starts_with(['<', '{', '$', '['])
}

static KINDS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    KEYS.iter()
        .map(|(pattern, kind)| (Regex::new(pattern).expect("the pattern is fixed and tested"), *kind))
        .collect()
});

// By the formats that the services publish.
#[rustfmt::skip]
const KEYS: &[(&str, &str)] = &[
    (r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)", "a private key"),
    (r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b", "a private key"),
    (r"\b(?P<body>sk-(?:ant-(?:api|admin|oat)\d\d-|proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,})", "an API key"),
    (r"\b(?P<body>gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{40,}|pplx-[A-Za-z0-9]{32,}|r8_[A-Za-z0-9]{30,}|fw_[A-Za-z0-9]{20,}|nvapi-[A-Za-z0-9_-]{40,}|lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10})", "an API key"),
    (r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b", "an AWS key"),
    (r"\bABSK[A-Za-z0-9+/]{60,}={0,2}", "an AWS key"),
    (r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})", "a GitHub token"),
    (r"\bgl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{20,}", "a GitLab token"),
    (r"\b(?:xox[abeoprs]-(?:\d+-)?[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,}|xoxe\.xox[bp]-[A-Za-z0-9-]{20,})", "a Slack token"),
    (r"(?P<keep>hooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_+-]{30,}", "a Slack webhook"),
    (r"(?P<keep>discord(?:app)?\.com/api/webhooks/\d{17,20}/)[A-Za-z0-9_-]{60,}", "a Discord webhook"),
    (r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}", "a Discord token"),
    (r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b", "a Telegram token"),
    (r"\bAIza[0-9A-Za-z_-]{35}", "a Google API key"),
    (r"\b(?:GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{40,})", "a Google token"),
    (r"(?P<keep>\b(?i:AccountKey|SharedAccessKey)=)[A-Za-z0-9+/]{40,88}={0,2}", "an Azure key"),
    (r"(?P<keep>[?&]sig=)[A-Za-z0-9%+/]{40,}(?:={0,2})", "an Azure signature"),
    (r"\b[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", "an Azure secret"),
    (r"\b(?:[sr]k_(?:live|test)_[0-9a-zA-Z]{16,}|whsec_[A-Za-z0-9+/]{24,})", "a Stripe key"),
    (r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", "a SendGrid key"),
    (r"\bkey-[0-9a-f]{32}\b|\b[0-9a-f]{32}-us\d{1,2}\b|\bxkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}|\bSK[0-9a-f]{32}\b", "a mail or messaging key"),
    (r"\b(?:hf_|npm_|api_org_)[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{40,}|\brubygems_[0-9a-f]{48}\b|\bcio[A-Za-z0-9]{32}\b|\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}", "a registry token"),
    (r"\b(?:do[opr]_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}(?:-\d)?|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,}|HRKU-[A-Za-z0-9_-]{30,}|lin_api_[A-Za-z0-9]{40}|figd_[A-Za-z0-9_-]{40,}|ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}\b|sntry[su]_[A-Za-z0-9+/=_-]{40,}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/]{32,}={0,2}|hv[sbr]\.[A-Za-z0-9_-]{24,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}|dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9_.-]{40,}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|NRAK-[A-Z0-9]{27}|sbp_[0-9a-f]{40}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,}|pat[A-Za-z0-9]{14}\.[0-9a-f]{64}|phc_[A-Za-z0-9]{40,}|tskey-[a-z]+-[A-Za-z0-9-]{20,})", "a service's token"),
    (r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", "a signed token"),
    (r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s:/@<{$]*:)[^\s:/@<{$\[][^\s/@]{2,}(?P<after>@)", "a URL with a password"),
    (r"(?i)(?P<keep>\bauthorization[\x22']?\s*[:=]\s*[\x22']?(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]{12,}", "an authorization header"),
];

static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)(\b[\w-]*(?:api[_-]?key|secret|token|password|passwd|pwd|pass|passphrase|access[_-]?key|private[_-]?key|auth[_-]?key|client[_-]?key)["']?\s*(?:[:=]|=>|\bis\b)\s*["']?)([^\s"',;]{8,})"#)
        .expect("the pattern is fixed and tested")
});

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
