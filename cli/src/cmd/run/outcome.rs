//! The end of a run: its result on standard output, or why there is none on standard error, and the
//! exit code.

use super::watch::{self, Seen};
use crate::cmd::{review, runs};
use crate::console::{Console, Paint, counted};
use crate::exit::{Exit, Failure};
use crate::live::dollars;
use crate::report::Report;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Sources, json, terminal};
use flow_plan::Value;
use flow_runtime::{RunError, RunReport, RunStatus, StepStatus};
use serde_json::Value as Json;
use std::borrow::Cow;

/// What is around a run when it is printed.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// The program.
    pub(super) program: &'a Report,
    /// The command by which the run goes on, where it is recorded.
    pub(super) resume: Option<&'a str>,
}

/// Prints what a run came to.
pub(super) fn print(
    done: &RunReport,
    seen: &Seen,
    around: Around<'_>,
    as_json: bool,
    console: &Console,
) -> Result<Exit, Failure> {
    let exit = exit_of(done);
    if as_json {
        let document = serde_json::to_value(done)
            .map_err(|e| Failure::outside(format!("the report cannot be written: {e}")))?;
        console.json(&document)?;
    } else {
        if let Some(output) = &done.output {
            answer(output, &seen.streamed, console)?;
        } else if !seen.streamed.is_empty() {
            console.piece("\n")?;
        }
        waiting(done, console);
        if let Some(error) = &done.error {
            explain(done, error, around.program, console);
        } else if let Some(line) = &seen.closing {
            console.note(line);
        }
    }
    for warning in &seen.warnings {
        console.note(&format!("warning: {warning}"));
    }
    if let (Some(resume), true) = (around.resume, may_go_on(done)) {
        let after = if done.waiting.is_empty() { "goes on where it was" } else { "goes on after that" };
        console.note(&format!("`{resume}` {after}"));
    }
    match &seen.unwritten {
        Some(failure) => {
            console.failure(failure);
            Ok(if exit == Exit::Fine { failure.exit() } else { exit })
        }
        None => Ok(exit),
    }
}

/// The document of a run that could not begin, since the program has errors: a failed run, with what
/// `flowc check --format json` says.
pub(super) fn not_compiled(flow: Option<&str>, diagnostics: &Diagnostics, sources: &Sources) -> Json {
    let first = diagnostics.iter().find(|d| d.severity == flow_diagnostics::Severity::Error);
    let error = first.map(|d| serde_json::json!({ "code": d.code.name(), "message": d.message }));
    let mut document = serde_json::json!({
        "run": null, "flow": flow, "status": "failed", "output": null, "error": error,
        "spent": { "usd": 0.0, "calls": 0, "input_tokens": 0, "output_tokens": 0, "cached_calls": 0 },
        "steps": [],
    });
    if let (Some(all), Json::Object(found)) = (document.as_object_mut(), json::document(diagnostics, sources))
    {
        all.extend(found);
    }
    document
}

/// Text as a terminal may see it: control characters of a model or a document must not move the
/// cursor, change colours or set the title.
pub(super) fn for_terminal(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if harmless(c) { c } else { '\u{fffd}' }).collect()
}

// Who is waited for, and how they decide.
fn waiting(done: &RunReport, console: &Console) {
    for asked in done.waiting.iter().map(|standing| &standing.asked) {
        let head = Paint::Warn.on(console.err_colour, "waiting:");
        let until = runs::moment(asked.until);
        console.say(&format!("{head} `{}` waits for {} until {until} UTC", asked.path, asked.by));
        if let Some(why) = asked.why.as_ref().filter(|_| !asked.private) {
            console.say(&format!(" {} {}", Paint::Strong.on(console.err_colour, "why:"), for_terminal(why)));
        }
        console.say(&format!(
            " {} {}",
            Paint::Strong.on(console.err_colour, "value:"),
            review::summary(asked, console.width())
        ));
        console.note(&format!(
            "`flowc approve {} {}` lets it pass, `flowc reject {} {} --reason \"…\"` does not",
            done.run, asked.path, done.run, asked.path
        ));
    }
}

