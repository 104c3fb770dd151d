#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

use super::*;
use flow_diagnostics::Span;
use flow_plan::{
    Bound, EnumType, Field, Labels, Millis, Model, ModelCard, ModelSettings, RecordType, Role, SimSettings,
    Variant,
};
use std::sync::Arc;

const SUPPORT: &str = "[returns] Returning shoes and clothes\nYou can return unworn shoes and clothes within 30 days of delivery. Bring the receipt or the order number. Worn shoes can't be returned.\n\n[shipping] Shipping times\nWe ship within two working days. Delivery takes three to five days.\n\nQuestion: How long do I have to return shoes?";

fn text(tokens: u64) -> Type {
    Type::Text { bound: Some(Bound::Tokens(tokens)), truncate: false }
}

fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty, doc: "".into(), labels: Labels::default(), default: None }
}

fn record(fields: Vec<Field>) -> Type {
    Type::Record(Arc::new(RecordType { name: Some("R".into()), doc: "".into(), fields }))
}

fn choice(variants: &[(&str, &str)]) -> Type {
    let variants = variants.iter().map(|(name, doc)| Variant { name: (*name).into(), doc: (*doc).into() });
    Type::Enum(Arc::new(EnumType { name: "Kind".into(), doc: "".into(), variants: variants.collect() }))
}

fn model(sim: SimSettings) -> Model {
    Model {
        name: "fast".into(),
        provider: "sim".into(),
        model: "text".into(),
        card: ModelCard::default(),
        settings: ModelSettings { sim, ..ModelSettings::default() },
        tokenizer: None,
        cleared: true,
        span: Span::default(),
    }
}

fn request<'a>(model: &'a Model, output: &'a Type, user: &str) -> Request<'a> {
    Request {
        model,
        prompt: "answer",
        messages: vec![
            Message { role: Role::System, text: "You answer for the help centre.".into(), images: vec![] },
            Message { role: Role::User, text: user.into(), images: vec![] },
        ],
        fixed: 0,
        output,
        measure: &flow_tokens::BYTES,
        input: Tokens(100),
        max_output: Tokens(600),
        stream: true,
        room: None,
        tools: None,
    }
}

fn context() -> Context {
    Context {
        env: crate::Environment::default(),
        root: ".".into(),
        state: ".flow".into(),
        http: crate::Http::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
        clock: Default::default(),
    }
}

async fn ask(output: &Type, user: &str) -> serde_json::Value {
    let model = model(SimSettings::default());
    let reply = Sim::default().call(&context(), &request(&model, output, user), &mut |_| ()).await.unwrap();
    assert_eq!(reply.finish, Finish::Done);
    let json = match output {
        Type::Text { .. } => reply.text.into(),
        _ => serde_json::from_str(&reply.text).unwrap(),
    };
    output.read(&json).unwrap();
    json
}

#[tokio::test]
async fn a_support_answer_quotes_the_passage_and_names_it() {
    let output = record(vec![
        field("reply", text(250)),
        field("sources", Type::List(Box::new(text(12)), Some(5))),
        field("confident", Type::Bool),
    ]);
    let answer = ask(&output, SUPPORT).await;
    assert_eq!(
        answer,
        serde_json::json!({
            "reply": "You can return unworn shoes and clothes within 30 days of delivery. Worn shoes can't be returned.",
            "sources": ["returns"],
            "confident": true,
        })
    );
    let unknown = SUPPORT.replace("How long do I have to return shoes?", "Do you sell bicycles?");
    let answer = ask(&output, &unknown).await;
    assert_eq!(
        answer,
        serde_json::json!({"reply": "The passages don't say.", "sources": [], "confident": false})
    );
}

#[tokio::test]
async fn tickets_are_sorted_and_their_facts_found() {
    let kind =
        choice(&[("billing", "Invoices and payments."), ("technical", "Errors in the app."), ("other", "")]);
    let output = record(vec![
        field("kind", kind.clone()),
        field("urgency", Type::Int(Some((1, 5)))),
        field("customer_email", Type::Optional(Box::new(text(20)))),
        field("amount", Type::Money),
        field("due", Type::Date),
        field("tags", Type::List(Box::new(text(6)), Some(3))),
        field("summary", text(40)),
    ]);
    let ticket = "Classify this ticket.\n\nTicket: I was charged twice, $49.90 each, on 14 March 2026. Please refund one invoice. ann@example.org";
    let answer = ask(&output, ticket).await;
    assert_eq!(answer["kind"], "billing");
    assert_eq!(answer["customer_email"], "ann@example.org");
    assert_eq!(answer["amount"], 49.9);
    assert_eq!(answer["due"], "2026-03-14");
    assert_eq!(ask(&kind, "The app shows an error and crashes.").await, "technical");
    assert_eq!(ask(&kind, "Do you like tea?").await, "other");
}

