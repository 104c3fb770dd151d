//! Checks of a whole program, once everything in it has its type. One check a file.

mod abilities;
mod old_price;
mod prompt_cache;
mod style;
mod tools;
mod unused;

use crate::checker::Checker;

/// Runs every check.
pub(crate) fn run(checker: &mut Checker<'_>) {
    unused::check(checker);
    style::check(checker);
    abilities::check(checker);
    tools::check(checker);
    prompt_cache::check(checker);
    old_price::check(checker);
}
