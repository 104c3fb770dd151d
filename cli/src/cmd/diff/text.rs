//! A comparison for people at a terminal.

use super::Compared;
use crate::console::{Console, Paint};
use crate::figures::{Round, count, dollars, seconds};
use flow_diff::{Change, Class, Diff, FlowCost, FlowWorst, Item, Kind, LabelChange, Piece, Status, Words};
use flow_plan::{Cost, Tokens};
use unicode_width::UnicodeWidthStr;

/// The whole of it; nothing where nothing changed.
pub(super) fn page(compared: &Compared<'_>, console: &Console) -> String {
    let (diff, colour) = (&compared.diff, console.out_colour);
    if diff.class().is_none() {
        return String::new();
    }
    let mut out = String::new();
    if diff.class() == Some(Class::Cosmetic) {
        out.push_str("No change in meaning.\n");
    }
    if !diff.items.is_empty() {
        out.push_str("Key: ~ changed  + added  - removed  ! breaking\n");
    }
    let mut file = "";
    for item in &diff.items {
        let here = item.place().map_or("", |p| p.file.as_str());
        if here != file {
            out.push_str(&format!("\n{}\n", Paint::Strong.on(colour, here)));
            file = here;
        }
        shown(item, colour, &mut out);
    }
    out.push('\n');
    let (changed, all) = (diff.flows.iter().filter(|f| f.is_changed()), diff.flows.len());
    for flow in changed {
        out.push_str(&format!("{}\n", worst(flow, all > 1, colour)));
    }
    for line in labels(diff) {
        out.push_str(&format!("{} {line}\n", Paint::Strong.on(colour, "Labels:")));
    }
    out.push_str(&summary(compared));
    out.push('\n');
    out
}

// So many are listed; the JSON has all of them.
const MOST_LABELS: usize = 12;

/// What comes of it for labels: `step draft in support is given private data now (main.flow:58)`.
pub(super) fn labels(diff: &Diff) -> Vec<String> {
    let told = |change: &LabelChange| {
        let (came, went) = change.words();
        let who = match &change.step {
            Some(step) => format!("step {step} in {} is", change.owner),
            None => format!("flow {}", change.owner),
        };
        let verb = if change.step.is_some() { "given" } else { "gives back" };
        let mut said = Vec::new();
        if !came.is_empty() {
            said.push(format!("{verb} {} data now", came.join(" and ")));
        }
        if !went.is_empty() {
            let verb = if change.step.is_some() { "given" } else { "giving back" };
            let no_longer = if change.step.is_some() { "no longer" } else { "is no longer" };
            said.push(format!("{no_longer} {verb} {} data", went.join(" and ")));
        }
        format!("{who} {} ({}:{})", said.join(", "), change.place.file, change.place.line)
    };
    let mut out: Vec<String> = diff.labels.iter().take(MOST_LABELS).map(told).collect();
    if diff.labels.len() > MOST_LABELS {
        out.push(format!("and {} more", diff.labels.len() - MOST_LABELS));
    }
    out
}

/// `2 changed, 1 added, 0 removed; 1 breaking`
pub(super) fn summary(compared: &Compared<'_>) -> String {
    let diff = &compared.diff;
    let [changed, added, removed] = [Status::Changed, Status::Added, Status::Removed].map(|s| diff.count(s));
    let breaking = match diff.breaking() {
        0 => String::new(),
        n => format!("; {n} breaking"),
    };
    format!("{changed} changed, {added} added, {removed} removed{breaking}")
}

/// `step draft`, `guard tone (step checked)`, with the name it had.
pub(super) fn title(item: &Item) -> String {
    let mut out = format!("{} {}", item.kind.word(), item.name);
    if item.kind == Kind::Step
        && item.status != Status::Changed
        && let Some(does) = &item.does
    {
        out.push_str(&format!(" = {does}"));
    }
    if let Some(was) = &item.was {
        out.push_str(&format!(" (was {was})"));
    }
    if let Some(from) = &item.moved_from {
        out.push_str(&format!(" (moved from {from})"));
    }
    out
}

