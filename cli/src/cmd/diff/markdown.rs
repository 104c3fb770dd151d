//! A comparison as a comment of a pull request: the verdict first, one table for the flows, the rest
//! folded.

use super::{Compared, picture, text};
use crate::figures::{Round, count, dollars, seconds};
use flow_diff::{Class, FlowCost, Item, Status};
use flow_plan::Cost;

/// By this line one comment is found again and kept up to date.
const TAG: &str = "<!-- flowc diff -->\n";
/// GitHub takes 65,536 characters in a comment; what is around it needs some as well.
const MOST: usize = 60_000;
// So many flows, changes to look at first and reasons of a gate are listed.
const MOST_ROWS: usize = 40;

/// The page of a comparison.
pub(super) fn page(compared: &Compared<'_>) -> String {
    let diff = &compared.diff;
    let mut out = format!("{TAG}### {}\n", headline(compared));
    for (key, reason) in &compared.left_out {
        out.push_str(&format!("\n:x: `{key}` can't be compared: {}.\n", escaped(reason)));
    }
    if diff.class().is_none() {
        return out;
    }
    out.push_str(&format!("\n{}.\n", text::summary(compared)));
    for failed in &compared.failed {
        out.push_str(&format!(
            "\n:no_entry: **`{}`**: {}\n",
            failed.gate,
            escaped(&listed(&failed.because).join("; "))
        ));
    }
    let changed: Vec<&FlowCost> = diff.flows.iter().filter(|f| f.is_changed()).collect();
    if !changed.is_empty() {
        out.push_str("\n| flow, worst case a run | before | after | change | calls | tokens in | tokens out | time |\n|---|---:|---:|---:|---:|---:|---:|---:|\n");
        let mut dearest = changed.clone();
        dearest.sort_by_key(|flow| std::cmp::Reverse(by(flow).saturating_abs()));
        let told = &dearest[..dearest.len().min(MOST_ROWS)];
        let is_told = |flow: &&&FlowCost| told.iter().any(|t| std::ptr::eq(*t, **flow));
        changed.iter().filter(is_told).for_each(|flow| out.push_str(&row(flow)));
        if changed.len() > told.len() {
            out.push_str(&format!("\n{} more flows, which change by less.\n", changed.len() - told.len()));
        }
    }
    let serious: Vec<&Item> = diff.items.iter().filter(|i| is_serious(i)).collect();
    if !serious.is_empty() {
        out.push_str("\n**Look at first**\n\n");
        serious.iter().take(MOST_ROWS).for_each(|i| out.push_str(&bullet(i, true)));
        if serious.len() > MOST_ROWS {
            out.push_str(&format!("- and {} more\n", serious.len() - MOST_ROWS));
        }
    }
    let labels = text::labels(diff);
    if !labels.is_empty() {
        out.push_str("\n**Labels**\n\n");
        labels.iter().for_each(|line| out.push_str(&format!("- {}\n", escaped(line))));
    }
    folded(compared, &mut out);
    out
}

// The first of many lines, and how many more there are.
fn listed(lines: &[String]) -> Vec<String> {
    let mut out: Vec<String> = lines.iter().take(MOST_ROWS).cloned().collect();
    if lines.len() > MOST_ROWS {
        out.push(format!("and {} more", lines.len() - MOST_ROWS));
    }
    out
}

// By how much a flow's worst case rises.
fn by(flow: &FlowCost) -> i64 {
    match (&flow.before, &flow.after) {
        (Some(before), Some(after)) => after.worst.usd.0.saturating_sub(before.worst.usd.0),
        _ => 0,
    }
}

fn headline(compared: &Compared<'_>) -> String {
    let diff = &compared.diff;
    if diff.class().is_none_or(|c| c == Class::Cosmetic) {
        return if compared.left_out.is_empty() { "No change in meaning" } else { "Not compared" }.to_owned();
    }
    let changed: Vec<&FlowCost> =
        diff.flows.iter().filter(|f| f.before.is_some() && f.after.is_some()).collect();
    let most = changed.iter().max_by_key(|f| by(f).saturating_abs()).filter(|f| by(f) != 0);
    let cost = match most.and_then(|f| Some((f, f.after?))) {
        Some((flow, after)) => {
            let verb = if by(flow) > 0 { "rises" } else { "falls" };
            let of = if diff.flows.len() > 1 { format!(" of `{}`", flow.name) } else { String::new() };
            let by = dollars(Cost(by(flow).saturating_abs()), Round::Up);
            format!("Worst case a run{of} {verb} by {by} to {}", dollars(after.worst.usd, Round::Up))
        }
        None => "Worst case a run stays as it is".to_owned(),
    };
    let mut more = Vec::new();
    match diff.guards_removed().len() {
        0 => {}
        n => more.push(format!("{n} guard{} removed", if n == 1 { "" } else { "s" })),
    }
    match diff.breaking() {
        0 => {}
        n => more.push(format!("{n} breaking change{}", if n == 1 { "" } else { "s" })),
    }
    if more.is_empty() { cost } else { format!("{cost}; {}", more.join(", ")) }
}

