//! The chat completions protocol, as OpenAI and those who follow it document it.

use super::{End, Heard, Protocol, Said, Trouble, USED, event, fields, header, image, required, text};
use crate::server::Asked;
use serde_json::{Value as Json, json};

/// One who speaks the protocol.
pub(crate) struct Chat {
    provider: &'static str,
    path: &'static str,
    key: &'static str,
    base: (&'static str, &'static str),
    header: (&'static str, &'static str),
    cap: &'static str,
    /// Fields that it takes besides those of all.
    takes: &'static [&'static str],
    /// Whether usage comes unasked at the end of a stream.
    unasked: bool,
    flavour: Flavour,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavour {
    OpenAi,
    Azure,
    AzureVersioned,
    Mistral,
    Groq,
    OpenRouter,
    DeepSeek,
    Xai,
    Other,
}

const BEARER: (&str, &str) = ("authorization", "Bearer ");

const BASE: Chat = Chat {
    provider: "openai",
    path: "/v1/chat/completions",
    key: "OPENAI_API_KEY",
    base: ("OPENAI_BASE_URL", "/v1"),
    header: BEARER,
    cap: "max_tokens",
    takes: &["stream_options", "seed"],
    unasked: false,
    flavour: Flavour::Other,
};

pub(crate) const OPENAI: Chat = Chat { cap: "max_completion_tokens", flavour: Flavour::OpenAi, ..BASE };
pub(crate) const AZURE: Chat = Chat {
    provider: "azure",
    path: "/openai/v1/chat/completions",
    key: "AZURE_OPENAI_API_KEY",
    base: ("AZURE_OPENAI_ENDPOINT", ""),
    header: ("api-key", ""),
    cap: "max_completion_tokens",
    flavour: Flavour::Azure,
    ..BASE
};
pub(crate) const AZURE_VERSIONED: Chat = Chat {
    path: "/openai/deployments/test-model/chat/completions",
    flavour: Flavour::AzureVersioned,
    ..AZURE
};
pub(crate) const COMPATIBLE: Chat = Chat { provider: "openai-compatible", ..BASE };
pub(crate) const MISTRAL: Chat = Chat {
    provider: "mistral",
    key: "MISTRAL_API_KEY",
    base: ("MISTRAL_BASE_URL", "/v1"),
    takes: &["random_seed"],
    unasked: true,
    flavour: Flavour::Mistral,
    ..BASE
};
pub(crate) const GROQ: Chat = Chat {
    provider: "groq",
    path: "/openai/v1/chat/completions",
    key: "GROQ_API_KEY",
    base: ("GROQ_BASE_URL", "/openai/v1"),
    cap: "max_completion_tokens",
    flavour: Flavour::Groq,
    ..BASE
};
pub(crate) const TOGETHER: Chat =
    Chat { provider: "together", key: "TOGETHER_API_KEY", base: ("TOGETHER_BASE_URL", "/v1"), ..BASE };
pub(crate) const OPENROUTER: Chat = Chat {
    provider: "openrouter",
    path: "/api/v1/chat/completions",
    key: "OPENROUTER_API_KEY",
    base: ("OPENROUTER_BASE_URL", "/api/v1"),
    flavour: Flavour::OpenRouter,
    ..BASE
};
pub(crate) const DEEPSEEK: Chat = Chat {
    provider: "deepseek",
    key: "DEEPSEEK_API_KEY",
    base: ("DEEPSEEK_BASE_URL", "/v1"),
    flavour: Flavour::DeepSeek,
    ..BASE
};
pub(crate) const XAI: Chat = Chat {
    provider: "xai",
    key: "XAI_API_KEY",
    base: ("XAI_BASE_URL", "/v1"),
    cap: "max_completion_tokens",
    flavour: Flavour::Xai,
    ..BASE
};

