//! A comparison for people: a line for each model, then the answers of the first cases.

use super::figures::{Compared, Figures, is_failed};
use crate::console::{Console, Paint, counted};
use crate::figures::{Round, count, dollars, seconds};
use crate::table::{self, Align};
use flow_plan::Value;
use flow_runtime::{RunReport, RunStatus};

/// Cases whose answers are shown; more are read by a program.
const MOST_CASES: usize = 20;
/// An answer is shown at least so far.
const NARROWEST: usize = 24;

/// The tables.
pub(super) fn tables(compared: &Compared, console: &Console) -> String {
    let mut out = summary(compared, console.out_colour);
    for figures in &compared.models {
        for (code, (n, message)) in &figures.failed {
            let times = if *n == 1 { String::new() } else { format!("{n} times ") };
            let line = format!("{}: {times}{code}: {}", figures.model, one_line(message));
            out.push_str(&format!("{}\n", Paint::Bad.on(console.out_colour, &line)));
        }
    }
    out.push('\n');
    out.push_str(&answers(compared, console));
    if compared.lines.len() > MOST_CASES {
        let more = counted(compared.lines.len() - MOST_CASES, "more case");
        out.push_str(&format!("and {more}: `--format json` has them all\n"));
    }
    out
}

/// The columns of the line of a model, with what stands in them. Where there is one case, each figure
/// is there once.
pub(super) fn row(figures: &Figures, compared: &Compared) -> Vec<(&'static str, String)> {
    let several = compared.lines.len() > 1;
    let mut cells = vec![("model", figures.model.clone()), ("answered", figures.answered.to_string())];
    if compared.models.iter().any(|f| f.refused > 0) {
        cells.push(("refused", figures.refused.to_string()));
    }
    cells.push(("failed", figures.failures().to_string()));
    if compared.models.len() > 1 {
        cells.push(("same", figures.same.map(|n| n.to_string()).unwrap_or_default()));
    }
    cells.push(("cost", dollars(figures.usd, Round::Up)));
    let money = |cost: Option<_>| cost.map(|cost| dollars(cost, Round::Up)).unwrap_or_default();
    let time = |time: Option<_>| time.map(seconds).unwrap_or_default();
    let tokens = |n: Option<u64>| n.map(count).unwrap_or_default();
    if several {
        cells.push(("median", money(figures.each.median)));
        cells.push(("p95", money(figures.each.p95)));
    }
    cells.push(("time", time(figures.time.median)));
    if several {
        cells.push(("p95", time(figures.time.p95)));
    }
    for (name, spread) in [("in", figures.input), ("out", figures.output)] {
        cells.push((name, tokens(spread.median)));
        if several {
            cells.push(("p95", tokens(spread.p95)));
        }
    }
    cells
}

/// What a run came to, in one line.
pub(super) fn answer(report: Option<&RunReport>) -> String {
    let Some(report) = report else { return "not run".to_owned() };
    match (report.status, &report.output, &report.error) {
        (RunStatus::Ok, Some(Value::Text(text)), _) => one_line(text),
        (_, Some(output), _) => one_line(&output.to_json().to_string()),
        (RunStatus::Stopped, _, Some(error)) => format!("refused: {}", one_line(&error.message)),
        (_, _, Some(error)) => format!("{}: {}", error.code.name(), one_line(&error.message)),
        (_, None, None) => String::new(),
    }
}

/// What a run took: its cost, its time, its tokens in and out.
pub(super) fn took(report: Option<&RunReport>) -> [String; 4] {
    let Some(report) = report else { return Default::default() };
    let (usd, time) = (dollars(report.spent.usd, Round::Up), seconds(report.took));
    [usd, time, count(report.spent.input.0), count(report.spent.output.0)]
}

fn summary(compared: &Compared, colour: bool) -> String {
    let rows: Vec<_> = compared.models.iter().map(|figures| row(figures, compared)).collect();
    let Some(first) = rows.first() else { return String::new() };
    let columns: Vec<Align> =
        first.iter().map(|(name, _)| if *name == "model" { Align::Left } else { Align::Right }).collect();
    let heading = first.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut cells: Vec<Vec<String>> = vec![heading];
    cells.extend(rows.into_iter().map(|row| row.into_iter().map(|(_, cell)| cell).collect()));
    headed(&table::render(&columns, &cells), colour)
}

fn answers(compared: &Compared, console: &Console) -> String {
    use Align::{Left, Right};
    let mut cells: Vec<Vec<String>> =
        vec![["case", "model", "cost", "time", "in", "out", "answer"].map(str::to_owned).to_vec()];
    for (line, reports) in compared.lines.iter().zip(&compared.reports).take(MOST_CASES) {
        for (i, (figures, report)) in compared.models.iter().zip(reports).enumerate() {
            let case = if i == 0 { line.to_string() } else { String::new() };
            let mut row = vec![case, figures.model.clone()];
            row.extend(took(report.as_ref()));
            row.push(answer(report.as_ref()));
            cells.push(row);
        }
    }
    let columns = [Right, Left, Right, Right, Right, Right, Left];
    // The answers have what the other columns leave.
    let bare: Vec<Vec<String>> = cells.iter().map(|row| row[..6].to_vec()).collect();
    let widest = table::render(&columns[..6], &bare).lines().map(|line| line.chars().count()).max();
    let room = console.width().saturating_sub(widest.unwrap_or(0) + 2).max(NARROWEST);
    for row in &mut cells {
        row[6] = shortened(&row[6], room);
    }
    let text = table::render(&columns, &cells);
    let failed = compared.reports.iter().flatten().flatten().any(is_failed);
    let text = headed(&text, console.out_colour);
    if failed && console.out_colour { coloured(&text) } else { text }
}

// Lines of failures are seen.
fn coloured(text: &str) -> String {
    let line = |line: &str| match line.find("flow::E") {
        Some(at) => format!("{}{}\n", &line[..at], Paint::Bad.on(true, &line[at..])),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn headed(text: &str, colour: bool) -> String {
    let (heading, rest) = text.split_once('\n').unwrap_or((text, ""));
    format!("{}\n{rest}", Paint::Strong.on(colour, heading))
}

// Without line breaks, and without what could move the cursor of a terminal.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}
