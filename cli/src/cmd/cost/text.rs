//! The costs for people: a heading and a table for each flow, with bars on a terminal.

use super::numbers;
use super::rates;
use super::rows::Shown;
use crate::console::{Console, Paint};
use crate::figures::{Round, bar, count, dollars, percent, seconds};
use crate::table::{self, Align};
use flow_compiler::bounds::StepBound;

/// How wide bars are, in cells.
const CELLS: usize = 12;
/// The column that is there where there are runs or rates.
const EXPECTED: usize = 6;

/// The tables of these flows.
pub(super) fn tables(flows: &[Shown<'_>], console: &Console) -> String {
    let Some(first) = flows.first() else { return String::new() };
    let look = Look {
        colour: console.out_colour,
        bars: console.out_is_terminal,
        files: flows.iter().any(|f| f.program.file != first.program.file),
    };
    let all: Vec<String> = flows.iter().map(|shown| look.flow(shown)).collect();
    all.join("\n")
}

struct Look {
    colour: bool,
    bars: bool,
    // Whether each flow says which program it is of.
    files: bool,
}

impl Look {
    fn flow(&self, shown: &Shown<'_>) -> String {
        let mut out = self.heading(shown);
        out.push('\n');
        out.push_str(&self.steps(shown));
        if let Some(notch) = shown.program.priced.matters(shown.bound) {
            let line = numbers::matters(shown.program, &notch, shown.bound.worst.usd);
            out.push_str(&format!("  {line}\n"));
        }
        out
    }

    fn heading(&self, shown: &Shown<'_>) -> String {
        let (worst, settings) = (shown.bound.worst, &shown.flow.settings);
        let mut name = Paint::Strong.on(self.colour, &shown.flow.name);
        if self.files {
            name = format!("{name}  {}", Paint::Dim.on(self.colour, &shown.program.file));
        }
        let part = |what: &str, shown: String, limit: Option<String>, (of, most): (u64, u64)| match limit {
            None => format!("{what}{shown}"),
            Some(limit) => {
                let bar = if self.bars { format!(" {}", bar(of, most, CELLS)) } else { String::new() };
                let paint = if of > most { Paint::Bad } else { Paint::Good };
                let share = paint.on(self.colour, &format!("{}{bar}", percent(of, most)));
                format!("{what}{shown} of {limit} ({share})")
            }
        };
        let usd = (worst.usd.0.unsigned_abs(), settings.budget.map_or(0, |b| b.0.unsigned_abs()));
        let time = (worst.time.0, settings.deadline.map_or(0, |d| d.0));
        let parts = [
            part("worst ", dollars(worst.usd, Round::Up), settings.budget.map(|b| b.to_string()), usd),
            part("in ", seconds(worst.time), settings.deadline.map(seconds), time),
            format!("best {}", dollars(shown.bound.best.usd, Round::Down)),
        ]
        .into_iter()
        .chain(rates::shown(shown).map(|expected| format!("expected {expected}")));
        let parts: Vec<String> = parts.collect();
        format!("{name}  {}", parts.join(", "))
    }

    fn steps(&self, shown: &Shown<'_>) -> String {
        use Align::{Left, Right};
        if shown.bound.steps.is_empty() {
            return "  it asks no model\n".to_owned();
        }
        let columns = [Left, Left, Right, Right, Right, Right, Right, Right, Right, Right, Left];
        let heading = [
            "step",
            "model",
            "calls",
            "tokens in",
            "tokens out",
            "worst",
            "expected",
            "best",
            "time",
            "share",
            "",
        ];
        let mut rows = vec![heading.map(str::to_owned).to_vec()];
        rows.extend(shown.bound.steps.iter().map(|step| self.row(shown, step)));
        let mut columns = columns.to_vec();
        if shown.ran.is_none() && shown.assumed.is_none() {
            columns.remove(EXPECTED);
            rows.iter_mut().for_each(|row| drop(row.remove(EXPECTED)));
        }
        let text = table::render(&columns, &rows);
        let (heading, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let rest: String = rest.lines().map(|line| format!("  {line}\n")).collect();
        format!("  {}\n{rest}", Paint::Dim.on(self.colour, heading))
    }

    fn row(&self, shown: &Shown<'_>, step: &StepBound) -> Vec<String> {
        let (part, whole) = (step.worst.usd.0.unsigned_abs(), shown.bound.worst.usd.0.unsigned_abs());
        vec![
            step.step.to_string(),
            shown.model(step),
            count(step.worst.calls),
            count(step.worst.input.0),
            count(step.worst.output.0),
            dollars(step.worst.usd, Round::Up),
            rates::mean(shown, step),
            dollars(step.best.usd, Round::Down),
            seconds(step.worst.time),
            percent(part, whole),
            if self.bars { bar(part, whole, CELLS) } else { String::new() },
        ]
    }
}
