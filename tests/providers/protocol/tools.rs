//! Calls of tools from the server's side of each protocol, written from its documentation: what is offered,
//! which may be called, what goes back, and a call as a model makes it.

use super::{USED, event, named, text};
use serde_json::{Value as Json, json};

/// What a request says of tools, in the words of no protocol.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Tools {
    /// The names of what is offered.
    pub(crate) offered: Vec<String>,
    /// `any`, `none`, or the name of the one that has to be called; nothing where that is left open.
    pub(crate) choice: String,
    /// Whether the answer is held to a schema beside them.
    pub(crate) has_schema: bool,
    /// What was called before: the name, the arguments, and what came of it.
    pub(crate) turns: Vec<(String, Json, String)>,
}

/// Reads what a request says of tools; panics where it is not the protocol.
pub(crate) fn heard(provider: &str, body: &Json) -> Tools {
    match provider {
        "anthropic" => anthropic(body),
        "bedrock" => bedrock(body),
        "google" => google(body),
        "openai-responses" => responses(body),
        "cohere" | "ollama" => chat(body, provider),
        _ => chat(body, provider),
    }
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn object(json: &Json) -> Json {
    assert!(json.is_object(), "arguments are an object: {json}");
    json.clone()
}

// The schema of a function is one of an object.
fn schema(json: &Json) {
    assert_eq!(json["type"], "object", "{json}");
    assert!(json["properties"].is_object(), "{json}");
}

fn anthropic(body: &Json) -> Tools {
    let (mut turns, mut calls) = (Vec::new(), Vec::new());
    for message in list(&body["messages"]) {
        for block in list(&message["content"]) {
            match block["type"].as_str() {
                Some("tool_use") => {
                    assert_eq!(message["role"], "assistant");
                    calls.push((text(&block["id"]), text(&block["name"]), object(&block["input"])));
                }
                Some("tool_result") => {
                    assert_eq!(message["role"], "user");
                    let call = calls.iter().find(|(id, ..)| *id == block["tool_use_id"]).unwrap();
                    turns.push((call.1.clone(), call.2.clone(), text(&block["content"])));
                }
                _ => {}
            }
        }
    }
    let choice = &body["tool_choice"];
    let choice = match choice["type"].as_str() {
        Some("auto") => String::new(),
        Some("tool") => text(&choice["name"]),
        Some(word @ ("any" | "none")) => word.to_owned(),
        _ => panic!("{choice}"),
    };
    if choice.is_empty() || choice == "any" {
        assert_eq!(body["tool_choice"]["disable_parallel_tool_use"], true);
    }
    list(&body["tools"]).iter().for_each(|tool| schema(&tool["input_schema"]));
    let offered = list(&body["tools"]).iter().map(|tool| text(&tool["name"])).collect();
    Tools { offered, choice, has_schema: false, turns }
}

fn bedrock(body: &Json) -> Tools {
    let (mut turns, mut calls) = (Vec::new(), Vec::new());
    let mut words = String::new();
    for message in list(&body["messages"]) {
        for block in list(&message["content"]) {
            if let Some(used) = block.get("toolUse") {
                calls.push((text(&used["toolUseId"]), text(&used["name"]), object(&used["input"])));
            } else if let Some(found) = block.get("toolResult") {
                let call = calls.iter().find(|(id, ..)| *id == found["toolUseId"]).unwrap();
                turns.push((call.1.clone(), call.2.clone(), text(&found["content"][0]["text"])));
            } else {
                words.push_str(block["text"].as_str().unwrap_or_default());
            }
        }
    }
    let config = &body["toolConfig"];
    let choice = &config["toolChoice"];
    let choice = match (choice.get("any"), choice.get("tool")) {
        (Some(_), _) => "any".to_owned(),
        (None, Some(tool)) => text(&tool["name"]),
        // The protocol cannot forbid what it offers, so that it is said.
        (None, None) if words.ends_with("Answer now.") => "none".to_owned(),
        (None, None) => String::new(),
    };
    list(&config["tools"]).iter().for_each(|tool| schema(&tool["toolSpec"]["inputSchema"]["json"]));
    let offered = list(&config["tools"]).iter().map(|tool| text(&tool["toolSpec"]["name"])).collect();
    Tools { offered, choice, has_schema: false, turns }
}

fn google(body: &Json) -> Tools {
    let (mut turns, mut calls) = (Vec::new(), Vec::new());
    for content in list(&body["contents"]) {
        for part in list(&content["parts"]) {
            if let Some(call) = part.get("functionCall") {
                assert_eq!(content["role"], "model");
                calls.push((text(&call["name"]), object(&call["args"])));
            } else if let Some(found) = part.get("functionResponse") {
                assert_eq!(content["role"], "user");
                let (name, args) = calls.last().cloned().unwrap();
                assert_eq!(found["name"], name);
                turns.push((name, args, text(&found["response"]["output"])));
            }
        }
    }
    let config = &body["toolConfig"]["functionCallingConfig"];
    let choice = match (config["mode"].as_str(), &config["allowedFunctionNames"]) {
        (Some("AUTO"), _) => String::new(),
        (Some("NONE"), _) => "none".to_owned(),
        (Some("ANY"), Json::Array(names)) => text(&names[0]),
        (Some("ANY"), _) => "any".to_owned(),
        _ => panic!("{config}"),
    };
    let declared = list(&body["tools"][0]["functionDeclarations"]);
    declared.iter().for_each(|tool| schema(&tool["parametersJsonSchema"]));
    let has_schema = !body["generationConfig"]["responseJsonSchema"].is_null();
    assert!(!has_schema, "functions and a schema exclude one another in models before version 3");
    Tools { offered: declared.iter().map(|tool| text(&tool["name"])).collect(), choice, has_schema, turns }
}

fn responses(body: &Json) -> Tools {
    let (mut turns, mut calls) = (Vec::new(), Vec::new());
    for item in list(&body["input"]) {
        match item["type"].as_str() {
            Some("function_call") => {
                let args = serde_json::from_str(&text(&item["arguments"])).unwrap();
                calls.push((text(&item["call_id"]), text(&item["name"]), object(&args)));
            }
            Some("function_call_output") => {
                let call = calls.iter().find(|(id, ..)| *id == item["call_id"]).unwrap();
                turns.push((call.1.clone(), call.2.clone(), text(&item["output"])));
            }
            _ => assert!(item["role"].is_string(), "{item}"),
        }
    }
    assert_eq!(body["parallel_tool_calls"], false);
    for tool in list(&body["tools"]) {
        assert_eq!((&tool["type"], &tool["strict"]), (&json!("function"), &json!(false)));
        schema(&tool["parameters"]);
    }
    let choice = text(&body["tool_choice"]).replace("auto", "");
    let offered = list(&body["tools"]).iter().map(|tool| text(&tool["name"])).collect();
    Tools { offered, choice, has_schema: !body["text"].is_null(), turns }
}

// Cohere's and Ollama's protocols are alike here, but for small things.
fn chat(body: &Json, provider: &str) -> Tools {
    let (mut turns, mut calls) = (Vec::new(), Vec::new());
    for message in list(&body["messages"]) {
        for call in list(&message["tool_calls"]) {
            assert_eq!(message["role"], "assistant");
            let function = &call["function"];
            let args = match provider {
                "ollama" => function["arguments"].clone(),
                _ => serde_json::from_str(&text(&function["arguments"])).unwrap(),
            };
            let id = call["id"].as_str().unwrap_or_default().to_owned();
            // Mistral takes ids of nine letters and digits alone.
            assert!(provider == "ollama" || id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()));
            calls.push((id, text(&function["name"]), object(&args)));
        }
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let call = calls.iter().rev().find(|(known, ..)| known == id).unwrap();
            if provider == "ollama" {
                assert_eq!(message["tool_name"], call.1);
            }
            turns.push((call.1.clone(), call.2.clone(), text(&message["content"])));
        }
    }
    for tool in list(&body["tools"]) {
        assert_eq!(tool["type"], "function");
        schema(&tool["function"]["parameters"]);
    }
    let choice = match body["tool_choice"].as_str() {
        None | Some("auto") => String::new(),
        Some("required" | "REQUIRED") => "any".to_owned(),
        Some("none" | "NONE") => "none".to_owned(),
        Some(other) => panic!("{other}"),
    };
    if matches!(provider, "openai" | "azure" | "mistral" | "groq") && !body["tools"].is_null() {
        assert_eq!(body["parallel_tool_calls"], false, "{provider}");
    }
    let offered: Vec<String> =
        list(&body["tools"]).iter().map(|tool| text(&tool["function"]["name"])).collect();
    let has_schema = !body["response_format"].is_null() || !body["format"].is_null();
    let takes_both = matches!(provider, "openai" | "azure");
    assert!(takes_both || !has_schema || offered.is_empty(), "{provider} takes no schema beside tools");
    Tools { offered, choice, has_schema, turns }
}

