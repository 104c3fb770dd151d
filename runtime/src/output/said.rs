//! Small answers - a number, a name, a date, yes or no - in a line or a sentence.
//!
//! Taken only where the text states one: it is the whole text, stands on a line of its own, or behind
//! a label (`Answer: 42`, `The score is 4.`). A number that just occurs somewhere is no answer.

use super::Judge;
use super::candidates::{self, Found};
use super::clean::{self, unbulleted, unmarked};
use super::fault::Fault;
use super::fit::{self, Fitting};
use super::parse::folded;
use super::repair::{Repair, Repairs};
use super::said_around;
use super::{shown, tags};
use flow_plan::{EnumType, Type, Value};
use serde_json::Value as Json;

/// How long a text may be in which an answer is looked for, in bytes.
const LONGEST: usize = 64 * 1024;

/// The small value that a text states.
pub(super) fn find(text: &str, judge: &Judge<'_>) -> Result<Option<Found>, Fault> {
    let mut outer = Repairs::default();
    let mut body = text;
    if let Some(fence) = clean::fence(text) {
        let before = text[..fence.outer.0].trim_end();
        if said_around::denies_next(before.lines().next_back().unwrap_or_default()) {
            return Err(Fault::Unsure(0, shown::SHOWN));
        }
        outer.add(Repair::Fence);
        body = &text[fence.inner.0..fence.inner.1];
    }
    if let Some(inside) = clean::untagged(body) {
        outer.add(Repair::Tag);
        body = inside;
    }
    if body.len() > LONGEST {
        return Ok(None);
    }
    if let Some(found) = exactly(body, judge, outer) {
        return Ok(Some(found));
    }
    if let Some(mut found) = candidates::find(text, judge)? {
        found.repairs.join(outer);
        return Ok(Some(found));
    }
    let stated = stated(body, judge)?;
    let found = match stated {
        Some(json) => Some((json, Repair::TextAround)),
        None => sentence(body, judge).map(|json| (json, Repair::NameInSentence)),
    };
    Ok(found.and_then(|(json, repair)| {
        let value = judge.value(&json).ok()?;
        outer.add(repair);
        Some(Found { value, repairs: outer })
    }))
}

// The text is the value and nothing else.
fn exactly(text: &str, judge: &Judge<'_>, mut repairs: Repairs) -> Option<Found> {
    let bare = unmarked(text);
    if matches!(judge.ty, Type::Optional(_)) && is_null(bare) && small(bare, judge.ty).is_none() {
        repairs.add(Repair::NullWord);
        return Some(Found { value: Value::Null, repairs });
    }
    let mut fitting = Fitting::after(repairs);
    let json = match small(bare, judge.ty) {
        Some(json) => {
            fit::small(bare, judge.ty, &mut fitting)?;
            json
        }
        None => small(bare.trim_end_matches(['.', '!', ',']).trim_end(), judge.ty)?,
    };
    if bare != text.trim() || !fitting.repairs.is_any() {
        fitting.repairs.add(Repair::Markdown);
    }
    let value = judge.value(&json).ok()?;
    Some(Found { value, repairs: fitting.repairs })
}

