//! What was found in files, put into the shape a lookup declares: by the names of its fields.

use crate::RunError;
use crate::size::{Room, fit_words};
use flow_diagnostics::Code;
use flow_plan::{Bound, Field, Lookup, RecordType, Type};
use serde_json::{Map, Value as Json};

/// A file, or a piece of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Its path below the glob's fixed part, without extension; with `#n` for a later piece.
    pub(super) id: String,
    /// The title of the file.
    pub(super) title: String,
    /// The nearest heading, where it is another.
    pub(super) heading: String,
    /// The text.
    pub(super) body: String,
    /// The file's path.
    pub(super) path: String,
    /// How well it fits; higher is better.
    pub(super) score: f64,
    /// The row itself, where the file holds rows.
    pub(super) row: Option<Map<String, Json>>,
}

/// The names a record may use, for messages.
const NAMES: &str = "`id`, `title`, `heading`, `body` (or `text`, `content`), `path` and `score`";

/// The element of a lookup's output, and the most elements it takes.
pub(super) fn element(output: &Type) -> (&Type, Option<usize>) {
    match output.present() {
        Type::List(item, most) => (item.present(), most.map(|n| usize::try_from(n).unwrap_or(usize::MAX))),
        one => (one, Some(1)),
    }
}

/// The bound of the text field that holds the body.
pub(super) fn body_bound(output: &Type) -> Option<Bound> {
    let bound = |ty: &Type| match ty.present() {
        Type::Text { bound, .. } => *bound,
        _ => None,
    };
    match element(output).0 {
        Type::Record(r) => r.fields.iter().find(|f| is_body(&f.name)).and_then(|f| bound(&f.ty)),
        one => bound(one),
    }
}

/// JSON in the shape of the lookup's output.
pub(super) fn shape(lookup: &Lookup, found: &[Found]) -> Result<Json, RunError> {
    let (item, _) = element(&lookup.output);
    let one = |found: &Found| match item {
        Type::Record(record) => fill(lookup, record, found),
        Type::Text { bound, .. } => Ok(fit_words(&found.body, Room::under(*bound, u64::MAX)).into()),
        Type::Json(_) => Ok(found.row.clone().map_or_else(|| found.body.clone().into(), Json::Object)),
        other => Err(RunError::new(
            Code::E0807,
            format!("lookup `{}` finds text, not {}", lookup.name, other.described()),
        )
        .help("declare a record, or text")),
    };
    match lookup.output.present() {
        Type::List(..) => found.iter().map(one).collect::<Result<Vec<_>, _>>().map(Json::Array),
        _ => match found.first() {
            Some(first) => one(first),
            None if matches!(lookup.output, Type::Optional(_)) => Ok(Json::Null),
            None => Err(RunError::new(Code::E0807, format!("lookup `{}` found nothing", lookup.name))
                .help("declare a list, or an optional with `?`, if there may be nothing")),
        },
    }
}

/// Fails where a field can't be filled, before anything is searched.
pub(super) fn check(lookup: &Lookup, rows: bool) -> Result<(), RunError> {
    let Type::Record(record) = element(&lookup.output).0 else { return Ok(()) };
    let known = |field: &&Field| known(&field.name) || may_miss(field) || rows;
    match record.fields.iter().find(|f| !known(f)) {
        Some(field) => Err(unknown(lookup, record, field)),
        None => Ok(()),
    }
}

fn fill(lookup: &Lookup, record: &RecordType, found: &Found) -> Result<Json, RunError> {
    let mut out = Map::new();
    for field in &record.fields {
        let own = found.row.as_ref().and_then(|row| row.get(field.name.as_str())).cloned();
        let with_heading = record.field("heading").is_none() && !found.heading.is_empty();
        let value = own.or_else(|| {
            Some(match &*field.name {
                "id" => found.id.clone().into(),
                "title" | "name" if with_heading => format!("{}: {}", found.title, found.heading).into(),
                "title" | "name" => found.title.clone().into(),
                "heading" => found.heading.clone().into(),
                "path" | "file" => found.path.clone().into(),
                "score" => found.score.into(),
                name if is_body(name) => found.body.clone().into(),
                _ => return None,
            })
        });
        match (value, field.ty.present()) {
            (Some(Json::String(text)), Type::Text { bound, .. }) => {
                out.insert(field.name.to_string(), fit_words(&text, Room::under(*bound, u64::MAX)).into());
            }
            (Some(Json::Number(n)), Type::Text { .. }) => {
                out.insert(field.name.to_string(), n.to_string().into());
            }
            (Some(value), _) => {
                out.insert(field.name.to_string(), value);
            }
            (None, _) if may_miss(field) => {}
            (None, _) => return Err(unknown(lookup, record, field)),
        }
    }
    Ok(Json::Object(out))
}

fn unknown(lookup: &Lookup, record: &RecordType, field: &Field) -> RunError {
    let of = record.name.as_deref().unwrap_or(&lookup.name);
    RunError::new(Code::E0807, format!("`{}` can't fill the field `{}` of `{of}`", lookup.source, field.name))
        .help(format!("it knows {NAMES}; give `{}` a default, or make it optional with `?`", field.name))
}

fn may_miss(field: &Field) -> bool {
    field.default.is_some() || matches!(field.ty, Type::Optional(_))
}

fn known(name: &str) -> bool {
    matches!(name, "id" | "title" | "name" | "heading" | "path" | "file" | "score") || is_body(name)
}

fn is_body(name: &str) -> bool {
    matches!(name, "body" | "text" | "content" | "passage" | "snippet")
}
