//! The declarations of a document as an outline, and the blocks that can be folded.

use crate::snapshot::Snapshot;
use flow_compiler::ast::{Block, Item, OperationKind, Step, TypeBody};
use flow_diagnostics::Span;
use flow_grammar::tokens::{TokenKind, lex};

/// What a symbol is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Const,
    Type,
    Enum,
    Variant,
    Field,
    Model,
    Prompt,
    Lookup,
    Guard,
    Action,
    Flow,
    Batch,
    Step,
    Test,
    Eval,
}

/// A declaration, a field or a step.
#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    /// Its name; a test's is its text.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// What it takes and gives.
    pub(crate) detail: String,
    /// All of it.
    pub(crate) span: Span,
    /// Its name alone, which lies in `span`.
    pub(crate) at: Span,
    /// What is in it.
    pub(crate) inside: Vec<Symbol>,
}

/// The outline of the document.
pub(crate) fn of(snapshot: &Snapshot) -> Vec<Symbol> {
    let decls = &snapshot.hir().decls;
    let detail = |at: Span| {
        decls.iter().find(|d| d.span == at).map(|d| d.signature().trim_start().to_owned()).unwrap_or_default()
    };
    snapshot.file().items().filter_map(|item| symbol(item, &detail)).collect()
}

fn symbol(item: &Item, detail: &dyn Fn(Span) -> String) -> Option<Symbol> {
    let (kind, inside) = match item {
        Item::Import(_) | Item::Error(_) => return None,
        Item::Const(_) => (Kind::Const, Vec::new()),
        Item::Type(d) => match &d.body {
            TypeBody::Record(fields) => (
                Kind::Type,
                fields.iter().map(|f| leaf(Kind::Field, &f.name.name, f.span, f.name.span)).collect(),
            ),
            TypeBody::Alias(_) => (Kind::Type, Vec::new()),
        },
        Item::Enum(d) => {
            let variants = d.variants.iter();
            (Kind::Enum, variants.map(|(v, _)| leaf(Kind::Variant, &v.name, v.span, v.span)).collect())
        }
        Item::Model(_) => (Kind::Model, Vec::new()),
        Item::Prompt(_) => (Kind::Prompt, Vec::new()),
        Item::Lookup(_) => (Kind::Lookup, Vec::new()),
        Item::Guard(_) => (Kind::Guard, Vec::new()),
        Item::Action(_) => (Kind::Action, Vec::new()),
        Item::Flow(d) => (Kind::Flow, steps(&d.body)),
        Item::Batch(d) => (Kind::Batch, steps(&d.body)),
        Item::Eval(_) => (Kind::Eval, Vec::new()),
        Item::Test(d) => {
            let (name, at) = (d.name.value.to_string(), d.name.span);
            return named(&name, d.span, at).then(|| Symbol {
                name,
                kind: Kind::Test,
                detail: String::new(),
                span: d.span,
                at,
                inside: Vec::new(),
            });
        }
    };
    let name = item.name()?;
    named(&name.name, item.span(), name.span).then(|| Symbol {
        name: name.name.to_string(),
        kind,
        detail: detail(name.span),
        span: item.span(),
        at: name.span,
        inside,
    })
}

// An outline wants a name, and it inside of what it names.
fn named(name: &str, span: Span, at: Span) -> bool {
    !name.is_empty() && span.start <= at.start && at.end <= span.end
}

fn leaf(kind: Kind, name: &str, span: Span, at: Span) -> Symbol {
    Symbol { name: name.to_owned(), kind, detail: String::new(), span, at, inside: Vec::new() }
}

fn steps(block: &Block) -> Vec<Symbol> {
    block.steps.iter().flat_map(step).collect()
}

fn step(step: &Step) -> Vec<Symbol> {
    let inside: Vec<Symbol> = match &step.operation.kind {
        OperationKind::If { then, otherwise, .. } => {
            steps(then).into_iter().chain(otherwise.iter().flat_map(steps)).collect()
        }
        OperationKind::Match { arms, .. } => arms.iter().flat_map(|a| steps(&a.body)).collect(),
        OperationKind::Each { body, .. } | OperationKind::Repeat { body, .. } => steps(body),
        OperationKind::Expr(_) | OperationKind::Error(_) => Vec::new(),
    };
    match &step.name {
        Some(name) if named(&name.name, step.span, name.span) => {
            vec![Symbol { inside, ..leaf(Kind::Step, &name.name, step.span, name.span) }]
        }
        _ => inside,
    }
}

/// What can be folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fold {
    /// Between brackets, or a text block.
    Code,
    /// Comment lines.
    Comment,
    /// Imports.
    Imports,
}

/// The lines that can be folded, from 0: the first stays to be seen.
pub(crate) fn folds(snapshot: &Snapshot) -> Vec<(usize, usize, Fold)> {
    let text = &snapshot.job.text;
    let mut out = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut comments: Option<(usize, usize)> = None;
    for token in lex(text.as_str()) {
        let (first, last) = (text.line_of(token.start), text.line_of(token.end.max(1) - 1));
        match token.kind {
            TokenKind::Open => open.push(first),
            TokenKind::Close => {
                // The line of the closing bracket stays, too.
                if let Some(start) = open.pop().filter(|start| start + 1 < first) {
                    out.push((start, first - 1, Fold::Code));
                }
            }
            TokenKind::TextBlock | TokenKind::OpenTextBlock if first + 1 < last => {
                out.push((first, last - 1, Fold::Code));
            }
            TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc => {
                comments = match comments {
                    Some((start, before)) if before + 1 == first => Some((start, first)),
                    before => {
                        out.extend(before.filter(|(a, b)| a < b).map(|(a, b)| (a, b, Fold::Comment)));
                        Some((first, first))
                    }
                };
            }
            _ => {}
        }
    }
    out.extend(comments.filter(|(a, b)| a < b).map(|(a, b)| (a, b, Fold::Comment)));
    let imports = snapshot.file().items().take_while(|item| matches!(item, Item::Import(_)));
    let lines: Vec<usize> = imports.map(|item| text.line_of(item.span().start as usize)).collect();
    if let (Some(first), Some(last)) = (lines.first(), lines.last())
        && first < last
    {
        out.push((*first, *last, Fold::Imports));
    }
    out.sort_by_key(|(first, last, _)| (*first, *last));
    out.dedup_by_key(|(first, last, _)| (*first, *last));
    out
}

/// The ranges around an offset, from the smallest to the whole document.
pub(crate) fn around(snapshot: &Snapshot, offset: usize) -> Vec<std::ops::Range<usize>> {
    let text = snapshot.text();
    let mut ranges = vec![super::names::word_at(text, offset)];
    let cst = flow_grammar::parse(text).cst;
    let mut node = Some(cst.root());
    let mut inner = Vec::new();
    while let Some(now) = node {
        inner.push(now.range());
        node = now.children().find(|c| c.start() <= offset && offset <= c.end());
    }
    ranges.extend(inner.into_iter().rev());
    let mut out: Vec<std::ops::Range<usize>> = Vec::new();
    for range in ranges.into_iter().filter(|r| !r.is_empty() || text.is_empty()) {
        // Each holds the one before it.
        if out.last().is_none_or(|l| range != *l && range.start <= l.start && l.end <= range.end) {
            out.push(range);
        }
    }
    out
}
