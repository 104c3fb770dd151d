//! What the indentation says about braces: where one is missing that counting alone would put
//! somewhere else.
//!
//! In: a section's text and tokens. Out: places at which a brace may be missing, best guess first.
//! These are guesses: [`crate::repair`] takes one only if the section makes sense with it.

use crate::tokens::{Token, TokenKind};

/// Offsets at which a `}` may be missing: a line is not indented deeper than the line whose brace
/// is still open.
pub(crate) fn missing_close(text: &str, tokens: &[Token]) -> Vec<usize> {
    let mut places = Vec::new();
    // The indentation of the line each open brace stands on.
    let mut open: Vec<usize> = Vec::new();
    let mut line_start = true;
    let mut behind = 0;
    for token in tokens {
        if token.kind == TokenKind::Newline {
            line_start = true;
            continue;
        }
        if std::mem::take(&mut line_start) {
            let column = indent(text, token.start);
            let closes = token.kind == TokenKind::Close;
            while open.last().is_some_and(|o| if closes { column < *o } else { column <= *o }) {
                open.pop();
                places.push(blank_line(text, behind, token.start).unwrap_or(behind));
            }
        }
        match &text[token.range()] {
            "{" => open.push(indent(text, token.start)),
            "}" => {
                open.pop();
            }
            _ => {}
        }
        behind = token.end;
    }
    if !open.is_empty() {
        places.push(last_line(text, behind));
    }
    places
}

// Where the brace of a whole declaration stands: on the line behind its last, if that is empty.
fn last_line(text: &str, behind: usize) -> usize {
    let mut lines = text[behind..].split_inclusive('\n');
    let rest = lines.next().map_or(0, str::len);
    match lines.next() {
        Some(line) if line.trim().is_empty() => behind + rest + line.trim_end_matches(['\r', '\n']).len(),
        _ => behind,
    }
}

/// Offsets at which a `{` may be missing: the next line is indented deeper for no reason.
pub(crate) fn missing_open(text: &str, tokens: &[Token]) -> Vec<usize> {
    let code: Vec<&Token> = tokens
        .iter()
        .filter(|t| {
            !matches!(t.kind, TokenKind::Newline | TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc)
        })
        .collect();
    code.windows(2)
        .filter(|pair| {
            let (last, first) = (&text[pair[0].range()], pair[1]);
            text[pair[0].end..first.start].contains('\n')
                && !last.ends_with(['{', '(', '[', ',', '=', ':', '}'])
                && indent(text, first.start) > indent(text, pair[0].start)
        })
        .map(|pair| pair[0].end)
        .collect()
}

fn indent(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    text[start..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

// A line of blanks alone is where the brace stood, or will stand: the end of the blanks.
fn blank_line(text: &str, from: usize, to: usize) -> Option<usize> {
    let gap = &text[from..to];
    let mut at = from;
    for (i, line) in gap.split('\n').enumerate() {
        let is_last = at + line.len() == to;
        if i > 0 && !is_last && line.trim().is_empty() && !line.is_empty() {
            return Some(at + line.len());
        }
        at += line.len() + 1;
    }
    None
}
