//! What is taken off a reply before a value is looked for in it: marks of an encoding, what the model
//! thought, a single fence.

use super::fault::Fault;
use super::repair::{Repair, Repairs};

/// The tags that models think in.
const THOUGHTS: [&str; 5] = ["think", "thinking", "thought", "reasoning", "scratchpad"];

/// The answer without byte order marks around it and thoughts before it. One white space behind it is
/// kept: it shows that a number before it has ended.
pub(super) fn answer<'t>(reply: &'t str, repairs: &mut Repairs) -> Result<&'t str, Fault> {
    let mut is_empty = |c: char| {
        let is_invisible =
            matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}') || c.is_control() && !c.is_whitespace();
        if is_invisible {
            repairs.add(Repair::Invisible);
        }
        is_invisible || c.is_whitespace()
    };
    let text = reply.trim_start_matches(&mut is_empty);
    let end = text.trim_end_matches(&mut is_empty).len();
    let behind = text[end..].chars().next().filter(|c| c.is_whitespace()).map_or(0, char::len_utf8);
    let text = without_marks(&text[..end + behind], repairs);
    let text = match fenced_thoughts(text) {
        Some(inside) => match inside.split_once("\n```") {
            Some((_, rest)) => {
                repairs.add(Repair::Thinking);
                rest.trim_start()
            }
            None => return Err(unfinished(text)),
        },
        None => text,
    };
    let opening = THOUGHTS.iter().find(|tag| {
        let inside = text.strip_prefix('<').and_then(|t| t.strip_prefix(**tag));
        inside.is_some_and(|t| t.starts_with('>'))
    });
    // Some models leave the opening tag to their template.
    let may_think = opening.is_some() || !text.starts_with(['{', '[', '"', '`']);
    if !may_think {
        return Ok(text);
    }
    let end = text.rmatch_indices('<').find_map(|(at, _)| {
        let name = text[at..].strip_prefix("</")?;
        let tag = THOUGHTS.iter().find(|tag| name.strip_prefix(**tag).is_some_and(|t| t.starts_with('>')))?;
        Some(at + tag.len() + "</>".len())
    });
    match (end, opening) {
        (Some(end), _) => {
            repairs.add(Repair::Thinking);
            Ok(text[end..].trim_start())
        }
        (None, Some(_)) => Err(unfinished(text)),
        (None, None) => Ok(text),
    }
}

fn unfinished(text: &str) -> Fault {
    Fault::Cut(text.len(), "it ends before the model has thought to an end".into())
}

// What stands behind the opening of a fence that thoughts are in: "```thinking".
fn fenced_thoughts(text: &str) -> Option<&str> {
    let (name, inside) = text.strip_prefix("```")?.split_once('\n')?;
    THOUGHTS.contains(&name.trim_end()).then_some(inside)
}

// Without the marks of a model's template around it: `<|im_end|>`, `</s>`.
fn without_marks<'t>(whole: &'t str, repairs: &mut Repairs) -> &'t str {
    const MARKS: [&str; 5] = ["</s>", "<s>", "<eos>", "<end_of_turn>", "[/INST]"];
    let is_name = |name: &str| {
        (1..=40).contains(&name.len()) && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    let mut text = whole;
    loop {
        let before = text.trim_end();
        let mark = before.strip_suffix("|>").and_then(|rest| {
            let at = rest.rfind("<|")?;
            is_name(&rest[at + 2..]).then_some(&rest[..at])
        });
        match mark.or_else(|| MARKS.iter().find_map(|mark| before.strip_suffix(mark))) {
            Some(rest) => text = rest,
            None => break,
        }
    }
    while let Some((name, rest)) = text.strip_prefix("<|").and_then(|rest| rest.split_once("|>"))
        && is_name(name)
    {
        text = rest.trim_start();
    }
    if text.len() < whole.len() {
        repairs.add(Repair::Tag);
    }
    text
}

/// What stands in the only fence of a text.
pub(super) fn only_fence(text: &str) -> Option<&str> {
    fence(text).map(|fence| &text[fence.inner.0..fence.inner.1])
}

