//! Ollama's chat protocol, as its API documentation describes it.

use super::{End, Heard, Protocol, Said, Trouble, USED, fields, header, required, text};
use crate::server::Asked;
use serde_json::{Value as Json, json};

pub(crate) struct Ollama;

impl Protocol for Ollama {
    fn provider(&self) -> &'static str {
        "ollama"
    }

    fn variables(&self, url: &str) -> Vec<(&'static str, String)> {
        // The variable holds a host and a port.
        let host = url.trim_start_matches("http://").to_owned();
        vec![("OLLAMA_API_KEY", "the-key".to_owned()), ("OLLAMA_HOST", host)]
    }

    fn tells(&self) -> (bool, bool) {
        (false, false)
    }

    fn heard(&self, asked: &Asked) -> Heard {
        let body = &asked.body;
        assert_eq!(asked.path, "/api/chat");
        fields(body, &["model", "messages", "stream", "format", "think", "options", "tools"]);
        let options = &body["options"];
        fields(options, &["num_ctx", "num_predict", "temperature", "top_p", "seed", "stop"]);
        assert_eq!(options["num_ctx"], 8000, "a longer prompt would be cut in silence");
        let (mut system, mut user, mut images) = (String::new(), String::new(), Vec::new());
        for message in body["messages"].as_array().unwrap() {
            fields(message, &["role", "content", "images"]);
            let place = if message["role"] == "system" { &mut system } else { &mut user };
            place.push_str(&text(&message["content"]));
            // The kind is told from the bytes.
            let data = message["images"].as_array().into_iter().flatten();
            images.extend(data.map(|data| format!("image/png;{}", text(data))));
        }
        Heard {
            key: header(asked, "authorization", "Bearer "),
            model: text(&body["model"]),
            system,
            user,
            images,
            cap: options["num_predict"].as_u64().unwrap(),
            temperature: options["temperature"].as_f64(),
            schema: body.get("format").map(required),
            streams: body["stream"].as_bool().unwrap_or(true),
            marked: false,
        }
    }

    fn whole(&self, said: &Said) -> Json {
        let mut whole = piece(&said.pieces.concat());
        end(&mut whole, said);
        whole
    }

    fn stream(&self, said: &Said) -> Vec<Vec<u8>> {
        let thought = json!({"model": "test-model", "created_at": "2026-01-01T00:00:00Z",
                             "message": {"role": "assistant", "content": "", "thinking": "Hm."}, "done": false});
        let mut last = piece("");
        end(&mut last, said);
        let pieces = said.pieces.iter().map(|text| piece(text));
        let all = std::iter::once(thought).chain(pieces).chain([last]);
        all.map(|piece| format!("{piece}\n").into_bytes()).collect()
    }

    fn overload(&self) -> Vec<u8> {
        b"{\"error\":\"server busy, please try again. maximum pending requests exceeded\"}\n".to_vec()
    }

    fn filters_prompts(&self) -> bool {
        false
    }

    fn error(&self, trouble: Trouble) -> (u16, Vec<(&'static str, &'static str)>, Json) {
        let error = |status: u16, message: &str| (status, vec![], json!({"error": message}));
        match trouble {
            Trouble::Key => error(401, "unauthorized"),
            Trouble::TooOften => {
                let (status, _, body) = error(429, "too many requests");
                (status, vec![("retry-after", "7")], body)
            }
            Trouble::Overloaded => {
                error(503, "server busy, please try again. maximum pending requests exceeded")
            }
            Trouble::Broken => error(500, "llama runner process has terminated"),
            Trouble::TooLong => {
                error(400, "the input length exceeds the context length: maximum context length is 8000")
            }
            Trouble::Wrong => error(400, "invalid options: temperature"),
            Trouble::UnknownModel => error(404, "model \"x\" not found, try pulling it first"),
            Trouble::Filtered => unreachable!("a model on one's own machine has no filter"),
        }
    }

    fn content_type(&self) -> &'static str {
        "application/x-ndjson"
    }
}

fn piece(text: &str) -> Json {
    json!({"model": "test-model", "created_at": "2026-01-01T00:00:00Z",
           "message": {"role": "assistant", "content": text}, "done": false})
}

fn end(piece: &mut Json, said: &Said) {
    piece["done"] = true.into();
    piece["done_reason"] = if said.end == End::Cut { "length" } else { "stop" }.into();
    piece["prompt_eval_count"] = USED.input.into();
    piece["eval_count"] = USED.output.into();
    piece["total_duration"] = 1.into();
}