/// What a fact was and is.
pub(super) fn values(change: &Change) -> String {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{} → {}", short(before), short(after)),
        (None, Some(value)) | (Some(value), None) => short(value),
        (None, None) => change.words.as_ref().map(told).unwrap_or_default(),
    }
}

/// Money to compare with: exact where three digits would say that nothing changed.
pub(super) fn money((before, after): (Cost, Cost)) -> (String, String) {
    let shown = (dollars(before, Round::Up), dollars(after, Round::Up));
    if shown.0 == shown.1 && before != after { (before.to_string(), after.to_string()) } else { shown }
}

/// `+$0.0063, +203 %`
pub(super) fn rise(before: Cost, after: Cost) -> String {
    let by = Cost(after.0.saturating_sub(before.0));
    let sign = if by.0 < 0 { "-" } else { "+" };
    let amount = dollars(Cost(by.0.saturating_abs()), Round::Up);
    if before.0 == 0 {
        return format!("{sign}{amount}");
    }
    let share = by.0 as f64 * 100.0 / before.0 as f64;
    match share.abs() < 1.0 {
        true => format!("{sign}{amount}, under 1 %"),
        false => format!("{sign}{amount}, {share:+.0} %"),
    }
}

fn shown(item: &Item, colour: bool, out: &mut String) {
    let (mark, paint) = match item.status {
        Status::Added => ("+", Paint::Good),
        Status::Removed => ("-", Paint::Bad),
        Status::Changed => ("~", Paint::Warn),
    };
    let is_breaking =
        item.class == Class::Breaking && !item.changes.iter().any(|c| c.class == Class::Breaking);
    let before = if is_breaking { Paint::Bad.on(colour, "! ") } else { String::new() };
    let title = match &item.owner {
        Some(owner) => format!("{} in {owner}", title(item)),
        None => title(item),
    };
    let at = item.place().map(|p| format!("{}:{}", p.file, p.line)).unwrap_or_default();
    let width = title.width() + if is_breaking { 4 } else { 2 };
    let gap = " ".repeat(48usize.saturating_sub(width).max(2));
    out.push_str(&format!("{before}{} {title}{gap}{}\n", paint.on(colour, mark), Paint::Dim.on(colour, &at)));
    for lost in item.lost.iter().filter(|l| item.does.as_deref() != Some(&format!("guard {}", l.guard))) {
        out.push_str(&format!("    guard {} is gone\n", lost.guard));
    }
    let column = item.changes.iter().map(|c| c.what.width()).max().unwrap_or(0).min(24);
    for change in &item.changes {
        changed(change, column, colour, out);
    }
    if let Some((before, after)) = item.cost {
        let (a, b) = money((before, after));
        out.push_str(&format!("    {}\n", Paint::Dim.on(colour, &format!("worst case {a} → {b}"))));
    }
}

fn changed(change: &Change, column: usize, colour: bool, out: &mut String) {
    let (mark, paint) = match (&change.before, &change.after) {
        (None, Some(_)) => ("+", Paint::Good),
        (Some(_), None) => ("-", Paint::Bad),
        _ => ("~", Paint::Warn),
    };
    let before =
        if change.class == Class::Breaking { Paint::Bad.on(colour, "  ! ") } else { "    ".to_owned() };
    let gap = " ".repeat(column.saturating_sub(change.what.width()) + 1);
    let notes = match change.notes.as_slice() {
        [] => String::new(),
        notes => format!("   {}", Paint::Dim.on(colour, &notes.join(", "))),
    };
    let line = format!("{before}{} {}{gap}{}{notes}", paint.on(colour, mark), change.what, values(change));
    out.push_str(line.trim_end());
    out.push('\n');
    if let Some(words) = &change.words {
        for line in lines(words, colour) {
            out.push_str(&format!("        {line}\n"));
        }
    }
}

