//! `search(glob)`: full-text search over Markdown, text and JSON files. In: a glob and the lookup's
//! question. Out: the pieces that fit best by BM25, at most as many as the list holds.
//!
//! The index is a file in the state folder, made at the first use and kept up to date by itself.

pub(super) mod chunk;
mod index;

use super::files::{self, Glob};
use super::{Source, shape};
use crate::{Context, RunError, privacy};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{Bound, CapabilityKind, CapabilitySpec, Lookup, ParamSpec, TypeSpec, Value};
use index::Index;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Full-text search over files.
#[derive(Debug, Default)]
pub(super) struct Search {
    open: Mutex<HashMap<PathBuf, Arc<Mutex<Option<Opened>>>>>,
}

#[derive(Debug)]
struct Opened {
    index: Index,
    refreshed: Option<Instant>,
}

const SPEC: CapabilitySpec = CapabilitySpec {
    kind: CapabilityKind::Lookup,
    name: "search",
    params: &[ParamSpec {
        name: "glob",
        ty: TypeSpec::Text,
        required: true,
        doc: "Which files, from the folder of the file that declares the lookup.",
    }],
    returns: TypeSpec::Declared,
    doc: "Finds the pieces of files that fit a question best, by full-text search (BM25) over Markdown, text, JSON and JSONL. \
          The question is the lookup's parameter `question` or `query`, or its first text. \
          A record's fields are filled by name: `id`, `title`, `heading`, `body` (or `text`, `content`), `path`, `score`; \
          rows of JSON and JSONL fill any field. \
          Files are cut at headings and paragraphs to the bound of the body.",
    examples: &["source: search(\"help/**/*.md\")"],
    ..CapabilitySpec::BASE
};

/// The size of a piece where the body has no bound in tokens.
const PIECE: u64 = 256;
/// How many are found where the list has no bound.
const MOST: usize = 5;
/// How long an index counts as fresh, so that a busy server does not walk the folder for every call.
const FRESH: Duration = Duration::from_millis(500);

#[async_trait]
impl Source for Search {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn find(
        &self,
        context: &Context,
        lookup: &Lookup,
        args: &[(EcoString, Value)],
        params: &[Value],
    ) -> Result<Json, RunError> {
        let glob = files::glob(context, lookup, args)?;
        shape::check(lookup, glob.written.contains("json"))?;
        let question = question(lookup, params)?.to_owned();
        let most = shape::element(&lookup.output).1.unwrap_or(MOST);
        let piece = match shape::body_bound(&lookup.output) {
            Some(Bound::Tokens(tokens)) => tokens,
            Some(Bound::Chars(chars)) => chars.div_ceil(4),
            None => PIECE,
        };
        let path = match lookup.labels.private || privacy::has_private(&lookup.output) {
            // No second copy of what is private is left on the disk.
            true => PathBuf::from(format!("{}{}", index::IN_MEMORY, name(&glob, piece))),
            false => context.state.join(format!("search-{}.db", name(&glob, piece))),
        };
        let slot = Arc::clone(
            self.open.lock().unwrap_or_else(PoisonError::into_inner).entry(path.clone()).or_default(),
        );
        let found = tokio::task::spawn_blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            fresh(&mut slot, &path, &glob, piece)?.search(&question, most)
        })
        .await
        .map_err(|error| RunError::new(Code::E0807, format!("the search broke off: {error}")))??;
        shape::shape(lookup, &found)
    }
}

fn fresh<'a>(
    slot: &'a mut Option<Opened>,
    path: &std::path::Path,
    glob: &Glob,
    piece: u64,
) -> Result<&'a Index, RunError> {
    // The file may have been removed under a running server.
    let open = slot.take().filter(|_| index::is_in_memory(path) || path.exists());
    let mut opened = match open {
        Some(opened) => opened,
        None => Opened { index: Index::open(path)?, refreshed: None },
    };
    if opened.refreshed.is_none_or(|at| at.elapsed() > FRESH) {
        opened.index.refresh(glob, piece)?;
        opened.refreshed = Some(Instant::now());
    }
    Ok(&slot.insert(opened).index)
}

fn question<'a>(lookup: &Lookup, params: &'a [Value]) -> Result<&'a str, RunError> {
    let named = lookup.params.iter().position(|p| matches!(&*p.name, "question" | "query"));
    named
        .and_then(|at| params.get(at)?.as_text())
        .or_else(|| params.iter().find_map(Value::as_text))
        .ok_or_else(|| {
            RunError::new(Code::E0807, format!("lookup `{}` has nothing to search for", lookup.name))
                .help("give it a text parameter, such as `question: text`")
        })
}

fn name(glob: &Glob, piece: u64) -> String {
    let key = format!("{}\n{}\n{}\n{piece}", index::VERSION, glob.base.display(), glob.written);
    blake3::hash(key.as_bytes()).to_hex()[..16].to_owned()
}
