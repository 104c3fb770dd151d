//! What a simulated model writes, and what it takes names to mean: the wording of answers without a
//! fact to quote, and the small lists of names that have a usual meaning.

use super::answer::Purpose;
use super::facts;
use super::reading::Reading;
use crate::words::{is_stop_word, stem, stems, words};
use std::collections::HashMap;

/// Sentences for a text of this purpose, the most important first where they have to be cut.
pub(super) fn text(reading: &Reading, to: Purpose<'_>) -> Vec<String> {
    if is_title(to.name) {
        return vec![title(reading)];
    }
    if names_sources(to.name)
        && let Some(id) = reading.sources().first()
    {
        return vec![(*id).to_owned()];
    }
    if to.nth > 0
        && let Some(&at) = reading.chosen.get(to.nth)
    {
        return vec![spoken(reading, at)];
    }
    if is_reason(to.name)
        && let Some(&at) = reading.chosen.first()
    {
        let quoted = &reading.sentences[at].text;
        return vec![format!("It says: “{}”.", quoted.trim_end_matches('.'))];
    }
    if to.name == "answer" || is_reason(to.name) {
        return answer(reading);
    }
    if is_aside(to.name) {
        return vec!["unknown".to_owned()];
    }
    match spoken_of(reading, to) {
        Some(at) => vec![spoken(reading, at)],
        None => answer(reading),
    }
}

/// A chosen sentence, as a sentence: with a capital and a stop.
pub(super) fn spoken(reading: &Reading, at: usize) -> String {
    sentence(&reading.sentences[at].text)
}

/// The words that are said most, in the order of their first use.
pub(super) fn key_words(reading: &Reading, most: usize) -> Vec<String> {
    let mut text = reading.everything();
    for &at in &reading.chosen {
        text.push('\n');
        text.push_str(&reading.sentences[at].text);
    }
    let mut found: Vec<(String, String, usize)> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for word in words(&text) {
        let lower = word.to_lowercase();
        if lower.chars().count() < 3 || is_stop_word(&lower) || lower.starts_with(|c: char| c.is_numeric()) {
            continue;
        }
        let stem = stem(&lower);
        match at.get(&stem) {
            Some(&i) => found[i].2 += 1,
            None => {
                at.insert(stem.clone(), found.len());
                found.push((stem, lower, 1));
            }
        }
    }
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(found[i].2), i));
    order.truncate(most);
    order.sort_unstable();
    order.into_iter().map(|i| found[i].1.clone()).collect()
}

/// Whether a name stands for ids of what was drawn on.
pub(super) fn names_sources(name: &str) -> bool {
    has_word(
        name,
        &[
            "source",
            "sources",
            "id",
            "ids",
            "citation",
            "citations",
            "cited",
            "reference",
            "references",
            "refs",
            "passages",
            "evidence",
        ],
    )
}

/// Whether a name stands for single words.
pub(super) fn names_key_words(name: &str) -> bool {
    has_word(
        name,
        &["tag", "tags", "keyword", "keywords", "topic", "topics", "words", "labels", "terms", "queries"],
    )
}

/// Whether a name stands for a mark out of a scale.
pub(super) fn names_score(name: &str) -> bool {
    has_word(
        name,
        &[
            "score",
            "rating",
            "quality",
            "confidence",
            "grade",
            "mark",
            "stars",
            "relevance",
            "helpful",
            "tone",
            "judge",
        ],
    )
}

/// Whether a name stands for "this is good".
pub(super) fn names_approval(name: &str) -> bool {
    has_word(
        name,
        &[
            "confident",
            "sure",
            "ok",
            "okay",
            "good",
            "approved",
            "approve",
            "pass",
            "passes",
            "passed",
            "valid",
            "correct",
            "answered",
            "grounded",
            "supported",
            "relevant",
            "safe",
            "done",
            "enough",
            "complete",
            "helpful",
            "certain",
        ],
    )
}

/// Whether a text of this name stands beside the answer and is not the answer itself.
pub(super) fn is_aside(name: &str) -> bool {
    is_title(name)
        || is_reason(name)
        || names_sources(name)
        || names_key_words(name)
        || has_word(
            name,
            &[
                "name", "email", "phone", "url", "city", "country", "address", "language", "company",
                "product", "customer", "author", "sender", "note", "number",
            ],
        )
}

/// What a yes-or-no name asks after: `is_refund_requested` after a refund.
pub(super) fn topic(name: &str) -> String {
    let asks = [
        "is",
        "has",
        "wants",
        "needs",
        "should",
        "must",
        "was",
        "are",
        "requested",
        "mentioned",
        "mentions",
        "needed",
        "required",
        "asks",
    ];
    let spoken = facts::spoken(name);
    spoken.split(' ').filter(|w| !asks.contains(w)).collect::<Vec<_>>().join(" ")
}

