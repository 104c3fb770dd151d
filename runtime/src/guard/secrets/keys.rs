//! Keys by the formats that services publish, and passwords where a command, a header or a URL has a place for
//! them.
//!
//! In: a text. Out: where keys stand, each with what it is. What is only named a key or a password is found by
//! `assigned`.

use super::assigned;
use regex::{Captures, Regex};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// Calls `found` with each key and what it is, kind by kind, until it returns false.
pub(super) fn each(text: &str, mut found: impl FnMut(Range<usize>, &'static str) -> bool) {
    for kind in KINDS.iter().filter(|kind| kind.hint.as_ref().is_none_or(|hint| hint.is_match(text))) {
        for captures in kind.pattern.captures_iter(text) {
            if let Some(at) = key(&captures)
                && !found(at, kind.shown)
            {
                return;
            }
        }
    }
}

// `key` is the part that is secret; what words have the shape of too must look random (`body`), and a
// password must not be a name or a place-holder (`word`).
fn key(found: &Captures<'_>) -> Option<Range<usize>> {
    let whole = found.get(0)?;
    if let Some(word) = found.name("word") {
        // The sentence around it goes on: `with password …, then`.
        let kept = word.as_str().trim_end_matches(['.', ',', ')', ';', '?']);
        return assigned::is_password(kept).then(|| word.start()..word.start() + kept.len());
    }
    if let Some(body) = found.name("body") {
        return is_made(body.as_str()).then(|| body.range());
    }
    if let Some(mixed) = found.name("mixed") {
        return is_mixed(mixed.as_str()).then(|| mixed.range());
    }
    let key = found.name("key").unwrap_or(whole);
    (!is_blank(key.as_str())).then(|| key.range())
}

// `sk-toggleable-label-arrow` has no digits.
fn is_made(body: &str) -> bool {
    let distinct: HashSet<char> = body.chars().skip(6).collect();
    body.chars().filter(char::is_ascii_digit).count() > 1 && distinct.len() > 3 && !is_blank(body)
}

// Without words in it: `aria-describedby-LongNameOfAThing12`.
fn is_mixed(key: &str) -> bool {
    let has = |sort: fn(&char) -> bool| key.chars().skip(7).filter(sort).count() > 3;
    let steps = key.as_bytes().windows(2).filter(|two| {
        let sort = |b: u8| (b.is_ascii_digit(), b.is_ascii_uppercase(), b.is_ascii_lowercase());
        sort(two[0]) != sort(two[1])
    });
    let joints = key.chars().filter(|c| matches!(c, '-' | '_')).count();
    joints * 10 < key.len() + 10
        && has(char::is_ascii_digit)
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && steps.count() * 5 > key.len() * 2
        && !is_blank(key)
}

/// Whether a text stands for a key and is none: `AKIAIOSFODNN7EXAMPLE`, `hf_xxxxxxxx`, `ghp_********`.
pub(super) fn is_blank(key: &str) -> bool {
    let mut run = (' ', 0);
    let crossed_out = key.chars().any(|c| {
        run = if c == run.0 { (c, run.1 + 1) } else { (c, 1) };
        run.1 >= 5 && matches!(c, 'x' | 'X' | '*' | '.' | '#' | '0' | '_')
    });
    crossed_out && key.len() < 120
        || key.ends_with("EXAMPLE")
        || key.ends_with("Here")
        || key.ends_with("HERE")
}

struct Kind {
    // What a text must have for the pattern to be worth a look: literals, which are found at once.
    hint: Option<Regex>,
    pattern: Regex,
    shown: &'static str,
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let built = |pattern: &str| Regex::new(pattern).expect("the pattern is fixed and tested");
    let kind = |(hint, pattern, shown): &(&str, &str, &'static str)| Kind {
        hint: (!hint.is_empty()).then(|| built(hint)),
        pattern: built(pattern),
        shown,
    };
    KEYS.iter().map(kind).collect()
});

