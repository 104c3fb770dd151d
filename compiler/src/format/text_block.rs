//! Text blocks: their layout may change, their text never.

use crate::lower::block_lines;

/// The lines of a text block's text, if it can be indented anew without changing what it says:
/// its quotes must stand apart from the text. `literal` is the source with its quotes.
pub(super) fn lines(literal: &str) -> Option<Vec<&str>> {
    let body = literal.strip_prefix("\"\"\"")?.strip_suffix("\"\"\"")?;
    let (first, rest) = body.split_once('\n')?;
    let (_, last) = rest.rsplit_once('\n')?;
    if !first.trim().is_empty() || !last.trim().is_empty() {
        return None;
    }
    let kept = block_lines(body);
    let plain = |line: &str| line.trim_end_matches('\n').trim_end_matches('\r').len();
    let lines: Vec<&str> = kept.iter().map(|(line, _)| &line[..plain(line)]).collect();
    // The last word has what it would read as afterwards.
    let text =
        |body: &str| block_lines(body).into_iter().map(|(line, _)| line.to_owned()).collect::<String>();
    let indented = lines.iter().map(|l| if l.is_empty() { "\n".to_owned() } else { format!("\n  {l}") });
    let again = format!("{}\n  ", indented.collect::<String>());
    (text(&again) == text(body)).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn only_blocks_whose_quotes_stand_apart_are_indented_anew() {
        assert_eq!(lines("\"\"\"\n    a\n      b\n\n    \"\"\""), Some(vec!["a", "  b", ""]));
        assert_eq!(lines("\"\"\"\n    a\n  \"\"\""), Some(vec!["  a"]));
        assert_eq!(lines("\"\"\"a\n  b\n  \"\"\""), None);
        assert_eq!(lines("\"\"\"\n  b\"\"\""), None);
        assert_eq!(lines("\"\"\"x\"\"\""), None);
    }
}
