//! Cassettes: what was recorded with any protocol is played without a key and without the network, and
//! comes to the same.

use crate::program::Program;
use crate::protocol::{ALL, End, Protocol, Trouble};
use crate::same::{cases, said};
use crate::server::{Act, serve};
use flow_plan::Value;
use flow_runtime::cassette::{Cassette, Hidden, Recorder, Replay, Tape};
use flow_runtime::{Http, RunReport};
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Notify;

// The report without what no replay repeats: the run's name, and times.
fn normal(report: &RunReport) -> Json {
    let mut json = serde_json::to_value(report).unwrap();
    json["run"].take();
    for step in json["steps"].as_array_mut().unwrap() {
        step["ms"].take();
    }
    json
}

struct Recorded {
    report: RunReport,
    text: String,
    shown: String,
}

async fn record(program: &Program, flow: &str, inputs: Vec<Value>, path: &Path) -> Recorded {
    let hidden = Hidden::of(&program.plan, &program.context.env);
    let recorder = Arc::new(Recorder::create(path, hidden).unwrap());
    let tape = Some(Tape::Record(recorder.clone()));
    let (report, pieces) = program.run_on(flow, inputs, true, tape).await;
    recorder.finish(false).unwrap();
    Recorded { report, text: std::fs::read_to_string(path).unwrap(), shown: pieces.concat() }
}

// Plays a cassette where there is neither a key nor a network.
async fn replay(protocol: &dyn Protocol, flow: &str, inputs: Vec<Value>, text: &str) -> (RunReport, String) {
    let mut program = Program::on(protocol, "http://127.0.0.1:9");
    program.context.env.vars.clear();
    program.context.http = Http::none("nobody is called");
    let cassette = Cassette::read("asked.jsonl", text).unwrap();
    let replay = Arc::new(Replay::new(cassette, Hidden::of(&program.plan, &program.context.env)));
    let (report, pieces) = program.run_on(flow, inputs, true, Some(Tape::Replay(replay.clone()))).await;
    assert_eq!(replay.left(), 0, "{}: every call is made again", protocol.provider());
    (report, pieces.concat())
}

#[tokio::test]
async fn every_answer_is_played_as_it_was_recorded_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("asked.jsonl");
    for case in cases() {
        for protocol in ALL.iter().copied() {
            let (name, flow) = (protocol.provider(), case.flow);
            let server = serve(protocol, Act::Say(case.said.clone())).await;
            let program = Program::on(protocol, &server.url);
            let live = record(&program, flow, case.inputs.clone(), &path).await;
            assert_eq!(live.report.error, None, "{name} {flow}");
            assert!(!live.text.contains("the-key"), "{name} {flow}: {}", live.text);
            let (report, shown) = replay(protocol, flow, case.inputs.clone(), &live.text).await;
            assert_eq!(normal(&report), normal(&live.report), "{name} {flow}");
            assert_eq!(shown, live.shown, "{name} {flow}");
        }
    }
}

#[tokio::test]
async fn every_failure_is_played_as_it_was_recorded_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let ends = |end| Act::Say(crate::protocol::Said { end, ..said(&["Half an ans"], false) });
    let acts = [
        (Act::Fail(Trouble::Key), 1),
        // It asks for more patience than there is.
        (Act::Fail(Trouble::TooOften), 1),
        (Act::Fail(Trouble::Overloaded), 2),
        (Act::Fail(Trouble::Broken), 2),
        (Act::Fail(Trouble::TooLong), 1),
        (Act::Babble, 2),
        (Act::Stop(said(&["Hi there", " you"], false)), 2),
        (Act::Break(said(&["Hi there", " you"], false)), 2),
        (Act::Overload(said(&["Hi there", " you"], false)), 2),
        (Act::Stall(said(&["Hi there", " you"], false), Arc::new(Notify::new())), 2),
        (ends(End::Cut), 1),
    ];
    for (act, tries) in acts {
        let all = ALL.iter().copied().enumerate().map(|(i, protocol)| {
            let (act, path) = (act.clone(), folder.path().join(format!("{i}.jsonl")));
            async move {
                let name = protocol.provider();
                let server = serve(protocol, act.clone()).await;
                let program = Program::on(protocol, &server.url);
                let inputs = vec![Value::text("Say hi.")];
                let live = record(&program, "patient", inputs.clone(), &path).await;
                assert!(live.report.error.is_some(), "{name} {act:?}");
                assert_eq!(live.report.steps[0].attempts, tries, "{name} {act:?}: {:?}", live.report.error);
                assert!(!live.text.contains("the-key"), "{name} {act:?}: {}", live.text);
                let began = Instant::now();
                let (report, shown) = replay(protocol, "patient", inputs, &live.text).await;
                assert_eq!(normal(&report), normal(&live.report), "{name} {act:?}");
                assert_eq!(shown, live.shown, "{name} {act:?}");
                if matches!(act, Act::Stall(..)) {
                    // The time of two calls that were too late does not pass again.
                    assert!(began.elapsed().as_millis() < 3_000, "{name} took {:?}", began.elapsed());
                }
            }
        });
        futures::future::join_all(all).await;
    }
}

#[tokio::test]
async fn a_call_of_another_model_is_another_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("asked.jsonl");
    let server = serve(ALL[0], Act::Say(said(&["Hi"], false))).await;
    let program = Program::on(ALL[0], &server.url);
    let inputs = vec![Value::text("Say hi.")];
    let live = record(&program, "ask", inputs.clone(), &path).await;
    let mut other = Program::on(ALL[1], "http://127.0.0.1:9");
    other.context.http = Http::none("nobody is called");
    let cassette = Cassette::read("asked.jsonl", &live.text).unwrap();
    let tape = Tape::Replay(Arc::new(Replay::new(cassette, Hidden::default())));
    let (report, _) = other.run_on("ask", inputs, false, Some(tape)).await;
    let error = report.error.unwrap();
    assert_eq!(error.code.short(), "E0815", "{error}");
    assert_eq!(
        error.message,
        "the cassette `asked.jsonl` does not have this call of `say`: it asks `azure/test-model`, and \
         `openai/test-model` was recorded"
    );
    assert!(error.step.is_some());
}
