//! Hover: what a name is, its type with its bounds and labels, its documentation, what it costs.

use super::{cost, hints, names};
use crate::host::Host;
use crate::snapshot::Snapshot;
use crate::words;
use flow_compiler::ast::{ImportFrom, Item, StringLit};
use flow_diagnostics::{FileId, Span};
use flow_plan::figures::count;
use flow_plan::{CapabilityKind, CapabilitySpec, Integrity, Labels, ModelCard, Type, filters, functions};

/// What is shown, and for which bytes of the document.
pub(crate) struct Shown {
    /// The bytes.
    pub(crate) range: std::ops::Range<usize>,
    /// Markdown.
    pub(crate) markdown: String,
}

/// What is known of what stands at an offset.
pub(crate) fn at(snapshot: &Snapshot, offset: usize, host: &dyn Host) -> Option<Shown> {
    let word = names::word_at(snapshot.text(), offset);
    if let Some(shown) = model_id(snapshot, offset, host) {
        return Some(shown);
    }
    if word.is_empty() {
        return None;
    }
    let span = Span::new(FileId::default(), word.start, word.end);
    let markdown = field(snapshot, span)
        .or_else(|| named(snapshot, offset))
        .or_else(|| typed(snapshot, span))
        .or_else(|| builtin(snapshot, span, host))
        .or_else(|| setting(snapshot, offset, span))?;
    Some(Shown { range: word, markdown })
}

fn code(line: &str) -> String {
    format!("```flow\n{line}\n```")
}

fn paragraphs(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("\n\n")
}

// A declaration, or a parameter, a step or another name of a body.
fn named(snapshot: &Snapshot, offset: usize) -> Option<String> {
    let named = names::at(snapshot, offset)?;
    let hir = snapshot.hir();
    let Some(decl) = hir.decls.iter().find(|d| d.span == named.declared) else {
        return typed(snapshot, named.declared);
    };
    let signature = decl.signature();
    let head = code(&format!("{} {}{signature}", decl.kind, decl.name));
    let more = match names::item_of(snapshot, named.declared) {
        Some(Item::Type(d)) => code(snapshot.source(d.span)),
        Some(Item::Enum(d)) => code(snapshot.source(d.span)),
        Some(Item::Model(_)) => {
            let plan = snapshot.found.plan.as_ref();
            let model = plan.and_then(|p| p.models.iter().find(|m| m.span == named.declared));
            model.map(|m| card(&m.card, &m.id())).unwrap_or_default()
        }
        Some(Item::Flow(_)) => flow(snapshot, named.declared),
        _ => String::new(),
    };
    let is_type = signature.is_empty() && !more.is_empty();
    Some(paragraphs([if is_type { String::new() } else { head }, decl.doc.to_string(), more]))
}

fn flow(snapshot: &Snapshot, name: Span) -> String {
    let flows = cost::flows(snapshot);
    let Some(found) = flows.iter().find(|f| f.flow.name.span == name) else { return String::new() };
    let mut out = format!("{}\n\n", found.line());
    out.push_str("| the dearest run | times | each |\n|---|--:|--:|\n");
    for line in found.bound.spent_on.iter().take(8) {
        out.push_str(&format!(
            "| {} · {} | {} | {} |\n",
            line.step,
            line.what,
            count(line.times),
            line.each.usd
        ));
    }
    out
}

fn typed(snapshot: &Snapshot, span: Span) -> Option<String> {
    let typed = snapshot.hir().typed.iter().rev().find(|t| t.span == span && !t.name.is_empty())?;
    let line = code(&format!("{}: {}{}", typed.name, typed.ty, labels(typed.labels)));
    let flows = cost::flows(snapshot);
    let steps = flows.iter().flat_map(|f| &f.steps);
    let step = steps.into_iter().find(|s| s.span.file == span.file && s.span.start == span.start);
    let takes = step.map(|s| format!("{}\n\n{}", cost::short(s.worst), hints::made_up(snapshot, s)));
    Some(paragraphs([line, documented(&typed.ty), takes.unwrap_or_default()]))
}

fn field(snapshot: &Snapshot, span: Span) -> Option<String> {
    let field = snapshot.hir().fields.iter().find(|f| f.span == span)?;
    let of = field.record.as_ref().map(|r| format!("{r}.")).unwrap_or_default();
    let declared = field.record.as_deref().and_then(|r| names::field_of(snapshot, r, &field.name));
    let doc = declared.and_then(|at| doc_of_field(snapshot, at)).unwrap_or_default();
    Some(paragraphs([code(&format!("{of}{}: {}", field.name, field.ty)), doc]))
}

fn doc_of_field(snapshot: &Snapshot, name: Span) -> Option<String> {
    let file = snapshot.found.outcome.files.get(name.file.0 as usize)?;
    file.items().find_map(|item| match item {
        Item::Type(d) => match &d.body {
            flow_compiler::ast::TypeBody::Record(fields) => {
                fields.iter().find(|f| f.name.span == name).map(|f| f.doc.to_string())
            }
            flow_compiler::ast::TypeBody::Alias(_) => None,
        },
        _ => None,
    })
}

