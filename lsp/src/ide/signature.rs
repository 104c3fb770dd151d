//! Signature help: what the call around the cursor takes.

use super::hover;
use crate::host::Host;
use crate::snapshot::Snapshot;
use flow_grammar::tokens::{TokenKind, lex};
use flow_plan::{CapabilityKind, CapabilitySpec, functions};

/// A call's parameters.
pub(crate) struct Signature {
    /// The whole line.
    pub(crate) label: String,
    /// What it does.
    pub(crate) doc: String,
    /// Each parameter as it stands in the label, with what it is for.
    pub(crate) params: Vec<(String, String)>,
    /// The parameter under the cursor, from 0.
    pub(crate) active: usize,
}

/// The innermost call around an offset of a text, by what was known of the program last.
pub(crate) fn at(text: &str, offset: usize, known: &Snapshot, host: &dyn Host) -> Option<Signature> {
    let (name, active, named) = call_around(text, offset)?;
    let mut signature = declared(known, name).or_else(|| builtin(known, name, host))?;
    let by_name =
        |named: &str| signature.params.iter().position(|(label, _)| label.split(':').next() == Some(named));
    signature.active = named.and_then(by_name).unwrap_or(active);
    Some(signature)
}

// The name that is called, how many commas are before the cursor, and the name of the argument.
fn call_around(text: &str, offset: usize) -> Option<(&str, usize, Option<&str>)> {
    let start = super::complete::item_start(text, offset);
    let tokens = lex(&text[start..offset]);
    let mut open: Vec<(Option<&str>, usize, Option<&str>)> = Vec::new();
    let word = |i: usize| &text[start + tokens[i].start..start + tokens[i].end];
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => {
                let called =
                    (i > 0 && word(i) == "(" && tokens[i - 1].kind == TokenKind::Word).then(|| word(i - 1));
                open.push((called, 0, None));
            }
            TokenKind::Close => {
                open.pop();
            }
            TokenKind::Sign if word(i) == "," => {
                if let Some(last) = open.last_mut() {
                    (last.1, last.2) = (last.1 + 1, None);
                }
            }
            TokenKind::Sign if word(i) == ":" && i > 0 => {
                if let Some(last) = open.last_mut() {
                    last.2 = Some(word(i - 1));
                }
            }
            _ => {}
        }
    }
    // A declaration's own parameters are no call.
    let (name, active, named) =
        open.into_iter().rev().find_map(|(called, n, named)| Some((called?, n, named)))?;
    let at = text[start..offset].rfind(name)?;
    let before = text[start..start + at].trim_end();
    let declares = ["prompt", "flow", "lookup", "guard", "action"].iter().any(|k| before.ends_with(k));
    (!declares).then_some((name, active, named))
}

fn declared(known: &Snapshot, name: &str) -> Option<Signature> {
    let named = known.hir().decls.iter().filter(|d| d.name == name);
    let (decl, signature) = named.map(|d| (d, d.signature())).find(|(_, s)| s.starts_with('('))?;
    let inner = signature[1..].split_once(')').map_or("", |(params, _)| params);
    let params = split(inner).into_iter().map(|p| (p.to_owned(), String::new())).collect();
    let label = format!("{}{signature}", decl.name);
    Some(Signature { label, doc: decl.doc.to_string(), params, active: 0 })
}

// At the commas that are not in brackets.
fn split(list: &str) -> Vec<&str> {
    let (mut out, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (i, c) in list.char_indices() {
        match c {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth -= 1,
            ',' if depth == 0 => {
                out.push(list[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(list[start..].trim());
    out.retain(|p| !p.is_empty());
    out
}

fn builtin(known: &Snapshot, name: &str, host: &dyn Host) -> Option<Signature> {
    let guard = hover::imported_guard(known.file(), name);
    let capabilities = host.capabilities();
    let spec: &CapabilitySpec = match guard {
        Some(guard) => capabilities.iter().find(|s| s.kind == CapabilityKind::Guard && s.name == guard)?,
        None => match functions::find(name) {
            Some(function) => &function.spec,
            None => capabilities.iter().find(|s| {
                s.name == name && matches!(s.kind, CapabilityKind::Lookup | CapabilityKind::Action)
            })?,
        },
    };
    let shown = |p: &flow_plan::ParamSpec| format!("{}{}", p.name, if p.required { "" } else { "?" });
    let params = spec.params.iter().map(|p| (shown(p), p.doc.to_owned())).collect();
    Some(Signature { label: hover::signature(spec), doc: spec.doc.to_owned(), params, active: 0 })
}