#[tokio::test]
async fn writing_without_a_question_uses_the_task_and_its_values() {
    let mail = ask(&text(60), "Write a short birthday mail to Ann, who likes sailing.").await;
    assert_eq!(mail, "Here is a short birthday mail to Ann, who likes sailing.");
    let review = "Summarise this review in one sentence.\n\nThe boots are warm and light. They arrived late. The boots leak after a week of rain.";
    let summary = ask(&text(12), review).await;
    assert_eq!(summary, "The boots are warm and light. They arrived late.");
}

#[tokio::test]
async fn every_type_gets_a_value_that_it_reads() {
    let types = [
        Type::TEXT,
        Type::Text { bound: Some(Bound::Chars(20)), truncate: false },
        text(1),
        Type::INT,
        Type::Int(Some((-3, -1))),
        Type::Float(Some((0.25, 0.5))),
        Type::Bool,
        Type::Date,
        Type::Time,
        Type::Duration,
        Type::Money,
        Type::Json(Some(Bound::Tokens(100))),
        Type::Image,
        choice(&[("a", ""), ("b", "")]),
        Type::List(
            Box::new(record(vec![field("point", text(20)), field("score", Type::Int(Some((1, 5))))])),
            Some(2),
        ),
        Type::Map(Box::new(Type::INT), Some(2)),
        Type::Optional(Box::new(Type::FLOAT)),
        Type::Null,
    ];
    for prompt in [SUPPORT, "", "Hello", "Write.", "List: 1, 2\n\n三十天。", "?"] {
        for ty in &types {
            ask(ty, prompt).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failures_pass_and_answers_take_their_time() {
    let output = text(50);
    let sometimes = model(SimSettings { latency: Millis(300), failure_rate: 0.5, malformed_rate: 0.0 });
    let (sim, context) = (Sim::default(), context());
    let began = tokio::time::Instant::now();
    let mut failed = 0;
    for _ in 0..100 {
        match sim.call(&context, &request(&sometimes, &output, SUPPORT), &mut |_| ()).await {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind, CallErrorKind::Server);
                failed += 1;
            }
        }
    }
    assert!((30..70).contains(&failed), "{failed} of 100 failed");
    let took = began.elapsed().as_millis();
    assert!((29_000..33_000).contains(&took), "{took} ms");
}

#[tokio::test]
async fn broken_answers_cannot_be_mended_and_pieces_make_the_whole() {
    let output = record(vec![field("reply", text(50))]);
    let always = model(SimSettings { malformed_rate: 1.0, ..SimSettings::default() });
    let mut seen = String::new();
    let mut pieces = 0;
    let request = request(&always, &output, SUPPORT);
    let mut on_text = |piece: &str| {
        seen.push_str(piece);
        pieces += 1;
    };
    let reply = Sim::default().call(&context(), &request, &mut on_text).await.unwrap();
    assert!(crate::output::read(&output, &reply.text).is_err(), "it can be mended: {}", reply.text);
    assert_eq!(seen, reply.text);
    assert!(pieces > 3);
    assert!(reply.usage.output.0 > 0 && reply.usage.input.0 > 50);
}

#[tokio::test]
async fn broken_answers_of_every_type_cannot_be_mended() {
    let always = model(SimSettings { malformed_rate: 1.0, ..SimSettings::default() });
    let types = [
        Type::INT,
        Type::Bool,
        Type::Date,
        Type::Money,
        choice(&[("billing", ""), ("other", "")]),
        Type::List(Box::new(text(12)), Some(5)),
        Type::List(Box::new(Type::INT), None),
        Type::Map(Box::new(Type::INT), None),
        Type::Optional(Box::new(Type::FLOAT)),
        Type::Json(None),
        record(vec![field("note", Type::Optional(Box::new(text(20))))]),
    ];
    for output in &types {
        let reply =
            Sim::default().call(&context(), &request(&always, output, SUPPORT), &mut |_| {}).await.unwrap();
        let read = crate::output::read(output, &reply.text);
        assert!(read.is_err(), "{output}: {} is {read:?}", reply.text);
    }
}