// A pattern that begins with literals needs no hint.
#[rustfmt::skip]
const KEYS: &[(&str, &str, &str)] = &[
    ("", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)", "a private key"),
    ("", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b", "a private key"),
    ("", r"\b(?P<body>sk-(?:ant-(?:api|admin|oat)\d\d-|proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,})", "an API key"),
    ("", r"\b(?P<body>gsk_[A-Za-z0-9_-]{40,}|xai-[A-Za-z0-9_-]{40,}|pplx-[A-Za-z0-9_-]{32,}|r8_[A-Za-z0-9]{30,}|fw_[A-Za-z0-9]{20,}|nvapi-[A-Za-z0-9_-]{40,}|lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10})", "an API key"),
    ("", r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b", "an AWS key"),
    ("", r"\bABSK[A-Za-z0-9+/]{60,}={0,2}|\bbedrock-api-key-[A-Za-z0-9+/]{28,}={0,2}|\bamzn\.mws\.[0-9a-f]{8}-[0-9a-f-]{27}|\b(?P<body>da2-[a-z0-9]{26})\b", "an AWS key"),
    ("", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|ghs_\d+_eyJ[A-Za-z0-9_.-]{20,}|github_pat_[A-Za-z0-9_]{40,})", "a GitHub token"),
    ("", r"\bgl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_.-]{20,}|\b(?P<body>GR1348941[A-Za-z0-9_-]{20,})", "a GitLab token"),
    ("", r"\b(?:xox[abeoprs]-(?:\d{1,2}-)?(?:\d{6,14}-){1,3}[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,})", "a Slack token"),
    ("", r"\b(?P<body>xox[ar]-(?:\d-)?[A-Za-z0-9]{10,48}|xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9-]{40,})", "a Slack token"),
    ("", r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<key>[A-Za-z0-9/_+-]{30,})", "a Slack webhook"),
    ("", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/(?P<key>[A-Za-z0-9_-]{60,})", "a Discord webhook"),
    ("", r"\.webhook\.office\.com/webhookb2/(?P<key>[A-Za-z0-9@/_-]{60,})", "a Teams webhook"),
    ("", r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}", "a Discord token"),
    (r":AA", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b", "a Telegram token"),
    ("", r"\bAIza[0-9A-Za-z_-]{35}", "a Google API key"),
    ("", r"\b(?:GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{40,})", "a Google token"),
    ("", r"\b(?i:AccountKey|SharedAccessKey)=(?P<key>[A-Za-z0-9+/]{40,88}={0,2})", "an Azure key"),
    (r"sig=", r"[?&]sig=(?P<key>[A-Za-z0-9%+/]{40,}(?:={0,2}))", "an Azure signature"),
    ("Q~", r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", "an Azure secret"),
    ("JQQJ9", r"\b[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9]{26,}", "an Azure secret"),
    ("", r"\b(?:[sr]k_(?:live|test)_[0-9a-zA-Z]{16,}|whsec_[A-Za-z0-9+/]{24,})", "a Stripe key"),
    ("", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", "a SendGrid key"),
    ("-us", r"\b[0-9a-f]{32}-us\d{1,2}\b", "a mail key"),
    ("", r"\bkey-[0-9a-f]{32}\b|\bxkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}|\bSK[0-9a-f]{32}\b", "a mail or messaging key"),
    ("", r"\b(?:hf_[A-Za-z0-9]{30,37}\b|api_org_[A-Za-z0-9]{34}\b|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|rubygems_[0-9a-f]{48}\b|cio[A-Za-z0-9]{32}\b|dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}|CLOJARS_[a-z0-9]{60})", "a registry token"),
    ("atlasv1", r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}", "a service's token"),
    ("", r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}", "a service's token"),
    ("", r"\b(?:do[opr]_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}(?:-\d)?|shp(?:at|ca|pa|ss|tka)_[0-9a-fA-F]{32}|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,}|HRKU-[A-Za-z0-9_-]{30,}|lin_(?:api|oauth)_[A-Za-z0-9]{40,}|figd_[A-Za-z0-9_-]{40,}|ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}\b|sntry[su]_[A-Za-z0-9+/=_-]{40,}|glsa_[A-Za-z0-9_-]{32}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{32,}={0,2}|eyJrIjoi[A-Za-z0-9+/]{60,}={0,2}|hv[sbr]\.[A-Za-z0-9_-]{24,}|dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{40,}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|NR(?:AK-[A-Z0-9]{27}|II-[A-Za-z0-9_-]{25,32}|[JB][SR]-[a-z0-9]{19,20})|sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{31}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,}|ph[cx]_[A-Za-z0-9]{40,}|tskey-[a-z]+-[A-Za-z0-9-]{20,})", "a service's token"),
    ("_mmk", r"\b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk", "a service's token"),
    (r"[ps]at\.", r"\b[ps]at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}", "a service's token"),
    ("", r"\b(?:ops_eyJ[A-Za-z0-9+/_-]{80,}={0,2}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}|AT(?:ATT|CTT)3[A-Za-z0-9_=-]{50,}|ATBB[A-Za-z0-9]{32}\b|BBDC-[A-Za-z0-9+/_-]{40,}|v1\.0-[a-f0-9]{24}-[a-f0-9]{146}|dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}|EZ[AT]K[A-Za-z0-9]{54}|EAA[A-Za-z0-9]{80,}|FLW(?:SEC|PUB)K(?:_TEST)?-[a-z0-9]{12,40}-X|fo1_[A-Za-z0-9_-]{43}|fm[12][ar]?_[A-Za-z0-9+/]{90,}|fio-u-[A-Za-z0-9_=-]{64}|s-s4t2(?:ud|af)-[a-f0-9]{64}|sha256~[A-Za-z0-9_-]{43}|access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f-]{27}|access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}|rdme_[a-z0-9]{70}|SWM(?:TKN-1-[0-9a-z]{50}-[0-9a-z]{25}|KEY-1-[0-9A-Za-z]{43})|(?:waka_|RGAPI-)[0-9a-f]{8}-[0-9a-f-]{27}|nyk_v0_[A-Za-z0-9_-]{60,}|sl\.(?:u\.)?[A-Za-z0-9_-]{77,}|glc_eyJ[A-Za-z0-9_-]{60,}|CCIPAT_[A-Za-z0-9]{22}_[a-f0-9]{40}|sk\.eyJ[A-Za-z0-9_-]{50,}\.[A-Za-z0-9_-]{20,}|akab-[0-9a-z]{16}-[0-9a-z]{16}|dnkey-[A-Z2-7]{26}-[A-Z2-7]{52}|t1\.[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]{86}={0,2}|sc_[a-z0-9]{10}\.[a-z0-9]{5}\.acc[_-][a-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,})", "a service's token"),
    (r"s\.", r"\b(?P<body>s\.[A-Za-z0-9]{24})\b", "a service's token"),
    ("", r"\b(?P<body>p8e-[a-z0-9]{32}|LTAI[A-Za-z0-9]{12,24}|AKCp[A-Za-z0-9]{60,}|cmVmd[A-Za-z0-9]{59}|4b1d[A-Za-z0-9]{38}|ico-[A-Za-z0-9]{32}|API-[A-Z0-9]{26}|pul-[a-f0-9]{40}|pnu_[A-Za-z0-9]{36}|tk-us-[A-Za-z0-9_-]{48}|EAAA[A-Za-z0-9_-]{60}|tfp_[A-Za-z0-9_.=-]{59}|AQVN[A-Za-z0-9_-]{35,38}|oy2[a-z0-9]{43}|cf(?:at|ut|k)_[A-Za-z0-9]{48}|(?:ck|ak|oak|uak)_[A-Za-z0-9_-]{30,}|[MNO][ADQTgjwz][AEIMQUYcgk][0-5w-z][A-Za-z0-9_-]{40}|S[ACNOPUX][A-Z2-7]{56}|vc[a-z]_[A-Za-z0-9]{24,}|nf[cobup]_[A-Za-z0-9]{36}|bk[a-z]{2}_[a-f0-9]{40}|CFPAT-[A-Za-z0-9_-]{43}|db-[A-Za-z0-9]{29}|sk_[a-f0-9]{40,})\b", "a service's token"),
    // Whoever names a key by what it is does so in its first letters: `sm_pat_…`, `shippo_live_…`.
    // Nobody writes thirty letters of all sorts behind a short word.
    ("", r"\b(?P<mixed>[a-z]{2,6}[_-](?:v\d[_-])?[A-Za-z0-9_-]{30,})\b", "a service's token"),
    (r"[_-](?:pat|sk|key|apikey|token|tok|secret|live|prod|test|auth|access)[_-]|(?:pat|sk|token|secret|apikey|api_key)_", r"\b(?P<body>[A-Za-z][A-Za-z0-9]{1,11}[_-](?:pat|sk|key|apikey|token|tok|secret|live|prod|test|auth|access)[_-][A-Za-z0-9=_-]{16,}|(?:pat|sk|token|secret|apikey|api_key)_[A-Za-z0-9]{24,})\b", "a service's token"),
    ("", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", "a signed token"),
    (r"://", r"\b[a-z][a-z0-9+.-]*://[^\s:/@<{$]*:(?P<key>[^\s:/@<{$\[][^\s/@]{2,})@", "a URL with a password"),
    ("", r"(?i)\bauthorization[\x22']?\s*[:=]\s*[\x22']?(?:bearer|basic|token|(?:api-?)?(?:token|key))\s+(?P<key>[A-Za-z0-9._~+/=-]{8,})", "an authorization header"),
    ("", r"(?i)\bauthorization[\x22']?\s*:\s*[\x22']?(?P<word>[A-Za-z0-9._~+/=@-]{16,})", "an authorization header"),
    (r" -u| --user|\t-u|\t--user", r"\s(?:-u|--user)(?:=|\s{1,5})[\x22'{]{0,2}[^\s\x22':<>]{0,60}[}\x22']{0,2}:[\x22'{]{0,2}(?P<word>[^\s\x22':<>\[\]{}]{6,64})", "a password"),
    (r" -u| --user|\t-u|\t--user", r"\s(?:-u|--user)(?:=|\s{1,5})[\x22'](?P<word>[^\s\x22':<>\[\]{}]{8,64}):[\x22']", "a password"),
    ("", r"\b(?:mysql|mysqldump|mariadb)\b[^\n]{0,80}\s-p(?P<word>[^\s\x22'<>]{6,64})", "a password"),
    (r" -p| --pass| --token| --secret| --api-key", r"\s(?:-p|-pw|--password|--passwd|--token|--secret|--api-key)(?:=|\s{1,5})[\x22']?(?P<word>[^\s\x22'<>]{6,128})", "a password or key"),
    ("", r"(?i)\b(?:with password|identified by|set password)\s*(?:=\s*)?[\x22'](?P<word>[^\s\x22']{6,64})", "a password"),
    ("", r"(?i)\b(?:passwords?|passphrase|passwort|kennwort|contrase[nñ]a|mot de passe|senha)\s(?P<word>[^\s\x22'<>]{8,64})", "a password"),
];
