//! Keys and passwords by the name before them: `API_KEY = "…"`, `token: …`, `<dbPassword>…</dbPassword>`.
//!
//! In: a text. Out: where a value stands that a name calls a secret and that looks made, not written: names,
//! calls, templates and place-holders are none.

use super::keys::is_blank;
use regex::Regex;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// Each value that is called a secret, in order.
pub(super) fn each(text: &str, mut found: impl FnMut(Range<usize>) -> bool) {
    if !HINT.is_match(text) {
        return;
    }
    for captures in NAMED.captures_iter(text) {
        let (Some(name), Some(sign), Some(value)) =
            (captures.name("name"), captures.name("sign"), captures.name("value"))
        else {
            continue;
        };
        let before =
            text[..name.start()].trim_end_matches(|c: char| c.is_alphanumeric() || "_-.".contains(c));
        let head = &text[before.len()..name.start()];
        let shown = value.as_str().trim_end_matches(['.', ')']);
        // What only stands beside a name must look more like a key than what is set equal to it.
        let plain = sign.as_str().contains(['=', ':']) || sign.as_str().contains("is");
        let is_secret = match plain {
            true => looks_made(shown),
            false => looks_made(shown) && is_long(shown),
        };
        if is_secret
            && !OTHER_TAIL.is_match(&captures["tail"])
            && !OTHER_HEAD.is_match(head)
            && !found(value.start()..value.start() + shown.len())
        {
            return;
        }
    }
}

/// Whether a word in the place of a password is one: it has letters and signs of another sort, and is neither a
/// name nor a place-holder. Words and numbers alone are not told from what else may stand there.
pub(super) fn is_password(word: &str) -> bool {
    let lower = word.to_lowercase();
    sorts(word) >= 2
        && !word.starts_with('(')
        && word.contains(char::is_alphabetic)
        && (sorts(word) >= 3 || is_long(word) || !word.contains(['-', '_', '.', '/']))
        && looks_made(word)
        && !["test", "token", "password", "user", "pass", "reset"].contains(&lower.as_str())
}

// Letters and digits in a row that nobody remembers.
fn is_long(value: &str) -> bool {
    value.len() >= 16
        && value.chars().filter(char::is_ascii_digit).count() >= 2
        && bits(value) >= 3.0
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "+/_=.-".contains(c))
}

// Words have few distinct signs or no digits; what a machine made has many, of several sorts.
fn looks_made(value: &str) -> bool {
    let lower = value.to_lowercase();
    let long = value.len() >= 32 && value.chars().filter(char::is_ascii_digit).count() > 3;
    let named = CODE.is_match(value) && !long || CALL.is_match(value);
    value.chars().count() >= 6
        && bits(value) >= 2.7_f64.min((value.chars().count() as f64).log2() - 0.3)
        && sorts(value) >= 2
        && !value.chars().all(|c| c.is_lowercase() || "-_.".contains(c))
        && !named
        && !TEMPLATE.is_match(value)
        && !BLANKS.iter().any(|blank| lower.contains(blank))
        && !is_blank(value)
        && !has_alphabet(&lower)
}

fn sorts(text: &str) -> usize {
    [
        text.contains(|c: char| c.is_ascii_digit()),
        text.contains(char::is_lowercase),
        text.contains(char::is_uppercase),
        text.contains(|c: char| c.is_ascii_punctuation()),
    ]
    .into_iter()
    .filter(|has| *has)
    .count()
}

fn bits(text: &str) -> f64 {
    let mut counts: HashMap<char, f64> = HashMap::new();
    text.chars().for_each(|c| *counts.entry(c).or_default() += 1.0);
    let length = text.chars().count() as f64;
    counts.values().map(|n| -(n / length) * (n / length).log2()).sum()
}

// What signs a key may have: `abcdefghijklmnopqrstuvwxyz0123456789`.
fn has_alphabet(lower: &str) -> bool {
    lower.contains("abcdefghijkl") || lower.contains("0123456789abc")
}

/// What stands where a value will.
const BLANKS: &[&str] = &[
    "your",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "example",
    "dummy",
    "fake",
    "redacted",
    "_here",
    "-here",
    "insert",
    "...",
    "****",
    "todo",
];

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("the pattern is fixed and tested"));
    };
}

// One of these is in every name: literals, which are found at once.
pattern!(HINT, r"(?i:key|secret|token|pass|pwd|cred|auth|kenn|contra|senha)|密|パス");
pattern!(
    NAMED,
    concat!(
        r"(?i)(?P<name>api[_.-]?key|secret|token|passwo?rd|passwd|\bpwd|_pwd|pass(?:phrase|code)|\bpass\b|_pass\b|",
        r"(?:access|private|auth|client|signing|encryption|master|session|license)[_.-]?key|credentials?|creds|_?auth\b|",
        r"passwort|kennwort|contrase[nñ]a|senha|密码|密碼|パスワード)",
        r"(?P<tail>[\w.-]{0,24}?)",
        // What closes a name, and sets a value.
        r"(?P<sign>(?:\\?[\x22'\x60\]]|\[\]){0,3}(?: string)?[ \t]*",
        r"(?::{0,3}=|[?+.]=|=>|->|:|,|\bis\b|\(|\)|>\s*|[\x22'][ \t]+value=|[ \t])[ \t]*(?:[|>][+-]?\s*\n\s*|@)?(?:\\?[\x22'\x60]|\(){0,3})",
        r"(?P<value>[^\s\x22'\x60,;<>]{8,})"
    )
);
// `config.password2`, `get_token()`, `process.env["KEY"]`, `Option<String>`, `https://…`: names, not what they hold.
pattern!(
    CODE,
    r"^[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+;?$|^[A-Za-z]:\\|^[./~]{0,2}/\w+|\.(?:pem|cer|p12|jks|json|ya?ml|txt|jpg|png)$|^[a-z]+(?:[-_.:][a-z]+)+[-_.:]?v?\d[\d.]*$|^\w+=$"
);
pattern!(CALL, r"^[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)*[(\[<)\]?]|^[!&*]\w+$|^:|^(?:https?|file)://");
pattern!(
    TEMPLATE,
    r#"^\$[\w{(]|^\$?\{\{?[\s\w.$|"'-]*\}?\}?$|^\{\{[\s\w.$|-]+\}\}|^<|^%[\w(]|^\[[^\]]*\]$|^ENC\["#
);
pattern!(
    OTHER_TAIL,
    r"(?i:(?:^|[_.-])ids?(?:$|[_.-])|name|ur[il]|endpoint|file|path|dir$|length|size|count|limit|hash|type|version|expir|ttl|header|field|policy|reset|hint|format|regex|pattern|store|^ring|^pair|alias|usage|budget|ize|audience|source|manager|provider)|Ids?(?:$|[A-Z])"
);
pattern!(
    OTHER_HEAD,
    r"(?i)(?:public|csrf|xsrf|pad|eos|bos|mask|unk|sep|cls|max|min|num|total|prompt|completion|next|page|json|jsonweb|confirm)[_.-]?$"
);
