//! Answers: text, types, pieces, images and usage are the same whoever answers.

use crate::program::{Program, SYSTEM};
use crate::protocol::{ALL, End, Heard, Protocol, Said, USED};
use crate::server::{Act, serve};
use flow_compiler::World;
use flow_plan::{Cost, Value};
use flow_runtime::RunReport;
use flow_tests::world::FolderWorld;
use serde_json::{Value as Json, json};

const QUESTION: &str = "Say \"hi\" 🙂.";
const ASKED: &str = "<question> is\nSay \"hi\" 🙂. </question>";
const PICTURE: &str = "data:image/png;base64,iVBORw0KGgo=";

pub(crate) fn said(pieces: &[&'static str], typed: bool) -> Said {
    Said { pieces: pieces.to_vec(), typed, end: End::Done }
}

fn heard(schema: Option<&[&str]>, streams: bool) -> Heard {
    Heard {
        key: "the-key".into(),
        model: "test-model".into(),
        system: SYSTEM.into(),
        user: ASKED.into(),
        cap: 64,
        temperature: Some(0.0),
        schema: schema.map(|fields| fields.iter().map(|f| (*f).to_owned()).collect()),
        streams,
        ..Heard::default()
    }
}

// The price of what was used, by the parts that the protocol tells.
fn price(protocol: &dyn Protocol) -> Cost {
    let (read, write) = protocol.tells();
    let cached = if read { USED.cached } else { 0 };
    let written = if write { USED.written } else { 0 };
    let plain = USED.input - cached - written;
    let nanos = plain * 1_000 + cached * 100 + written * 1_250 + USED.output * 2_000;
    Cost(i64::try_from(nanos).unwrap())
}

// The report without what differs by right: the run's name, times, the provider's name and prices.
fn normal(protocol: &dyn Protocol, report: &RunReport) -> Json {
    let mut json = serde_json::to_value(report).unwrap();
    json["run"].take();
    json["spent"]["usd"].take();
    for step in json["steps"].as_array_mut().unwrap() {
        step["usd"].take();
        step["ms"].take();
    }
    let text = json.to_string().replace(&format!("{}/", protocol.provider()), "provider/");
    serde_json::from_str(&text).unwrap()
}

pub(crate) struct Case {
    pub(crate) flow: &'static str,
    pub(crate) inputs: Vec<Value>,
    pub(crate) said: Said,
    output: Json,
    schema: Option<&'static [&'static str]>,
    images: Vec<String>,
}

pub(crate) fn cases() -> Vec<Case> {
    let question = || Value::text(QUESTION);
    let plain = Case {
        flow: "ask",
        inputs: vec![question()],
        said: said(&["Hi", " \"you\"\n", "über 🙂"], false),
        output: json!("Hi \"you\"\nüber 🙂"),
        schema: None,
        images: vec![],
    };
    vec![
        Case {
            flow: "answer",
            inputs: vec![question()],
            said: said(&["{\"reply\": ", "\"Hi 🙂\", ", "\"sure\": true}"], true),
            output: json!({"reply": "Hi 🙂", "sure": true}),
            schema: Some(&["reply", "sure"]),
            images: vec![],
        },
        Case {
            flow: "kind",
            inputs: vec![question()],
            said: said(&["{\"value\":", " \"billing\"}"], true),
            output: json!("billing"),
            schema: Some(&["value"]),
            images: vec![],
        },
        Case {
            flow: "look",
            inputs: vec![question(), Value::Image(PICTURE.into())],
            said: said(&["A dot."], false),
            output: json!("A dot."),
            schema: None,
            images: vec!["image/png;iVBORw0KGgo=".into()],
        },
        plain,
    ]
}