// `1 line of 9, +{{ policy }}, +38 tokens`
fn told(words: &Words) -> String {
    let (changed, all) = words.lines;
    let mut out = vec![format!("{changed} line{} of {all}", if changed == 1 { "" } else { "s" })];
    out.extend(words.holes.0.iter().map(|h| format!("+{h}")));
    out.extend(words.holes.1.iter().map(|h| format!("-{h}")));
    let n = Tokens(words.tokens.unsigned_abs());
    match words.tokens {
        0 => {}
        t => out.push(format!("{}{n}", if t > 0 { "+" } else { "-" })),
    }
    out.join(", ")
}

// So many changed lines are shown of a text.
const MOST_LINES: usize = 12;

/// The changed lines, each word that is gone in `[-…-]` and each that is new in `{+…+}`.
pub(super) fn lines(words: &Words, colour: bool) -> Vec<String> {
    let mut out: Vec<(String, bool)> = vec![(String::new(), false)];
    for (piece, text) in &words.pieces {
        for (i, part) in text.split('\n').enumerate() {
            if i > 0 {
                // A line break that was added or taken out is a change of both lines.
                if let (Some(last), true) = (out.last_mut(), *piece != Piece::Same) {
                    last.1 = true;
                }
                out.push((String::new(), false));
            }
            let Some(last) = out.last_mut().filter(|_| !part.is_empty()) else { continue };
            match piece {
                Piece::Same => last.0.push_str(part),
                Piece::Added => last.0.push_str(&Paint::Good.on(colour, &format!("{{+{part}+}}"))),
                Piece::Removed => last.0.push_str(&Paint::Bad.on(colour, &format!("[-{part}-]"))),
            }
            last.1 |= *piece != Piece::Same;
        }
    }
    let mut lines: Vec<String> = out
        .into_iter()
        .filter(|(line, changed)| *changed && !line.trim().is_empty())
        .map(|(l, _)| l.trim().to_owned())
        .collect();
    if lines.len() > MOST_LINES {
        let more = lines.len() - MOST_LINES;
        lines.truncate(MOST_LINES);
        lines.push(format!("… and {more} more lines"));
    }
    lines
}

fn worst(flow: &FlowCost, named: bool, colour: bool) -> String {
    let of = if named { format!(" of {}", flow.name) } else { String::new() };
    let head = Paint::Strong.on(colour, &format!("Worst case a run{of}:"));
    match (&flow.before, &flow.after) {
        (Some(a), Some(b)) => format!("{head} {}", both(a, b)),
        (None, Some(f)) => format!("{head} {} (new){}", dollars(f.worst.usd, Round::Up), budget(f)),
        (Some(f), None) => format!("{head} {} (gone)", dollars(f.worst.usd, Round::Up)),
        (None, None) => head,
    }
}

fn both(before: &FlowWorst, after: &FlowWorst) -> String {
    let (a, b) = (&before.worst, &after.worst);
    let mut out = match a.usd == b.usd {
        true => dollars(b.usd, Round::Up),
        false => {
            let (x, y) = money((a.usd, b.usd));
            format!("{x} → {y} ({})", rise(a.usd, b.usd))
        }
    };
    out.push_str(&budget(after));
    let mut more = |name: &str, x: String, y: String| {
        if x != y {
            out.push_str(&format!("   {name} {x} → {y}"));
        }
    };
    more("calls", count(a.calls), count(b.calls));
    more("tokens in", count(a.input.0), count(b.input.0));
    more("tokens out", count(a.output.0), count(b.output.0));
    more("time", seconds(a.time), seconds(b.time));
    out
}

fn budget(flow: &FlowWorst) -> String {
    match flow.budget {
        Some(most) if flow.worst.usd > most => format!(" of {most}, over its budget"),
        Some(most) => format!(" of {most}"),
        None => String::new(),
    }
}

// Long values are told apart where they are written.
fn short(text: &str) -> String {
    const MOST: usize = 100;
    let line = text.replace('\n', "⏎");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
