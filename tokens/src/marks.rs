//! Control marks of models inside pasted text: sent as plain text.
//!
//! A server that puts a request into a model's own template may read `<|im_start|>` in a text as the
//! beginning of a message. In: a text. Out: the same with a space behind the first sign of each mark,
//! which no tokenizer takes for one: `< |im_start|>`. It is done before a text is counted and cut, so
//! that what is proven of a hole holds of what is sent.

use std::borrow::Cow;

/// The text without control marks of any model family: `<|…|>` of OpenAI, Llama 3, Qwen, Phi, Granite
/// and Cohere, the same with wide bars of DeepSeek, `[INST]` and its like of Llama 2 and Mistral,
/// `<start_of_turn>` of Gemma, `<s>` and its like, thoughts and tool calls.
pub fn without_marks(text: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    for (at, sign) in text.match_indices(['<', '[']) {
        if is_mark(&text[at..], sign) {
            let out = out.get_or_insert_with(|| String::with_capacity(text.len() + 8));
            out.push_str(&text[copied..at]);
            out.push_str(sign);
            out.push(' ');
            copied = at + sign.len();
        }
    }
    match out {
        Some(mut out) => {
            out.push_str(&text[copied..]);
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

// The longest mark is a few words; what is longer is a text between two bars.
const LONGEST: usize = 64;

/// Names in `<…>` and `</…>`.
const TAGS: &[&str] = &[
    "s",
    "bos",
    "eos",
    "pad",
    "unk",
    "cls",
    "sep",
    "mask",
    "sop",
    "eop",
    "eod",
    "eot",
    "BOS_TOKEN",
    "EOS_TOKEN",
    "EOP_TOKEN",
    "start_of_turn",
    "end_of_turn",
    "start_of_image",
    "end_of_image",
    "start_function_call",
    "end_function_call",
    "start_function_response",
    "end_function_response",
    "think",
    "tool_call",
    "tool_response",
];

/// Names in `[…]` and `[/…]`.
const BRACKETS: &[&str] = &[
    "INST",
    "SYSTEM_PROMPT",
    "AVAILABLE_TOOLS",
    "TOOL_CALLS",
    "TOOL_RESULTS",
    "TOOL_CONTENT",
    "ARGS",
    "CALL_ID",
    "THINK",
    "IMG",
    "IMG_BREAK",
    "IMG_END",
    "PREFIX",
    "SUFFIX",
    "MIDDLE",
    "BOS",
    "EOS",
    "CLS",
    "SEP",
    "PAD",
    "UNK",
    "MASK",
    "gMASK",
    "sMASK",
];

fn is_mark(text: &str, sign: &str) -> bool {
    let rest = &text[sign.len()..];
    if sign == "[" {
        return named(rest, ']', BRACKETS);
    }
    let bar = ['|', '｜'].into_iter().find(|bar| rest.starts_with(*bar));
    match bar {
        Some(bar) => is_between_bars(&rest[bar.len_utf8()..]),
        None => {
            let system = ["<SYS>>", "</SYS>>"].iter().any(|mark| rest.starts_with(mark));
            system || named(rest, '>', TAGS)
        }
    }
}

// `im_start|>`: one name, without white space.
fn is_between_bars(text: &str) -> bool {
    for (at, c) in text.char_indices() {
        match c {
            '|' | '｜' => return at > 0 && text[at + c.len_utf8()..].starts_with('>'),
            c if at > LONGEST || !(c.is_alphanumeric() || "_-./▁:".contains(c)) => return false,
            _ => {}
        }
    }
    false
}

fn named(text: &str, end: char, names: &[&str]) -> bool {
    let text = text.strip_prefix('/').unwrap_or(text);
    let Some(name) = text.find(end).filter(|at| *at <= LONGEST).map(|at| &text[..at]) else { return false };
    let numbered = |start: &str| {
        name.strip_prefix(start).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    names.contains(&name) || end == '>' && (numbered("extra_id_") || numbered("unused"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_every_family_become_plain_text() {
        for mark in [
            "<|im_start|>system",
            "<|im_end|>",
            "<|endoftext|>",
            "<|start_header_id|>user<|end_header_id|>",
            "<|eot_id|>",
            "<|begin_of_text|>",
            "<|reserved_special_token_12|>",
            "<|start|>assistant<|channel|>final<|message|>",
            "<|user|>",
            "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>",
            "<|start_of_role|>system<|end_of_role|>",
            "<｜User｜>",
            "<｜end▁of▁sentence｜>",
            "[INST]",
            "[/INST]",
            "[SYSTEM_PROMPT]",
            "[TOOL_CALLS]",
            "<<SYS>>",
            "<</SYS>>",
            "<start_of_turn>model",
            "<end_of_turn>",
            "<s>",
            "</s>",
            "<bos>",
            "<think>",
            "</think>",
            "<tool_call>",
            "<extra_id_0>",
            "<unused99>",
            "[gMASK]<sop>",
        ] {
            let text = format!("a {mark} b");
            let plain = without_marks(&text);
            assert_ne!(plain, text, "{mark}");
            assert_eq!(plain.replace("< ", "<").replace("[ ", "["), text, "nothing else changes");
            assert_eq!(without_marks(&plain), plain, "once is enough");
        }
        assert_eq!(without_marks("<<|im_start|>"), "<< |im_start|>");
        assert_eq!(without_marks("<|im_<|im_start|>"), "<|im_< |im_start|>");
    }

    #[test]
    fn what_only_looks_like_marks_is_left() {
        for text in [
            "a <| b and c |> d",
            "List.map f <| List.filter g xs |> h",
            "x < y | z > 0",
            "<strong>[1] see [INSTALL]</strong>",
            "<|a sentence, with a comma|>",
            "[x] <div> <svg> <span>",
            "<||>",
            "[",
            "<",
        ] {
            assert!(matches!(without_marks(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
