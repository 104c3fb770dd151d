//! Lookups that a model asks for: one program looks up the same and answers the same whoever answers.

use crate::program::Program;
use crate::protocol::tools::{self, Tools};
use crate::protocol::{ALL, End, Protocol, Said, USED};
use crate::server::{Asked, json, stream_of};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use flow_plan::Value;
use serde_json::{Value as Json, json as js};
use std::sync::{Arc, Mutex};

/// A server whose model calls the function `help` twice, the second time wrongly, and then answers.
struct Model {
    protocol: &'static dyn Protocol,
    typed: bool,
    heard: Mutex<Vec<Tools>>,
}

async fn serve(protocol: &'static dyn Protocol, typed: bool) -> (String, Arc<Model>) {
    let model = Arc::new(Model { protocol, typed, heard: Mutex::default() });
    let app = Router::new().fallback(respond).with_state(model.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, model)
}

async fn respond(
    State(model): State<Arc<Model>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let asked = Asked::of(&uri, headers, &body);
    let (protocol, name) = (model.protocol, model.protocol.provider());
    let tools = tools::heard(name, &asked.body);
    let round = tools.turns.len();
    let own = tools.offered.iter().find(|tool| *tool == "answer").cloned();
    model.heard.lock().unwrap().push(tools);
    let streams = asked.body["stream"].as_bool().unwrap_or(false) || asked.path.contains("stream");
    let call = |function: &str, args: Json| match tools::stream(name, function, &args).filter(|_| streams) {
        Some(events) => stream_of(protocol, events),
        None => json(200, &[], &tools::whole(name, function, &args)),
    };
    let answer = js!({"reply": "30 days.", "sure": true});
    match (round, own) {
        (0, _) => call("help", js!({"question": "return shoes"})),
        (1, _) => call("help", js!({"what": "is this?"})),
        (_, Some(own)) => call(&own, answer),
        (_, None) => {
            let text = match model.typed {
                true => "{\"reply\": \"30 days.\", \"sure\": true}",
                false => "30 days.",
            };
            let said = Said { pieces: vec![text], typed: model.typed, end: End::Done };
            match streams {
                true => stream_of(protocol, protocol.stream(&said)),
                false => json(200, &[], &protocol.whole(&said)),
            }
        }
    }
}

#[tokio::test]
async fn the_same_is_looked_up_and_answered_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("help")).unwrap();
    let page = "# Returns\n\nShoes can be returned for 30 days.\n";
    std::fs::write(folder.path().join("help/returns.md"), page).unwrap();
    for typed in [false, true] {
        for listens in [true, false] {
            for protocol in ALL.iter().copied() {
                let name = protocol.provider();
                let (url, model) = serve(protocol, typed).await;
                let mut program = Program::on(protocol, &url);
                program.context.root = folder.path().to_owned();
                let flow = if typed { "decides_with_help" } else { "says_with_help" };
                let (report, pieces) = program.run(flow, vec![Value::text("How long?")], listens).await;
                let output = report.output.as_ref().map(Value::to_json);
                let want = if typed { js!({"reply": "30 days.", "sure": true}) } else { js!("30 days.") };
                assert_eq!(output, Some(want), "{name} {flow}: {:?}", report.error);
                let heard = model.heard.lock().unwrap().clone();
                assert_eq!(heard.len(), 3, "{name}: two lookups and the answer");
                assert_eq!(report.spent.calls, 3, "{name}");
                assert_eq!(report.spent.input.0, 3 * USED.input, "{name}");
                assert_eq!(report.spent.output.0, 3 * USED.output, "{name}");
                first_two(name, typed, &heard);
                last(name, typed, &heard[2]);
                if listens && !typed {
                    assert_eq!(pieces.concat(), "30 days.", "{name}: nothing but the answer is told");
                }
                let step = &report.steps.iter().find(|s| s.path.to_string() == "reply").unwrap();
                assert_eq!((step.attempts, step.repaired.as_slice()), (1, &["lookup_arguments".into()][..]));
                let looked: Vec<String> =
                    report.steps.iter().map(|s| s.path.to_string()).filter(|p| p.contains("help")).collect();
                assert_eq!(looked, ["reply.tools[0].help"], "{name}");
            }
        }
    }
}

fn first_two(name: &str, typed: bool, heard: &[Tools]) {
    for tools in &heard[..2] {
        let by_tool = typed && !matches!(name, "openai" | "azure" | "openai-responses");
        let offered: &[&str] = if by_tool { &["answer", "help"] } else { &["help"] };
        assert_eq!(tools.offered, offered, "{name}");
        let choice = if by_tool && name != "ollama" { "any" } else { "" };
        assert_eq!(tools.choice, choice, "{name}");
        assert_eq!(tools.has_schema, typed && !by_tool, "{name}");
    }
    assert!(heard[0].turns.is_empty());
    let (tool, args, found) = &heard[1].turns[0];
    assert_eq!((tool.as_str(), args), ("help", &js!({"question": "return shoes"})), "{name}");
    assert!(found.starts_with("<help> has\n") && found.contains("for 30 days"), "{name}: {found}");
}

fn last(name: &str, typed: bool, tools: &Tools) {
    assert_eq!(tools.turns.len(), 2, "{name}");
    let (tool, args, found) = &tools.turns[1];
    assert_eq!((tool.as_str(), args), ("help", &js!({})), "{name}: what does not fit does not go back");
    assert!(found.starts_with("the arguments do not fit"), "{name}: {found}");
    match (name, typed) {
        // Whoever can't forbid a tool is offered none.
        ("ollama", _) => assert!(tools.offered.is_empty() && tools.has_schema == typed),
        ("openai" | "azure" | "openai-responses", _) | (_, false) => {
            assert_eq!(tools.choice, "none", "{name}");
            assert_eq!(tools.has_schema, typed, "{name}");
        }
        ("anthropic" | "bedrock" | "google", true) => assert_eq!(tools.choice, "answer", "{name}"),
        ("cohere", true) => assert_eq!((tools.choice.as_str(), tools.offered.len()), ("any", 1)),
        (_, true) => assert!(tools.offered.is_empty() && tools.has_schema, "{name}: {tools:?}"),
    }
}