/// Whether a word in lower case hints at a choice of this name. The lists are those of everyday
/// examples: moods, urgency, and the desks of a support team.
pub(super) fn cues(choice: &str, word: &str) -> bool {
    let stems: &[&str] = match choice {
        "positive" | "happy" | "praise" | "good" => &[
            "great",
            "love",
            "lov",
            "excellent",
            "perfect",
            "happy",
            "amaz",
            "good",
            "nic",
            "wonderful",
            "best",
            "fast",
            "comfortabl",
            "recommend",
            "pleas",
            "delight",
        ],
        "negative" | "unhappy" | "angry" | "complaint" | "bad" => &[
            "bad",
            "terribl",
            "awful",
            "worst",
            "hat",
            "brok",
            "broken",
            "broke",
            "disappoint",
            "poor",
            "slow",
            "angry",
            "never",
            "wrong",
            "leak",
            "useles",
            "unacceptabl",
            "rude",
        ],
        "urgent" | "high" | "critical" => &[
            "urgent",
            "immediat",
            "immediately",
            "asap",
            "now",
            "critical",
            "emergency",
            "outag",
            "today",
            "down",
        ],
        "billing" | "payment" | "payments" | "invoice" | "finance" => &[
            "bill",
            "invoic",
            "charg",
            "paid",
            "pay",
            "payment",
            "refund",
            "card",
            "pric",
            "subscription",
            "twic",
            "tax",
        ],
        "technical" | "bug" | "tech" | "support" | "it" => &[
            "error", "crash", "bug", "login", "log", "password", "app", "instal", "install", "load",
            "screen", "fail", "500", "404", "update",
        ],
        "shipping" | "delivery" | "logistics" => {
            &["ship", "deliver", "delivery", "parcel", "packag", "track", "courier", "arriv", "address"]
        }
        "returns" | "return" | "refund" | "refunds" => {
            &["return", "refund", "exchang", "money", "back", "size"]
        }
        "sales" | "purchase" | "pricing" => {
            &["buy", "pric", "quot", "discount", "purchas", "demo", "plan", "upgrad"]
        }
        "account" | "access" => &["account", "password", "login", "email", "profil", "delet", "sign"],
        _ => return false,
    };
    stems.contains(&&*stem(word))
}

// The sentence that shares most with a field's name and doc.
fn spoken_of(reading: &Reading, to: Purpose<'_>) -> Option<usize> {
    let wanted = stems(&format!("{} {}", facts::spoken(to.name), to.doc));
    let shared = |at: &usize| {
        let said = &reading.sentences[*at].stems;
        wanted.iter().filter(|w| said.contains(w)).count()
    };
    // Of equals the first: `max_by_key` alone would take the last.
    (0..reading.sentences.len())
        .filter(|at| shared(at) > 0)
        .max_by_key(|at| (shared(at), std::cmp::Reverse(*at)))
}

fn answer(reading: &Reading) -> Vec<String> {
    if !reading.chosen.is_empty() {
        return reading.chosen.iter().map(|&at| spoken(reading, at)).collect();
    }
    match &reading.question {
        Some(_) if !reading.sentences.is_empty() => vec!["The passages don't say.".to_owned()],
        Some(question) => {
            let about: Vec<&str> = words(question).filter(|w| !is_stop_word(&w.to_lowercase())).collect();
            vec![format!("This is a simulated answer about {}.", about.join(" "))]
        }
        None => written(reading),
    }
}

// Nothing to quote: what the task asks for, with the values it gives.
fn written(reading: &Reading) -> Vec<String> {
    let task = reading.tasks.first().map_or("", |t| t.trim_end_matches(['.', ':']));
    let (verb, object) = task.split_once(' ').unwrap_or((task, ""));
    let opening = match verb.to_lowercase().as_str() {
        _ if object.is_empty() => "Here is what you asked for".to_owned(),
        "write" | "draft" | "compose" | "create" | "generate" | "produce" | "prepare" | "make" | "give"
        | "suggest" | "propose" => format!("Here is {object}"),
        "translate" | "rewrite" | "improve" | "shorten" | "convert" | "turn" | "fix" => {
            format!("Here is the result for {object}")
        }
        _ => format!("This is a simulated answer to “{task}”"),
    };
    let values: Vec<String> =
        reading.values.iter().map(|(label, value)| format!("{} {value}", label.to_lowercase())).collect();
    if values.is_empty() {
        vec![format!("{opening}.")]
    } else {
        vec![format!("{opening}, with {}.", values.join(", "))]
    }
}

fn title(reading: &Reading) -> String {
    let section = reading.chosen.first().and_then(|&at| reading.section_of(at)).map(|s| s.title.clone());
    if let Some(title) = section.filter(|t| !t.is_empty()) {
        return title;
    }
    let words = key_words(reading, 4).join(" ");
    capitalised(&words)
}

fn sentence(text: &str) -> String {
    let mut out = capitalised(text);
    if !out.ends_with(['.', '!', '?', '…', '"', '”', ')', ':', '。', '！', '？']) {
        out.push('.');
    }
    out
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn is_title(name: &str) -> bool {
    has_word(name, &["title", "subject", "headline", "heading", "topic"])
}

fn is_reason(name: &str) -> bool {
    has_word(name, &["reason", "reasons", "why", "because", "explanation", "rationale", "reasoning"])
}

fn has_word(name: &str, list: &[&str]) -> bool {
    name.split('_').any(|word| list.contains(&word.to_lowercase().as_str()))
}