/// A call of a function, as the whole answer.
pub(crate) fn whole(provider: &str, name: &str, args: &Json) -> Json {
    let (input, output) = (USED.input, USED.output);
    match provider {
        "anthropic" => json!({
            "id": "msg_1", "type": "message", "role": "assistant", "stop_reason": "tool_use",
            "content": [{"type": "text", "text": "I look."},
                        {"type": "tool_use", "id": "toolu_1", "name": name, "input": args},
                        {"type": "tool_use", "id": "toolu_2", "name": "second", "input": {}}],
            "usage": {"input_tokens": input, "output_tokens": output},
        }),
        "bedrock" => json!({
            "output": {"message": {"role": "assistant", "content": [
                {"text": "I look."},
                {"toolUse": {"toolUseId": "t1", "name": name, "input": args}},
                {"toolUse": {"toolUseId": "t2", "name": "second", "input": {}}}]}},
            "stopReason": "tool_use", "usage": {"inputTokens": input, "outputTokens": output},
        }),
        "google" => json!({
            "candidates": [{"content": {"role": "model", "parts": [
                {"text": "Hm.", "thought": true},
                {"functionCall": {"name": name, "args": args}, "thoughtSignature": "abc"},
                {"functionCall": {"name": "second", "args": {}}}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": input, "candidatesTokenCount": output},
        }),
        "openai-responses" => json!({
            "id": "resp_1", "status": "completed",
            "output": [{"type": "reasoning", "id": "rs_1", "summary": []},
                       {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": name, "arguments": args.to_string()},
                       {"type": "function_call", "id": "fc_2", "call_id": "c2", "name": "second", "arguments": "{}"}],
            "usage": {"input_tokens": input, "output_tokens": output},
        }),
        "cohere" => json!({
            "id": "c1", "finish_reason": "TOOL_CALL",
            "message": {"role": "assistant", "tool_plan": "I look.", "tool_calls": [
                {"id": "t1", "type": "function", "function": {"name": name, "arguments": args.to_string()}},
                {"id": "t2", "type": "function", "function": {"name": "second", "arguments": "{}"}}]},
            "usage": {"billed_units": {"input_tokens": input, "output_tokens": output}},
        }),
        "ollama" => json!({
            "model": "test-model", "done": true, "done_reason": "stop",
            "message": {"role": "assistant", "content": "", "tool_calls": [
                {"function": {"name": name, "arguments": args}}, {"function": {"name": "second", "arguments": {}}}]},
            "prompt_eval_count": input, "eval_count": output,
        }),
        _ => json!({
            "id": "call-1", "object": "chat.completion",
            "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": null, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": name, "arguments": args.to_string()}},
                    {"id": "c2", "type": "function", "function": {"name": "second", "arguments": "{}"}}]}}],
            "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output},
        }),
    }
}

/// The same as events, where the protocol has events of its own for it.
pub(crate) fn stream(provider: &str, name: &str, args: &Json) -> Option<Vec<Vec<u8>>> {
    let (input, output) = (USED.input, USED.output);
    let args = args.to_string();
    let (one, two) = args.split_at(args.len() / 2);
    let typed = |data: Json| named(data["type"].as_str().unwrap(), &data);
    Some(match provider {
        "anthropic" => vec![
            typed(
                json!({"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": input, "output_tokens": 1}}}),
            ),
            typed(
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            ),
            typed(
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I look."}}),
            ),
            typed(json!({"type": "content_block_stop", "index": 0})),
            typed(
                json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t1", "name": name, "input": {}}}),
            ),
            typed(
                json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": one}}),
            ),
            typed(
                json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": two}}),
            ),
            typed(
                json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t2", "name": "second", "input": {}}}),
            ),
            typed(
                json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
            ),
            typed(
                json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": output}}),
            ),
            typed(json!({"type": "message_stop"})),
        ],
        "openai-responses" => vec![
            typed(json!({"type": "response.created", "response": {"id": "resp_1"}})),
            typed(
                json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "rs_1"}}),
            ),
            typed(
                json!({"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call", "id": "fc_1", "name": name, "arguments": ""}}),
            ),
            typed(json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": one})),
            typed(
                json!({"type": "response.output_item.added", "output_index": 2, "item": {"type": "function_call", "id": "fc_2", "name": "second", "arguments": ""}}),
            ),
            typed(
                json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{}"}),
            ),
            typed(json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": two})),
            typed(
                json!({"type": "response.completed", "response": {"id": "resp_1", "usage": {"input_tokens": input, "output_tokens": output}}}),
            ),
        ],
        "cohere" => vec![
            typed(json!({"type": "message-start", "id": "c1"})),
            typed(json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I look."}}})),
            typed(
                json!({"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": {"id": "t1", "type": "function", "function": {"name": name, "arguments": ""}}}}}),
            ),
            typed(
                json!({"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": {"function": {"arguments": one}}}}}),
            ),
            typed(
                json!({"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": {"function": {"arguments": two}}}}}),
            ),
            typed(json!({"type": "tool-call-end", "index": 0})),
            typed(
                json!({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": {"billed_units": {"input_tokens": input, "output_tokens": output}}}}),
            ),
        ],
        "google" => vec![event(&whole(provider, name, &serde_json::from_str(&args).unwrap()))],
        // Its frames are binary; one body is read like any other.
        "bedrock" | "ollama" => return None,
        _ => {
            let chunk = |delta: Json, reason: Json| {
                event(
                    &json!({"id": "call-1", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}),
                )
            };
            vec![
                chunk(json!({"role": "assistant", "content": null}), Json::Null),
                chunk(
                    json!({"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": ""}}]}),
                    Json::Null,
                ),
                chunk(json!({"tool_calls": [{"index": 0, "function": {"arguments": one}}]}), Json::Null),
                chunk(
                    json!({"tool_calls": [{"index": 1, "id": "c2", "type": "function", "function": {"name": "second", "arguments": "{}"}}]}),
                    Json::Null,
                ),
                chunk(json!({"tool_calls": [{"index": 0, "function": {"arguments": two}}]}), Json::Null),
                chunk(json!({}), json!("tool_calls")),
                event(
                    &json!({"id": "call-1", "choices": [], "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output}}),
                ),
                b"data: [DONE]\n\n".to_vec(),
            ]
        }
    })
}
