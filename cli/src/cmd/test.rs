//! `flowc test`: runs the tests of programs, offline.

mod witness;

use crate::console::{Console, Paint, counted};
use crate::exit::{Exit, Failure};
use crate::paths;
use crate::project::{ModelArgs, Project};
use crate::report::Report;
use flow_diagnostics::{FlowDiagnostic, Sources, json as places, terminal};
use flow_runtime::Tables;
use flow_runtime::test::{TestReport, Unmet, run_tests};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc test                        the tests of every .flow file below this folder
  flowc test app.flow               the tests of one program
  flowc test --filter returns       those with `returns` in their name
  flowc test --witness              plays the dearest run of each flow against its worst case
  flowc test --format json          the same for programs

Tests are offline: models answer what the test scripts, and simulated models answer the rest.")]
pub(crate) struct Args {
    /// Programs, or folders with programs.
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    models: ModelArgs,
    /// Play the witnesses that `flowc cost --witness` wrote, from FILE or from PROGRAM.witness.json
    /// beside each program; where there is none, look for one. No run may take more than was proven.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, conflicts_with = "filter")]
    witness: Option<Option<PathBuf>>,
    /// Only tests with this in their name.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// What one program's tests came to.
struct Tested {
    file: String,
    sources: Sources,
    tests: Vec<TestReport>,
}

/// Runs the tests and prints how each went.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let files = paths::flow_files(&args.paths)?;
    if let Some(file) = &args.witness {
        return witness::played(&files, file.as_ref(), args, console);
    }
    let threads = super::threads()?;
    let tables = Tables::builtin();
    let mut broken = Report::default();
    let mut all = Vec::new();
    for file in &files {
        let project = Project::open(file, &args.models)?;
        let outcome = project.compile();
        let Some(plan) = outcome.plan else {
            broken.add(&project.root, &outcome.sources, &outcome.diagnostics);
            continue;
        };
        let mut report = Report::default();
        report.add(&project.root, &outcome.sources, &outcome.diagnostics);
        let (plan, context) = (Arc::new(plan), project.context());
        let tests = threads.block_on(run_tests(&plan, &context, &tables, args.filter.as_deref()));
        all.push(Tested { file: paths::shown(file), sources: report.sources, tests });
    }
    let failed = all.iter().flat_map(|t| &t.tests).filter(|t| !t.passed()).count();
    let passed = all.iter().flat_map(|t| &t.tests).count() - failed;
    let (errors, _) = broken.diagnostics.counts();
    match args.format {
        super::Format::Json => {
            let tests: Vec<_> =
                all.iter().flat_map(|t| t.tests.iter().map(|test| document(t, test))).collect();
            let mut whole = json!({ "tests": tests, "passed": passed, "failed": failed });
            if let (Some(whole), serde_json::Value::Object(found)) =
                (whole.as_object_mut(), places::document(&broken.diagnostics, &broken.sources))
            {
                whole.extend(found);
            }
            console.json(&whole)?;
        }
        super::Format::Text => {
            console.answer(&listed(&all, console.out_colour))?;
            all.iter().for_each(|tested| explain(tested, console));
            console.diagnostics(&broken.diagnostics, &broken.sources);
            console.note(&summary(passed, failed, errors, console.err_colour));
        }
    }
    Ok(if failed + errors > 0 { Exit::Failed } else { Exit::Fine })
}

fn summary(passed: usize, failed: usize, errors: usize, colour: bool) -> String {
    let mut found = vec![match (passed + failed, failed) {
        (0, _) => "no tests".to_owned(),
        (all, 0) => Paint::Good.on(colour, &format!("{} passed", counted(all, "test"))),
        (all, _) => Paint::Bad.on(colour, &format!("{failed} of {} failed", counted(all, "test"))),
    }];
    if errors > 0 {
        found.push(
            Paint::Bad.on(colour, &format!("{} in programs that were not run", counted(errors, "error"))),
        );
    }
    found.join(", ")
}

fn listed(all: &[Tested], colour: bool) -> String {
    let mut out = String::new();
    for tested in all.iter().filter(|t| !t.tests.is_empty()) {
        out.push_str(&format!("{}\n", tested.file));
        for test in &tested.tests {
            let word =
                if test.passed() { Paint::Good.on(colour, "ok  ") } else { Paint::Bad.on(colour, "FAIL") };
            out.push_str(&format!("  {word}  {} ({} ms)\n", test.name, test.took.0));
        }
    }
    out
}

// Why each test failed, with the place: an error as it is drawn elsewhere, an expectation with what
// stands on both of its sides.
fn explain(tested: &Tested, console: &Console) {
    let style = terminal::Style { colour: console.err_colour, width: console.width() };
    for test in tested.tests.iter().filter(|t| !t.passed()) {
        console.say(&format!("\n{}", Paint::Bad.on(console.err_colour, &test.name)));
        if let Some(error) = &test.error {
            let at = error.span.unwrap_or(test.span);
            let drawn = FlowDiagnostic::new(error.code, at, &*error.message).maybe_help(error.help.clone());
            console.say(&terminal::render(&drawn, &tested.sources, style));
        }
        for unmet in &test.failures {
            let start = tested.sources.range(unmet.span).0;
            let file = tested.sources.file(unmet.span.file).name();
            console.say(&format!("  {file}:{}:{}: `{}` does not hold", start.line, start.column, unmet.text));
            console.say(&sides(unmet));
        }
    }
}

fn sides(unmet: &Unmet) -> String {
    match (&unmet.sides, &unmet.error) {
        (Some((left, operator, right)), _) => {
            format!(
                "    left:  {}\n    right: {}  (wanted: left {operator} right)",
                left.to_json(),
                right.to_json()
            )
        }
        (None, Some(error)) => format!("    {error}"),
        (None, None) => "    it is false".to_owned(),
    }
}

fn document(tested: &Tested, test: &TestReport) -> serde_json::Value {
    let mut document = json!({ "file": tested.file, "range": places::range(test.span, &tested.sources) });
    if let (Some(all), Ok(serde_json::Value::Object(found))) =
        (document.as_object_mut(), serde_json::to_value(test))
    {
        all.extend(found);
    }
    document
}
