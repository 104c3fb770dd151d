//! One mistake, one error, on the right line: single tokens are removed from valid programs and
//! put where they do not belong.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]
#![expect(clippy::print_stdout, reason = "the figures are worth reading")]

use flow_grammar::tokens::{Token, TokenKind, lex};

const PROGRAMS: [&str; 3] = [
    include_str!("programs/support.flow"),
    include_str!("programs/pieces.flow"),
    include_str!("programs/everything.flow"),
];

struct Mistake {
    text: String,
    at: usize,
    what: String,
}

// Every token removed once, and a wrong one put in front of every token.
fn mistakes(program: &str) -> Vec<Mistake> {
    const WRONG: [&str; 12] = [")", "(", "{", "}", "\"", ",", "=", ":", "x", "]", "->", "\"\"\""];
    let comment = [TokenKind::Newline, TokenKind::Comment, TokenKind::Doc, TokenKind::FileDoc];
    let tokens: Vec<Token> = lex(program).into_iter().filter(|t| !comment.contains(&t.kind)).collect();
    let mut list = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let removed = [&program[..token.start], &program[token.end..]].concat();
        let what = format!("without `{}`", &program[token.range()]);
        list.push(Mistake { text: removed, at: token.start, what });
        let wrong = WRONG[i % WRONG.len()];
        let inserted = [&program[..token.start], wrong, " ", &program[token.start..]].concat();
        list.push(Mistake { text: inserted, at: token.start, what: format!("with `{wrong}`") });
        if matches!(token.kind, TokenKind::Text | TokenKind::TextBlock) {
            let quotes = if token.kind == TokenKind::Text { 1 } else { 3 };
            let open = [&program[..token.start], &program[token.start + quotes..]].concat();
            list.push(Mistake { text: open, at: token.start, what: "without an opening quote".into() });
            let at = token.end - quotes;
            let unclosed = [&program[..at], &program[token.end..]].concat();
            list.push(Mistake { text: unclosed, at, what: "without a closing quote".into() });
        }
    }
    list
}

fn line(text: &str, at: usize) -> usize {
    text[..at].bytes().filter(|b| *b == b'\n').count() + 1
}

#[test]
fn one_mistake_is_one_error_on_its_line() {
    let mut counts = Vec::new();
    let mut right = 0;
    let mut all = 0;
    let show = std::env::var_os("FLOW_SHOW_MISTAKES").is_some();
    for program in PROGRAMS {
        // All of them take a minute without optimisation.
        let step = if std::env::var_os("FLOW_ALL_MISTAKES").is_some() { 1 } else { 9 };
        for Mistake { text, at, what } in mistakes(program).into_iter().step_by(step) {
            all += 1;
            let errors = flow_grammar::parse(&text).errors;
            let Some(first) = errors.first() else { continue };
            counts.push(errors.len());
            let (is, should) = (line(&text, first.range.start), line(&text, at));
            right += usize::from(is == should);
            if show && (errors.len() > 1 || is != should) {
                println!("{what} on line {should}: {}", text.lines().nth(should - 1).unwrap());
                for error in &errors {
                    println!(
                        "    {} line {}: {}",
                        errors.len(),
                        line(&text, error.range.start),
                        error.message
                    );
                }
            }
        }
    }
    counts.sort_unstable();
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    let on_line = share(right, counts.len());
    println!(
        "{all} mistakes, {} of them errors: median {}, 95th percentile {}, most {}, right line {:.1} %",
        counts.len(),
        counts[counts.len() / 2],
        counts[counts.len() * 95 / 100],
        counts.last().unwrap(),
        on_line * 100.0,
    );
    assert!(counts.len() >= 200);
    assert_eq!(counts[counts.len() / 2], 1);
    assert!(counts[counts.len() * 95 / 100] <= 2);
    assert!(on_line >= 0.95, "{on_line}");
}
