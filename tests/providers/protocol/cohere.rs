//! Version 2 of Cohere's chat protocol, as its API reference documents it.

use super::{End, Heard, Protocol, Said, Trouble, USED, fields, header, image, named, required, text};
use crate::server::Asked;
use serde_json::{Value as Json, json};

pub(crate) struct Cohere;

impl Protocol for Cohere {
    fn provider(&self) -> &'static str {
        "cohere"
    }

    fn variables(&self, url: &str) -> Vec<(&'static str, String)> {
        vec![("CO_API_KEY", "the-key".to_owned()), ("CO_API_URL", url.to_owned())]
    }

    fn tells(&self) -> (bool, bool) {
        (true, false)
    }

    fn heard(&self, asked: &Asked) -> Heard {
        let body = &asked.body;
        assert_eq!(asked.path, "/v2/chat");
        fields(
            body,
            &[
                "model",
                "messages",
                "max_tokens",
                "temperature",
                "p",
                "seed",
                "stop_sequences",
                "response_format",
                "stream",
            ],
        );
        let (mut system, mut user, mut images) = (String::new(), String::new(), Vec::new());
        for message in body["messages"].as_array().unwrap() {
            let place = if message["role"] == "system" { &mut system } else { &mut user };
            match &message["content"] {
                Json::String(text) => place.push_str(text),
                parts => {
                    for part in parts.as_array().unwrap() {
                        match part["type"].as_str() {
                            Some("text") => place.push_str(&text(&part["text"])),
                            _ => images.push(image(&text(&part["image_url"]["url"]))),
                        }
                    }
                }
            }
        }
        let format = &body["response_format"];
        let schema = (!format.is_null()).then(|| {
            assert_eq!(format["type"], "json_object");
            required(&format["json_schema"])
        });
        Heard {
            key: header(asked, "authorization", "Bearer "),
            model: text(&body["model"]),
            system,
            user,
            images,
            cap: body["max_tokens"].as_u64().unwrap(),
            temperature: body["temperature"].as_f64(),
            schema,
            streams: body["stream"].as_bool().unwrap(),
            marked: false,
        }
    }

    fn whole(&self, said: &Said) -> Json {
        let content = json!([{"type": "text", "text": said.pieces.concat()}]);
        json!({
            "id": "chat_1", "finish_reason": reason(said), "usage": usage(),
            "message": {"role": "assistant", "content": content},
        })
    }

    fn stream(&self, said: &Said) -> Vec<Vec<u8>> {
        let send = |data: Json| named(data["type"].as_str().unwrap(), &data);
        let content = |content: Json| json!({"message": {"content": content}});
        let start = json!({"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}});
        let mut out = vec![
            send(json!({"id": "chat_1", "type": "message-start", "delta": start})),
            send(
                json!({"type": "content-start", "index": 0, "delta": content(json!({"type": "text", "text": ""}))}),
            ),
        ];
        for piece in &said.pieces {
            out.push(send(
                json!({"type": "content-delta", "index": 0, "delta": content(json!({"text": piece}))}),
            ));
        }
        out.push(send(json!({"type": "content-end", "index": 0})));
        out.push(send(
            json!({"type": "message-end", "delta": {"finish_reason": reason(said), "usage": usage()}}),
        ));
        out
    }

    fn overload(&self) -> Vec<u8> {
        let delta = json!({"finish_reason": "ERROR", "error": "Overloaded"});
        named("message-end", &json!({"type": "message-end", "delta": delta}))
    }

    fn filters_prompts(&self) -> bool {
        false
    }

    fn error(&self, trouble: Trouble) -> (u16, Vec<(&'static str, &'static str)>, Json) {
        let error = |status: u16, message: &str| (status, vec![], json!({"id": "req_9", "message": message}));
        match trouble {
            Trouble::Key => error(401, "invalid api token"),
            Trouble::TooOften => {
                let (status, _, body) = error(429, "You are past the per minute request limit");
                (status, vec![("retry-after", "7")], body)
            }
            Trouble::Overloaded => error(503, "service unavailable"),
            Trouble::Broken => error(500, "internal server error"),
            Trouble::TooLong => error(
                400,
                "too many tokens: total number of tokens in the prompt cannot exceed 8000 - received 9000.",
            ),
            Trouble::Wrong => error(400, "invalid request: temperature must be between 0 and 1.0 inclusive."),
            Trouble::UnknownModel => error(404, "model 'x' not found"),
            Trouble::Filtered => unreachable!("it is a reason to stop here"),
        }
    }
}

fn reason(said: &Said) -> &'static str {
    match said.end {
        End::Done => "COMPLETE",
        End::Cut => "MAX_TOKENS",
        End::Refused => "ERROR_TOXIC",
    }
}

// What was put before the prompt is among the tokens and not billed.
fn usage() -> Json {
    json!({
        "billed_units": {"input_tokens": USED.input as f64, "output_tokens": USED.output as f64},
        "tokens": {"input_tokens": USED.input as f64 + 430.0, "output_tokens": USED.output as f64 + 2.0},
        "cached_tokens": USED.cached as f64,
    })
}
