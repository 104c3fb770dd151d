//! The messages protocol against local servers that speak it.

use crate::model_server::{call, context, events, json, model, request, serve, stream};
use flow_plan::{Field, Labels, RecordType, Tokens, Type};
use flow_runtime::provider::{Anthropic, CallErrorKind, Finish, Usage};
use serde_json::json as value;
use std::sync::Arc;

const KEY: (&str, &str) = ("ANTHROPIC_API_KEY", "sk-ant-test");

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":30,"output_tokens":1}}}"#;

fn answer_type() -> Type {
    let labels = Labels::default();
    let field = Field { name: "reply".into(), ty: Type::TEXT, doc: "".into(), labels, default: None };
    Type::Record(Arc::new(RecordType { name: None, doc: "".into(), fields: vec![field] }))
}

#[tokio::test]
async fn a_stream_of_text_is_read_with_its_usage() {
    let server = serve(|| {
        events(&[
            START,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" \"you\""}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}"#,
            r#"{"type":"message_stop"}"#,
        ])
    })
    .await;
    let model = model("anthropic", &server.url);
    let mut request = request(&model, &Type::TEXT);
    request.messages[1].images =
        vec!["data:image/png;base64,AAAA".into(), "https://example.org/a.png".into()];
    let (reply, pieces) = call(&Anthropic::default(), &context(&[KEY]), &request).await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), pieces.concat().as_str()), ("Hi \"you\"", "Hi \"you\""));
    assert_eq!(
        reply.usage,
        Usage { input: Tokens(140), cached_input: Tokens(100), cache_write: Tokens(30), output: Tokens(7) }
    );
    assert_eq!((reply.finish, reply.request_id.as_deref()), (Finish::Done, Some("msg_1")));

    let asked = server.asked();
    assert_eq!(asked.path, "/v1/messages");
    assert_eq!(asked.headers["x-api-key"], "sk-ant-test");
    assert_eq!(asked.headers["anthropic-version"], "2023-06-01");
    assert_eq!(
        asked.body,
        value!({
            "model": "test-model",
            "max_tokens": 64,
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                {"type": "text", "text": "Say \"hi\"."},
            ]}],
            "stream": true,
        })
    );
}

#[tokio::test]
async fn a_typed_answer_is_the_input_of_a_tool() {
    let server = serve(|| {
        events(&[
            START,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"answer","input":{}}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"reply\": "}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"Hi\"}"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":7}}"#,
            r#"{"type":"message_stop"}"#,
        ])
    })
    .await;
    let (model, output) = (model("anthropic", &format!("{}/v1/", server.url)), answer_type());
    let (reply, _) = call(&Anthropic::default(), &context(&[KEY]), &request(&model, &output)).await;
    assert_eq!(reply.unwrap().text, "{\"reply\": \"Hi\"}");
    let asked = server.asked();
    assert_eq!(asked.path, "/v1/messages");
    assert_eq!(asked.body["tool_choice"], value!({"type": "tool", "name": "answer"}));
    assert_eq!(asked.body["tools"][0]["input_schema"]["properties"]["reply"], value!({"type": "string"}));
}

#[tokio::test]
async fn a_whole_body_is_read_too() {
    let body = value!({
        "id": "msg_2",
        "content": [{"type": "text", "text": "Let me see."}, {"type": "tool_use", "name": "answer", "input": {"value": [1, 2]}}],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 4, "output_tokens": 2},
    });
    let server = serve(move || json(200, &body)).await;
    let model = model("anthropic", &server.url);
    let output = Type::List(Box::new(Type::INT), None);
    let mut request = request(&model, &output);
    request.stream = false;
    let (reply, pieces) = call(&Anthropic::default(), &context(&[KEY]), &request).await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), reply.finish), ("[1,2]", Finish::Cut));
    assert_eq!(pieces, ["[1,2]"]);
}

#[tokio::test]
async fn trouble_is_told_apart() {
    let overloaded =
        value!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let status = serve(move || json(529, &overloaded)).await;
    let in_stream = serve(|| {
        events(&[START, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#])
    })
    .await;
    for server in [status, in_stream] {
        let model = model("anthropic", &server.url);
        let (reply, _) = call(&Anthropic::default(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
        let error = reply.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Overloaded);
        assert!(error.message.contains("Overloaded"), "{error:?}");
    }
    let cut = serve(|| stream(vec![Ok(format!("data: {START}\n\n"))])).await;
    let model = model("anthropic", &cut.url);
    let (reply, _) = call(&Anthropic::default(), &context(&[KEY]), &request(&model, &Type::TEXT)).await;
    assert_eq!(reply.unwrap_err().message, "the answer broke off before its end");
    let (reply, _) = call(&Anthropic::default(), &context(&[]), &request(&model, &Type::TEXT)).await;
    assert_eq!(reply.unwrap_err().kind, CallErrorKind::Key);
}
