//! The one style of Flow programs.
//!
//! In: the text of a file. Out: the same program, laid out anew. Total and idempotent: the syntax
//! tree stays the same, every comment stays, and a declaration with a syntax error is left as it is.
//!
//! The style: two blanks a level, 100 columns.
//! - What stands in brackets is on one line if it fits and the author did not break the line right
//!   behind the opening bracket; else every element has its own line, and lists a trailing comma.
//!   So a line break behind the bracket keeps a list open, and joining it there closes the list.
//! - Blocks follow the same rule; an `if` and its `else` are open or closed together.
//! - Line breaks at operators, before `.`, before `else` and between imported names stay.
//! - One empty line between declarations (imports, constants and models of one line may stay
//!   together), at most one inside.
//! - Two blanks before a comment behind code.
//! - The text of strings is never touched; a text block whose quotes stand on lines of their own is
//!   indented with its key.

mod bracket;
mod doc;
mod file;
mod statement;
mod text_block;

/// The text in the one style. Its lines end as the first of them does.
pub fn format(text: &str) -> String {
    let formatted = file::format(text);
    let windows = text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r'));
    if !windows && !formatted.contains("\r\n") {
        return formatted;
    }
    let end = if windows { "\r\n" } else { "\n" };
    formatted.lines().flat_map(|line| [line.trim_end_matches('\r'), end]).collect()
}
