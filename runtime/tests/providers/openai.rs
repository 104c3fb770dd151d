//! The chat completions protocol against local servers that speak it, well or badly.

use crate::model_server::{call, context, events, json, model, request, serve, stalled, stream};
use flow_plan::{Config, EnumType, Field, Labels, Millis, RecordType, Role, Tokens, Type, Variant};
use flow_runtime::provider::{CallErrorKind, Finish, Message, OpenAi, Usage};
use serde_json::json as value;
use std::sync::Arc;
use std::time::Duration;

const KEY: (&str, &str) = ("OPENAI_API_KEY", "sk-test-123456789");

const STREAM: [&str; 6] = [
    r#"{"id":"call-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
    r#"{"id":"call-1","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
    r#"{"id":"call-1","choices":[{"index":0,"delta":{"content":" \"there\" 🙂"},"finish_reason":null}]}"#,
    r#"{"id":"call-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
    r#"{"id":"call-1","choices":[],"usage":{"prompt_tokens":21,"completion_tokens":5,"total_tokens":26,"prompt_tokens_details":{"cached_tokens":16,"cache_write_tokens":4}}}"#,
    "[DONE]",
];

fn answer_type() -> Type {
    let field = |name: &str, ty| Field {
        name: name.into(),
        ty,
        doc: "".into(),
        labels: Labels::default(),
        default: None,
    };
    let fields = vec![field("reply", Type::TEXT), field("sure", Type::Optional(Box::new(Type::Bool)))];
    Type::Record(Arc::new(RecordType { name: Some("Answer".into()), doc: "".into(), fields }))
}

#[tokio::test]
async fn a_stream_is_read_with_its_usage() {
    let server = serve(|| events(&STREAM)).await;
    let mut model = model("openai", &server.url);
    model.settings.temperature = Some(0.0);
    model.settings.stop = vec!["END".into()];
    let context = context(&[KEY]);
    let (reply, pieces) = call(&OpenAi::own(), &context, &request(&model, &Type::TEXT)).await;
    let reply = reply.unwrap();
    assert_eq!(reply.text, "Hi \"there\" 🙂");
    assert_eq!(pieces.concat(), reply.text);
    assert_eq!(
        reply.usage,
        Usage { input: Tokens(21), cached_input: Tokens(16), cache_write: Tokens(4), output: Tokens(5) }
    );
    assert_eq!((reply.finish, reply.request_id.as_deref()), (Finish::Done, Some("call-1")));

    let asked = server.asked();
    assert_eq!(asked.path, "/chat/completions");
    assert_eq!(asked.headers["authorization"], "Bearer sk-test-123456789");
    assert_eq!(
        asked.body,
        value!({
            "model": "test-model",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say \"hi\"."}],
            "max_completion_tokens": 64,
            "temperature": 0.0,
            "stop": ["END"],
            "stream": true,
            "stream_options": {"include_usage": true},
        })
    );
}

#[tokio::test]
async fn a_typed_answer_is_held_to_its_schema() {
    let server = serve(|| events(&STREAM)).await;
    let model = model("openai", &server.url);
    let (context, output) = (context(&[KEY]), answer_type());
    let provider = OpenAi::own();
    let mut request = request(&model, &output);
    request.messages[1].images = vec!["data:image/png;base64,AAAA".into()];
    call(&provider, &context, &request).await.0.unwrap();
    let asked = server.asked().body;
    assert_eq!(
        asked["response_format"],
        value!({"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": {
            "type": "object",
            "properties": {"reply": {"type": "string"}, "sure": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}},
            "required": ["reply", "sure"],
            "additionalProperties": false,
        }}})
    );
    assert_eq!(
        asked["messages"][1]["content"],
        value!([
            {"type": "text", "text": "Say \"hi\"."},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ])
    );
}

