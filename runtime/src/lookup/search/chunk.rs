//! Text files cut into pieces of at most so many tokens: whole where they fit, else at headings, then
//! paragraphs, then sentences.

use crate::lookup::shape::Found;
use crate::size::{Room, fit_words, tokens};
use crate::words::sentences;
use serde_json::{Map, Value as Json};

/// A file to be cut.
#[derive(Clone, Copy, Debug)]
pub(in crate::lookup) struct File<'a> {
    /// Its id.
    pub(in crate::lookup) id: &'a str,
    /// Its path, as shown.
    pub(in crate::lookup) path: &'a str,
    /// Its text.
    pub(in crate::lookup) text: &'a str,
}

/// The pieces of a file, none over `most` tokens. `.jsonl` files, and `.json` files that hold a list,
/// give their rows, one each.
pub(in crate::lookup) fn pieces(file: File<'_>, most: u64) -> Vec<Found> {
    if let Some(rows) = rows(file) {
        return rows;
    }
    let title = title(file.text).unwrap_or_else(|| spoken(file.id));
    let text = without_front_matter(file.text);
    let piece = |nth: usize, heading: &str, body: String| Found {
        id: if nth == 0 { file.id.to_owned() } else { format!("{}#{}", file.id, nth + 1) },
        title: title.clone(),
        heading: if heading == title { String::new() } else { heading.to_owned() },
        body,
        path: file.path.to_owned(),
        ..Found::default()
    };
    let whole = without_title(text, &title);
    if tokens(whole) <= most {
        return if whole.is_empty() { vec![] } else { vec![piece(0, "", whole.to_owned())] };
    }
    let mut out = Vec::new();
    for (heading, body) in sections(text) {
        for part in parts(body, most) {
            out.push(piece(out.len(), heading, part));
        }
    }
    out
}

/// The title of a text: that of its front matter, or its first heading.
pub(in crate::lookup) fn title(text: &str) -> Option<String> {
    let body = without_front_matter(text);
    let front = &text[..text.len() - body.len()];
    let named = front.lines().find_map(|line| line.strip_prefix("title:"));
    let title =
        named.map(|t| t.trim().trim_matches(['"', '\''])).or_else(|| body.lines().find_map(heading))?;
    (!title.is_empty()).then(|| title.to_owned())
}

/// A file's id as a title: `help/gift-cards` is `gift cards`.
pub(in crate::lookup) fn spoken(id: &str) -> String {
    id.rsplit('/').next().unwrap_or(id).replace(['-', '_'], " ")
}

// Each heading with what stands under it; `""` for what stands before the first.
fn sections(text: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    let (mut name, mut start, mut at, mut fenced) = ("", 0, 0, false);
    for line in text.split_inclusive('\n') {
        // A `#` inside a code block is a comment.
        fenced ^= line.trim_start().starts_with("```");
        if let (Some(next), false) = (heading(line), fenced) {
            out.push((name, text[start..at].trim()));
            (name, start) = (next, at + line.len());
        }
        at += line.len();
    }
    out.push((name, text[start..].trim()));
    out.retain(|(_, body)| !body.is_empty());
    out
}

// Paragraphs put together as long as they fit; a paragraph too long is cut between its sentences.
fn parts(body: &str, most: u64) -> Vec<String> {
    let mut out = Vec::new();
    let mut part = String::new();
    for paragraph in body.split("\n\n").map(str::trim).filter(|p| !p.is_empty()) {
        if tokens(paragraph) <= most {
            join(&mut out, &mut part, paragraph, "\n\n", most);
            continue;
        }
        for sentence in sentences(paragraph) {
            let mut rest = sentence.as_str();
            while !rest.is_empty() {
                let piece = fit_words(rest, Room::under(None, most));
                // Not even a character fits: the bound is nothing.
                let Some(tail) = rest.get(piece.len()..).filter(|_| !piece.is_empty()) else { return out };
                join(&mut out, &mut part, &piece, " ", most);
                rest = tail.trim_start();
            }
        }
    }
    if !part.is_empty() {
        out.push(part);
    }
    out
}