/// Where a fence is: with its marks, and what it holds without white space around.
#[derive(Clone, Copy)]
pub(super) struct Fence {
    pub(super) outer: (usize, usize),
    pub(super) inner: (usize, usize),
}

/// The only fence of a text.
pub(super) fn fence(text: &str) -> Option<Fence> {
    let mark = |text: &str| memchr::memmem::find(text.as_bytes(), b"```");
    let open = mark(text)?;
    let inside = &text[open + 3..];
    let close = mark(inside)?;
    if mark(&inside[close + 3..]).is_some() {
        return None;
    }
    let outer = (open, open + 3 + close + 3);
    let inside = &inside[..close];
    // The word behind the fence is a language, if it stands alone on its line.
    let body = match inside.split_once('\n') {
        Some((first, rest)) if first.trim().chars().all(|c| c.is_alphanumeric()) => rest,
        Some(_) => inside,
        None => ["json", "text", "txt"].iter().find_map(|l| inside.strip_prefix(l)).unwrap_or(inside),
    };
    // The body ends where the fence closes.
    let from = open + 3 + close - body.trim_start().len();
    Some(Fence { outer, inner: (from, from + body.trim().len()) })
}

/// What stands in a tag around the whole text: `<answer>…</answer>`.
pub(super) fn untagged(text: &str) -> Option<&str> {
    let (name, rest) = text.strip_prefix('<')?.split_once('>')?;
    let is_name =
        !name.is_empty() && name.len() <= 40 && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let inside = rest.trim_end().strip_suffix('>')?.strip_suffix(name)?.strip_suffix("</")?;
    (is_name && !inside.contains(&format!("<{name}>"))).then(|| inside.trim())
}

/// A line or a word without Markdown's marks around it.
pub(super) fn unmarked(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let before = text;
        for mark in ["**", "__", "*", "_", "`", "\"", "'", "“", "”"] {
            let inside = text
                .strip_prefix(mark)
                .and_then(|t| t.strip_suffix(if mark == "“" { "”" } else { mark }));
            if let Some(inside) = inside.filter(|t| !t.is_empty() && !t.contains(mark)) {
                text = inside.trim();
            }
        }
        if text == before {
            return text;
        }
    }
}

/// A line without the bullet, the number or the heading sign before it; `None` where there is none.
pub(super) fn unbulleted(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if let Some(rest) = line.strip_prefix(['-', '*', '•', '–', '+']) {
        return rest.starts_with([' ', '\t']).then(|| rest.trim());
    }
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = line[digits..].strip_prefix(['.', ')'])?;
    ((1..=3).contains(&digits) && rest.starts_with([' ', '\t'])).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_taken_off_and_never_read() {
        let answer = |text| answer(text, &mut Repairs::default()).ok();
        assert_eq!(answer("<think>{\"a\": 1}</think>\n{\"a\": 2}"), Some("{\"a\": 2}"));
        assert_eq!(answer("hm, 3 or 4?</think> 4"), Some("4"));
        assert_eq!(answer("4\n\n"), Some("4\n"));
        assert_eq!(answer("<think>it may be 4"), None);
        assert_eq!(answer("{\"a\": \"</think>\"}"), Some("{\"a\": \"</think>\"}"));
        assert_eq!(answer("\u{feff} 4 \u{200b}"), Some("4 "));
    }

    #[test]
    fn marks_come_off_in_pairs() {
        assert_eq!(unmarked("**`a b`**"), "a b");
        assert_eq!(unmarked("**a** and **b**"), "**a** and **b**");
        assert_eq!(unbulleted("- a"), Some("a"));
        assert_eq!(unbulleted("12. a"), Some("a"));
        assert_eq!(unbulleted("-5"), None);
        assert_eq!(unbulleted("3.5"), None);
        assert_eq!(untagged("<answer> 4 </answer>"), Some("4"));
        assert_eq!(only_fence("so:\n```json\n4\n```\nok?"), Some("4"));
        // What it holds, and not the word behind its marks.
        assert_eq!(fence("```json\njson\n```").map(|fence| fence.inner), Some((8, 12)));
    }
}
