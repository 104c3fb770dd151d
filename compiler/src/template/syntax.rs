//! Parsing with minijinja, and where its pieces stand.
//!
//! The only file that calls the parser. Its marks are offsets in the literal's text; those of
//! operators and conditions start at the token before, so that [`start`] looks further down.

use crate::ast::StringLit;
use flow_diagnostics::{Code, FlowDiagnostic, did_you_mean};
use flow_plan::filters::SYNTAX;
use minijinja::machinery::{Token, ast, parse as parse_template, tokenize};
use minijinja::syntax::SyntaxConfig;

/// Parses a template, or says where it is not understood. The parser stops at its first error.
pub(super) fn parse(lit: &StringLit) -> Result<ast::Stmt<'_>, Box<FlowDiagnostic>> {
    config()
        .and_then(|syntax| parse_template(&lit.value, "template", syntax))
        .map_err(|error| Box::new(describe(lit, &error)))
}

fn config() -> Result<SyntaxConfig, minijinja::Error> {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(SYNTAX.trim_blocks);
    syntax.lstrip_blocks(SYNTAX.lstrip_blocks);
    syntax.keep_trailing_newline(SYNTAX.keep_trailing_newline);
    syntax.build()
}

/// The offset where an expression starts.
pub(super) fn start(expr: &ast::Expr<'_>, source: &str) -> usize {
    let own = expr.span().start_offset as usize;
    match expr {
        ast::Expr::BinOp(e) => start(&e.left, source),
        ast::Expr::Compare(e) => start(&e.expr, source),
        ast::Expr::IfExpr(e) => start(&e.true_expr, source),
        ast::Expr::GetAttr(e) => start(&e.expr, source),
        ast::Expr::GetItem(e) => start(&e.expr, source),
        ast::Expr::Slice(e) => start(&e.expr, source),
        ast::Expr::Call(e) => start(&e.expr, source),
        ast::Expr::Test(e) => start(&e.expr, source),
        ast::Expr::Filter(e) => e.expr.as_ref().map_or(own, |e| start(e, source)),
        // `a not in b` and `a is not b` are a `not` around the rest; a real one stands in front.
        ast::Expr::UnaryOp(e) => {
            let inner = start(&e.expr, source);
            let in_front = own < inner && source[own..].starts_with(['n', '-']);
            if in_front { own } else { inner }
        }
        _ => own,
    }
}

fn describe(lit: &StringLit, error: &minijinja::Error) -> FlowDiagnostic {
    if let Some((at, word)) = unclosed(&lit.value) {
        let message = format!("template: `{{% {word} %}}` has no `{{% end{word} %}}`");
        return FlowDiagnostic::new(Code::E0001, lit.source_span(at), message);
    }
    let mut detail = error.detail().unwrap_or("it is not understood").replace('\'', "`");
    for (theirs, ours) in WORDS {
        detail = detail.replace(theirs, ours);
    }
    let len = lit.value.len();
    let span = match error.range() {
        Some(range) if range.start < range.end && range.end <= len => lit.source_span(range),
        Some(range) if range.start < len => lit.source_span(range.start..len),
        _ => lit.span,
    };
    let message = match detail.strip_prefix("unknown statement ") {
        Some(word) => format!("template: unknown statement `{word}`"),
        None => format!("template: {detail}"),
    };
    let help = match detail.strip_prefix("unknown statement ") {
        Some(word) if STATEMENTS.contains(&word) => Some("there is nothing to close here".to_owned()),
        Some(word) => match did_you_mean(word, STATEMENTS.iter().copied()) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => Some("there are `if`, `for`, `set`, `with` and `raw`".to_owned()),
        },
        None => None,
    };
    FlowDiagnostic::new(Code::E0001, span, message).maybe_help(help)
}

/// The first statement that is opened and never closed, where that is all that is wrong.
fn unclosed(source: &str) -> Option<(std::ops::Range<usize>, &'static str)> {
    let mut open: Vec<(std::ops::Range<usize>, &'static str)> = Vec::new();
    let mut starts = false;
    for token in tokenize(source, false, config().ok()?) {
        let (token, span) = token.ok()?;
        if let (Token::Ident(word), true) = (&token, starts) {
            let closes = word.strip_prefix("end");
            if let Some(opened) = ["if", "for", "with"].into_iter().find(|w| w == word) {
                open.push((span.start_offset as usize..span.end_offset as usize, opened));
            } else if closes.is_some() && open.last().map(|(_, w)| *w) == closes {
                open.pop();
            }
        }
        starts = matches!(token, Token::BlockStart);
    }
    // A tag that the text ends in the middle of is another mistake.
    let ends_in_text = source.rfind("%}") > source.rfind("{%") && source.rfind("}}") >= source.rfind("{{");
    open.into_iter().next_back().filter(|_| ends_in_text)
}

// The parser's words for what stands there, and ours.
const WORDS: &[(&str, &str)] = &[
    ("end of variable block", "`}}`"),
    ("start of variable block", "`{{`"),
    ("end of block", "`%}`"),
    ("start of block", "`{%`"),
    ("end of input", "end of the text"),
    ("identifier", "a name"),
    ("template-data", "text"),
];

const STATEMENTS: &[&str] =
    &["if", "elif", "else", "endif", "for", "endfor", "set", "with", "endwith", "raw", "endraw"];
