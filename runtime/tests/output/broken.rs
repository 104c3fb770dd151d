//! A well-formed reply that is then broken in one or two places, as models break JSON, is read as it was, or
//! refused: never as something else.
//!
//! `FLOW_PROPTEST_CASES` says how many are tried.

use crate::mutated::Random;
use crate::types;
use flow_runtime::output;
use serde_json::{Value as Json, json};

/// Texts that tempt: with quotes, commas, colons, brackets and words of JSON in them. None holds a comma or a
/// semicolon behind a word alone, which nobody can tell from two elements once its quotes are gone.
const TEXTS: [&str; 22] = [
    "Bob",
    "Bob's dog",
    "see: this",
    "http://x.y/z#top",
    "He said hi",
    "50% off",
    "C# code",
    "yes",
    "none of it",
    "2024-05-06",
    "it's 5 o'clock",
    "line one\nline two",
    "a/b",
    "true story",
    "item 1: ok",
    "said \"hi\" twice",
    "x = 5",
    "tab\there",
    "end.",
    "#1 choice",
    "A & B",
    "ünïcode ✓",
];

#[test]
fn a_broken_reply_is_read_as_it_was_or_refused() {
    let count = std::env::var("FLOW_PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let types = types::declared();
    let mut random = Random::default();
    let (mut read_rightly, mut wrong) = (0, Vec::new());
    for _ in 0..count {
        let (name, value) = whole(&mut random);
        let ty = types::named(&types, name);
        let pretty = random.below(3) > 0;
        let mut reply = if pretty { format!("{value:#}") } else { value.to_string() };
        let mut ways: Vec<usize> = (0..=random.below(2)).map(|_| random.below(WAYS.len())).collect();
        // What stands outside of texts is known while their quotes are whole.
        ways.sort_unstable();
        // Once a quote inside stands bare, nobody knows which kind it was.
        if ways.iter().filter(|way| WAYS[**way].0.contains("quotes")).count() > 1 {
            continue;
        }
        for way in &ways {
            reply = WAYS[*way].1(&reply, &mut random);
        }
        // Cut off behind both, a doubled quote is an empty text.
        if ways.len() > 1 && ways.iter().all(|way| matches!(WAYS[*way].0, "a quote is doubled" | "cut off")) {
            continue;
        }
        // Well-formed again, it says something else.
        if serde_json::from_str::<Json>(&reply).is_ok_and(|other| other != value) {
            continue;
        }
        let Ok(read) = output::read(&ty, &reply) else { continue };
        if read.value.to_json() == value {
            read_rightly += 1;
            continue;
        }
        let ways: Vec<&str> = ways.iter().map(|way| WAYS[*way].0).collect();
        wrong.push(format!("{ways:?}: {reply}\n  is read as {} by {:?}", read.value.to_json(), read.repairs));
    }
    assert!(wrong.is_empty(), "{} of {count} are wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(read_rightly > count / 3, "only {read_rightly} of {count} are read");
}

// A type of the suite and a value of it.
fn whole(random: &mut Random) -> (&'static str, Json) {
    let text = |random: &mut Random| TEXTS[random.below(TEXTS.len())];
    let texts = |random: &mut Random| (0..random.below(4)).map(|_| text(random)).collect::<Vec<_>>();
    match random.below(6) {
        0 => ("Person", json!({"name": text(random), "age": random.below(99), "email": text(random)})),
        1 => ("Tagged", json!({"text": text(random), "tags": texts(random)})),
        2 => ("Review", json!({"mood": "Positive", "score": 1 + random.below(5), "why": text(random)})),
        3 => ("Words", json!({"key two": text(random), "q": text(random)})),
        4 => ("Notes", json!({ "notes": texts(random) })),
        _ => {
            let row =
                |random: &mut Random| json!({"name": text(random), "age": random.below(99), "email": null});
            ("People", json!([row(random), row(random)]))
        }
    }
}

type Way = (&'static str, fn(&str, &mut Random) -> String);

/// Ways in which models break JSON; what changes quotes comes behind what does not.
const WAYS: [Way; 15] = [
    ("a comma is missing", |reply, random| without(reply, random, ',')),
    ("a colon is missing", |reply, random| without(reply, random, ':')),
    ("a brace is missing", |reply, random| without(reply, random, '}')),
    ("a bracket is missing", |reply, random| without(reply, random, ']')),
    ("a comma is too many", |reply, random| replaced(reply, random, '}', ",}")),
    ("a comment", |reply, random| {
        let note = [",  // note\n", ", # note, really\n", ", /* see \"x\" */\n"][random.below(3)];
        replaced(reply, random, ',', note)
    }),
    ("a quote is missing", |reply, random| without(reply, random, '"')),
    ("another quote", |reply, random| {
        let quote = ["'", "`", "“", "”", "’"][random.below(5)];
        replaced(reply, random, '"', quote)
    }),
    ("a quote is doubled", |reply, random| replaced(reply, random, '"', "\"\"")),
    ("a quote is escaped", |reply, random| replaced(reply, random, '"', "\\\"")),
    ("single quotes", |reply, _| {
        let hidden = reply.replace("\\\"", "\0");
        hidden.replace('"', "'").replace('\0', "\"")
    }),
    ("quotes inside are not escaped", |reply, _| reply.replace("\\\"", "\"")),
    ("line breaks inside are not escaped", |reply, _| reply.replace("\\n", "\n")),
    ("prose around", |reply, _| format!("Here it is:\n```json\n{reply}\n```\nGood luck!")),
    ("cut off", |reply, random| {
        let chars: Vec<char> = reply.chars().collect();
        chars[..1 + random.below(chars.len() - 1)].iter().collect()
    }),
];

fn without(reply: &str, random: &mut Random, sign: char) -> String {
    replaced(reply, random, sign, "")
}

// One of the signs replaced that stand outside of texts, quotes included.
fn replaced(reply: &str, random: &mut Random, sign: char, by: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    let places: Vec<usize> = reply
        .char_indices()
        .filter(|(_, c)| {
            let was_text = is_text;
            is_text ^= *c == '"' && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            *c == sign && (!was_text || sign == '"' && !is_text)
        })
        .map(|(at, _)| at)
        .collect();
    if places.is_empty() {
        return reply.to_owned();
    }
    let at = places[random.below(places.len())];
    format!("{}{by}{}", &reply[..at], &reply[at + sign.len_utf8()..])
}
