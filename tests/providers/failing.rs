//! Errors: what goes wrong is told apart in the same way whoever answers.

use crate::program::Program;
use crate::protocol::{ALL, End, Protocol, Said, Trouble};
use crate::server::{Act, serve};
use flow_plan::{Millis, Role, Tokens, Type, Value};
use flow_runtime::provider::{CallError, CallErrorKind, Finish, Message, Reply, Request};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

fn said() -> Said {
    Said { pieces: vec!["Hi there", " you"], typed: false, end: End::Done }
}

// One call of the program's provider, and the text that was heard of it.
async fn call(program: &Program, stream: bool) -> (Result<Reply, CallError>, String) {
    let mut text = String::new();
    let reply = calling(program, stream, |piece| text.push_str(piece)).await;
    (reply, text)
}

async fn calling(
    program: &Program,
    stream: bool,
    mut listen: impl FnMut(&str) + Send,
) -> Result<Reply, CallError> {
    let message = |role, text: &str| Message { role, text: text.into(), images: vec![] };
    let request = Request {
        room: None,
        tools: None,
        model: &program.plan.models[0],
        prompt: "say",
        messages: vec![message(Role::System, "Be brief."), message(Role::User, "Say hi.")],
        fixed: 1,
        output: &Type::TEXT,
        measure: &flow_tokens::BYTES,
        input: Tokens(100),
        max_output: Tokens(64),
        stream,
    };
    program.provider().call(&program.context, &request, &mut listen).await
}

async fn fails(protocol: &'static dyn Protocol, act: Act, stream: bool) -> (CallError, String) {
    let server = serve(protocol, act).await;
    let (reply, text) = call(&Program::on(protocol, &server.url), stream).await;
    (reply.unwrap_err(), text)
}

#[tokio::test]
async fn every_error_has_its_class_everywhere() {
    let classes = [
        (Trouble::Key, CallErrorKind::Key, "does not accept the key"),
        (Trouble::TooOften, CallErrorKind::RateLimited, "is asked too often"),
        (Trouble::Overloaded, CallErrorKind::Overloaded, "is overloaded"),
        (Trouble::Broken, CallErrorKind::Server, "failed with status 500"),
        (Trouble::TooLong, CallErrorKind::TooLong, "the prompt is too long for"),
        (Trouble::Wrong, CallErrorKind::Rejected, "refused the request"),
        (Trouble::UnknownModel, CallErrorKind::Rejected, ""),
    ];
    for (trouble, kind, words) in classes {
        for protocol in ALL.iter().copied() {
            let name = protocol.provider();
            for stream in [true, false] {
                let (error, _) = fails(protocol, Act::Fail(trouble), stream).await;
                assert_eq!(error.kind, kind, "{name} {trouble:?}: {error:?}");
                assert!(error.message.contains(words), "{name} {trouble:?}: {error:?}");
                assert!(error.message.contains(&format!("`{name}`")), "{name} {trouble:?}: {error:?}");
                assert!(!format!("{error:?}").contains("the-key"), "{name}: {error:?}");
                let wait = (trouble == Trouble::TooOften).then_some(Millis(7_000));
                assert_eq!(error.retry_after, wait, "{name} {trouble:?}");
                // The provider's own name for the call, for a question to its support.
                let (_, headers, _) = protocol.error(trouble);
                let has_id = headers.iter().any(|(name, _)| name.contains("request"));
                assert_eq!(error.message.contains("[request req_9]"), has_id, "{name}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_prompt_that_a_filter_turns_away_is_a_refusal_everywhere() {
    for protocol in ALL.iter().copied().filter(|p| p.filters_prompts()) {
        let server = serve(protocol, Act::Fail(Trouble::Filtered)).await;
        let program = Program::on(protocol, &server.url);
        let (reply, _) = call(&program, true).await;
        assert_eq!(reply.unwrap().finish, Finish::Refused, "{}", protocol.provider());
        let (report, _) = program.run("ask", vec![Value::text("hi")], false).await;
        let error = report.error.unwrap();
        assert_eq!(error.message, "`fast` refused to answer", "{}", protocol.provider());
        // What a filter has read may be billed, and nothing is told of it.
        assert!(report.spent.usd.0 > 0, "{}", protocol.provider());
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_told_from_a_whole_one_everywhere() {
    for protocol in ALL.iter().copied() {
        let name = protocol.provider();
        let (error, text) = fails(protocol, Act::Stop(said()), true).await;
        assert_eq!(error.message, "the answer broke off before its end", "{name}");
        assert_eq!((error.kind, text.as_str()), (CallErrorKind::Connection, "Hi there"), "{name}");
        let (error, text) = fails(protocol, Act::Break(said()), true).await;
        assert!(error.message.starts_with("the connection broke during the answer: "), "{name}: {error:?}");
        assert_eq!((error.kind, text.as_str()), (CallErrorKind::Connection, "Hi there"), "{name}");
        let (error, text) = fails(protocol, Act::Overload(said()), true).await;
        assert_eq!((error.kind, text.as_str()), (CallErrorKind::Overloaded, "Hi there"), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn what_is_not_the_protocol_is_malformed_everywhere() {
    for protocol in ALL.iter().copied() {
        let name = protocol.provider();
        for stream in [true, false] {
            let (error, _) = fails(protocol, Act::Babble, stream).await;
            assert_eq!(error.kind, CallErrorKind::Malformed, "{name}: {error:?}");
            assert!(error.message.contains(&format!("what `{name}` sent is not its protocol")), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_stalls_is_left_everywhere() {
    for protocol in ALL.iter().copied() {
        let left = Arc::new(Notify::new());
        let server = serve(protocol, Act::Stall(said(), left.clone())).await;
        let program = Program::on(protocol, &server.url);
        let begun = Notify::new();
        let listen = |_: &str| begun.notify_one();
        // Its caller goes away once it has begun to answer.
        tokio::select! {
            ended = calling(&program, true, listen) => panic!("{}: {ended:?}", protocol.provider()),
            () = begun.notified() => {}
        }
        let heard = tokio::time::timeout(Duration::from_secs(5), left.notified()).await;
        assert!(heard.is_ok(), "{}: the connection is closed", protocol.provider());
    }
}

#[tokio::test]
async fn a_key_that_is_missing_is_named_everywhere() {
    for protocol in ALL.iter().copied() {
        let name = protocol.provider();
        let mut program = Program::on(protocol, "http://127.0.0.1:9");
        let is_key = |name: &str| name.contains("KEY") || name.contains("TOKEN") || name.contains("SECRET");
        let key = program.context.env.vars.keys().find(|name| is_key(name)).unwrap().clone();
        program.context.env.vars.retain(|name, _| !is_key(name));
        let error = call(&program, true).await.0.unwrap_err();
        if matches!(name, "ollama" | "openai-compatible") {
            assert_eq!(error.kind, CallErrorKind::Unreached, "{name} needs no key");
            continue;
        }
        assert_eq!(error.kind, CallErrorKind::Key, "{name}: {error:?}");
        assert!(error.message.starts_with("the key is missing: "), "{name}: {error:?}");
        let named = error.help.unwrap();
        assert!(named.contains(&key) || name == "bedrock", "{name}: {named}");
    }
}
