//! AWS's event streams: binary frames with headers and checksums, as Bedrock streams its answers.
//!
//! The framing itself, its checksums included, is AWS's own crate.

use super::answer::{Answer, Reader};
use super::failure::{Failed, malformed};
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message;
use std::fmt;

/// Takes a body in pieces and hands out its frames.
#[derive(Default)]
pub(super) struct Frames {
    decoder: MessageFrameDecoder,
    // What has come of the frames that are not whole yet.
    rest: bytes::BytesMut,
}

impl Frames {
    /// Takes the next piece, and hands each frame that it completes to the reader.
    pub(super) fn feed(
        &mut self,
        chunk: &[u8],
        reader: &mut impl Reader,
        answer: &mut Answer<'_, '_>,
    ) -> Result<(), Failed> {
        self.rest.extend_from_slice(chunk);
        loop {
            match self.decoder.decode_frame(&mut self.rest).map_err(|e| malformed(answer.spec, &e))? {
                DecodedFrame::Complete(message) => frame(&message, reader, answer)?,
                DecodedFrame::Incomplete => return Ok(()),
            }
        }
    }
}

fn frame(message: &Message, reader: &mut impl Reader, answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
    let header = |name: &str| {
        let found = message.headers().iter().find(|h| h.name().as_str() == name);
        found.and_then(|h| h.value().as_string().ok()).map(|text| text.as_str()).unwrap_or_default()
    };
    match header(":message-type") {
        "event" => reader.event(header(":event-type"), message.payload(), answer),
        "exception" => {
            let said: serde_json::Value = serde_json::from_slice(message.payload()).unwrap_or_default();
            Err(answer.fail(header(":exception-type"), said["message"].as_str().unwrap_or_default()))
        }
        "error" => Err(answer.fail(header(":error-code"), header(":error-message"))),
        // What comes to be added.
        _ => Ok(()),
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failing test should panic")]

    use super::*;
    use crate::provider::CallErrorKind;
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{Header, HeaderValue};
    use flow_plan::CapabilitySpec;

    static SPEC: CapabilitySpec = CapabilitySpec { name: "test", ..CapabilitySpec::BASE };

    // Says what each event is called and holds.
    struct Told;

    impl Reader for Told {
        fn event(&mut self, kind: &str, data: &[u8], answer: &mut Answer<'_, '_>) -> Result<(), Failed> {
            answer.say(&format!("{kind}={};", String::from_utf8_lossy(data)));
            Ok(())
        }

        fn whole(&mut self, _: &[u8], _: &mut Answer<'_, '_>) -> Result<(), Failed> {
            Ok(())
        }
    }

    fn written(headers: &[(&'static str, &'static str)], payload: &'static str) -> Vec<u8> {
        let header = |(name, value): &(&'static str, &'static str)| {
            Header::new(*name, HeaderValue::String((*value).into()))
        };
        let headers = headers.iter().map(header).collect();
        let mut out = Vec::new();
        write_message_to(&Message::new_from_parts(headers, payload), &mut out).unwrap();
        out
    }

    fn read(body: &[u8], size: usize) -> (Result<(), Failed>, String) {
        let (mut frames, mut answer) = (Frames::default(), Answer::new(&SPEC, None, None));
        let read = body.chunks(size).try_for_each(|piece| frames.feed(piece, &mut Told, &mut answer));
        answer.done = true;
        (read, answer.reply().unwrap().text)
    }

    #[test]
    fn frames_come_whole_however_the_body_is_cut() {
        let event = |kind| [(":message-type", "event"), (":event-type", kind)];
        let mut body = written(&event("a"), "{}");
        body.extend(written(&event("b"), "{\"c\": 1}"));
        for size in 1..=body.len() {
            let (read, text) = read(&body, size);
            assert!(read.is_ok(), "pieces of {size}: {read:?}");
            assert_eq!(text, "a={};b={\"c\": 1};", "pieces of {size}");
        }
    }

    #[test]
    fn a_frame_with_one_wrong_bit_is_malformed() {
        let body = written(&[(":message-type", "event"), (":event-type", "a")], "{\"text\": \"Hi\"}");
        // Not the length: one that is longer waits for more.
        for place in 4..body.len() {
            let mut wrong = body.clone();
            wrong[place] ^= 1;
            let (read, text) = read(&wrong, wrong.len());
            let Err(Failed::Error(error)) = read else { panic!("byte {place}: {read:?}") };
            assert_eq!(error.kind, CallErrorKind::Malformed, "byte {place}");
            assert_eq!(text, "", "byte {place}: nothing of it is used");
        }
    }
}
