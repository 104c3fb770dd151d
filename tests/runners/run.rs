//! `corpus/run`: programs, compiled and run in the process, with simulated or scripted models and a
//! clock that does not wait. The snapshot holds status, output, error and steps, without times.

use flow_plan::{FlowId, Plan};
use flow_runtime::{Context, Engine, Environment, Http, Options, Start, Tables, read_inputs, test};
use flow_tests::cases::{Case, cases, compare_all};
use flow_tests::expectation::drawing;
use flow_tests::world::FolderWorld;
use regex::Regex;
use serde_json::Value as Json;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

#[test]
fn every_program_runs_as_its_snapshot_says() {
    compare_all(&cases("run", "flow"), played);
}

// What is listed there is known to be wrong today: a `// right:` line says what the output lacks.
#[test]
fn what_is_known_to_run_wrong_still_does() {
    let right = |case: &Case| {
        let out = played(case);
        case.headers("right").all(|right| out.contains(right))
    };
    let mended: Vec<String> = cases("fixme/run", "flow").into_iter().filter(right).map(|c| c.name).collect();
    assert!(mended.is_empty(), "these are right now, move them to corpus/run:\n  {}", mended.join("\n  "));
}

fn played(case: &Case) -> String {
    let root = tempfile::tempdir().expect("a folder can be made");
    let file = case.file_name();
    // The area's data is the program's, so that all cases share it.
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/run/data"), &root.path().join("data"));
    let outcome = FolderWorld::at(root.path()).with(&file, &case.text).compile(&file);
    let Some(plan) = outcome.plan else {
        panic!("{} does not compile:\n{}", case.name, drawing(&outcome.diagnostics, &outcome.sources));
    };
    let clock = Builder::new_current_thread().enable_all().start_paused(true).build();
    let clock = clock.expect("a runtime can be made");
    let context = context(root.path());
    let plan = Arc::new(plan);
    let inputs: Vec<&str> = case.headers("run").collect();
    let mut out = match inputs.is_empty() {
        true => tests(&plan, &context, &clock),
        false => inputs.iter().map(|given| run(case, (&plan, given), &context, &clock)).collect(),
    };
    written(root.path(), &mut out);
    // Keys of actions hold the run's identity, which is new each time.
    let key = Regex::new("[0-9a-f]{64}").expect("a pattern of ours");
    key.replace_all(&out.replace(&*root.path().to_string_lossy(), "[folder]"), "[key]").into_owned()
}

fn run(case: &Case, (plan, given): (&Arc<Plan>, &str), context: &Context, clock: &Runtime) -> String {
    let flow = chosen(case, plan);
    let given: Json = serde_json::from_str(given).expect("`// run:` is followed by JSON");
    let inputs = match read_inputs(&plan.flows[flow.index()], Some(&given), &[]) {
        Ok(inputs) => inputs,
        Err(error) => {
            return format!("run {given}\n  {error}\n  {}\n\n", error.help.clone().unwrap_or_default());
        }
    };
    let engine =
        Engine::new(plan.clone(), context.clone(), Options::default()).expect("the engine can be made");
    let report = clock.block_on(engine.run(Start::new(flow, inputs)));
    let mut json = serde_json::to_value(&report).expect("a report is JSON");
    json.as_object_mut().and_then(|r| r.remove("run"));
    for step in json["steps"].as_array_mut().into_iter().flatten() {
        step.as_object_mut().and_then(|s| s.remove("ms"));
    }
    let mut out = format!("run {given}\n");
    for (key, value) in json.as_object().into_iter().flatten() {
        match value.as_array() {
            Some(steps) if key == "steps" => {
                steps.iter().for_each(|s| writeln!(out, "  step {s}").expect("text grows"))
            }
            _ => writeln!(out, "  {key}: {value}").expect("text grows"),
        }
    }
    out.push('\n');
    out
}

fn tests(plan: &Arc<Plan>, context: &Context, clock: &Runtime) -> String {
    assert!(!plan.tests.is_empty(), "a case has a `// run:` line or a test");
    let mut out = String::new();
    for report in clock.block_on(test::run_tests(plan, context, &Tables::builtin(), None)) {
        let word = if report.passed() { "passes" } else { "fails" };
        writeln!(out, "test \"{}\" {word}", report.name).expect("text grows");
        if let Some(error) = &report.error {
            writeln!(out, "  {error}").expect("text grows");
        }
        for unmet in &report.failures {
            let sides = unmet.sides.as_ref().map(|(left, op, right)| format!(": {left} {op} {right}"));
            writeln!(out, "  expected {}{}", unmet.text, sides.unwrap_or_default()).expect("text grows");
        }
    }
    out
}

fn chosen(case: &Case, plan: &Plan) -> FlowId {
    let named = case.headers("flow").next().unwrap_or("main");
    plan.flow(named).or_else(|| (plan.flows.len() == 1).then_some(FlowId(0))).expect("the flow is there")
}

fn context(root: &Path) -> Context {
    Context {
        env: Environment::default(),
        root: root.to_owned(),
        state: root.join(".flow"),
        http: Http::default(),
        cancel: Default::default(),
        clock: Default::default(),
    }
}

// What actions have written.
fn written(root: &Path, out: &mut String) {
    let Ok(entries) = std::fs::read_dir(root.join("out")) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("what was written can be read");
        writeln!(out, "written to out/{name}\n{text}").expect("text grows");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the data is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
