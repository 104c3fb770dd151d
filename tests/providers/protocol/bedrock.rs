//! Converse and ConverseStream, as the service model of Amazon Bedrock describes them.

use super::{End, Heard, Protocol, Said, Trouble, USED, fields, header, required, text};
use crate::server::Asked;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::{Value as Json, json};

pub(crate) struct Bedrock {
    /// Whether requests are signed, and carry no key.
    pub(crate) signed: bool,
}

impl Protocol for Bedrock {
    fn provider(&self) -> &'static str {
        "bedrock"
    }

    fn variables(&self, url: &str) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", url.to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
        ];
        match self.signed {
            true => variables.extend([
                ("AWS_ACCESS_KEY_ID", "the-key".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "the-secret".to_owned()),
                ("AWS_SESSION_TOKEN", "the-session".to_owned()),
            ]),
            false => variables.push(("AWS_BEARER_TOKEN_BEDROCK", "the-key".to_owned())),
        }
        variables
    }

    fn tells(&self) -> (bool, bool) {
        (true, true)
    }

    fn heard(&self, asked: &Asked) -> Heard {
        let body = &asked.body;
        let streams = asked.path.ends_with("/converse-stream");
        let method = if streams { "/converse-stream" } else { "/converse" };
        let model = asked.path.strip_prefix("/model/").unwrap().strip_suffix(method).unwrap();
        fields(body, &["system", "messages", "inferenceConfig", "toolConfig"]);
        fields(&body["inferenceConfig"], &["maxTokens", "temperature", "topP", "stopSequences"]);
        let key = match self.signed {
            true => {
                assert_eq!(asked.headers["x-amz-security-token"], "the-session");
                let signed = header(asked, "authorization", "AWS4-HMAC-SHA256 Credential=");
                assert!(signed.contains("/eu-central-1/bedrock/aws4_request, SignedHeaders="), "{signed}");
                signed.split('/').next().unwrap().to_owned()
            }
            false => header(asked, "authorization", "Bearer "),
        };
        let (mut system, mut user, mut images, mut marked) =
            (String::new(), String::new(), Vec::new(), false);
        for block in body["system"].as_array().into_iter().flatten() {
            match block.get("cachePoint") {
                Some(point) => marked = *point == json!({"type": "default"}),
                None => system.push_str(&text(&block["text"])),
            }
        }
        for message in body["messages"].as_array().unwrap() {
            assert!(message["role"] == "user" || message["role"] == "assistant", "{message}");
            for block in message["content"].as_array().unwrap() {
                assert_eq!(block.as_object().unwrap().len(), 1, "a block is one of several: {block}");
                if let Some(words) = block["text"].as_str() {
                    user.push_str(words);
                } else if let Some(picture) = block.get("image") {
                    let (format, data) = (text(&picture["format"]), text(&picture["source"]["bytes"]));
                    images.push(format!("image/{format};{data}"));
                } else {
                    marked = block["cachePoint"] == json!({"type": "default"});
                }
            }
        }
        let tools = &body["toolConfig"];
        let schema = (!tools.is_null()).then(|| {
            let spec = &tools["tools"][0]["toolSpec"];
            assert_eq!(tools["toolChoice"], json!({"tool": {"name": spec["name"]}}));
            required(&spec["inputSchema"]["json"])
        });
        Heard {
            key,
            model: model.to_owned(),
            system,
            user,
            images,
            cap: body["inferenceConfig"]["maxTokens"].as_u64().unwrap(),
            temperature: body["inferenceConfig"]["temperature"].as_f64(),
            schema,
            streams,
            marked,
        }
    }

    fn whole(&self, said: &Said) -> Json {
        let text = said.pieces.concat();
        let block = match said.typed {
            true if said.end == End::Cut => {
                json!({"toolUse": {"toolUseId": "t", "name": "answer", "input": {}}})
            }
            true => {
                json!({"toolUse": {"toolUseId": "t", "name": "answer", "input": serde_json::from_str::<Json>(&text).unwrap()}})
            }
            false => json!({"text": text}),
        };
        json!({
            "output": {"message": {"role": "assistant", "content": [block]}},
            "stopReason": reason(said), "usage": usage(), "metrics": {"latencyMs": 5},
        })
    }

    fn stream(&self, said: &Said) -> Vec<Vec<u8>> {
        let mut out = vec![frame("messageStart", &json!({"role": "assistant"}))];
        if said.typed {
            let start = json!({"toolUse": {"toolUseId": "t", "name": "answer"}});
            out.push(frame("contentBlockStart", &json!({"start": start, "contentBlockIndex": 0})));
        }
        for piece in &said.pieces {
            let delta =
                if said.typed { json!({"toolUse": {"input": piece}}) } else { json!({"text": piece}) };
            out.push(frame("contentBlockDelta", &json!({"delta": delta, "contentBlockIndex": 0})));
        }
        out.push(frame("contentBlockStop", &json!({"contentBlockIndex": 0})));
        out.push(frame("messageStop", &json!({"stopReason": reason(said)})));
        out.push(frame("metadata", &json!({"usage": usage(), "metrics": {"latencyMs": 5}})));
        out
    }

    fn overload(&self) -> Vec<u8> {
        let message = message(&[
            (":message-type", "exception"),
            (":exception-type", "serviceUnavailableException"),
            (":content-type", "application/json"),
        ]);
        written(message, &json!({"message": "Overloaded"}))
    }

    fn filters_prompts(&self) -> bool {
        false
    }

    fn error(&self, trouble: Trouble) -> (u16, Vec<(&'static str, &'static str)>, Json) {
        let error = |status: u16, name: &'static str, message: &str| {
            let headers = vec![("x-amzn-errortype", name), ("x-amzn-requestid", "req_9")];
            (status, headers, json!({"message": message}))
        };
        match trouble {
            Trouble::Key => error(
                403,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            Trouble::TooOften => {
                let mut error = error(429, "ThrottlingException", "Too many requests, please wait");
                error.1.push(("retry-after", "7"));
                error
            }
            Trouble::Overloaded => {
                error(503, "ServiceUnavailableException", "Bedrock is unable to process your request.")
            }
            Trouble::Broken => error(500, "InternalServerException", "An internal server error occurred."),
            Trouble::TooLong => error(400, "ValidationException", "Input is too long for requested model."),
            Trouble::Wrong => error(400, "ValidationException", "Malformed input request"),
            Trouble::UnknownModel => {
                error(404, "ResourceNotFoundException", "Could not resolve the foundation model")
            }
            Trouble::Filtered => unreachable!("it is a reason to stop here"),
        }
    }

    fn content_type(&self) -> &'static str {
        "application/vnd.amazon.eventstream"
    }
}

fn frame(kind: &str, payload: &Json) -> Vec<u8> {
    let headers = [(":message-type", "event"), (":event-type", kind), (":content-type", "application/json")];
    written(message(&headers), payload)
}

fn message(headers: &[(&str, &str)]) -> Message {
    headers.iter().fold(Message::new(&b""[..]), |message, (name, value)| {
        message.add_header(Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into())))
    })
}

fn written(message: Message, payload: &Json) -> Vec<u8> {
    let headers = message.headers().to_vec();
    let message = Message::new_from_parts(headers, payload.to_string().into_bytes());
    let mut out = Vec::new();
    write_message_to(&message, &mut out).unwrap();
    out
}

fn reason(said: &Said) -> &'static str {
    match said.end {
        End::Done if said.typed => "tool_use",
        End::Done => "end_turn",
        End::Cut => "max_tokens",
        End::Refused => "guardrail_intervened",
    }
}

// What was read from the cache or written to it is not among the input.
fn usage() -> Json {
    json!({
        "inputTokens": USED.input - USED.cached - USED.written,
        "outputTokens": USED.output,
        "totalTokens": USED.input + USED.output,
        "cacheReadInputTokens": USED.cached,
        "cacheWriteInputTokens": USED.written,
    })
}
