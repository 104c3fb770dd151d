//! `file(glob)`: files as they are. In: a glob. Out: each file that matches, in the order of the
//! paths, up to the bound of the list.

use super::Source;
use super::files::{self, Glob};
use super::search::chunk;
use super::shape::{self, Found};
use crate::{Context, RunError};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{CapabilityKind, CapabilitySpec, Lookup, ParamSpec, TypeSpec, Value};
use serde_json::Value as Json;

/// Files as they are.
#[derive(Debug)]
pub(super) struct File;

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Lookup,
    name: "file",
    params: &[ParamSpec {
        name: "glob",
        ty: TypeSpec::Text,
        required: true,
        doc: "Which files, from the folder of the file that declares the lookup.",
    }],
    returns: TypeSpec::Declared,
    doc: "Reads the files that match a glob, in the order of their paths. \
          A record's fields are filled by name: `id` (the path without its fixed part and extension), `title` (the first heading), \
          `body`, `text` or `content` (the text, cut to its bound), `path`.",
    examples: &["source: file(\"policies/*.md\")"],
    ..CapabilitySpec::BASE
};

#[async_trait]
impl Source for File {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn find(
        &self,
        context: &Context,
        lookup: &Lookup,
        args: &[(EcoString, Value)],
        _params: &[Value],
    ) -> Result<Json, RunError> {
        shape::check(lookup, false)?;
        let glob = files::glob(context, lookup, args)?;
        let most = shape::element(&lookup.output).1.unwrap_or(usize::MAX);
        let found = tokio::task::spawn_blocking(move || read(&glob, most))
            .await
            .map_err(|error| RunError::new(Code::E0807, format!("reading files broke off: {error}")))??;
        shape::shape(lookup, &found)
    }
}

// One file that can't be read does not hide the others; none that can is an error.
fn read(glob: &Glob, most: usize) -> Result<Vec<Found>, RunError> {
    let mut found = Vec::new();
    let mut failed = None;
    for path in glob.files()? {
        if found.len() == most {
            break;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let id = glob.id(&path);
                let title = chunk::title(&text).unwrap_or_else(|| chunk::spoken(&id));
                found.push(Found { title, id, body: text, path: glob.shown(&path), ..Found::default() });
            }
            Err(error) => failed = failed.or_else(|| Some(files::unreadable(glob, &path, &error))),
        }
    }
    match failed {
        Some(error) if found.is_empty() => Err(error),
        _ => Ok(found),
    }
}
