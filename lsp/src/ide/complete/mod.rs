//! Completion: what may stand at the cursor, by the text as it is and what was known of the program.
//!
//! In: the document's text, an offset, the newest analysis and the newest without a syntax error; for
//! while something is typed, the text is broken. Out: [`Candidate`]s. Nothing here waits for an analysis.

mod names;
mod place;
mod template;

use crate::host::Host;
use crate::snapshot::Snapshot;
use crate::words;
use flow_plan::{CapabilityKind, functions};
use std::ops::Range;

pub(crate) use place::item_start;

pub(crate) use names::import;

use names::Names;
use place::{Inside, Place};

/// What may stand at the cursor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidate {
    /// Its name.
    pub(crate) label: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// Its type, or what it takes and gives.
    pub(crate) detail: String,
    /// Markdown.
    pub(crate) doc: String,
    /// What is inserted, as a snippet: `$1` are the places that are filled in.
    pub(crate) insert: String,
    /// What has to be inserted elsewhere with it.
    pub(crate) import: Option<(usize, String)>,
}

/// What a candidate is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Kind {
    #[default]
    Keyword,
    Setting,
    Value,
    Type,
    Variant,
    Field,
    Variable,
    Function,
    Guard,
    Model,
    File,
}

/// What is known while completing.
pub(crate) struct Around<'a> {
    /// The document as it stands.
    pub(crate) text: &'a str,
    /// The cursor.
    pub(crate) offset: usize,
    /// The newest analysis.
    pub(crate) newest: &'a Snapshot,
    /// The newest without a syntax error.
    pub(crate) good: &'a Snapshot,
    /// What the runtime can do, and the models.
    pub(crate) host: &'a dyn Host,
}

/// What may stand at the cursor, and the bytes before it that are replaced.
pub(crate) fn at(around: &Around<'_>) -> (Range<usize>, Vec<Candidate>) {
    let place = Place::of(around.text, around.offset);
    let names = Names { around, place: &place };
    let found = match &place.inside {
        Inside::Comment => Vec::new(),
        Inside::Text(content) if template::is_open(content) => template::at(content, &names),
        Inside::Text(content) => {
            let start = around.offset - content.len();
            return (start..around.offset, texts(around, &place));
        }
        Inside::Code => code(around, &place, &names),
    };
    (place.word.clone(), found)
}

fn code(around: &Around<'_>, place: &Place<'_>, names: &Names<'_>) -> Vec<Candidate> {
    let before = place.before;
    if let Some(path) = before.strip_suffix('.') {
        return names.behind_dot(path);
    }
    if place.line.trim_start().starts_with("import ") {
        return imports(around, place);
    }
    if place.brackets.is_empty() && before.is_empty() {
        return words::ITEMS.iter().map(|(label, insert, doc)| word(label, insert, doc)).collect();
    }
    if place.brackets.last().is_some_and(|b| b.open == '[' && b.before.ends_with("tools:")) {
        return names.declared(&["lookup"], false);
    }
    if before.ends_with("->") || place.is_type() {
        return names.types();
    }
    if before.ends_with("else") {
        let mut out = vec![
            word("stop", "stop \"$1\"", "Ends the run, and tells the caller why."),
            word("redact", "redact", "Takes out what the guard found; for guards that can."),
            word("retry", "retry ${1:1}", "Asks again, with the reason."),
        ];
        out.extend(names.values());
        return out;
    }
    if let Some(key) = place.key() {
        return values_of(key, around, names);
    }
    if before.is_empty() {
        return begins(place, names);
    }
    if before.ends_with("reply") && place.keyword == "test" {
        return names.declared(&["prompt"], false);
    }
    let is_open = before.ends_with(['=', '(', ',', '[', '+', '-', '*', '/', '<', '>', '?', ':'])
        || ["return", "yield", "if", "match", "in", "expect", "until", "unless", "and", "or", "not", "from"]
            .iter()
            .any(|w| before.ends_with(w));
    if !is_open {
        return behind_a_value(before);
    }
    let mut out = names.arguments();
    out.extend(names.values());
    out
}

fn behind_a_value(before: &str) -> Vec<Candidate> {
    if before.ends_with(|c: char| c.is_ascii_digit()) {
        return vec![word("tokens", "tokens", "Model tokens."), word("chars", "chars", "Characters.")];
    }
    let mut out = vec![
        word("else", "else ", "What happens when the step fails."),
        word("unless", "unless ", "When there is no doubt."),
    ];
    out.extend(["and", "or", "in"].map(|w| word(w, w, "")));
    out
}