fn documented(ty: &Type) -> String {
    match ty.present() {
        Type::Record(record) => record.doc.to_string(),
        Type::Enum(e) => e.doc.to_string(),
        _ => String::new(),
    }
}

fn labels(labels: Labels) -> String {
    let all = [
        (labels.integrity == Integrity::Untrusted, "untrusted"),
        (labels.private, "private"),
        (labels.secret, "secret"),
    ];
    let names: Vec<&str> = all.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
    if names.is_empty() { String::new() } else { format!("  // {}", names.join(", ")) }
}

// What the runtime or the library has by this name.
fn builtin(snapshot: &Snapshot, span: Span, host: &dyn Host) -> Option<String> {
    let word = snapshot.source(span);
    let guard = imported_guard(snapshot.file(), word);
    let before = snapshot.text()[..span.start as usize].trim_end();
    if let Some(name) = guard {
        return host
            .capabilities()
            .into_iter()
            .find(|s| s.kind == CapabilityKind::Guard && s.name == name)
            .map(spec);
    }
    let behind = snapshot.text()[span.end as usize..].trim_start();
    if before.ends_with("source:") || before.ends_with("channel:") {
        return host.capabilities().into_iter().find(|s| s.name == word).map(spec);
    }
    if before.ends_with('|') {
        let filter = filters::find(word)?;
        return Some(match filter.does {
            filters::Does::Function(f) => spec(&f.spec),
            _ => paragraphs([code(&format!("| {word}")), words::filter(word).to_owned()]),
        });
    }
    if behind.starts_with('(') {
        return functions::find(word).map(|f| paragraphs([code(&f.signature()), about(&f.spec)]));
    }
    None
}

/// The guard of `std.guards` that a file means by a name.
pub(crate) fn imported_guard<'f>(file: &'f flow_compiler::ast::File, name: &str) -> Option<&'f str> {
    file.items().find_map(|item| match item {
        Item::Import(import) if matches!(&import.from, ImportFrom::Module(m) if m.name == "std.guards") => {
            let names = import.names.iter();
            let here = names.filter(|n| n.alias.as_ref().unwrap_or(&n.name).name == name);
            here.map(|n| n.name.name.as_str()).next()
        }
        _ => None,
    })
}

fn spec(spec: &'static CapabilitySpec) -> String {
    paragraphs([code(&signature(spec)), about(spec)])
}

/// `name(param, other?)`.
pub(crate) fn signature(spec: &CapabilitySpec) -> String {
    let params: Vec<String> =
        spec.params.iter().map(|p| format!("{}{}", p.name, if p.required { "" } else { "?" })).collect();
    format!("{}({})", spec.name, params.join(", "))
}

fn about(spec: &CapabilitySpec) -> String {
    let params = spec.params.iter().filter(|p| !p.doc.is_empty());
    let params: Vec<String> = params.map(|p| format!("- `{}`: {}", p.name, p.doc)).collect();
    let examples = if spec.examples.is_empty() { String::new() } else { code(&spec.examples.join("\n")) };
    paragraphs([spec.doc.to_owned(), params.join("\n"), examples])
}

fn setting(snapshot: &Snapshot, offset: usize, span: Span) -> Option<String> {
    let word = snapshot.source(span);
    if !snapshot.text()[span.end as usize..].trim_start_matches(' ').starts_with(':') {
        return None;
    }
    let item = snapshot.item_at(offset)?;
    let doc = words::setting(item.keyword(), word)?;
    Some(paragraphs([code(&format!("{word}: …")), doc.to_owned()]))
}

// The text behind `model name =`.
fn model_id(snapshot: &Snapshot, offset: usize, host: &dyn Host) -> Option<Shown> {
    let Item::Model(model) = snapshot.item_at(offset)? else { return None };
    let StringLit { value, span, .. } = &model.id;
    if !span.contains(offset) || span.start == span.end {
        return None;
    }
    let configured = host.configured(&snapshot.job.folder).ok()?;
    let card_of = configured.catalog.card(value)?;
    let markdown = card(&card_of, value);
    Some(Shown { range: span.range(), markdown })
}

/// What is known of a model, in Markdown.
pub(crate) fn card(card: &ModelCard, id: &str) -> String {
    let price = &card.price;
    let abilities = [
        (card.abilities.json_schema, "JSON schemas"),
        (card.abilities.images, "images"),
        (card.abilities.tools, "tools"),
        (card.abilities.reasoning, "reasoning"),
    ];
    let can: Vec<&str> = abilities.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
    let dated = card.dated.map(|d| format!(" ({d})")).unwrap_or_default();
    let mut lines = vec![
        format!("**{id}**"),
        format!("window {} tokens, answers up to {} tokens", count(card.context.0), count(card.max_output.0)),
        format!("{} in, {} out, each for a million tokens{dated}", price.input, price.output),
    ];
    if !can.is_empty() {
        lines.push(format!("can: {}", can.join(", ")));
    }
    lines.join("  \n")
}