fn is_null(text: &str) -> bool {
    ["null", "none", "n/a"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

// A value that is the whole of a text, without looking into sentences.
fn small(text: &str, ty: &Type) -> Option<Json> {
    match ty.present() {
        Type::Enum(e) => fit::variant(e, text).map(Json::from),
        ty => fit::small(text, ty, &mut Fitting::default()),
    }
}

// What the lines state: behind a label that announces an answer, or alone on the first or last line.
fn stated(text: &str, judge: &Judge<'_>) -> Result<Option<Json>, Fault> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut labelled: Vec<Json> = Vec::new();
    // The last line that states it.
    let mut last = None;
    let mut alone: Vec<(usize, Json)> = Vec::new();
    let mut reasoned: Vec<Json> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let line = unmarked_line(line, judge.ty);
        let bare = unmarked(line.trim_end_matches(['.', '!']));
        if let Some(json) = small(unmarked(bare.trim_end_matches(['.', '!'])), judge.ty) {
            alone.push((at, json));
            last = Some(at);
        } else if let Some(json) = behind_label(line, judge.ty, lines.len() == 1) {
            labelled.push(json);
            last = Some(at);
        } else if let Type::Enum(e) = judge.ty.present()
            && lines.len() > 1
            && let Some(name) = before_reason(line, e)
        {
            reasoned.push(name.into());
        }
    }
    if last.is_some_and(|last| lines[last + 1..].iter().any(|line| said_around::is_taken_back(line))) {
        return Err(Fault::Unsure(0, "what stands behind the value takes it back"));
    }
    if alone.iter().any(|(at, _)| *at > 0 && said_around::denies_next(lines[*at - 1])) {
        return Err(Fault::Unsure(0, shown::SHOWN));
    }
    labelled.extend(tagged(text, judge.ty));
    if !labelled.is_empty() {
        return match all_same(labelled.iter()) {
            Some(json) => Ok(Some(json)),
            None => Err(Fault::Unsure(0, "it states more than one answer, and they differ")),
        };
    }
    if alone.is_empty()
        && let [json] = &reasoned[..]
    {
        // Where other names stand around it, it may be one of several.
        let is_only = match judge.ty.present() {
            Type::Enum(e) => fit::names_in(e, text).all(|name| json.as_str() == Some(name)),
            _ => false,
        };
        return Ok(is_only.then(|| json.clone()));
    }
    let is_at_edge = alone.iter().any(|(at, _)| *at == 0 || *at + 1 == lines.len());
    match all_same(alone.iter().map(|(_, json)| json)) {
        Some(json) if is_at_edge => Ok(Some(json)),
        None if alone.len() > 1 => Err(Fault::Unsure(0, "it states more than one answer, and they differ")),
        _ => Ok(None),
    }
}

// What stands in tags of its own, but for the one around the whole text: `<answer>4</answer>`.
fn tagged(text: &str, ty: &Type) -> Vec<Json> {
    // What is shown, and the emphasis of a word.
    let is_other = |name: &str| {
        said_around::is_label(&folded(name))
            || matches!(name, "b" | "code" | "del" | "em" | "i" | "s" | "strong" | "u")
    };
    let all = tags::tags(text).filter(|(_, name)| !is_other(name)).filter_map(|(at, name)| {
        let (value, _) = text[at + name.len() + 2..].split_once(&format!("</{name}>"))?;
        small(unmarked(value), ty)
    });
    all.collect()
}

// A line without a bullet, a quotation's or a heading's sign. `>3` is no quotation, and what stands behind
// `1.` may be a part of the number.
fn unmarked_line<'t>(line: &'t str, ty: &Type) -> &'t str {
    let is_number = matches!(ty.present(), Type::Int(_) | Type::Float(_) | Type::Money | Type::Duration);
    if is_number && line.starts_with(|c: char| c.is_ascii_digit()) {
        return line;
    }
    if let Some(rest) = unbulleted(line) {
        return rest;
    }
    let rest = line.trim_start_matches(['#', '>', ' ']);
    let is_sign = is_number && !line[..line.len() - rest.len()].ends_with([' ', '#']);
    if is_sign { line } else { rest }
}

fn all_same<'j>(mut jsons: impl Iterator<Item = &'j Json>) -> Option<Json> {
    let first = jsons.next()?;
    jsons.all(|json| json == first).then(|| first.clone())
}

// The name at the start of a line, in capitals or its own letters, with a colon or a dash and a reason behind it.
pub(super) fn before_reason(line: &str, e: &EnumType) -> Option<String> {
    let line = line.trim_start_matches(['*', '_', '`']);
    let (name, reason) = [": ", ":** ", "**: ", " - ", " – ", " — "]
        .iter()
        .filter_map(|sign| line.split_once(*sign))
        .min_by_key(|(name, _)| name.len())?;
    let name = name.trim_end_matches(['*', '_', '`']);
    let variant = fit::variant(e, name)?;
    let is_name = *name == *variant || name.chars().all(|c| !c.is_lowercase());
    // A condition, another name, or how much of it there is.
    const OTHERS: [&str; 12] = [
        "absent", "excluded", "if", "no", "none", "not", "nothing", "or", "unless", "unlikely", "would",
        "doesnt",
    ];
    let first = folded(reason.split_whitespace().next()?);
    let is_other = OTHERS.contains(&first.as_str()) || first.starts_with(|c: char| c.is_ascii_digit());
    (is_name && !is_other).then_some(variant)
}

