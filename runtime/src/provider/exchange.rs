//! One exchange with a server: send, read the answer in whatever framing it comes, give the reply.
//!
//! In: what is sent, and the [`Reader`] of the protocol. Out: a [`Reply`]. Shared by all protocols, so
//! that a killed connection, a body that is no stream and a refusal are the same with each.

use super::answer::{Answer, Reader};
use super::events::Lines;
use super::failure::{Failed, request_id};
use super::frames::Frames;
use super::http::{self, Sent};
use super::schema::{self, Schema};
use super::tools::Functions;
use super::{CallError, Finish, OnText, Reply, Usage};
use crate::{Context, Room};
use flow_plan::CapabilitySpec;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use std::time::Duration;

/// Sends, and reads what comes back. The schema is what the answer is held to, the functions are what the
/// model may call, `room` is told what the provider says of its limits.
pub(super) async fn exchange(
    (context, spec, room): (&Context, &'static CapabilitySpec, Option<&Room>),
    sent: Sent,
    (mut reader, schema, functions): (impl Reader, Option<&Schema>, Option<&Functions<'_>>),
    on_text: &mut OnText<'_>,
) -> Result<Reply, CallError> {
    let wrapped = schema.is_some_and(|schema| schema.wrapped);
    // Pieces of the wrapping are no use to anybody.
    let listener = (!wrapped).then_some(&mut *on_text);
    let mut answer = Answer::new(spec, listener, functions);
    let secrets = http::secrets(&sent.headers);
    let read = match http::post(context, spec, sent).await {
        Ok(response) => {
            if let Some(room) = room {
                room.told(response.headers());
            }
            let id = request_id(response.headers()).map(str::to_owned);
            let read = read(response, &mut reader, &mut answer).await;
            answer.id = answer.id.take().or(id);
            read
        }
        Err(failed) => Err(failed),
    };
    match read {
        Ok(()) => {}
        Err(Failed::Error(mut error)) => {
            http::without_secrets(&mut error.message, &secrets);
            return Err(*error);
        }
        // What a filter has read may be billed, and no usage is told: the reservation stays charged.
        Err(Failed::Refused(mut text)) => {
            http::without_secrets(&mut text, &secrets);
            let request_id = answer.id.take();
            let usage = Usage::default();
            return Ok(Reply { text, usage, finish: Finish::Refused, request_id, wish: None });
        }
    }
    let mut reply = answer.reply()?;
    if wrapped && reply.wish.is_none() {
        reply.text = schema::unwrap(reply.text);
        on_text(&reply.text);
    }
    Ok(reply)
}

async fn read(
    mut response: Response,
    reader: &mut impl Reader,
    answer: &mut Answer<'_, '_>,
) -> Result<(), Failed> {
    let mut framing = Framing::of(&response);
    if matches!(framing, Framing::Whole) {
        // A server that does not stream answers with one body, asked for or not.
        let body = response.bytes().await.map_err(|e| http::broken(&e))?;
        return reader.whole(&body, answer);
    }
    while let Some(chunk) = response.chunk().await.map_err(|e| http::broken(&e))? {
        framing.feed(&chunk, reader, answer)?;
        if answer.done {
            drain(response).await;
            return Ok(());
        }
    }
    framing.finish(reader, answer)
}

// How the events of a stream are told apart.
enum Framing {
    /// One body.
    Whole,
    /// Server-sent events.
    Events(Lines),
    /// One JSON value a line.
    Lines(Lines),
    /// AWS's binary frames.
    Frames(Frames),
}

impl Framing {
    fn of(response: &Response) -> Framing {
        let kind = response.headers().get(CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
        if kind.starts_with(b"text/event-stream") {
            Framing::Events(Lines::default())
        } else if kind.starts_with(b"application/x-ndjson") {
            Framing::Lines(Lines::default())
        } else if kind.starts_with(b"application/vnd.amazon.eventstream") {
            Framing::Frames(Frames::default())
        } else {
            Framing::Whole
        }
    }

    fn feed(
        &mut self,
        chunk: &[u8],
        reader: &mut impl Reader,
        answer: &mut Answer<'_, '_>,
    ) -> Result<(), Failed> {
        match self {
            Framing::Whole => Ok(()),
            Framing::Events(lines) => lines.feed(chunk, &mut |line| event(line, reader, answer)),
            Framing::Lines(lines) => lines.feed(chunk, &mut |line| value(line, reader, answer)),
            Framing::Frames(frames) => frames.feed(chunk, reader, answer),
        }
    }

    // The body is over: a last line may lack its end.
    fn finish(self, reader: &mut impl Reader, answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
        match self {
            Framing::Whole | Framing::Frames(_) => Ok(()),
            Framing::Events(lines) => lines.finish(&mut |line| event(line, reader, answer)),
            Framing::Lines(lines) => lines.finish(&mut |line| value(line, reader, answer)),
        }
    }
}

fn event(line: &[u8], reader: &mut impl Reader, answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
    match line.strip_prefix(b"data:").map(<[u8]>::trim_ascii) {
        Some(data) if !data.is_empty() => reader.event("", data, answer),
        _ => Ok(()),
    }
}

fn value(line: &[u8], reader: &mut impl Reader, answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
    let line = line.trim_ascii();
    if line.is_empty() { Ok(()) } else { reader.event("", line, answer) }
}

// How long the end of a body may take.
const TAIL: Duration = Duration::from_millis(50);

// Waits a moment for the end of a body whose last event has come: a connection that is dropped before
// its end can't be used again.
async fn drain(mut response: Response) {
    let rest = async { while let Ok(Some(_)) = response.chunk().await {} };
    // A server that keeps the body open loses the connection, and nothing else.
    let _ = tokio::time::timeout(TAIL, rest).await;
}