// What may begin a line between braces.
fn begins(place: &Place<'_>, names: &Names<'_>) -> Vec<Candidate> {
    let kind = place.block();
    let mut out: Vec<Candidate> = Vec::new();
    for (key, value, doc) in words::settings(kind) {
        let insert = if value.contains('$') && value.contains('\n') {
            format!("{key}: {value}")
        } else {
            format!("{key}: ${{1:{}}}", escaped(value))
        };
        out.push(Candidate { kind: Kind::Setting, ..word(key, &insert, doc) });
    }
    match kind {
        "flow" | "each" | "block" => {
            let statements = [
                ("return", "return $0", "What the flow gives back."),
                ("if", "if ${1:condition} {\n  $0\n}", "Steps that run only where it holds."),
                ("match", "match ${1:value} {\n  ${2:variant} => $0\n}", "One arm for each value."),
                (
                    "each",
                    "each ${1:item} in ${2:list} {\n  $0\n  yield ${3:item}\n}",
                    "Steps for each element.",
                ),
                (
                    "repeat",
                    "repeat up to ${1:3} from ${2:value} {\n  yield $0\n} until ${3:it.ok}",
                    "Steps again until it is good.",
                ),
            ];
            let statements = statements.iter().map(|(label, insert, doc)| word(label, insert, doc));
            out.extend(statements.filter(|c| kind == "flow" || c.label != "return"));
            if kind != "flow" {
                out.push(word("yield", "yield $0", "What the block is worth."));
            }
        }
        "test" => out.extend([
            word("reply", "reply ${1:prompt} ${0}", "What a scripted model answers."),
            word("let", "let ${1:a} = ${0}", "Calls a flow."),
            word("expect", "expect ${0}", "What must hold."),
        ]),
        "record" => out.extend(names.keys()),
        _ => {}
    }
    out
}

fn values_of(key: &str, around: &Around<'_>, names: &Names<'_>) -> Vec<Candidate> {
    match key {
        "model" | "fallback" | "escalate" => names.declared(&["model"], false),
        "source" => capabilities(around.host, CapabilityKind::Lookup),
        "channel" => capabilities(around.host, CapabilityKind::Action),
        "clearance" => vec![word("private", "private", "Private data may go there.")],
        "trusted" | "endorses" => ["true", "false"].map(|w| word(w, w, "")).to_vec(),
        _ => {
            let usual = words::settings(names.place.block()).into_iter().find(|(name, ..)| *name == key);
            let usual = usual.filter(|(_, value, _)| !value.contains('$') || value.starts_with('$'));
            let mut out: Vec<Candidate> = usual
                .map(|(_, value, doc)| Candidate { kind: Kind::Value, ..word(value, &escaped(value), doc) })
                .into_iter()
                .collect();
            out.extend(names.values());
            out
        }
    }
}

fn capabilities(host: &dyn Host, kind: CapabilityKind) -> Vec<Candidate> {
    let mut specs = host.capabilities();
    specs.retain(|s| s.kind == kind && s.supported);
    let one = |s: &&flow_plan::CapabilitySpec| Candidate {
        kind: Kind::Function,
        detail: super::hover::signature(s),
        ..word(s.name, &format!("{}($1)", s.name), s.doc)
    };
    specs.iter().map(one).collect()
}

fn imports(around: &Around<'_>, place: &Place<'_>) -> Vec<Candidate> {
    if place.before.ends_with("from") || place.before.ends_with("std") {
        let modules = std::iter::once("guards").chain(flow_stdlib::modules());
        return modules.map(|m| word(&format!("std.{m}"), &format!("std.{m}"), "")).collect();
    }
    if place.line.contains(" from ") {
        return Vec::new();
    }
    let mut specs = around.host.capabilities();
    specs.retain(|s| s.kind == CapabilityKind::Guard && s.supported);
    let behind = around.text[around.offset..].lines().next().unwrap_or_default();
    let rest = if behind.contains("from") { "" } else { " from std.guards" };
    let one = |s: &&flow_plan::CapabilitySpec| Candidate {
        kind: Kind::Guard,
        detail: "std.guards".to_owned(),
        ..word(s.name, &format!("{}{rest}", s.name), s.doc)
    };
    specs.iter().map(one).collect()
}

// Inside a text that is no template.
fn texts(around: &Around<'_>, place: &Place<'_>) -> Vec<Candidate> {
    let line = place.line.trim_start();
    if line.starts_with("model ") {
        let Ok(configured) = around.host.configured(&around.newest.job.folder) else { return Vec::new() };
        let models = configured.catalog.models.iter();
        return models
            .map(|(id, card)| Candidate {
                kind: Kind::Model,
                detail: format!("{} in, {} out", card.price.input, card.price.output),
                ..word(id, &escaped(id), &super::hover::card(card, id))
            })
            .collect();
    }
    if !line.starts_with("import ") {
        return Vec::new();
    }
    let Ok(entries) = std::fs::read_dir(&around.newest.job.folder) else { return Vec::new() };
    let names = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter(|n| n.ends_with(".flow") && *n != around.newest.job.name).collect();
    names.sort();
    names.iter().map(|n| Candidate { kind: Kind::File, ..word(n, &escaped(n), "") }).collect()
}

/// A candidate that is a word.
fn word(label: &str, insert: &str, doc: &str) -> Candidate {
    Candidate {
        label: label.to_owned(),
        insert: insert.to_owned(),
        doc: doc.to_owned(),
        ..Candidate::default()
    }
}

/// A function of the library.
fn function(f: &'static functions::Function) -> Candidate {
    let insert = format!("{}($1)", f.spec.name);
    Candidate { kind: Kind::Function, detail: f.signature(), ..word(f.spec.name, &insert, f.spec.doc) }
}

/// A text that a snippet inserts as it is.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}
