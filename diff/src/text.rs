//! Two states of a prompt's text: the words that changed, the holes, the tokens.

use crate::report::{Piece, Words};
use flow_tokens::Measure;
use similar::{ChangeTag, TextDiff};
use std::sync::LazyLock;

static MEASURE: LazyLock<Measure> = LazyLock::new(|| {
    // An embedded one, by which most models are counted or estimated.
    Measure::named("o200k_base", None).unwrap_or_else(|_| flow_tokens::BYTES.clone())
});

/// What changed between two sources of templates.
pub(crate) fn words(old: &str, new: &str) -> Words {
    let diff = TextDiff::from_words(old, new);
    let mut pieces: Vec<(Piece, String)> = Vec::new();
    for change in diff.iter_all_changes() {
        let piece = match change.tag() {
            ChangeTag::Equal => Piece::Same,
            ChangeTag::Delete => Piece::Removed,
            ChangeTag::Insert => Piece::Added,
        };
        match pieces.last_mut() {
            Some((last, text)) if *last == piece => text.push_str(change.value()),
            _ => pieces.push((piece, change.value().to_owned())),
        }
    }
    let lines = TextDiff::from_lines(old, new);
    let count = |tag| lines.iter_all_changes().filter(|c| c.tag() == tag).count();
    let changed = count(ChangeTag::Insert).max(count(ChangeTag::Delete));
    let total = new.lines().count().max(changed);
    let (before, after) = (holes(old), holes(new));
    let missing = |of: &[String], from: &[String]| -> Vec<String> {
        let mut rest = from.to_vec();
        let gone = |hole: &&String| match rest.iter().position(|r| r == *hole) {
            Some(at) => {
                rest.remove(at);
                false
            }
            None => true,
        };
        of.iter().filter(gone).cloned().collect()
    };
    Words {
        pieces,
        lines: (changed, total),
        holes: (missing(&after, &before), missing(&before, &after)),
        tokens: tokens(new) - tokens(old),
    }
}

/// Tokens of the fixed text of a template.
pub(crate) fn tokens(source: &str) -> i64 {
    let mut fixed = String::new();
    regions(source, |text, is_code| {
        if !is_code {
            fixed.push_str(text);
        }
    });
    i64::try_from(MEASURE.count(&fixed)).unwrap_or(i64::MAX)
}

// The holes as they are written; statements are none.
fn holes(source: &str) -> Vec<String> {
    let mut out = Vec::new();
    regions(source, |text, is_code| {
        if is_code && text.starts_with("{{") {
            out.push(text.to_owned());
        }
    });
    out
}

/// A template with other names for some of its variables, all at once.
pub(crate) fn renamed(source: &str, names: &[(&str, &str)]) -> String {
    let mut out = String::new();
    regions(source, |text, is_code| match is_code {
        true => rename_words(text, names, &mut out),
        false => out.push_str(text),
    });
    out
}

fn rename_words(code: &str, names: &[(&str, &str)], out: &mut String) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let (mut rest, mut quote) = (code, None);
    while let Some(c) = rest.chars().next() {
        // What stands in quotes is no name, and a field keeps its own.
        let end = match (quote, is_part(c)) {
            (None, true) => rest.find(|c| !is_part(c)).unwrap_or(rest.len()),
            _ => c.len_utf8(),
        };
        let (word, behind) = rest.split_at(end);
        let is_name = quote.is_none() && is_part(c) && !out.ends_with('.');
        let to = names.iter().find(|(from, _)| is_name && *from == word);
        out.push_str(to.map_or(word, |(_, to)| to));
        quote = match quote {
            None => Some(c).filter(|c| matches!(c, '"' | '\'')),
            Some(open) => Some(open).filter(|open| *open != c),
        };
        rest = behind;
    }
}

// Fixed text and code (`{{ … }}`, `{% … %}`, `{# … #}`), in their order.
fn regions(source: &str, mut see: impl FnMut(&str, bool)) {
    let mut rest = source;
    loop {
        let open = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min();
        let Some(open) = open else { break };
        see(&rest[..open], false);
        let close = match &rest[open..open + 2] {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let end = rest[open..].find(close).map_or(rest.len(), |at| open + at + 2);
        see(&rest[open..end], true);
        rest = &rest[end..];
    }
    see(rest, false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_holes_and_tokens_are_told() {
        let found = words("Be kind.\nAsk: {{ q }}\n", "Be very kind.\nAsk: {{ q }} {{ policy }}\n");
        assert_eq!(found.lines, (2, 2));
        assert_eq!(found.holes, (vec!["{{ policy }}".to_owned()], vec![]));
        assert!(found.tokens > 0);
        let added: Vec<&str> =
            found.pieces.iter().filter(|(p, _)| *p == Piece::Added).map(|(_, t)| t.trim()).collect();
        assert_eq!(added, ["very", "{{ policy }}"]);
    }

    #[test]
    fn a_variable_has_another_name_in_holes_alone() {
        let source = "q {{ q.q }} {% if q %}q{% endif %}{{ x.q | default('q') }}";
        let found = renamed(source, &[("q", "ask"), ("x", "q")]);
        assert_eq!(found, "q {{ ask.q }} {% if ask %}q{% endif %}{{ q.q | default('q') }}");
    }
}
