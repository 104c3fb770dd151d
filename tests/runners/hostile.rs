//! Hostile texts of 100 KB: compiling one takes less than a second in release and never panics.
//! In a debug build the same texts run at a tenth of the size.

use flow_tests::world::FolderWorld;
use proptest::prelude::*;
use std::time::{Duration, Instant};

const SIZE: usize = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
// A debug build on a busy machine says nothing about speed; it still has to end.
const MOST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });

// A flow of paid steps, more than its budget allows.
fn over_budget(step: &dyn Fn(usize) -> String) -> String {
    let steps: String = (0..3000).map(step).collect();
    format!(
        "model m = \"sim/text\" {{ price: $1 in, $1 out }}\nprompt p(a: text) -> text <= 20 tokens {{\n  user: \"{{{{ a }}}}\"\n}}\n\
         flow f(a: text <= 5 tokens) -> text {{\n  budget: $0.001\n  s0 = p(a)\n{steps}  return join([{}], \"\")\n}}\n",
        (0..3000).map(|i| format!("s{i}")).collect::<Vec<_>>().join(", ")
    )
}

const ASKED: &str = "model m = \"sim/text\" { price: $1 in, $1 out }\n\
    prompt p(a: text) -> text <= 20 tokens {\n  user: \"{{ a }}\"\n}\n";

// Loops in loops, as deep as brackets go, around a call; what each goes through is larger than what
// it was given by `grows`.
fn loops(grows: &str, settings: &str) -> String {
    let mut text = format!("{ASKED}flow f(a: text <= 5 tokens) -> text {{\n{settings}");
    for i in 0..60 {
        let from = if i == 0 { "a" } else { "it" };
        text.push_str(&format!("r{i} = repeat up to 20 from {from} {{\n"));
    }
    text.push_str(&format!("z = p(it)\nyield z{grows}\n"));
    for i in (0..60).rev() {
        text.push_str(&if i == 0 { "}\n".to_owned() } else { format!("}}\nyield r{i}{grows}\n") });
    }
    text + "q = p(r0)\nreturn q\n}\n"
}

// Each flow makes twice the calls of the one before.
fn doubled(flows: usize) -> String {
    let more = (1..flows).map(|i| {
        let last = i - 1;
        format!(
            "flow f{i}(a: text <= 5 tokens) -> text {{\n  x = f{last}(a)\n  y = f{last}(a)\n  return x + y\n}}\n"
        )
    });
    format!(
        "{ASKED}flow f0(a: text <= 5 tokens) -> text {{\n  x = p(a)\n  return x\n}}\n{}",
        more.collect::<String>()
    )
}

