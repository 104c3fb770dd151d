//! How fast replies are read: `cargo run --release -p flow-benches --bin replies`.
//!
//! Each line is one kind of reply of about 200 KB: the megabytes a second and whether it gave a value.
//! The hostile ones are a short text over and over, which a reader that looks back and forth takes
//! minutes for. A number as argument chooses how many rounds; the fastest counts, and the median stands
//! beside it, since what else the machine does is no matter of the reader. A second argument chooses the kinds
//! whose names have it in them.

#![expect(clippy::print_stdout, reason = "it prints its measurements")]

use flow_plan::{Field, Labels, RecordType, Type};
use flow_runtime::output::{Partial, read};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

/// As in `flowc`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZE: usize = 200_000;

fn main() {
    let rounds = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(31);
    let kind = std::env::args().nth(2).unwrap_or_default();
    let people = people();
    println!("{:<34} {:>9} {:>9} {:>9}  result", "reply", "bytes", "MB/s", "median");
    for (name, reply) in replies().into_iter().filter(|(name, _)| name.contains(&kind)) {
        measure(name, &reply, rounds, || match read(&people, &reply) {
            Ok(read) => format!("a value, {} repairs", read.repairs.len()),
            Err(_) => "refused".to_owned(),
        });
    }
    if !kind.is_empty() {
        return;
    }
    let plain = &replies()[0].1;
    measure("as it arrives, 16 bytes a piece", plain, rounds, || {
        let mut partial = Partial::new(people.clone());
        let mut rest = plain.as_str();
        let mut shown = 0;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(16));
            shown += u32::from(partial.feed(piece));
            rest = behind;
        }
        format!("{shown} pieces to show")
    });
    let mut slowest = (f64::MAX, "");
    for piece in HOSTILE {
        let reply = piece.repeat(SIZE / piece.len());
        for ty in [&people, &Type::TEXT, &Type::Int(None), &item(&people)] {
            let once = || {
                let began = Instant::now();
                let _ = read(ty, &reply);
                began.elapsed().as_secs_f64()
            };
            let speed = reply.len() as f64 / 1e6 / (0..5).map(|_| once()).fold(f64::MAX, f64::min);
            if speed < slowest.0 {
                slowest = (speed, piece);
            }
        }
    }
    println!("slowest of {} hostile ones: {:.0} MB/s for {:?}", HOSTILE.len(), slowest.0, slowest.1);
}

fn measure(name: &str, reply: &str, rounds: usize, work: impl Fn() -> String) {
    let mut times: Vec<f64> = Vec::with_capacity(rounds);
    let mut result = String::new();
    for _ in 0..rounds {
        let began = Instant::now();
        result = work();
        times.push(began.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let speed = |time: f64| reply.len() as f64 / 1e6 / time;
    let (best, median) = (speed(times[0]), speed(times[rounds / 2]));
    println!("{name:<34} {:>9} {best:>9.0} {median:>9.0}  {result}", reply.len());
}

fn replies() -> Vec<(&'static str, String)> {
    let plain = list(|i| {
        format!(
            "{{\"name\": \"Ann {i}\", \"age\": {}, \"note\": \"She wrote to us about an order that came late.\"}}",
            i % 90
        )
    });
    let quoted = list(|i| {
        format!(
            "{{'name': 'Ann {i}', 'age': '{}', 'note': 'She\'s written about an order, \"late\", again.',}}",
            i % 90
        )
    });
    let bare = list(|i| {
        format!(
            "{{name: Ann {i}, age: {}, // years\n note: She wrote about an order, which came late}}",
            i % 90
        )
    });
    let inner = list(|i| {
        format!(
            "{{\"name\": \"Ann {i}\" \"age\": {}, \"note\": \"She said \"it came late\", and left\"}}",
            i % 90
        )
    });
    let numbers = format!("Here: [{}1]", "12, 7,\n".repeat(SIZE / 7));
    vec![
        ("strict", plain.clone()),
        ("fenced, trailing comma", format!("Sure:\n```json\n{},]\n```", &plain[..plain.len() - 1])),
        ("single quotes, numbers as text", quoted),
        ("no quotes, comments", bare),
        ("inner quotes, missing commas", inner),
        ("numbers of another type", numbers),
        ("cut off", plain[..plain.len() - 20].to_owned()),
    ]
}

fn list(item: impl Fn(usize) -> String) -> String {
    let mut out = "[".to_owned();
    let mut i = 0;
    while out.len() < SIZE {
        let _ = write!(out, "{}{}", if i > 0 { ",\n" } else { "" }, item(i));
        i += 1;
    }
    out.push(']');
    out
}

fn people() -> Type {
    let field = |name: &str, ty| Field {
        name: name.into(),
        ty,
        doc: "".into(),
        labels: Labels::default(),
        default: None,
    };
    let fields = vec![field("name", Type::TEXT), field("age", Type::INT), field("note", Type::TEXT)];
    let person = RecordType { name: Some("Person".into()), doc: "".into(), fields };
    Type::List(Box::new(Type::Record(Arc::new(person))), None)
}

fn item(list: &Type) -> Type {
    match list {
        Type::List(item, _) => (**item).clone(),
        other => other.clone(),
    }
}

const HOSTILE: &[&str] = &[
    "{",
    "[",
    "{\"name\":",
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
    "{\"name\": \"",
    "\"name\": ",
    ": ",
    ", ",
    "}",
    "]",
    "},{",
    "{},",
    "[1],",
    "\n",
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
    "name: b\n",
    "\\u",
    "{\"name\": a ",
    "{\"name\": \"a\" \"b\"",
    "[\"a\"b\", ",
    "{\"a\" b",
    "{name: a, ",
    ",#a\n",
    "a, #b\n",
    "\", #a\n",
    "[a]\n",
    "[1], [a",
    "\"], ",
    "name:\nhi\n",
    "\"name\" ",
    "{\"name\": [",
    "['",
    "[[1,",
    "[1] a. ",
    "not this: ",
    "- a:\n",
    "age: 1\nb.\n",
];
