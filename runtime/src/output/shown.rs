//! Values that a reply shows and does not give: an example, a format, what it was asked, what it denies;
//! and lists that say in a comment that there is more.

use super::parse::folded;
use super::said_around;

/// What is said where a value is shown.
pub(super) const SHOWN: &str = "it shows a value, and does not say that it is the answer";

/// How much of a line before a value is looked at, in bytes.
const LONGEST: usize = 200;

/// Whether what stands right before or behind a value says that it is none.
pub(super) fn is_shown(text: &str, span: (usize, usize)) -> bool {
    let is_asked = text[span.1..].starts_with('?');
    let before = text[..span.0].trim_end();
    let has_fence = before.ends_with("```") || before.ends_with("```json");
    let before = before.trim_end_matches("json").trim_end_matches('`').trim_end();
    let is_struck = before.ends_with("~~") && !before.ends_with("~~~");
    if is_struck || is_asked && !has_fence {
        return true;
    }
    // `<draft>`, `<!-- `
    let tag = before.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')).map(|(_, name)| name);
    let is_other = |name: &str| name == "analysis" || said_around::is_label(name);
    if before.ends_with("<!--") || tag.is_some_and(|name| is_other(&folded(name))) {
        return true;
    }
    let from = before.len().saturating_sub(LONGEST + 1);
    let from = (0..=from).rev().find(|at| before.is_char_boundary(*at)).unwrap_or(0);
    let line = before[from..].rsplit(['\n']).next().unwrap_or_default();
    let line = line.rsplit(['}', ']']).next().unwrap_or_default();
    if line.is_empty() || line.len() > LONGEST {
        return false;
    }
    // Of the line, the last sentence.
    let sentence = line.rsplit_once(". ").map_or(line, |(_, last)| last);
    let words: Vec<String> =
        sentence.split(char::is_whitespace).map(folded).filter(|word| !word.is_empty()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_announced = line.ends_with([':', '：']);
    let is_apart = text[before.len()..span.0].contains('\n');
    match words[..] {
        _ if is_announced && said_around::announces_other(sentence) => true,
        [.., "for", "example"] | [.., "eg"] => true,
        _ if is_announced || is_apart => false,
        [.., "not" | "never"]
        | [.., "you", "wrote" | "said" | "sent" | "gave"]
        | [.., "the", "format"]
        | [.., "format", "is"]
        | [.., "dont" | "never" | "not", "output" | "return" | "write" | "say" | "answer" | "use"]
        | ["if", ..]
        | ["should", ..] => true,
        _ => false,
    }
}

/// Whether a comment in a value says that something was left out: `// ... more items`.
pub(super) fn leaves_out(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_sign = |at: &usize| matches!(bytes[*at..], [b'/', b'/' | b'*', ..] | [b'#', b' ', ..]);
    memchr::memchr2_iter(b'/', b'#', bytes).filter(is_sign).any(|at| {
        let stretch = &bytes[at..bytes.len().min(at + LONGEST)];
        let end = at + memchr::memchr(b'\n', stretch).unwrap_or(stretch.len());
        says_more(&value[at..value.floor_char_boundary(end)])
    })
}

fn says_more(comment: &str) -> bool {
    const WORDS: [&str; 5] = ["more", "omitted", "others", "remaining", "truncated"];
    let text = comment.trim_matches([' ', '/', '*', '#', '\r']);
    let starts = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let is_word = |word: &str| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known));
    if ["...", "…", "etc", "and so on"].into_iter().any(starts) {
        return true;
    }
    let mut words = text.split(' ');
    text.len() <= 40
        && (words.next_back().is_some_and(is_word)
            || (starts("rest ") || starts("and ")) && words.any(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, behind: &str) -> bool {
        is_shown(&format!("{before}{{}}{behind}"), (before.len(), before.len() + 2))
    }

    #[test]
    fn an_example_is_shown_and_an_answer_is_given() {
        for before in [
            "Example: ",
            "Input:\n```json\n",
            "For example, ",
            "My answer is not ",
            "The format is ",
            "<draft>",
        ] {
            assert!(shown(before, ""), "{before}");
        }
        assert!(shown("Do you want ", "?"));
        for before in [
            "",
            "Here is the JSON in the format that you asked for:\n",
            "Answer: ",
            "Here is an example of a user:\n",
            "If you need JSON, here it is:\n```json\n",
            "I did not change anything. ",
        ] {
            assert!(!shown(before, "\nIs this right?"), "{before}");
        }
    }

    #[test]
    fn a_comment_says_that_there_is_more() {
        assert!(leaves_out("[1,\n// ... more\n]"));
        assert!(leaves_out("[1, /* and 5 others */]"));
        assert!(leaves_out("[1, # rest omitted\n]"));
        assert!(!leaves_out("[1, // no more than 2\n]"));
    }
}
