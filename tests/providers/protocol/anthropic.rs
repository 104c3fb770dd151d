//! The messages protocol, as Anthropic's API reference documents it.

use super::{End, Heard, Protocol, Said, Trouble, USED, fields, header, named, required, text};
use crate::server::Asked;
use serde_json::{Value as Json, json};

pub(crate) struct Anthropic;

impl Protocol for Anthropic {
    fn provider(&self) -> &'static str {
        "anthropic"
    }

    fn variables(&self, url: &str) -> Vec<(&'static str, String)> {
        vec![("ANTHROPIC_API_KEY", "the-key".to_owned()), ("ANTHROPIC_BASE_URL", url.to_owned())]
    }

    fn tells(&self) -> (bool, bool) {
        (true, true)
    }

    fn heard(&self, asked: &Asked) -> Heard {
        let body = &asked.body;
        assert_eq!(asked.path, "/v1/messages");
        assert_eq!(asked.headers["anthropic-version"], "2023-06-01");
        fields(
            body,
            &[
                "model",
                "max_tokens",
                "system",
                "messages",
                "temperature",
                "top_p",
                "stop_sequences",
                "tools",
                "tool_choice",
                "stream",
            ],
        );
        let mut marked = false;
        let mut words = |block: &Json| {
            if block["cache_control"] == json!({"type": "ephemeral"}) {
                marked = true;
            }
            text(&block["text"])
        };
        let system = match &body["system"] {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            blocks => blocks.as_array().unwrap().iter().map(&mut words).collect(),
        };
        let (mut user, mut images) = (String::new(), Vec::new());
        for message in body["messages"].as_array().unwrap() {
            assert!(message["role"] == "user" || message["role"] == "assistant", "{message}");
            match &message["content"] {
                Json::String(text) => user.push_str(text),
                blocks => {
                    for block in blocks.as_array().unwrap() {
                        let source = &block["source"];
                        match (block["type"].as_str(), source["type"].as_str()) {
                            (Some("text"), _) => user.push_str(&words(block)),
                            (_, Some("base64")) => images.push(format!(
                                "{};{}",
                                text(&source["media_type"]),
                                text(&source["data"])
                            )),
                            (_, Some("url")) => images.push(text(&source["url"])),
                            _ => panic!("{block}"),
                        }
                    }
                }
            }
        }
        let tools = body["tools"].as_array();
        let schema = tools.map(|tools| {
            assert_eq!(body["tool_choice"], json!({"type": "tool", "name": tools[0]["name"]}));
            required(&tools[0]["input_schema"])
        });
        // The key may come in either header.
        let key = match asked.headers.contains_key("x-api-key") {
            true => header(asked, "x-api-key", ""),
            false => header(asked, "authorization", "Bearer "),
        };
        Heard {
            key,
            model: text(&body["model"]),
            system,
            user,
            images,
            cap: body["max_tokens"].as_u64().unwrap(),
            temperature: body["temperature"].as_f64(),
            schema,
            streams: body["stream"].as_bool().unwrap_or(false),
            marked,
        }
    }

    fn whole(&self, said: &Said) -> Json {
        let text = said.pieces.concat();
        let block = match said.typed {
            true if said.end == End::Cut => {
                json!({"type": "tool_use", "id": "toolu_1", "name": "answer", "input": {}})
            }
            true => {
                json!({"type": "tool_use", "id": "toolu_1", "name": "answer", "input": serde_json::from_str::<Json>(&text).unwrap()})
            }
            false => json!({"type": "text", "text": text}),
        };
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "test-model", "content": [block],
            "stop_reason": reason(said), "stop_sequence": null, "usage": usage(USED.output),
        })
    }

    fn stream(&self, said: &Said) -> Vec<Vec<u8>> {
        let send = |data: Json| named(data["type"].as_str().unwrap(), &data);
        let block = match said.typed {
            true => json!({"type": "tool_use", "id": "toolu_1", "name": "answer", "input": {}}),
            false => json!({"type": "text", "text": ""}),
        };
        let mut out = vec![
            send(json!({"type": "message_start", "message": {
                "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "test-model",
                "stop_reason": null, "usage": usage(1)}})),
            send(json!({"type": "content_block_start", "index": 0, "content_block": block})),
            send(json!({"type": "ping"})),
        ];
        for piece in &said.pieces {
            let delta = match said.typed {
                true => json!({"type": "input_json_delta", "partial_json": piece}),
                false => json!({"type": "text_delta", "text": piece}),
            };
            out.push(send(json!({"type": "content_block_delta", "index": 0, "delta": delta})));
        }
        out.push(send(json!({"type": "content_block_stop", "index": 0})));
        out.push(send(
            json!({"type": "message_delta", "delta": {"stop_reason": reason(said), "stop_sequence": null},
                             "usage": {"output_tokens": USED.output}}),
        ));
        out.push(send(json!({"type": "message_stop"})));
        out
    }

    fn overload(&self) -> Vec<u8> {
        let error = json!({"type": "overloaded_error", "message": "Overloaded"});
        named("error", &json!({"type": "error", "error": error}))
    }

    fn filters_prompts(&self) -> bool {
        false
    }

    fn error(&self, trouble: Trouble) -> (u16, Vec<(&'static str, &'static str)>, Json) {
        let id = vec![("request-id", "req_9")];
        let error = |kind: &str, message: &str| json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_9"});
        match trouble {
            Trouble::Key => (401, id, error("authentication_error", "invalid x-api-key")),
            Trouble::TooOften => (
                429,
                vec![("request-id", "req_9"), ("retry-after", "7")],
                error("rate_limit_error", "This request would exceed your rate limit"),
            ),
            Trouble::Overloaded => (529, id, error("overloaded_error", "Overloaded")),
            Trouble::Broken => (500, id, error("api_error", "Internal server error")),
            Trouble::TooLong => {
                (400, id, error("invalid_request_error", "prompt is too long: 9000 tokens > 8000 maximum"))
            }
            Trouble::Wrong => (400, id, error("invalid_request_error", "temperature: range: 0..1")),
            Trouble::UnknownModel => (404, id, error("not_found_error", "model: x")),
            Trouble::Filtered => unreachable!("a refusal is a reason to stop here"),
        }
    }
}

fn reason(said: &Said) -> &'static str {
    match said.end {
        End::Done if said.typed => "tool_use",
        End::Done => "end_turn",
        End::Cut => "max_tokens",
        End::Refused => "refusal",
    }
}

// What was read from the cache or written to it is not among the input.
fn usage(output: u64) -> Json {
    json!({
        "input_tokens": USED.input - USED.cached - USED.written,
        "cache_read_input_tokens": USED.cached,
        "cache_creation_input_tokens": USED.written,
        "output_tokens": output,
    })
}
