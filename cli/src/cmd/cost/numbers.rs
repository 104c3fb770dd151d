//! `--at` and `--solve`: numbers of the program by name, set to another value or looked for.

use super::rows::Program;
use crate::cmd::models::call;
use crate::exit::Failure;
use crate::figures::Round;
use crate::figures::{count, dollars, percent, seconds};
use flow_compiler::bounds::{Excess, Most, Notch, Number};
use flow_diagnostics::did_you_mean;
use flow_plan::{Cost, FlowId, Plan};
use serde_json::{Value, json};

/// Reads `question=1k`; the error is for people.
pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.into(), value.into())),
        _ => Err("write it like `question=1k`".to_owned()),
    }
}

/// Sets each number in every program that has it.
pub(super) fn set(
    programs: &mut [Program],
    flows: &[Vec<FlowId>],
    at: &[(String, String)],
) -> Result<(), Failure> {
    for (name, value) in at {
        let mut found = false;
        for (program, flows) in programs.iter_mut().zip(flows) {
            let numbers = program.priced.numbers(flows);
            let Some(number) = program.priced.named(&numbers, name) else { continue };
            program.priced.set(number, read(number, value)?);
            program.turned = true;
            found = true;
        }
        if !found {
            return Err(unknown(programs, flows, name));
        }
    }
    Ok(())
}

/// What was found for a number in one program.
pub(super) struct Solved<'a> {
    program: &'a Program,
    number: Number,
    most: Most,
}

/// Looks for the largest value of a number in every program that has it.
pub(super) fn solve<'a>(
    programs: &'a [Program],
    flows: &[Vec<FlowId>],
    name: &str,
) -> Result<Vec<Solved<'a>>, Failure> {
    let mut solved = Vec::new();
    for (program, flows) in programs.iter().zip(flows) {
        let numbers = program.priced.numbers(flows);
        if let Some(number) = program.priced.named(&numbers, name) {
            let most = program.priced.most(number, flows);
            solved.push(Solved { program, number: number.clone(), most });
        }
    }
    if solved.is_empty() {
        return Err(unknown(programs, flows, name));
    }
    Ok(solved)
}

impl Solved<'_> {
    /// Whether there is such a value.
    pub(super) fn fits(&self) -> bool {
        self.most != Most::Nothing
    }

    /// One line for people.
    pub(super) fn line(&self) -> String {
        let number = &self.number;
        let written = |value| self.program.priced.written(number, value);
        let found = match self.most {
            Most::Nothing => "no value fits".to_owned(),
            Most::UpTo(most) => format!("at most {}", written(most)),
            Most::Any(most) if number.is_cap() => {
                format!("at most {}, which is the most that the model gives", written(most))
            }
            Most::Any(_) => "any value fits".to_owned(),
        };
        format!("{} of {}: {found}; now {}", number.name, self.program.file, written(number.now))
    }

    /// The same for programs.
    pub(super) fn document(&self) -> Value {
        let (most, limited) = match self.most {
            Most::Nothing => (None, true),
            Most::UpTo(most) => (Some(most), true),
            Most::Any(most) => (self.number.is_cap().then_some(most), self.number.is_cap()),
        };
        json!({
            "name": self.number.name.as_str(),
            "file": self.program.file,
            "now": self.number.now,
            "most": most,
            "limited": limited,
            "fits": self.fits(),
        })
    }
}

/// What a flow exceeds, in one line.
pub(super) fn exceeded(plan: &Plan, flow: &str, excess: &Excess) -> String {
    match excess {
        Excess::Budget(usd, budget) => {
            format!("a run of `{flow}` can cost {}, and its budget is {budget}", dollars(*usd, Round::Up))
        }
        Excess::Deadline(time, deadline) => {
            format!(
                "a run of `{flow}` can take {}, and its deadline is {}",
                seconds(*time),
                seconds(*deadline)
            )
        }
        Excess::Window(step, model, needed, window) => {
            let model = &plan.models[model.index()].name;
            format!("`{step}` of `{flow}` can ask `{model}` with {needed}, and its window has {window}")
        }
    }
}

/// The line that says which number matters.
pub(super) fn matters(program: &Program, notch: &Notch, worst: Cost) -> String {
    let Notch { number, to, usd, time } = notch;
    let name = match &number.owner {
        Some(owner) => {
            let setting = number.name.rsplit('.').next().unwrap_or(&number.name);
            format!("`{setting}` of `{owner}`")
        }
        None => format!("`{}`", number.name),
    };
    let written = |value| program.priced.written(number, value);
    let saves = match *usd > Cost::ZERO {
        true => {
            let share = percent(usd.0.unsigned_abs(), worst.0.unsigned_abs());
            format!("{} ({share})", dollars(*usd, Round::Down))
        }
        false => seconds(*time),
    };
    format!("what matters most is {name}: {} instead of {} saves {saves}", written(*to), written(number.now))
}

fn read(number: &Number, value: &str) -> Result<u64, Failure> {
    let wrong = |example: &str| {
        Failure::usage(format!("`{value}` is no value for `{}`", number.name))
            .help(format!("write it like {example}"))
    };
    if number.is_time() {
        return time(value).ok_or_else(|| wrong("`500ms`, `4s` or `2m`"));
    }
    call::tokens(value).map(|n| n.0).map_err(|_| wrong("`800`, `32k` or `1.5M`"))
}

fn time(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

// What is said of a name that no number has, or several.
fn unknown(programs: &[Program], flows: &[Vec<FlowId>], name: &str) -> Failure {
    let numbers: Vec<(&Program, Number)> = programs
        .iter()
        .zip(flows)
        .flat_map(|(program, flows)| program.priced.numbers(flows).into_iter().map(move |n| (program, n)))
        .collect();
    if numbers.is_empty() {
        return Failure::usage(format!("there is no number `{name}`"))
            .help("no bound of these flows follows from a number in them");
    }
    let near = did_you_mean(name, numbers.iter().map(|(_, n)| n.name.as_str()));
    let mut listed: Vec<String> = numbers
        .iter()
        .map(|(program, n)| format!("`{}` ({})", n.name, program.priced.written(n, n.now)))
        .collect();
    listed.dedup();
    let more = listed.len().saturating_sub(MOST_LISTED);
    listed.truncate(MOST_LISTED);
    let mut help = near.map(|near| format!("did you mean `{near}`?\n")).unwrap_or_default();
    help.push_str(&format!("the numbers are {}", listed.join(", ")));
    if more > 0 {
        help.push_str(&format!(" and {} more", count(more as u64)));
    }
    let several = numbers.iter().filter(|(p, n)| p.priced.is_named(n, name)).count() > 1;
    let message = match several {
        true => format!("several numbers are called `{name}`"),
        false => format!("there is no number `{name}`"),
    };
    Failure::usage(message).help(help)
}

const MOST_LISTED: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_programs_have_them() {
        assert_eq!(["500ms", "4s", "2m", "1h"].map(time), [500, 4_000, 120_000, 3_600_000].map(Some));
        assert_eq!(["4", "s", "4 s", "-1s", "99999999999999999h"].map(time), [None; 5]);
    }

    #[test]
    fn a_setting_has_a_name_and_a_value() {
        assert_eq!(setting("draft.retry=2"), Ok(("draft.retry".to_owned(), "2".to_owned())));
        assert!(setting("retry").is_err() && setting("=2").is_err() && setting("retry=").is_err());
    }
}
