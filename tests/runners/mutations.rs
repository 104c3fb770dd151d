//! One mistake, one message: single tokens are taken out of valid programs and put into them, and
//! the errors of the whole compilation are counted.

use flow_grammar::tokens::{TokenKind, lex};
use flow_tests::world::FolderWorld;
use std::collections::BTreeMap;
use std::path::Path;

/// Programs that compile without an error.
const PROGRAMS: &[&str] =
    &["support/main.flow", "outreach/main.flow", "code-docs/main.flow", "product-copy/main.flow"];
/// What is put in.
const INSERTED: &[&str] =
    &["{", "}", "(", ")", "[", "]", ",", ":", "=", "->", "x", "7", "\"t\"", "else", "."];
/// Every how many tokens a program is changed.
const STRIDE: usize = 7;

/// What one change led to.
struct Outcome {
    errors: usize,
    line_is_right: bool,
    shown: String,
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are read in the output of a run with --nocapture")]
fn one_wrong_token_costs_one_message() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut outcomes: Vec<Outcome> = Vec::new();
    for program in PROGRAMS {
        let path = examples.join(program);
        let folder = path.parent().unwrap_or(&examples).to_owned();
        let text = std::fs::read_to_string(&path).expect("the example is there");
        for (number, (at, changed)) in changes(&text).into_iter().enumerate() {
            let world = FolderWorld::at(&folder).with("main.flow", &changed);
            let found = world.compile("main.flow");
            let (errors, _) = found.diagnostics.counts();
            if errors == 0 {
                // The change made another valid program.
                continue;
            }
            let line = changed[..at.min(changed.len())].matches('\n').count() + 1;
            let first = found.diagnostics.iter().find(|d| d.code.short().starts_with('E'));
            let place = first.map_or(0, |d| found.sources.range(d.span()).0.line);
            let listed: Vec<String> = found
                .diagnostics
                .iter()
                .filter(|d| d.code.short().starts_with('E'))
                .map(|d| {
                    format!(
                        "    {} {} (line {})",
                        d.code.short(),
                        d.message,
                        found.sources.range(d.span()).0.line
                    )
                })
                .collect();
            outcomes.push(Outcome {
                errors,
                line_is_right: place == line,
                shown: format!(
                    "{program} change {number}, line {line}: {}\n{}",
                    changed.lines().nth(line - 1).unwrap_or(""),
                    listed.join("\n")
                ),
            });
        }
    }
    let mut counts: Vec<usize> = outcomes.iter().map(|o| o.errors).collect();
    counts.sort_unstable();
    let (median, p95) = (counts[counts.len() / 2], counts[counts.len() * 95 / 100]);
    let right = outcomes.iter().filter(|o| o.line_is_right).count();
    let mut spread: BTreeMap<usize, usize> = BTreeMap::new();
    counts.iter().for_each(|c| *spread.entry(*c).or_default() += 1);
    let bad: Vec<&str> =
        outcomes.iter().filter(|o| o.errors > 2 || !o.line_is_right).map(|o| o.shown.as_str()).collect();
    let summary = format!(
        "{} changes, {right} with the first error on the changed line, errors {spread:?}\n{}",
        outcomes.len(),
        bad.join("\n")
    );
    eprintln!("{summary}");
    assert!(outcomes.len() >= 200, "{summary}");
    assert_eq!(median, 1, "{summary}");
    assert!(p95 <= 2, "{summary}");
    assert!(right * 100 >= outcomes.len() * 95, "{summary}");
}

// The program with one token less or one more, each with the place of the change.
fn changes(text: &str) -> Vec<(usize, String)> {
    let layout = [TokenKind::Newline, TokenKind::Comment, TokenKind::Doc, TokenKind::FileDoc];
    let tokens: Vec<_> = lex(text).into_iter().filter(|t| !layout.contains(&t.kind)).collect();
    let mut out = Vec::new();
    for (i, token) in tokens.iter().enumerate().step_by(STRIDE) {
        out.push((token.start, format!("{}{}", &text[..token.start], &text[token.end..])));
        let put = INSERTED[(i / STRIDE) % INSERTED.len()];
        out.push((token.start, format!("{}{put} {}", &text[..token.start], &text[token.start..])));
    }
    out
}