#[tokio::test]
async fn the_same_program_has_the_same_report_everywhere() {
    for case in cases() {
        for listens in [true, false] {
            let mut first: Option<Json> = None;
            for protocol in ALL.iter().copied() {
                let (name, flow) = (protocol.provider(), case.flow);
                let server = serve(protocol, Act::Say(case.said.clone())).await;
                let program = Program::on(protocol, &server.url);
                let (report, pieces) = program.run(case.flow, case.inputs.clone(), listens).await;
                let output = report.output.as_ref().map(Value::to_json);
                assert_eq!(output, Some(case.output.clone()), "{name} {flow}: {:?}", report.error);
                let want = Heard { images: case.images.clone(), ..heard(case.schema, listens) };
                assert_eq!(server.heard(), [want], "{name} {flow}");
                assert_eq!(report.spent.usd, price(protocol), "{name} {flow}");
                assert_eq!(
                    (report.spent.input.0, report.spent.output.0),
                    (USED.input, USED.output),
                    "{name}"
                );
                if listens && flow == "ask" {
                    assert_eq!(pieces, case.said.pieces, "{name}: each piece as it came");
                }
                if !listens {
                    assert!(pieces.is_empty());
                }
                let report = normal(protocol, &report);
                assert_eq!(*first.get_or_insert_with(|| report.clone()), report, "{name} {flow}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_or_refused_ends_alike_everywhere() {
    for (end, code, words) in
        [(End::Cut, "E0806", "was cut off at 64 tokens"), (End::Refused, "E0805", "`fast` refused to answer")]
    {
        for listens in [true, false] {
            for protocol in ALL.iter().copied() {
                let name = protocol.provider();
                if name == "ollama" && end == End::Refused {
                    // A model on one's own machine has no filter.
                    continue;
                }
                let server = serve(protocol, Act::Say(Said { end, ..said(&["Half an ans"], false) })).await;
                let program = Program::on(protocol, &server.url);
                let (report, _) = program.run("ask", vec![Value::text(QUESTION)], listens).await;
                let error = report.error.unwrap();
                assert_eq!(error.code.short(), code, "{name}: {error}");
                assert!(error.message.contains(words), "{name}: {error}");
                assert_eq!(report.spent.usd, price(protocol), "{name}: it is paid for all the same");
            }
        }
    }
}

#[tokio::test]
async fn a_long_beginning_is_marked_from_its_second_call_on() {
    for protocol in ALL.iter().copied() {
        let name = protocol.provider();
        let server = serve(protocol, Act::Say(said(&["Hi"], false))).await;
        let program = Program::on(protocol, &server.url);
        let (report, _) = program.run("again", vec![Value::text(QUESTION)], false).await;
        assert_eq!(report.error, None, "{name}");
        let marked: Vec<bool> = server.heard().iter().map(|heard| heard.marked).collect();
        let takes_marks = matches!(name, "anthropic" | "bedrock");
        assert_eq!(marked, [false, takes_marks], "{name}");
    }
}

#[tokio::test]
async fn a_prompt_that_says_everything_to_the_system_is_heard_everywhere() {
    for protocol in ALL.iter().copied() {
        let name = protocol.provider();
        let server = serve(protocol, Act::Say(said(&["Hi"], false))).await;
        let program = Program::on(protocol, &server.url);
        let (report, _) = program.run("ordered", vec![Value::text(QUESTION)], false).await;
        assert_eq!(report.error, None, "{name}");
        let heard = server.heard().remove(0);
        // Those who want a word from the user are given one.
        let wants = matches!(name, "anthropic" | "google" | "bedrock" | "cohere");
        let place = if wants { (heard.user, heard.system) } else { (heard.system, heard.user) };
        assert_eq!(place, (ASKED.to_owned(), String::new()), "{name}");
    }
}

#[test]
fn a_model_over_another_protocol_has_the_card_of_its_own() {
    let text = "model fast = \"openai-responses/gpt-4o-mini\" { max_output: 64 tokens }\n\
                prompt say(q: text) -> text { user: \"{{ q }}\" }\n\
                flow ask(q: text <= 50 tokens) -> text { return say(q) }\n";
    let world = FolderWorld::empty().with("main.flow", text);
    let plan = world.compile("main.flow").plan.unwrap();
    let card = world.catalog().card("openai/gpt-4o-mini").unwrap();
    assert!(card.price.input.0 > 0);
    assert_eq!(plan.models[0].card, card);
}

#[tokio::test]
async fn an_image_at_an_address_is_passed_on_or_refused_with_a_reason() {
    let inputs = || vec![Value::text(QUESTION), Value::Image("https://example.org/a.png".into())];
    for protocol in ALL.iter().copied() {
        let name = protocol.provider();
        let server = serve(protocol, Act::Say(said(&["A dot."], false))).await;
        let (report, _) = Program::on(protocol, &server.url).run("look", inputs(), false).await;
        if matches!(name, "bedrock" | "ollama") {
            let error = report.error.unwrap();
            assert!(error.message.contains("takes images as bytes"), "{name}: {error}");
            assert_eq!(error.help.as_deref(), Some("give a file or a `data:` URL"));
            assert!(server.asked().is_empty(), "{name}: nothing is sent");
        } else {
            assert_eq!(report.error, None, "{name}");
            assert_eq!(server.heard()[0].images, ["https://example.org/a.png"], "{name}");
        }
    }
}
