//! Counts against tiktoken's, on texts made to be awkward; and what the fence and the cut promise.

use fastrand::Rng;
use flow_tokens::{Counter, JOINT, Measure, cap, closes_fence, fence_close, fence_open, opens_fence};

/// How many texts: `FLOW_TOKEN_CASES=60000` for the long run.
fn cases() -> u64 {
    std::env::var("FLOW_TOKEN_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

const PIECES: &[&str] = &[
    "the",
    " the",
    "ing",
    "tion",
    "I'm",
    "they'RE",
    "'ll",
    "don't",
    "HTTPServer",
    "fooBar",
    "x",
    "0",
    "007",
    "1234567890",
    "-1.5e-308",
    "３４",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\n\n\n",
    " \n ",
    "\u{a0}",
    "\u{3000}",
    "\u{200b}",
    ".",
    "...",
    "!?",
    "//",
    "/*",
    "</doc>",
    "<|im_start|>",
    "<|endoftext|>",
    "{\"a\":",
    "[]",
    "\\n",
    "ä",
    "Straße",
    "ẞ",
    "naïve",
    "e\u{301}",
    "\u{1100}\u{1161}",
    "한국어",
    "日本語のテキスト",
    "中文",
    "ไทย",
    "हिन्दी",
    "العربية",
    "עברית",
    "🙂",
    "👩‍👩‍👧",
    "🇩🇪",
    "ﬁ",
    "㍿",
    "ﷺ",
    "\u{fffd}",
    "\u{10ffff}",
    "ǅ",
    "ʰ",
    "Ⅷ",
    "½",
    "_",
    "__init__",
    "a_b_c",
    "http://x.y/z?q=1",
    "$1,234.56",
    "\0",
    "\u{7f}",
];

fn text(rng: &mut Rng) -> String {
    let mut out = String::new();
    for _ in 0..rng.usize(0..40) {
        match rng.u32(0..10) {
            0 => out.push(rng.char('\u{1}'..='\u{10ffff}')),
            1 => out.push_str(&PIECES[rng.usize(0..PIECES.len())].repeat(rng.usize(1..12))),
            _ => out.push_str(PIECES[rng.usize(0..PIECES.len())]),
        }
    }
    out
}

fn measures() -> [(Measure, tiktoken_rs::CoreBPE); 2] {
    let named = |name| Measure::named(name, None).expect("the name is known");
    [
        (named("o200k_base"), tiktoken_rs::o200k_base().expect("tiktoken has its table")),
        (named("cl100k_base"), tiktoken_rs::cl100k_base().expect("tiktoken has its table")),
    ]
}

#[test]
fn counts_are_tiktokens() {
    let measures = measures();
    let mut rng = Rng::with_seed(7);
    for case in 0..cases() {
        let text = text(&mut rng);
        for (measure, tiktoken) in &measures {
            let wanted = tiktoken.encode_ordinary(&text).len() as u64;
            assert_eq!(measure.count(&text), wanted, "case {case}, {measure:?}: {text:?}");
        }
    }
}

#[test]
fn counts_add_exactly_at_a_fence() {
    let measures = measures();
    let mut rng = Rng::with_seed(8);
    for case in 0..cases() {
        let (before, inside, behind) = (text(&mut rng), text(&mut rng), text(&mut rng));
        let open = format!("{before}{}", fence_open("doc"));
        let close = format!("{}{behind}", fence_close("doc"));
        assert!(opens_fence(&open) && closes_fence(&close));
        let inside = inside.trim();
        for (measure, _) in &measures {
            let whole = measure.count(&format!("{open}{inside}{close}"));
            let parts = measure.count(&open) + measure.count(inside) + measure.count(&close);
            assert_eq!(whole, parts, "case {case}, {measure:?}: {open:?} {inside:?} {close:?}");
        }
    }
}

#[test]
fn joints_keep_within_their_slack() {
    let measures = measures();
    let mut rng = Rng::with_seed(9);
    for case in 0..cases() {
        let (a, b) = (text(&mut rng), text(&mut rng));
        for (measure, _) in &measures {
            let whole = measure.count(&format!("{a}{b}"));
            let parts = measure.count(&a) + measure.count(&b);
            assert!(whole <= parts + JOINT, "case {case}, {measure:?}: {a:?} {b:?}: {whole} of {parts}");
        }
    }
}

#[test]
fn what_is_cut_keeps_within_its_bound_and_loses_little() {
    let bytes = Measure::named("bytes", None).expect("the name is known");
    let mut rng = Rng::with_seed(10);
    for case in 0..cases() {
        let text = text(&mut rng);
        for measure in measures_to_cut().iter().chain([&bytes]) {
            let by_bytes = std::ptr::eq(measure, &bytes);
            let all = measure.count(&text);
            let most = rng.u64(0..=all + 2);
            for trim in [(false, false), (true, true)] {
                let kept = cap(measure.counter(), &text, most, trim);
                assert!(measure.count(kept) <= most, "case {case}, {measure:?}, {most}: {text:?} {kept:?}");
                assert!(text.starts_with(kept), "case {case}: what is kept is the start");
                assert!(all > most || kept == text, "case {case}: what fits is kept whole");
            }
            // A start can have more tokens than the whole, and characters are kept whole.
            let kept = measure.counter().cut(&text, most);
            let next: String = text[kept.len()..].chars().take(24).collect();
            let more = format!("{kept}{next}");
            // By bytes, what normalising makes longer and what it makes shorter are not set off.
            assert!(
                by_bytes || all <= most || measure.count(&more) > most,
                "case {case}, {measure:?}, {most}: {text:?}"
            );
        }
    }
}

fn measures_to_cut() -> [Measure; 2] {
    ["o200k_base", "cl100k_base"].map(|name| Measure::named(name, None).expect("the name is known"))
}

#[test]
fn no_text_has_more_tokens_than_bytes() {
    let mut rng = Rng::with_seed(11);
    for _ in 0..cases() {
        let text = text(&mut rng);
        for measure in &measures_to_cut() {
            assert!(measure.count(&text) <= Counter::Bytes.count(&text), "{text:?}");
        }
    }
}
