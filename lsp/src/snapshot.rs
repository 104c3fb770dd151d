//! What is known of one program at one moment: everything that requests are answered from.
//!
//! In: a document, the documents around it, the host. Out: a [`Snapshot`], which never changes and
//! is shared between the requests that read it.

use crate::host::{Configured, Host};
use crate::place::{normal, uri_of};
use crate::text::{Encoding, Text};
use crate::world::{EditorWorld, Open};
use flow_compiler::ast::{File, Item};
use flow_compiler::hir::Hir;
use flow_compiler::{Analysis, Before, analyse};
use flow_diagnostics::{FileId, Span};
use std::path::PathBuf;
use std::sync::Arc;
use tower_lsp_server::ls_types::{Location, Range, Uri};

/// A program to be analysed.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The document.
    pub(crate) uri: Uri,
    /// Its text.
    pub(crate) text: Text,
    /// The version that the client gave this text.
    pub(crate) version: i32,
    /// The change after which this is; later ones have larger numbers.
    pub(crate) generation: u64,
    /// The folder of the program, and the document's name in it.
    pub(crate) folder: PathBuf,
    /// The name of the document's file.
    pub(crate) name: String,
    /// What a column counts.
    pub(crate) encoding: Encoding,
}

/// A program that was analysed.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// What was analysed.
    pub(crate) job: Job,
    /// What was found.
    pub(crate) found: Analysis,
    /// The files of the program, the document first.
    pub(crate) texts: Vec<Text>,
    /// Where each of them is; a module of `std` is nowhere.
    pub(crate) uris: Vec<Option<Uri>>,
    /// The files that were asked for, there or not.
    pub(crate) asked: Vec<PathBuf>,
    /// Why the project's configuration could not be read.
    pub(crate) trouble: Option<String>,
}

impl Snapshot {
    /// Analyses a program. Reads the disk.
    pub(crate) fn of(job: Job, open: &Open, host: &dyn Host, before: &mut Before) -> Snapshot {
        let (configured, trouble) = match host.configured(&job.folder) {
            Ok(configured) => (configured, None),
            Err(reason) => {
                let catalog = Arc::new(flow_stdlib::catalog());
                (Configured { catalog, ..Configured::default() }, Some(reason))
            }
        };
        let main = (job.name.as_str(), job.text.shared());
        let world = EditorWorld::new(host, (&job.folder, &configured), main, open);
        let found = analyse(&world, &job.name, before);
        let asked = world.asked();
        let sources = &found.outcome.sources;
        before.keep(|path| sources.iter().any(|(_, file)| file.name() == path));
        let mut texts = Vec::new();
        let mut uris = Vec::new();
        for (id, file) in sources.iter() {
            if id == FileId::default() {
                texts.push(job.text.clone());
                uris.push(Some(job.uri.clone()));
                continue;
            }
            texts.push(Text::new(file.text().clone()));
            let path = normal(&job.folder.join(file.name()));
            uris.push(asked.contains(&path).then(|| uri_of(&path)).flatten());
        }
        Snapshot { job, found, texts, uris, asked, trouble }
    }

    /// What the checker knows.
    pub(crate) fn hir(&self) -> &Hir {
        &self.found.outcome.hir
    }

    /// The text of the document.
    pub(crate) fn text(&self) -> &str {
        self.job.text.as_str()
    }

    /// The document as a syntax tree.
    pub(crate) fn file(&self) -> &File {
        static NOTHING: File = File { doc: ecow::EcoString::new(), items: Vec::new() };
        self.found.outcome.files.first().map_or(&NOTHING, |file| file)
    }

    /// The declaration of the document that a byte lies in.
    pub(crate) fn item_at(&self, offset: usize) -> Option<&Item> {
        self.file().items().rev().find(|item| item.span().contains(offset))
    }

    /// The text under a span of any file.
    pub(crate) fn source(&self, span: Span) -> &str {
        let text = self.texts.get(span.file.0 as usize);
        text.and_then(|text| text.as_str().get(span.range())).unwrap_or("")
    }

    /// A span of any file as the client counts.
    pub(crate) fn range(&self, span: Span) -> Range {
        let text = self.texts.get(span.file.0 as usize);
        text.map(|text| text.range(span.range(), self.job.encoding)).unwrap_or_default()
    }

    /// Bytes of the document as the client counts.
    pub(crate) fn here(&self, range: std::ops::Range<usize>) -> Range {
        self.job.text.range(range, self.job.encoding)
    }

    /// Where a span is; nothing for what stands in a module of `std`.
    pub(crate) fn location(&self, span: Span) -> Option<Location> {
        let uri = self.uris.get(span.file.0 as usize)?.clone()?;
        Some(Location { uri, range: self.range(span) })
    }

    /// Whether a span is the document's.
    pub(crate) fn is_here(&self, span: Span) -> bool {
        span.file == FileId::default()
    }

    /// Whether the document has a syntax error: then names may be missing.
    pub(crate) fn is_broken(&self) -> bool {
        self.found.outcome.diagnostics.iter().any(|d| d.code == flow_diagnostics::Code::E0001)
    }
}