// Whether resuming a run can come to something else: what can't be computed stays so.
fn may_go_on(done: &RunReport) -> bool {
    match done.status {
        RunStatus::Ok | RunStatus::Stopped => false,
        RunStatus::Waiting => true,
        RunStatus::Failed => {
            done.error.as_ref().is_none_or(|e| !matches!(e.code, Code::E0808 | Code::E0809 | Code::E0813))
        }
    }
}

/// The exit code of a run.
pub(crate) fn exit_of(done: &RunReport) -> Exit {
    match (done.status, &done.error) {
        (RunStatus::Ok, _) => Exit::Fine,
        (RunStatus::Failed, Some(error)) if error.is_outside => Exit::Outside,
        (RunStatus::Failed, Some(error)) => match error.code {
            Code::E0805 | Code::E0807 | Code::E0811 => Exit::Outside,
            Code::E0809 | Code::E0810 => Exit::Usage,
            _ => Exit::Failed,
        },
        (RunStatus::Failed | RunStatus::Stopped | RunStatus::Waiting, _) => Exit::Failed,
    }
}

/// Prints a result, unless it has been printed as it came.
pub(super) fn answer(output: &Value, streamed: &str, console: &Console) -> Result<(), Failure> {
    let text = match output {
        Value::Record(_) | Value::List(_) | Value::Json(_) => format!("{:#}", output.to_json()),
        other => other.to_string(),
    };
    if !streamed.is_empty() {
        if streamed == text {
            return console.piece(if text.ends_with('\n') { "" } else { "\n" });
        }
        if let Some(rest) = text.strip_prefix(streamed) {
            console.piece(&for_terminal(rest))?;
            return console.piece(if text.ends_with('\n') { "" } else { "\n" });
        }
        console.piece("\n")?;
        console.note("the text above was changed on its way; the result is");
    }
    if console.out_is_terminal { console.answer(&for_terminal(&text)) } else { console.answer(&text) }
}

/// A failed run is shown like a mistake in the program, at the step where it failed.
pub(super) fn explain(done: &RunReport, error: &RunError, program: &Report, console: &Console) {
    let message = for_terminal(&error.message).replace('\n', " ");
    if error.code == Code::E0812 {
        console.say(&format!("{} {message}", Paint::Bad.on(console.err_colour, "interrupted:")));
    } else if error.code == Code::E0801 {
        console.say(&format!("{} {message}", Paint::Warn.on(console.err_colour, "refused:")));
    } else if let Some(span) = error.span {
        let here = error.step.as_ref().map(|step| format!("in step `{step}`")).unwrap_or_default();
        let diagnostic =
            FlowDiagnostic::new(error.code, span, message).here(here).maybe_help(error.help.clone());
        let style = terminal::Style { colour: console.err_colour, width: console.width() };
        console.say(&terminal::render(&diagnostic, &program.sources, style));
    } else {
        let head = Paint::Bad.on(console.err_colour, &format!("{}:", error.code.name()));
        console.say(&format!("{head} {message}"));
        if let Some(help) = &error.help {
            console.say(&format!(" {} {help}", Paint::Strong.on(console.err_colour, "help:")));
        }
    }
    let ended = done.steps.iter().filter(|s| matches!(s.status, StepStatus::Ok | StepStatus::Cached)).count();
    if let Some(usd) = watch::spent(done) {
        let calls = counted(usize::try_from(done.spent.calls).unwrap_or(usize::MAX), "call");
        console.note(&format!("spent {} in {calls}; {} done", dollars(usd), counted(ended, "step")));
    }
}

#[cfg(test)]
mod tests {
    use super::for_terminal;

    #[test]
    fn a_terminal_sees_no_control_characters() {
        assert_eq!(for_terminal("a\tb\n"), "a\tb\n");
        assert_eq!(for_terminal("\x1b]0;title\x07 \u{9b}31m"), "\u{fffd}]0;title\u{fffd} \u{fffd}31m");
    }
}