fn row(flow: &FlowCost) -> String {
    let name = format!("`{}`", flow.name.replace('|', "\\|"));
    let cells = match (&flow.before, &flow.after) {
        (Some(a), Some(b)) => {
            let (x, y) = text::money((a.worst.usd, b.worst.usd));
            let both = |a: String, b: String| if a == b { a } else { format!("{a} → {b}") };
            let change = if a.worst.usd == b.worst.usd {
                "—".to_owned()
            } else {
                text::rise(a.worst.usd, b.worst.usd)
            };
            let over = b.budget.is_some_and(|most| b.worst.usd > most);
            let (a, b) = (&a.worst, &b.worst);
            [
                x,
                if over { format!("{y} :warning: over its budget") } else { y },
                change,
                both(count(a.calls), count(b.calls)),
                both(count(a.input.0), count(b.input.0)),
                both(count(a.output.0), count(b.output.0)),
                both(seconds(a.time), seconds(b.time)),
            ]
        }
        (before, after) => {
            let word = if before.is_some() { "removed" } else { "new" };
            let shown = |f: &Option<flow_diff::FlowWorst>| {
                f.map_or("—".to_owned(), |f| dollars(f.worst.usd, Round::Up))
            };
            let worst = after.or(*before).map(|f| f.worst).unwrap_or_default();
            [
                shown(before),
                shown(after),
                word.to_owned(),
                count(worst.calls),
                count(worst.input.0),
                count(worst.output.0),
                seconds(worst.time),
            ]
        }
    };
    // A number and its unit stay on one line.
    format!("| {name} | {} |\n", cells.join(" | ").replace(" %", "\u{a0}%"))
}

fn is_serious(item: &Item) -> bool {
    item.class == Class::Breaking || !item.lost.is_empty() || item.changes.iter().any(|c| c.lost.is_some())
}

// What fits: the changes one after the other, then the pictures.
fn folded(compared: &Compared<'_>, out: &mut String) {
    let note = "\n_More than fits into a comment: the summary of the job, or `flowc diff`, has all of it._\n";
    let (head, foot) = ("\n<details>\n<summary>Every change</summary>\n", "\n</details>\n");
    let mut left = MOST.saturating_sub(out.chars().count() + note.len());
    let mut cut = false;
    let mut fits = |part: &str| {
        let length = part.chars().count();
        let fits = length <= left;
        cut |= !fits;
        left -= if fits { length } else { 0 };
        fits
    };
    let mut all = String::new();
    let mut file = "";
    if !compared.diff.items.is_empty() && fits(head) && fits(foot) {
        for item in &compared.diff.items {
            let here = item.place().map_or("", |p| p.file.as_str());
            let heading = if here == file { String::new() } else { format!("\n**{}**\n\n", escaped(here)) };
            let part = format!("{heading}{}", bullet(item, false));
            // In their order: what comes behind the first that is too long is left out with it.
            if !fits(&part) {
                break;
            }
            all.push_str(&part);
            file = here;
        }
        out.push_str(&format!("{head}{all}{foot}"));
    }
    for (name, drawn) in picture::changed(compared) {
        let part = format!(
            "\n<details>\n<summary>What changed of <code>{name}</code>, drawn</summary>\n\n```mermaid\n{drawn}```\n\n</details>\n"
        );
        if fits(&part) {
            out.push_str(&part);
        }
    }
    if out.chars().count() > MOST {
        *out = out.chars().take(MOST - note.len()).collect();
        cut = true;
    }
    if cut {
        out.push_str(note);
    }
}

fn bullet(item: &Item, brief: bool) -> String {
    let sign = match item.status {
        Status::Added => "➕",
        Status::Removed => "➖",
        Status::Changed => "✏️",
    };
    let of = item.owner.as_ref().map(|o| format!(" in `{o}`")).unwrap_or_default();
    let at = item.place().map(|p| format!(" ({}:{})", escaped(&p.file), p.line)).unwrap_or_default();
    let breaking = if item.class == Class::Breaking { " **breaking**" } else { "" };
    let mut out = format!("- {sign} `{}`{of}{at}{breaking}\n", text::title(item).replace('`', "'"));
    for change in &item.changes {
        if brief && change.class != Class::Breaking && change.lost.is_none() {
            continue;
        }
        let mark = match (change.class, &change.lost) {
            (Class::Breaking, _) => "**breaking** ",
            (_, Some(_)) => "**guard** ",
            _ => "",
        };
        let notes =
            if change.notes.is_empty() { String::new() } else { format!(" ({})", change.notes.join(", ")) };
        let value = match (&change.before, &change.after) {
            (Some(before), Some(after)) => format!("{} → {}", code(before), code(after)),
            (None, Some(value)) => format!("{} added", code(value)),
            (Some(value), None) => format!("{} removed", code(value)),
            (None, None) => escaped(&text::values(change)),
        };
        out.push_str(&format!("  - {mark}{}: {value}{}\n", escaped(&change.what), escaped(&notes)));
        if let (Some(words), false) = (&change.words, brief) {
            let lines = text::lines(words, false).join("\n    ");
            out.push_str(&format!("\n    ```text\n    {}\n    ```\n", lines.replace("```", "'''")));
        }
    }
    for lost in item.lost.iter().filter(|_| brief) {
        out.push_str(&format!("  - guard `{}` no longer looks\n", lost.guard));
    }
    if let (Some((before, after)), false) = (item.cost, brief) {
        let (a, b) = text::money((before, after));
        out.push_str(&format!("  - worst case {a} → {b}\n"));
    }
    out
}

fn code(text: &str) -> String {
    let line: String = text.replace('\n', "⏎").replace('`', "'");
    match line.char_indices().nth(160) {
        Some((at, _)) => format!("`{}…`", &line[..at]),
        None => format!("`{line}`"),
    }
}

// What stands outside of code: nobody is called, nothing is laid out.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '@' => out.push_str("&#64;"),
            '*' | '_' | '`' | '[' | ']' | '#' | '|' | '\\' => out.extend(['\\', c]),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
