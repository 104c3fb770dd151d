//! Two types: what is different, and for whom that is a break.
//!
//! A break for who gives a value is that an old value is refused now; for who reads it, that there may
//! be something that could not be before. What is longer in an output is no break: texts and lists of
//! an output are held by its reader as they come.

use crate::names::Names;
use crate::report::Kind;
use flow_plan::{Bound, EnumType, Field, Integrity, Labels, RecordType, Type};

/// One difference.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// The way to it: `.sources`, `.sources.id`; empty for the type itself.
    pub(crate) path: String,
    /// Before; nothing where a field was added.
    pub(crate) before: Option<String>,
    /// After; nothing where a field was taken out.
    pub(crate) after: Option<String>,
    /// Whether an old value is refused.
    pub(crate) breaks_input: bool,
    /// Whether a reader may meet what it does not know.
    pub(crate) breaks_output: bool,
}

/// Both sides' names.
pub(crate) struct Sides<'a> {
    /// The old one.
    pub(crate) old: &'a Names<'a>,
    /// The new one.
    pub(crate) new: &'a Names<'a>,
}

/// The differences of two types; what declared types hold is looked at where they are declared.
pub(crate) fn differences(old: &Type, new: &Type, sides: &Sides<'_>) -> Vec<Difference> {
    let mut out = Vec::new();
    types(old, new, (sides, String::new()), &mut out);
    out
}

/// The differences of two declared records.
pub(crate) fn records(old: &RecordType, new: &RecordType, sides: &Sides<'_>, path: &str) -> Vec<Difference> {
    let mut out = Vec::new();
    if old.doc != new.doc && old.name.is_some() {
        out.push(doc((path.to_owned(), "description"), &old.doc, &new.doc));
    }
    for field in &old.fields {
        let at = format!("{path}.{}", field.name);
        match new.field(&field.name) {
            Some(now) => fields(field, now, (sides, at), &mut out),
            None => out.push(Difference {
                path: at,
                before: Some(written(field, sides.old)),
                after: None,
                // What a type does not know is refused.
                breaks_input: true,
                breaks_output: true,
            }),
        }
    }
    for field in new.fields.iter().filter(|f| old.field(&f.name).is_none()) {
        out.push(Difference {
            path: format!("{path}.{}", field.name),
            before: None,
            after: Some(written(field, sides.new)),
            breaks_input: field.default.is_none() && !matches!(field.ty, Type::Optional(_)),
            breaks_output: false,
        });
    }
    out
}

/// The differences of two declared enums.
pub(crate) fn enums(old: &EnumType, new: &EnumType) -> Vec<Difference> {
    let has = |e: &EnumType, name: &str| e.variants.iter().any(|v| v.name == name);
    let mut out = Vec::new();
    if old.doc != new.doc {
        out.push(doc((String::new(), "description"), &old.doc, &new.doc));
    }
    for variant in &old.variants {
        match new.variants.iter().find(|v| v.name == variant.name) {
            Some(now) if now.doc != variant.doc => {
                out.push(doc((format!(".{}", variant.name), "description"), &variant.doc, &now.doc));
            }
            Some(_) => {}
            None => out.push(Difference {
                path: format!(".{}", variant.name),
                before: Some("variant".into()),
                after: None,
                breaks_input: true,
                breaks_output: false,
            }),
        }
    }
    for variant in new.variants.iter().filter(|v| !has(old, &v.name)) {
        out.push(Difference {
            path: format!(".{}", variant.name),
            before: None,
            after: Some("variant".into()),
            breaks_input: false,
            breaks_output: true,
        });
    }
    out
}

/// `private untrusted `, as labels stand before a type.
pub(crate) fn labels(labels: Labels) -> String {
    let all = [
        (labels.private, "private "),
        (labels.integrity == Integrity::Untrusted, "untrusted "),
        (labels.secret, "secret "),
    ];
    all.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect()
}

// Descriptions of types and fields go into a model's schema.
fn doc((path, what): (String, &str), old: &str, new: &str) -> Difference {
    let path = if path.is_empty() { what.to_owned() } else { format!("{path} {what}") };
    let shown = |text: &str| (!text.is_empty()).then(|| format!("{text:?}"));
    Difference { path, before: shown(old), after: shown(new), breaks_input: false, breaks_output: false }
}

