//! `generateContent` of the Gemini API, as its reference documents it.

use super::{End, Heard, Protocol, Said, Trouble, USED, event, fields, header, required, text};
use crate::server::Asked;
use serde_json::{Value as Json, json};

pub(crate) struct Google;

impl Protocol for Google {
    fn provider(&self) -> &'static str {
        "google"
    }

    fn variables(&self, url: &str) -> Vec<(&'static str, String)> {
        vec![("GEMINI_API_KEY", "the-key".to_owned()), ("GOOGLE_GEMINI_BASE_URL", url.to_owned())]
    }

    fn tells(&self) -> (bool, bool) {
        (true, false)
    }

    fn heard(&self, asked: &Asked) -> Heard {
        let body = &asked.body;
        let streams = asked.path.ends_with(":streamGenerateContent");
        let method = if streams { ":streamGenerateContent" } else { ":generateContent" };
        assert_eq!(asked.query, if streams { "alt=sse" } else { "" });
        let model = asked.path.strip_prefix("/v1/models/").unwrap().strip_suffix(method).unwrap();
        fields(body, &["systemInstruction", "contents", "generationConfig"]);
        let config = &body["generationConfig"];
        fields(
            config,
            &[
                "maxOutputTokens",
                "temperature",
                "topP",
                "seed",
                "stopSequences",
                "responseMimeType",
                "responseJsonSchema",
                "thinkingConfig",
            ],
        );
        let (mut user, mut images) = (String::new(), Vec::new());
        for content in body["contents"].as_array().unwrap() {
            assert!(content["role"] == "user" || content["role"] == "model", "{content}");
            for part in content["parts"].as_array().unwrap() {
                assert_eq!(part.as_object().unwrap().len(), 1, "a part is one of several: {part}");
                if let Some(words) = part["text"].as_str() {
                    user.push_str(words);
                } else if let Some(data) = part.get("inlineData") {
                    // Fields may be written in either way.
                    let media = data.get("mimeType").or(data.get("mime_type")).unwrap();
                    images.push(format!("{};{}", text(media), text(&data["data"])));
                } else {
                    images.push(text(&part["fileData"]["fileUri"]));
                }
            }
        }
        let system = body["systemInstruction"]["parts"].as_array();
        let schema = &config["responseJsonSchema"];
        let schema = (!schema.is_null()).then(|| {
            assert_eq!(config["responseMimeType"], "application/json");
            required(schema)
        });
        Heard {
            key: header(asked, "x-goog-api-key", ""),
            model: model.to_owned(),
            system: system.into_iter().flatten().map(|part| text(&part["text"])).collect(),
            user,
            images,
            cap: config["maxOutputTokens"].as_u64().unwrap(),
            temperature: config["temperature"].as_f64(),
            schema,
            streams,
            marked: false,
        }
    }

    fn whole(&self, said: &Said) -> Json {
        let mut whole = piece(&said.pieces.concat());
        finish(&mut whole, said);
        whole
    }

    fn stream(&self, said: &Said) -> Vec<Vec<u8>> {
        let thought = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hm.", "thought": true}]}, "index": 0}],
                             "responseId": "resp_1"});
        let mut pieces: Vec<Json> = said.pieces.iter().map(|text| piece(text)).collect();
        finish(pieces.last_mut().unwrap(), said);
        std::iter::once(&thought).chain(&pieces).map(event).collect()
    }

    fn overload(&self) -> Vec<u8> {
        event(
            &json!({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}),
        )
    }

    // A prompt that is turned away is told of in an answer without candidates.
    fn filters_prompts(&self) -> bool {
        false
    }

    fn error(&self, trouble: Trouble) -> (u16, Vec<(&'static str, &'static str)>, Json) {
        let error = |code: u16, status: &str, message: &str, details: Json| {
            let error = json!({"code": code, "message": message, "status": status, "details": details});
            (code, vec![], json!({"error": error}))
        };
        match trouble {
            Trouble::Key => error(
                400,
                "INVALID_ARGUMENT",
                "API key not valid. Please pass a valid API key.",
                json!([
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]),
            ),
            Trouble::TooOften => error(
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota.",
                json!([
                {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": []},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]),
            ),
            Trouble::Overloaded => error(503, "UNAVAILABLE", "The model is overloaded.", json!([])),
            Trouble::Broken => error(500, "INTERNAL", "An internal error has occurred.", json!([])),
            Trouble::TooLong => error(
                400,
                "INVALID_ARGUMENT",
                "The input token count (9000) exceeds the maximum number of tokens allowed (8000).",
                json!([]),
            ),
            Trouble::Wrong => error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.", json!([])),
            Trouble::UnknownModel => {
                error(404, "NOT_FOUND", "models/x is not found for API version v1beta", json!([]))
            }
            Trouble::Filtered => unreachable!("it is an answer here"),
        }
    }
}

fn piece(text: &str) -> Json {
    json!({
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}],
        "modelVersion": "test-model",
        "responseId": "resp_1",
    })
}

fn finish(piece: &mut Json, said: &Said) {
    piece["candidates"][0]["finishReason"] = match said.end {
        End::Done => "STOP",
        End::Cut => "MAX_TOKENS",
        End::Refused => "SAFETY",
    }
    .into();
    // Thoughts are not among the candidates' tokens, and what was cached is among the prompt's.
    piece["usageMetadata"] = json!({
        "promptTokenCount": USED.input,
        "cachedContentTokenCount": USED.cached,
        "candidatesTokenCount": USED.output - USED.thought,
        "thoughtsTokenCount": USED.thought,
        "totalTokenCount": USED.input + USED.output,
    });
}