impl Protocol for Chat {
    fn provider(&self) -> &'static str {
        self.provider
    }

    fn variables(&self, url: &str) -> Vec<(&'static str, String)> {
        let (base, path) = self.base;
        let mut variables = vec![(self.key, "the-key".to_owned()), (base, format!("{url}{path}"))];
        if self.flavour == Flavour::AzureVersioned {
            variables.push(("AZURE_OPENAI_API_VERSION", "2024-10-21".to_owned()));
        }
        variables
    }

    fn tells(&self) -> (bool, bool) {
        match self.flavour {
            Flavour::Mistral => (false, false),
            Flavour::OpenAi => (true, true),
            _ => (true, false),
        }
    }

    fn heard(&self, asked: &Asked) -> Heard {
        let body = &asked.body;
        assert_eq!(asked.path, self.path);
        if self.flavour == Flavour::AzureVersioned {
            assert_eq!(asked.query, "api-version=2024-10-21");
        }
        let usual =
            ["model", "messages", "temperature", "top_p", "stop", "response_format", "reasoning_effort"];
        let allowed: Vec<&str> =
            usual.into_iter().chain(["stream", self.cap]).chain(self.takes.iter().copied()).collect();
        fields(body, &allowed);
        let streams = body["stream"].as_bool().unwrap();
        if streams && !self.unasked {
            assert_eq!(body["stream_options"], json!({"include_usage": true}));
        }
        let messages = body["messages"].as_array().unwrap();
        let (mut said, mut images) = (Vec::new(), Vec::new());
        for message in messages {
            let mut words = String::new();
            match &message["content"] {
                Json::String(text) => words.push_str(text),
                parts => {
                    for part in parts.as_array().unwrap() {
                        match part["type"].as_str() {
                            Some("text") => words.push_str(&text(&part["text"])),
                            _ => images.push(image(&text(&part["image_url"]["url"]))),
                        }
                    }
                }
            }
            said.push((text(&message["role"]), words));
        }
        let all = |role: &str| {
            let of: Vec<&str> = said.iter().filter(|(r, _)| r == role).map(|(_, t)| t.as_str()).collect();
            of.join("\n")
        };
        let format = &body["response_format"];
        let schema = (!format.is_null()).then(|| {
            assert_eq!(format["type"], "json_schema");
            assert!(!text(&format["json_schema"]["name"]).is_empty());
            required(&format["json_schema"]["schema"])
        });
        Heard {
            key: header(asked, self.header.0, self.header.1),
            model: text(&body["model"]),
            system: all("system"),
            user: all("user"),
            images,
            cap: body[self.cap].as_u64().unwrap(),
            temperature: body["temperature"].as_f64(),
            schema,
            streams,
            marked: false,
        }
    }

    fn whole(&self, said: &Said) -> Json {
        let content = self.content(&said.pieces.concat());
        json!({
            "id": "call-1", "object": "chat.completion", "created": 1, "model": "test-model",
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": null},
                "finish_reason": self.reason(said.end),
            }],
            "usage": self.usage(),
        })
    }

    fn stream(&self, said: &Said) -> Vec<Vec<u8>> {
        let chunk = |delta: Json, reason: Json| {
            json!({"id": "call-1", "object": "chat.completion.chunk", "created": 1, "model": "test-model",
                   "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
        };
        let mut out = vec![event(&chunk(json!({"role": "assistant", "content": ""}), Json::Null))];
        if self.flavour == Flavour::OpenRouter {
            out.push(b": OPENROUTER PROCESSING\n\n".to_vec());
        }
        for piece in &said.pieces {
            out.push(event(&chunk(json!({"content": self.content(piece)}), Json::Null)));
        }
        let mut last = chunk(json!({}), json!(self.reason(said.end)));
        match self.flavour {
            // In the last chunk.
            Flavour::Mistral | Flavour::DeepSeek => last["usage"] = self.usage(),
            Flavour::Groq => last["x_groq"] = json!({"id": "req_1", "usage": self.usage()}),
            _ => {}
        }
        out.push(event(&last));
        if !matches!(self.flavour, Flavour::Mistral | Flavour::DeepSeek | Flavour::Groq) {
            out.push(event(&json!({"id": "call-1", "choices": [], "usage": self.usage()})));
        }
        out.push(b"data: [DONE]\n\n".to_vec());
        out
    }

    fn overload(&self) -> Vec<u8> {
        match self.flavour {
            Flavour::OpenRouter => event(&json!({
                "id": "call-1", "error": {"code": 503, "message": "Overloaded"},
                "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
            })),
            _ => {
                event(&json!({"error": {"message": "Overloaded", "type": "overloaded_error", "code": null}}))
            }
        }
    }

    fn filters_prompts(&self) -> bool {
        self.flavour != Flavour::Mistral
    }

    fn error(&self, trouble: Trouble) -> (u16, Vec<(&'static str, &'static str)>, Json) {
        let wait = vec![("retry-after", "7"), ("x-request-id", "req_9")];
        let id = vec![("x-request-id", "req_9")];
        let error = |message: &str, kind: &str, code: Json| json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
        if self.flavour == Flavour::Mistral {
            let error = |message: &str, kind: &str, code: &str| json!({"object": "error", "message": message, "type": kind, "param": null, "code": code});
            return match trouble {
                Trouble::Key => (401, id, json!({"message": "Unauthorized", "request_id": "x"})),
                Trouble::TooOften => (429, wait, error("Rate limit exceeded", "rate_limited", "1300")),
                Trouble::Overloaded => {
                    (503, id, error("Service unavailable.", "unreachable_backend", "1100"))
                }
                Trouble::Broken => (500, id, error("Internal server error", "internal_server_error", "3000")),
                Trouble::TooLong => (
                    400,
                    id,
                    error(
                        "Prompt contains 9000 tokens and 0 draft tokens, too large for model with 8000 maximum context length",
                        "invalid_request_prompt",
                        "3051",
                    ),
                ),
                Trouble::Wrong => (
                    422,
                    id,
                    json!({"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required"}]}),
                ),
                Trouble::UnknownModel => (400, id, error("Invalid model: x", "invalid_model", "1500")),
                Trouble::Filtered => unreachable!("Mistral documents no filter of prompts"),
            };
        }
        match trouble {
            Trouble::Key if self.flavour == Flavour::Azure => {
                (401, id, error("Access denied due to invalid subscription key", "", json!("401")))
            }
            Trouble::Key => (
                401,
                id,
                error(
                    "Incorrect API key provided: sk-abc.",
                    "invalid_request_error",
                    json!("invalid_api_key"),
                ),
            ),
            Trouble::TooOften => {
                (429, wait, error("Rate limit reached", "requests", json!("rate_limit_exceeded")))
            }
            Trouble::Overloaded => {
                (503, id, error("The engine is currently overloaded", "server_error", Json::Null))
            }
            Trouble::Broken => (500, id, error("The server had an error", "server_error", Json::Null)),
            Trouble::TooLong => (
                400,
                id,
                error(
                    "This model's maximum context length is 8000 tokens. However, your messages resulted in 9000 tokens.",
                    "invalid_request_error",
                    json!("context_length_exceeded"),
                ),
            ),
            Trouble::Wrong => {
                (400, id, error("Unrecognized value", "invalid_request_error", json!("invalid_value")))
            }
            Trouble::UnknownModel => (
                404,
                id,
                error("The model `x` does not exist", "invalid_request_error", json!("model_not_found")),
            ),
            Trouble::Filtered if self.flavour == Flavour::OpenRouter => (
                403,
                id,
                json!({"error": {
                "code": 403, "message": "Your chosen model requires moderation and your input was flagged",
                "metadata": {"reasons": ["violence"], "flagged_input": "…"}}}),
            ),
            Trouble::Filtered => (
                400,
                id,
                json!({"error": {
                "message": "The response was filtered due to the prompt triggering the content management policy.",
                "type": null, "param": "prompt", "code": "content_filter", "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
            ),
        }
    }
}

impl Chat {
    // A model of Mistral's that thinks sends parts.
    fn content(&self, text: &str) -> Json {
        match self.flavour {
            Flavour::Mistral => json!([
                {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                {"type": "text", "text": text},
            ]),
            _ => json!(text),
        }
    }

    fn reason(&self, end: End) -> &'static str {
        match (end, self.flavour) {
            (End::Done, _) => "stop",
            (End::Cut, Flavour::Mistral) => "model_length",
            (End::Cut, _) => "length",
            (End::Refused, _) => "content_filter",
        }
    }

    fn usage(&self) -> Json {
        let mut usage = json!({
            "prompt_tokens": USED.input,
            "completion_tokens": USED.output,
            "total_tokens": USED.input + USED.output,
            "completion_tokens_details": {"reasoning_tokens": USED.thought},
        });
        match self.flavour {
            Flavour::Mistral => {}
            Flavour::DeepSeek => {
                usage["prompt_cache_hit_tokens"] = USED.cached.into();
                usage["prompt_cache_miss_tokens"] = (USED.input - USED.cached).into();
            }
            Flavour::OpenAi => {
                usage["prompt_tokens_details"] =
                    json!({"cached_tokens": USED.cached, "cache_write_tokens": USED.written});
            }
            Flavour::Xai => {
                // What was thought is in the total alone.
                usage["completion_tokens"] = (USED.output - USED.thought).into();
                usage["prompt_tokens_details"] = json!({"cached_tokens": USED.cached});
            }
            _ => usage["prompt_tokens_details"] = json!({"cached_tokens": USED.cached}),
        }
        usage
    }
}