#[test]
#[expect(clippy::print_stderr, reason = "the times are read in the output of a run with --nocapture")]
fn hostile_texts_compile_within_a_second() {
    let repeated = |piece: &str| piece.repeat(SIZE / piece.len() + 1);
    let inside = |piece: &str| format!("flow f(n: int) -> int {{\n  return {}\n}}\n", repeated(piece));
    let many = |piece: &dyn Fn(usize) -> String, each: usize| (0..SIZE / each).map(piece).collect::<String>();
    let texts = [
        ("opening braces", repeated("{")),
        ("closing braces", repeated("}")),
        ("opening parentheses", inside("(")),
        ("opening brackets", inside("[")),
        ("nested calls", inside("f(")),
        ("minus signs", inside("-")),
        ("not not not", inside("not ")),
        ("a long sum", inside("n + ")),
        ("a chain of fields", inside("n.")),
        ("a chain of defaults", inside("n ?? ")),
        ("quotes", repeated("\"")),
        ("text blocks", repeated("\"\"\"")),
        ("holes", format!("const a = \"{}\"\n", repeated("{{ "))),
        ("template loops", format!("const a = \"{}\"\n", repeated("{% for a in b %}"))),
        ("flow keywords", repeated("flow ")),
        ("unfinished flows", repeated("flow f(\n")),
        ("nested blocks", repeated("flow f() { a = if b { ")),
        ("else if", inside("if n > 1 { yield 1 } else ")),
        ("newlines", repeated("\n")),
        ("comments", repeated("// x\n")),
        ("doc comments", repeated("/// x\n")),
        ("one long name", repeated("a")),
        ("one long number", inside("9")),
        ("optional types", format!("type T = text{}\n", repeated("?"))),
        ("bounded types", format!("type T = text{}\n", repeated(" <= 5 tokens"))),
        ("labelled types", format!("type T = {} text\n", repeated("private "))),
        ("nested list types", format!("type T = {}\n", repeated("["))),
        ("many declarations", many(&|i| format!("const c{i} = {i}\n"), 18)),
        ("many equal names", many(&|_| "const c = 1\n".to_owned(), 12)),
        ("many unknown names", format!("flow f() {{\n{}}}\n", many(&|i| format!("  a{i} = b{i}\n"), 16))),
        (
            "a chain of steps",
            format!("flow f(a0: int) {{\n{}}}\n", many(&|i| format!("  a{} = a{i}\n", i + 1), 16)),
        ),
        (
            "a circle of steps",
            format!("flow f() {{\n  a0 = a1\n{}}}\n", many(&|i| format!("  a{} = a{}\n", i + 1, i + 2), 16)),
        ),
        (
            "a chain of calls over its budget",
            over_budget(&|i| format!("  s{} = p(s{i}) {{ retry: 1 }}\n", i + 1)),
        ),
        ("many calls over their budget", over_budget(&|i| format!("  s{} = p(a) {{ retry: 1 }}\n", i + 1))),
        ("loops in loops", loops("", "")),
        ("loops in loops that grow", loops(" + \"x\"", "")),
        ("loops in loops over their budget", loops("", "budget: $0.01\ndeadline: 10s\n")),
        ("loops in loops that grow over their budget", loops(" + \"x\"", "budget: $0.01\ndeadline: 10s\n")),
        ("flows that call the one before twice", doubled(100)),
        ("too many flows that call the one before twice", doubled(SIZE / 70)),
        ("a deep alias", many(&|i| format!("type T{i} = T{}\n", i + 1), 16)),
        ("a long enum", format!("enum E {{ {} }}\n", many(&|i| format!("v{i}, "), 8))),
        ("a long list", format!("const a = [{}]\n", repeated("1, "))),
        ("a long record", format!("const a = {{ {} }}\n", many(&|i| format!("k{i}: 1, "), 11))),
        ("multi-byte characters", repeated("é🎉\u{202e}")),
        ("zero bytes", repeated("\0")),
    ];
    let mut slow = Vec::new();
    for (name, text) in &texts {
        let started = Instant::now();
        let outcome = FolderWorld::empty().with("main.flow", text).compile("main.flow");
        let took = started.elapsed();
        assert_eq!(outcome.plan.is_some(), !outcome.diagnostics.has_errors(), "{name}");
        eprintln!("{name}: {} ms, {} diagnostics", took.as_millis(), outcome.diagnostics.len());
        if took > MOST {
            slow.push(format!("{name}: {took:?}"));
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    // Pieces of the language in any order come closer to trouble than random bytes do.
    #[test]
    fn pieces_in_any_order_compile_to_diagnostics(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..80)) {
        let text = pieces.join(" ");
        let outcome = FolderWorld::empty().with("main.flow", &text).compile("main.flow");
        prop_assert_eq!(outcome.plan.is_some(), !outcome.diagnostics.has_errors());
        for diagnostic in outcome.diagnostics.iter() {
            let in_file = diagnostic.span().end as usize <= text.len();
            prop_assert!(in_file, "{} points behind the end", diagnostic.message);
        }
    }
}

const PIECES: &[&str] = &[
    "flow",
    "f",
    "g",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "n",
    ":",
    "int",
    "text",
    "->",
    "\n",
    "=",
    "return",
    "yield",
    "if",
    "else",
    "match",
    "=>",
    "each",
    "in",
    "repeat",
    "up to",
    "3",
    "from",
    "until",
    "it",
    "+",
    "-",
    "not",
    "and",
    "??",
    ".",
    ",",
    "\"a\"",
    "\"{{ n }}\"",
    "\"\"\"\n  x\n  \"\"\"",
    "\"",
    "<=",
    "5 tokens",
    "?",
    "..",
    "$0.10",
    "5s",
    "type",
    "T",
    "enum",
    "E",
    "model",
    "\"sim/text\"",
    "prompt",
    "user:",
    "guard",
    "require:",
    "test",
    "expect",
    "let",
    "reply",
    "stop",
    "redact",
    "retry",
    "import",
    "std.guards",
    "pii",
    "const",
    "|",
    "//",
    "///",
    "null",
    "true",
    "map(",
    "é",
];
