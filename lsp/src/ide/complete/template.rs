//! Completion inside the template of a text: names, fields, filters, tests, statements.

use super::names::{Names, fields, trailing_path};
use super::{Candidate, Kind, function, word};
use crate::words;
use flow_plan::{Type, filters};

/// Whether a text ends inside `{{ … }}` or `{% … %}`.
pub(crate) fn is_open(content: &str) -> bool {
    opened(content).is_some()
}

// What stands behind the last `{{` or `{%`, if it is not closed, and whether it is a statement.
fn opened(content: &str) -> Option<(&str, bool)> {
    let hole = content.rfind("{{");
    let block = content.rfind("{%");
    let is_block = block > hole;
    let at = hole.max(block)?;
    let inner = &content[at + 2..];
    let closed = inner.contains(if is_block { "%}" } else { "}}" });
    (!closed).then_some((inner.strip_prefix('-').unwrap_or(inner), is_block))
}

/// What may stand at the end of a template.
pub(crate) fn at(content: &str, names: &Names<'_>) -> Vec<Candidate> {
    let Some((inner, is_block)) = opened(content) else { return Vec::new() };
    let tail = inner.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let before = inner[..inner.len() - tail].trim();
    let locals = locals(content, names);
    if let Some(path) = before.strip_suffix('.') {
        let path = trailing_path(path);
        if path == "loop" {
            let one = |(name, doc): &(&str, &str)| Candidate { kind: Kind::Field, ..word(name, name, doc) };
            return words::LOOP.iter().map(one).collect();
        }
        return names.type_of(path, &locals).map(|ty| fields(&ty)).unwrap_or_default();
    }
    if before.ends_with('|') {
        return filters::all().map(filter).collect();
    }
    if before.ends_with(" is") || before.ends_with(" is not") {
        let one = |t: &filters::Test| Candidate { kind: Kind::Function, ..word(t.name, t.name, t.doc) };
        return filters::TESTS.iter().map(one).collect();
    }
    if is_block && before.is_empty() {
        return words::STATEMENTS.iter().map(|(label, insert, doc)| word(label, insert, doc)).collect();
    }
    // Behind `for` stands a new name.
    if is_block && before == "for" {
        return Vec::new();
    }
    if is_block && before.starts_with("for ") && !before.contains(" in") {
        return vec![word("in", "in ", "")];
    }
    let one = |(name, ty): &(String, Type)| Candidate {
        kind: Kind::Variable,
        detail: ty.to_string(),
        ..word(name, name, "")
    };
    let mut out: Vec<Candidate> = locals.iter().map(one).collect();
    if content.contains("{% for") {
        out.push(Candidate { kind: Kind::Variable, ..word("loop", "loop", "The round of the loop.") });
    }
    out.extend(names.declared(&["const"], false));
    out.extend(filters::template_functions().map(function));
    out
}

fn filter(filter: filters::Filter) -> Candidate {
    match filter.does {
        filters::Does::Function(f) => {
            let more = f.spec.params.iter().skip(1).any(|p| p.required);
            let insert = if more { format!("{}($1)", filter.name) } else { filter.name.to_owned() };
            Candidate {
                kind: Kind::Function,
                detail: f.signature(),
                ..word(filter.name, &insert, f.spec.doc)
            }
        }
        _ => Candidate { kind: Kind::Function, ..word(filter.name, filter.name, words::filter(filter.name)) },
    }
}

// The names around the template, and the elements of the loops that are open at its end.
fn locals(content: &str, names: &Names<'_>) -> Vec<(String, Type)> {
    let mut locals = names.locals();
    let mut depth: Vec<(String, Type)> = Vec::new();
    for block in content.split("{%").skip(1) {
        let Some((inner, _)) = block.split_once("%}") else { break };
        let inner = inner.trim_matches(['-', ' ', '+']);
        if inner.starts_with("endfor") {
            depth.pop();
        }
        let Some((name, list)) = inner.strip_prefix("for ").and_then(|rest| rest.split_once(" in ")) else {
            continue;
        };
        let known: Vec<(String, Type)> = locals.iter().chain(&depth).cloned().collect();
        let path = list.split('|').next().unwrap_or_default().trim();
        let element = match names.type_of(path, &known).as_ref().map(Type::present) {
            Some(Type::List(item, _)) => (**item).clone(),
            _ => Type::Error,
        };
        depth.push((name.trim().to_owned(), element));
    }
    // A loop's element hides what has its name around the template.
    locals.retain(|(name, _)| !depth.iter().any(|(inner, _)| inner == name));
    locals.extend(depth);
    locals
}