#[tokio::test]
async fn what_is_no_record_is_wrapped_and_unwrapped() {
    let body = value!({
        "id": "x",
        "choices": [{"message": {"role": "assistant", "content": "{\"value\": \"billing\"}"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    });
    let server = serve(move || json(200, &body)).await;
    let variants = vec![Variant { name: "billing".into(), doc: "".into() }];
    let output = Type::Enum(Arc::new(EnumType { name: "Kind".into(), doc: "".into(), variants }));
    let model = model("openai-compatible", &server.url);
    let mut request = request(&model, &output);
    request.stream = false;
    let (reply, pieces) = call(&OpenAi::compatible(), &context(&[KEY]), &request).await;
    let reply = reply.unwrap();
    assert_eq!(reply.text, "\"billing\"");
    assert_eq!(pieces, ["\"billing\""]);
    assert_eq!(reply.usage.output, Tokens(2));

    let asked = server.asked();
    // The key of OpenAI is not for a server that the program names itself.
    assert!(!asked.headers.contains_key("authorization"));
    assert_eq!((&asked.body["stream"], &asked.body["max_tokens"]), (&value!(false), &value!(64)));
    let schema = &asked.body["response_format"]["json_schema"]["schema"];
    assert_eq!(schema["properties"]["value"]["enum"], value!(["billing"]));
}

#[tokio::test]
async fn a_broken_connection_is_told_from_a_whole_answer() {
    let line = |at: usize| Ok(format!("data: {}\n\n", STREAM[at]));
    let broken = || Err(std::io::Error::other("gone"));
    let killed = serve(move || stream(vec![line(0), line(1), broken()])).await;
    let ended = serve(move || stream(vec![line(0), line(1)])).await;
    for server in [killed, ended] {
        let model = model("openai", &server.url);
        let (reply, pieces) = call(&OpenAi::own(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
        let error = reply.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Connection, "{error:?}");
        assert!(error.message.contains("answer"), "{error:?}");
        assert_eq!(pieces.concat(), "Hi");
    }
    // Without `[DONE]`, but with a reason to end.
    let finished = serve(move || stream(vec![line(1), line(3)])).await;
    let model = model("openai", &finished.url);
    let (reply, _) = call(&OpenAi::own(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
    let reply = reply.unwrap();
    assert_eq!(reply.text, "Hi");
    assert_eq!(
        reply.usage,
        Usage::default(),
        "what is not told is not made up: the reservation stays charged"
    );
}

#[tokio::test]
async fn errors_say_what_they_are() {
    let answers = [
        (429, value!({"error": {"message": "Rate limit reached."}}), CallErrorKind::RateLimited),
        (429, value!({"error": {"message": "No.", "code": "insufficient_quota"}}), CallErrorKind::Rejected),
        (500, value!({"error": {"message": "boom"}}), CallErrorKind::Server),
        (503, value!("busy"), CallErrorKind::Overloaded),
        (
            401,
            value!({"error": {"message": "Incorrect API key provided: sk-test-123456789."}}),
            CallErrorKind::Key,
        ),
        (404, value!({"error": {"message": "no such model"}}), CallErrorKind::Rejected),
        (400, value!({"error": {"message": "the maximum context length is 9"}}), CallErrorKind::TooLong),
    ];
    for (status, body, kind) in answers {
        let said = body["error"]["message"].as_str().unwrap_or("busy").trim_end_matches('.').to_owned();
        let server = serve(move || {
            let mut response = json(status, &body);
            response.headers_mut().insert("retry-after", "7".parse().unwrap());
            response
        })
        .await;
        let model = model("openai", &server.url);
        let (reply, _) = call(&OpenAi::own(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
        let error = reply.unwrap_err();
        assert_eq!(error.kind, kind, "{error:?}");
        assert_eq!(error.retry_after, Some(Millis(7_000)));
        assert!(!format!("{error:?}").contains("sk-test"), "{error:?}");
        assert!(kind == CallErrorKind::Key || error.message.contains(&said), "{error:?}");
        assert!(!error.message.contains('\n') && !error.message.ends_with('.'), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_not_the_protocol_is_malformed() {
    let html = || json(200, &value!("<html>"));
    let garbage = || events(&["{\"choices\": [{\"delta\": {\"content\": \"a\"}", "[DONE]"]);
    for server in [serve(html).await, serve(garbage).await] {
        let model = model("openai", &server.url);
        let (reply, _) = call(&OpenAi::own(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
        assert_eq!(reply.unwrap_err().kind, CallErrorKind::Malformed);
    }
    let reported =
        serve(|| events(&[r#"{"error": {"message": "overloaded", "type": "server_error", "code": 503}}"#]))
            .await;
    let model = model("openai", &reported.url);
    let (reply, _) = call(&OpenAi::own(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
    assert_eq!(reply.unwrap_err().message, "`openai` reports: overloaded");
}

#[tokio::test]
async fn a_dropped_call_closes_the_connection() {
    let left = Arc::new(tokio::sync::Notify::new());
    let heard = Arc::clone(&left);
    let server = serve(move || stalled(STREAM[1], Arc::clone(&left))).await;
    let model = model("openai", &server.url);
    let (provider, context, request) = (OpenAi::own(), context(&[KEY]), request(&model, &Type::TEXT));
    let limited = tokio::time::timeout(Duration::from_millis(100), call(&provider, &context, &request)).await;
    assert!(limited.is_err());
    tokio::time::timeout(Duration::from_secs(5), heard.notified()).await.unwrap();
}

#[tokio::test]
async fn cut_and_refused_answers_say_so() {
    for (reason, finish) in [("length", Finish::Cut), ("content_filter", Finish::Refused)] {
        let body = value!({"choices": [{"message": {"content": "Hi"}, "finish_reason": reason}]});
        let server = serve(move || json(200, &body)).await;
        let model = model("openai", &server.url);
        let (reply, _) = call(&OpenAi::own(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
        assert_eq!(reply.unwrap().finish, finish);
    }
    let refusal = r#"{"choices":[{"delta":{"refusal":"I can't."},"finish_reason":"stop"}]}"#;
    let server = serve(move || events(&[refusal, "[DONE]"])).await;
    let model = model("openai", &server.url);
    let (reply, _) = call(&OpenAi::own(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
    let reply = reply.unwrap();
    assert_eq!((reply.finish, reply.text.as_str()), (Finish::Refused, "I can't."));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let nowhere = model("openai", "http://127.0.0.1:9");
    let no_key = call(&OpenAi::own(), &context(&[]), &request(&nowhere, &Type::TEXT)).await.0.unwrap_err();
    assert_eq!(no_key.kind, CallErrorKind::Key);
    assert_eq!(no_key.message, "the key is missing: OPENAI_API_KEY is not set");
    assert_eq!(no_key.help.as_deref(), Some("set OPENAI_API_KEY, or run with `--model fast=sim/text`"));

    let unreached =
        call(&OpenAi::own(), &context(&[KEY]), &request(&nowhere, &Type::TEXT)).await.0.unwrap_err();
    assert_eq!(unreached.kind, CallErrorKind::Unreached);
    assert!(unreached.message.starts_with("no answer from `127.0.0.1:9`: "), "{unreached:?}");

    let mut homeless = model("openai-compatible", "x");
    homeless.settings.base_url = None;
    let homeless =
        call(&OpenAi::compatible(), &context(&[]), &request(&homeless, &Type::TEXT)).await.0.unwrap_err();
    assert_eq!(homeless.message, "model `fast` has no `base_url`");

    let mut unset = model("openai", "x");
    unset.settings.api_key = Some(Config::Env("MY_KEY".into()));
    let unset = call(&OpenAi::own(), &context(&[]), &request(&unset, &Type::TEXT)).await.0.unwrap_err();
    assert_eq!(unset.message, "model `fast` needs MY_KEY, which is not set");
}

#[tokio::test]
async fn what_was_never_sent_is_told_from_what_may_have_been() {
    use std::io::{Read, Write};
    // Takes connections, reads what comes first where it `reads`, says this and closes.
    let server = |reads: bool, says: &'static [u8]| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                if reads {
                    assert!(connection.read(&mut [0; 4096]).unwrap() > 0);
                }
                connection.write_all(says).unwrap();
            }
        });
        place
    };
    let (silent, garbled) = (server(true, b""), server(true, b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    for (url, kind) in [
        // Nobody listens.
        ("http://127.0.0.1:9".to_owned(), CallErrorKind::Unreached),
        // No such name.
        ("http://nowhere.invalid".to_owned(), CallErrorKind::Unreached),
        // It talks no TLS, or ends before it does.
        (format!("https://{garbled}"), CallErrorKind::Unreached),
        (format!("https://{silent}"), CallErrorKind::Unreached),
        // It has read the request.
        (format!("http://{silent}"), CallErrorKind::Connection),
    ] {
        let model = model("openai", &url);
        let (reply, _) = call(&OpenAi::own(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
        let error = reply.unwrap_err();
        assert_eq!(error.kind, kind, "{url}: {error:?}");
        assert!(error.kind.is_retryable());
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = serve(|| events(&STREAM)).await;
    let model = model("openai", &server.url);
    let (provider, context) = (OpenAi::own(), context(&[KEY]));
    let mut request = request(&model, &Type::TEXT);
    request.messages.push(Message { role: Role::Assistant, text: "Hi".into(), images: vec![] });
    for _ in 0..3 {
        call(&provider, &context, &request).await.0.unwrap();
    }
    let asked = server.asked.lock().unwrap();
    assert_eq!(asked[2].body["messages"][2]["role"], "assistant");
    assert!(asked.iter().all(|a| a.from == asked[0].from), "one connection for all");
}