fn join(out: &mut Vec<String>, part: &mut String, next: &str, between: &str, most: u64) {
    let longer = if part.is_empty() { next.to_owned() } else { format!("{part}{between}{next}") };
    if tokens(&longer) <= most {
        *part = longer;
    } else {
        out.push(std::mem::replace(part, next.to_owned()));
    }
}

fn rows(file: File<'_>) -> Option<Vec<Found>> {
    let values: Vec<Json> = if file.path.ends_with(".jsonl") {
        file.text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    } else if file.path.ends_with(".json") {
        serde_json::from_str(file.text).ok()?
    } else {
        return None;
    };
    let objects = values.into_iter().filter_map(|value| match value {
        Json::Object(row) => Some(row),
        _ => None,
    });
    Some(objects.enumerate().map(|(nth, row)| found(file, nth, row)).collect())
}

fn found(file: File<'_>, nth: usize, row: Map<String, Json>) -> Found {
    let text = |names: &[&str]| names.iter().find_map(|name| Some(row.get(*name)?.as_str()?.to_owned()));
    let everything = || {
        let texts = row.iter().filter(|(name, _)| *name != "id").map(|(_, value)| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        });
        texts.collect::<Vec<_>>().join("\n")
    };
    let id = match row.get("id") {
        Some(Json::String(id)) => id.clone(),
        Some(Json::Number(id)) => id.to_string(),
        _ => format!("{}#{}", file.id, nth + 1),
    };
    Found {
        id,
        title: text(&["title", "name", "question"]).unwrap_or_else(|| spoken(file.id)),
        body: text(&["body", "text", "content", "answer"]).unwrap_or_else(everything),
        path: file.path.to_owned(),
        row: Some(row),
        ..Found::default()
    }
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_end().trim_start_matches('#');
    let level = line.trim_end().len() - text.len();
    ((1..=6).contains(&level) && text.starts_with(' ')).then(|| text.trim().trim_end_matches('#').trim_end())
}

fn without_front_matter(text: &str) -> &str {
    let text = text.trim_start_matches('\u{feff}');
    let Some(rest) = text.strip_prefix("---\n") else { return text };
    rest.find("\n---\n").map_or(text, |end| &rest[end + 5..])
}

// The title is kept beside the text, so it is not repeated in it.
fn without_title<'a>(text: &'a str, title: &str) -> &'a str {
    let text = text.trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if heading(first) == Some(title) { rest.trim() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETURNS: &str = "# Returns\n\nYou have 30 days.\n\n## Refunds\n\nMoney comes back in a week. It goes to the card you paid with.\n\n```\n# no heading\n```\n";

    #[test]
    fn a_short_file_stays_whole_and_a_long_one_splits_at_headings() {
        let file = File { id: "returns", path: "help/returns.md", text: RETURNS };
        let whole = pieces(file, 200);
        assert_eq!(whole.len(), 1);
        assert_eq!((&*whole[0].id, &*whole[0].title), ("returns", "Returns"));
        assert!(whole[0].body.starts_with("You have 30 days.") && whole[0].body.contains("# no heading"));

        let split = pieces(file, 12);
        let shown: Vec<_> = split.iter().map(|p| (&*p.id, &*p.heading, &*p.body)).collect();
        assert_eq!(shown[0], ("returns", "", "You have 30 days."));
        assert_eq!(shown[1], ("returns#2", "Refunds", "Money comes back in a week."));
        assert!(split.iter().all(|p| tokens(&p.body) <= 12), "{shown:?}");
        let all: String = split.iter().map(|p| p.body.as_str()).collect::<Vec<_>>().join(" ");
        assert!(all.contains("the card you paid with."), "{all}");
    }

    #[test]
    fn rows_keep_their_fields_and_front_matter_names_the_file() {
        let rows = pieces(
            File {
                id: "faq",
                path: "faq.jsonl",
                text: "{\"id\": 7, \"title\": \"Fees\", \"body\": \"None.\", \"stars\": 5}\nnot json\n",
            },
            100,
        );
        assert_eq!(rows.len(), 1);
        assert_eq!((&*rows[0].id, &*rows[0].body), ("7", "None."));
        assert_eq!(title("---\ntitle: \"Gift cards\"\n---\nText.").as_deref(), Some("Gift cards"));
        assert_eq!(spoken("help/gift-cards"), "gift cards");
    }
}
