//! `flowc runs --forget`: deletes what is recorded of runs.

use super::Args;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::figures::count;
use flow_runtime::RunId;
use flow_runtime::journal::{Forget, Forgotten, Journal, Kept};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Forgets the runs that are named, or those that the other options say; says what is kept.
pub(super) fn forget(
    args: &Args,
    named: &[String],
    (journal, place, runtime): (Option<Arc<dyn Journal>>, &str, &Runtime),
    console: &Console,
) -> Result<Exit, Failure> {
    let any = named.is_empty() && args.older_than.is_none() && args.status.is_empty();
    if any {
        return Err(Failure::usage("`--forget` does not say which runs").help(
            "name some, or say how old they are: `flowc runs --forget --older-than 30d`; `--older-than 0d` means all",
        ));
    }
    let before = args.older_than.map(|age| Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN));
    let which = Forget {
        runs: named.iter().map(|run| RunId(run.as_str().into())).collect(),
        before,
        flow: args.flow.clone(),
        states: args.status.clone(),
    };
    let done = match journal {
        Some(journal) => runtime.block_on(journal.forget(&which)).map_err(Failure::from)?,
        None if named.is_empty() => Forgotten::default(),
        None => return Err(Failure::usage(format!("there is no run `{}` in {place}", named[0]))),
    };
    if args.format == super::super::Format::Json {
        let kept: Vec<Json> =
            done.kept.iter().map(|(run, why)| json!({ "run": run.0.as_str(), "why": name(*why) })).collect();
        console.json(&json!({ "forgotten": done.runs, "kept": kept }))?;
    } else {
        console.answer(&format!("{} forgotten\n", runs(done.runs)))?;
    }
    for why in [Kept::Running, Kept::Waiting, Kept::InDoubt] {
        let kept: Vec<&str> =
            done.kept.iter().filter(|(_, w)| *w == why).map(|(run, _)| run.0.as_str()).collect();
        if !kept.is_empty() {
            console.note(&said(why, &kept));
        }
    }
    if let Some(reason) = &done.held_back {
        console.note(&format!(
            "the room is used for what is recorded next: it could not be given back ({reason})"
        ));
    }
    // Who names a run wants to know that it is still there.
    Ok(if named.is_empty() || done.kept.is_empty() { Exit::Fine } else { Exit::Failed })
}

/// A length of time: `30d`.
pub(super) fn age(text: &str) -> Result<SignedDuration, String> {
    const WANTED: &str = "write it like `30d`: a number of `m`, `h`, `d` or `w`";
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let each = match &text[number.len()..] {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(WANTED.to_owned()),
    };
    let number: i64 = number.parse().ok().filter(|n| *n >= 0).ok_or(WANTED)?;
    number
        .checked_mul(each)
        .map(SignedDuration::from_secs)
        .ok_or_else(|| "that is longer than time goes".to_owned())
}

fn said(why: Kept, kept: &[&str]) -> String {
    let (many, first) = (runs(kept.len() as u64), kept[0]);
    let (is, its) =
        if kept.len() == 1 { ("is", first.to_owned()) } else { ("are", format!("{first} and others")) };
    match why {
        Kept::Running => format!("{many} {is} under way, and kept ({its})"),
        Kept::Waiting => {
            format!(
                "{many} {is} kept, since a person is waited for ({its}); `--status waiting` forgets that too"
            )
        }
        Kept::InDoubt => format!(
            "{many} {is} kept, since it is not known whether an action was done ({its}): `flowc runs --in-doubt`, \
             then `flowc resolve`"
        ),
    }
}

fn runs(many: u64) -> String {
    format!("{} {}", count(many), if many == 1 { "run" } else { "runs" })
}

fn name(why: Kept) -> &'static str {
    match why {
        Kept::Running => "running",
        Kept::Waiting => "waiting",
        Kept::InDoubt => "in_doubt",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_a_number_and_a_unit() {
        assert_eq!(age("30d"), Ok(SignedDuration::from_hours(720)));
        assert_eq!((age("0d"), age("90m")), (Ok(SignedDuration::ZERO), Ok(SignedDuration::from_mins(90))));
        for wrong in ["", "d", "30", "-1d", "30 d", "1y", "1.5h", "ü"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
        assert!(age("9223372036854775807w").is_err());
    }
}