fn fields(old: &Field, new: &Field, (sides, at): (&Sides<'_>, String), out: &mut Vec<Difference>) {
    let default_gone = old.default.is_some() && new.default.is_none() && !matches!(new.ty, Type::Optional(_));
    if old.labels != new.labels || old.default != new.default {
        out.push(Difference {
            path: at.clone(),
            before: Some(written(old, sides.old)),
            after: Some(written(new, sides.new)),
            breaks_input: default_gone,
            breaks_output: false,
        });
    }
    types(&old.ty, &new.ty, (sides, at.clone()), out);
    if old.doc != new.doc {
        out.push(doc((at, "description"), &old.doc, &new.doc));
    }
}

fn written(field: &Field, names: &Names<'_>) -> String {
    let default = field.default.as_ref().map(|v| format!(" = {}", Names::value(v))).unwrap_or_default();
    format!("{}{}{default}", labels(field.labels), names.ty(&field.ty))
}

fn types(old: &Type, new: &Type, (sides, at): (&Sides<'_>, String), out: &mut Vec<Difference>) {
    let mut differ = |breaks_input: bool, breaks_output: bool| {
        out.push(Difference {
            path: at.clone(),
            before: Some(shown(old, sides.old)),
            after: Some(shown(new, sides.new)),
            breaks_input,
            breaks_output,
        });
    };
    match (old, new) {
        (Type::Text { bound: a, truncate: s }, Type::Text { bound: b, truncate: t }) => {
            if a != b || s != t {
                differ(*s && !t || !s && !t && is_narrower(*a, *b), false);
            }
        }
        (Type::Json(a), Type::Json(b)) => {
            if a != b {
                differ(is_narrower(*a, *b), false);
            }
        }
        (Type::Int(a), Type::Int(b)) => {
            if a != b {
                differ(cuts(*a, *b), cuts(*b, *a));
            }
        }
        (Type::Float(a), Type::Float(b)) => {
            if a != b {
                differ(cuts(*a, *b), cuts(*b, *a));
            }
        }
        (Type::List(a, m), Type::List(b, n)) | (Type::Map(a, m), Type::Map(b, n)) => {
            if m != n {
                differ(n.is_some_and(|n| m.is_none_or(|m| n < m)), false);
            }
            types(a, b, (sides, format!("{at}[]")), out);
        }
        (Type::Optional(a), Type::Optional(b)) => types(a, b, (sides, at), out),
        (Type::Optional(_), _) => differ(true, !old.present().accepts(new)),
        (_, Type::Optional(inner)) => differ(!inner.accepts(old), true),
        (Type::Record(a), Type::Record(b)) if a.name.is_none() && b.name.is_none() => {
            out.extend(records(a, b, sides, &at));
        }
        (Type::Record(a), Type::Record(b)) => {
            if a.name.as_ref().map(|n| sides.old.renames.decl(Kind::Type, n)) != b.name {
                differ(true, true);
            }
        }
        (Type::Enum(a), Type::Enum(b)) => {
            if sides.old.renames.decl(Kind::Type, &a.name) != b.name {
                differ(true, true);
            }
        }
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => {}
        (a, b) => differ(!b.accepts(a), !a.accepts(b)),
    }
}

// An enum with its variants, where it comes in the place of something else.
fn shown(ty: &Type, names: &Names<'_>) -> String {
    match ty {
        Type::Enum(e) => {
            let variants: Vec<&str> = e.variants.iter().map(|v| v.name.as_str()).collect();
            format!("{} ({})", names.ty(ty), variants.join(", "))
        }
        _ => names.ty(ty),
    }
}

fn is_narrower(old: Option<Bound>, new: Option<Bound>) -> bool {
    match (old, new) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(Bound::Chars(a)), Some(Bound::Chars(b))) | (Some(Bound::Tokens(a)), Some(Bound::Tokens(b))) => {
            b < a
        }
        (Some(a), Some(b)) => b.tokens() < a.tokens(),
    }
}

// Whether the new range leaves out what the old one had.
fn cuts<N: PartialOrd>(old: Option<(N, N)>, new: Option<(N, N)>) -> bool {
    match (old, new) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(a), Some(b)) => b.0 > a.0 || b.1 < a.1,
    }
}

/// Calls `see` for each declared type that a type holds, itself included.
pub(crate) fn each_declared(ty: &Type, see: &mut dyn FnMut(&Type)) {
    match ty {
        Type::List(t, _) | Type::Map(t, _) | Type::Optional(t) => each_declared(t, see),
        Type::Enum(_) => see(ty),
        Type::Record(r) => {
            if r.name.is_some() {
                see(ty);
            }
            r.fields.iter().for_each(|f| each_declared(&f.ty, see));
        }
        Type::Known(known) => each_declared(&known.of, see),
        _ => {}
    }
}
