//! No reply, however broken, makes the reader panic, and what it gives always has its type.
//!
//! `FLOW_PROPTEST_CASES` says how many mutated replies are tried.

use crate::cases;
use flow_plan::Value;
use flow_runtime::output::{self, Partial};

#[test]
fn mutated_replies_do_not_panic_and_keep_to_their_type() {
    let count = std::env::var("FLOW_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let cases = cases::all();
    let mut random = Random::default();
    for i in 0..count {
        let case = &cases[random.below(cases.len())];
        let other = &cases[random.below(cases.len())].reply;
        let reply = mutated(&case.reply, other, &mut random);
        // The type of another case, now and then.
        let ty = if i % 8 == 0 { &cases[random.below(cases.len())].ty } else { &case.ty };
        if let Ok(read) = output::read(ty, &reply) {
            let again = ty.read(&json(&read.value));
            assert!(again.is_ok(), "{:?} of {reply:?} does not have its type: {again:?}", read.value);
        }
        if i % 4 == 0 {
            let mut partial = Partial::new(ty.clone());
            partial.feed(&reply);
            let _ = partial.value();
        }
    }
}

#[test]
fn hostile_depth_and_repetition_are_read_in_linear_time() {
    let cases = cases::all();
    let pieces = [
        "{",
        "[",
        "{\"a\":",
        "[[",
        "(",
        "\"",
        "\"\"",
        "\",",
        "\", \"",
        "{\"",
        "'",
        "`",
        "```",
        "\"//",
        "\"/*",
        "# ",
        "\\\"",
        "{\"reply\": \"",
        "\"reply\": ",
        ": ",
        ", ",
        "}",
        "]",
        "},{",
        "{},",
        "[1],",
        "\n",
        "{\"reply\": \",\n\n",
        "\",\n",
        "…",
        "“",
        "{x}",
        "[a] ",
        "is positive ",
        "not ",
        "1,",
        "<think>",
        "</think>",
        "- ",
        "a: b\n",
        "\\u",
        "{\"reply\": a ",
        ",#a\n",
        "a, #b\n",
        "\", #a\n",
        "[a]\n",
        "(1)\n",
        "[1], [a",
        "\"], ",
        "\"a\",",
        "reply:\nhi\n",
        "Positive\n",
        "{\"a\": {\"reply\": ",
    ];
    for piece in pieces {
        let reply = piece.repeat(60_000 / piece.len());
        for case in cases.iter().step_by(23) {
            let began = std::time::Instant::now();
            let _ = output::read(&case.ty, &reply);
            // Unoptimised and on a busy machine; quadratic work on this takes minutes.
            let took = began.elapsed();
            assert!(took.as_secs() < 10, "{piece:?} for {} took {took:?}", case.ty);
        }
    }
}

fn json(value: &Value) -> serde_json::Value {
    value.to_json()
}

fn mutated(reply: &str, other: &str, random: &mut Random) -> String {
    const SIGNS: &[char] = &[
        '{', '}', '[', ']', '(', ')', '"', '\'', '`', ',', ':', ';', '\\', '/', '*', '#', '\n', ' ', '\t',
        '\0', '1', '-', '.', 'e', 'u', 'n', '“', '”', '’', '\u{feff}', '\u{a0}', 'é', '😀', '<', '>', '%',
        '$', '|', '=',
    ];
    let mut chars: Vec<char> = reply.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len() + 1);
        match random.below(7) {
            0 => chars.insert(at, SIGNS[random.below(SIGNS.len())]),
            1 if at < chars.len() => {
                chars.remove(at);
            }
            2 if at < chars.len() => chars[at] = SIGNS[random.below(SIGNS.len())],
            3 => chars.truncate(at),
            4 => {
                chars.drain(..at);
            }
            5 => {
                let end = (at + random.below(20)).min(chars.len());
                let copied = chars[at..end].to_vec();
                chars.splice(at..at, copied);
            }
            _ => {
                let other: Vec<char> = other.chars().collect();
                let from = random.below(other.len() + 1);
                chars.splice(at..at, other[from..].iter().take(30).copied());
            }
        }
    }
    chars.into_iter().collect()
}

/// The same numbers in every run.
pub(crate) struct Random(u64);

impl Default for Random {
    fn default() -> Random {
        Random(0x9e37_79b9_7f4a_7c15)
    }
}

impl Random {
    pub(crate) fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most.max(1) as u64) as usize
    }
}