// The value behind `Answer:`, `The score is` and the like.
fn behind_label(line: &str, ty: &Type, is_only_line: bool) -> Option<Json> {
    let plain: String = line.chars().filter(|c| !matches!(c, '*' | '`')).collect();
    let plain = plain.trim().trim_end_matches(['.', '!']);
    let split = [": ", ":", " = ", " is "].iter().find_map(|sign| {
        let at = plain.find(sign)?;
        Some((&plain[..at], plain[at + sign.len()..].trim()))
    });
    let (label, value) = split?;
    let is_short = label.len() <= 60 && !label.contains(|c: char| c.is_ascii_digit() || c == '?');
    if !is_short || !(announces(label, ty) || is_only_line && label.split(' ').count() <= 4) {
        return None;
    }
    let denies = [
        "not",
        "no",
        "never",
        "wrong",
        "unless",
        "if",
        "example",
        "format",
        "scale",
        "range",
        "possible",
        "options",
        "other",
        "only",
        "except",
        "barely",
        "hardly",
        "first",
        "initial",
        "previous",
        "previously",
        "opposite",
        "probably",
        "perhaps",
        "maybe",
        "possibly",
        "uncertain",
        "unsure",
        "true",
        "false",
        "yes",
        "sample",
        "discarded",
        "earlier",
        "expected",
        "intermediate",
        "maximum",
        "minimum",
        "passing",
        "rejected",
        "running",
        "students",
        "tentative",
        "users",
        "your",
    ];
    let words: Vec<String> = label.split(' ').map(folded).collect();
    if words.iter().any(|w| denies.contains(&w.as_str())) {
        return None;
    }
    // A truth value as a number, where the number may be a measure.
    let is_measure = words.iter().any(|w| MEASURES.contains(&w.as_str()));
    if is_measure && matches!(ty.present(), Type::Bool) {
        return None;
    }
    small(unmarked(value), ty)
}

/// What a label says of a number.
const MEASURES: [&str; 10] = [
    "score",
    "rating",
    "confidence",
    "count",
    "number",
    "total",
    "sum",
    "amount",
    "probability",
    "likelihood",
];

fn announces(label: &str, ty: &Type) -> bool {
    const WORDS: &[&str] = &[
        "answer",
        "result",
        "output",
        "verdict",
        "decision",
        "conclusion",
        "score",
        "rating",
        "grade",
        "label",
        "category",
        "class",
        "classification",
        "sentiment",
        "total",
        "value",
        "choice",
        "prediction",
        "response",
        "sum",
        "amount",
        "date",
        "count",
        "number",
        "final",
    ];
    let own = match ty.present() {
        Type::Enum(e) => folded(&e.name),
        _ => String::new(),
    };
    label.split(' ').map(folded).any(|w| WORDS.contains(&w.as_str()) || !own.is_empty() && w == own)
}

// A name, or yes or no, in a sentence.
fn sentence(text: &str, judge: &Judge<'_>) -> Option<Json> {
    match judge.ty.present() {
        Type::Enum(e) => fit::variant_in(e, text).map(Json::from),
        Type::Bool => yes_or_no(text).map(Json::from),
        _ => None,
    }
}

// An answer that begins with it, before a sign.
fn yes_or_no(text: &str) -> Option<bool> {
    let text = text.trim_start_matches(['*', '_', '"', '`', ' ']);
    let end = text.find(|c: char| !c.is_alphabetic())?;
    let is_end = text[end..]
        .trim_start_matches(['*', '_', '"', '`'])
        .starts_with([',', '.', ':', ';', '!', '\n', '–', '—'])
        || text[end..].starts_with(" - ")
        || text[end..].starts_with(" – ")
        || text[end..].starts_with(" — ");
    let answer = match text[..end].to_lowercase().as_str() {
        "yes" | "true" => true,
        "no" | "false" => false,
        _ => return None,
    };
    let says =
        |word: &str| text[end..].split(|c: char| !c.is_alphabetic()).any(|w| w.eq_ignore_ascii_case(word));
    let is_contradicted = if answer {
        says("false") || says("no")
    } else {
        says("true") || says("yes") || says("false") && text.contains("not false")
    };
    (is_end && !is_contradicted && !is_held_back(&text[end..])).then_some(answer)
}

// Whether a condition stands behind the answer, or the model says that it gives none: `Yes, if it rains`,
// `No, I can't help with this.`
fn is_held_back(rest: &str) -> bool {
    const WHEN: &[&str] = &["if", "unless", "except", "provided", "assuming", "maybe", "perhaps", "possibly"];
    const GIVES: &[&str] =
        &["answer", "help", "assist", "determine", "say", "tell", "judge", "comply", "provide"];
    let words: Vec<String> =
        rest.split(|c: char| c.is_whitespace() || ",.:;!–—-".contains(c)).map(folded).collect();
    let mut said = words.iter().map(String::as_str).filter(|w| !w.is_empty());
    let is_when = said.clone().next().is_some_and(|w| WHEN.contains(&w))
        || said.clone().take(3).any(|w| matches!(w, "if" | "long" | "once" | "when" | "wait"));
    let asks = || said.clone().any(|w| matches!(w, "access" | "happy" | "paste" | "send" | "sorry"));
    if is_when || asks() || said_around::is_taken_back(rest) {
        return true;
    }
    let is_unable = said.any(|w| matches!(w, "cannot" | "cant" | "unable"));
    is_unable && words.iter().any(|w| GIVES.contains(&w.as_str()))
}
