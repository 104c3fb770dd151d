//! OpenAI's responses protocol, as its API reference documents it.

use super::{End, Heard, Protocol, Said, Trouble, USED, fields, header, image, named, required, text};
use crate::server::Asked;
use serde_json::{Value as Json, json};

pub(crate) struct Responses;

impl Protocol for Responses {
    fn provider(&self) -> &'static str {
        "openai-responses"
    }

    fn variables(&self, url: &str) -> Vec<(&'static str, String)> {
        vec![("OPENAI_API_KEY", "the-key".to_owned()), ("OPENAI_BASE_URL", format!("{url}/v1"))]
    }

    fn tells(&self) -> (bool, bool) {
        (true, true)
    }

    fn heard(&self, asked: &Asked) -> Heard {
        let body = &asked.body;
        assert_eq!(asked.path, "/v1/responses");
        fields(
            body,
            &[
                "model",
                "input",
                "max_output_tokens",
                "temperature",
                "top_p",
                "reasoning",
                "text",
                "store",
                "stream",
            ],
        );
        assert_eq!(body["store"], false);
        let (mut system, mut user, mut images) = (String::new(), String::new(), Vec::new());
        for message in body["input"].as_array().unwrap() {
            let place = if message["role"] == "system" { &mut system } else { &mut user };
            match &message["content"] {
                Json::String(text) => place.push_str(text),
                parts => {
                    for part in parts.as_array().unwrap() {
                        match part["type"].as_str() {
                            Some("input_text") => place.push_str(&text(&part["text"])),
                            Some("input_image") => images.push(image(&text(&part["image_url"]))),
                            _ => panic!("{part}"),
                        }
                    }
                }
            }
        }
        let format = &body["text"]["format"];
        let schema = (!format.is_null()).then(|| {
            assert_eq!(format["type"], "json_schema");
            assert!(!text(&format["name"]).is_empty());
            required(&format["schema"])
        });
        Heard {
            key: header(asked, "authorization", "Bearer "),
            model: text(&body["model"]),
            system,
            user,
            images,
            cap: body["max_output_tokens"].as_u64().unwrap(),
            temperature: body["temperature"].as_f64(),
            schema,
            streams: body["stream"].as_bool().unwrap(),
            marked: false,
        }
    }

    fn whole(&self, said: &Said) -> Json {
        let part = json!({"type": "output_text", "text": said.pieces.concat(), "annotations": []});
        response(
            said,
            json!([
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]},
            ]),
        )
    }

    fn stream(&self, said: &Said) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut add = |name: &str, mut data: Json| {
            data["type"] = name.into();
            data["sequence_number"] = out.len().into();
            out.push(named(name, &data));
        };
        add("response.created", json!({"response": {"id": "resp_1", "status": "in_progress", "output": []}}));
        add(
            "response.in_progress",
            json!({"response": {"id": "resp_1", "status": "in_progress", "output": []}}),
        );
        add(
            "response.output_item.added",
            json!({"output_index": 0, "item": {"type": "message", "content": []}}),
        );
        for piece in &said.pieces {
            add("response.output_text.delta", json!({"output_index": 0, "content_index": 0, "delta": piece}));
        }
        add("response.output_text.done", json!({"output_index": 0, "text": said.pieces.concat()}));
        let name = if said.end == End::Done { "response.completed" } else { "response.incomplete" };
        add(name, json!({"response": self.whole(said)}));
        out
    }

    fn overload(&self) -> Vec<u8> {
        let error = json!({"code": "server_is_overloaded", "message": "Overloaded"});
        named(
            "response.failed",
            &json!({"type": "response.failed", "response": {"id": "resp_1", "status": "failed", "error": error}}),
        )
    }

    fn error(&self, trouble: Trouble) -> (u16, Vec<(&'static str, &'static str)>, Json) {
        super::chat::OPENAI.error(trouble)
    }
}

fn response(said: &Said, output: Json) -> Json {
    let (status, details) = match said.end {
        End::Done => ("completed", Json::Null),
        End::Cut => ("incomplete", json!({"reason": "max_output_tokens"})),
        End::Refused => ("incomplete", json!({"reason": "content_filter"})),
    };
    json!({
        "id": "resp_1", "object": "response", "status": status, "error": null, "incomplete_details": details,
        "model": "test-model", "output": output,
        "usage": {
            "input_tokens": USED.input,
            "input_tokens_details": {"cached_tokens": USED.cached, "cache_write_tokens": USED.written},
            "output_tokens": USED.output,
            "output_tokens_details": {"reasoning_tokens": USED.thought},
            "total_tokens": USED.input + USED.output,
        },
    })
}
