//! What the server remembers: open documents, and for each the program that it is the root of.
//!
//! In: notifications of the client. Out: jobs for [`crate::worker`], and the newest snapshots.
//! Every change is made under one lock and before anything is awaited, so that notifications take
//! effect in the order in which they came.
//!
//! Laws: a program's `wanted` grows with every change that concerns it; a snapshot is shown only if
//! its generation is the wanted one; at most one analysis of a program runs at a time.

use crate::files::Files;
use crate::place::path_of;
use crate::snapshot::{Job, Snapshot};
use crate::text::{Encoding, Text, changed};
use crate::world::Open;
use flow_compiler::Before;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tower_lsp_server::ls_types::{SemanticToken, TextDocumentContentChangeEvent, Uri};

/// What the client can do beyond the least.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Client {
    /// What a column counts.
    pub(crate) encoding: Encoding,
    /// It takes code lenses anew when asked.
    pub(crate) refreshes_lenses: bool,
    /// It takes inlay hints anew when asked.
    pub(crate) refreshes_hints: bool,
    /// It can be asked to watch files.
    pub(crate) watches_files: bool,
    /// It inserts snippets.
    pub(crate) snippets: bool,
    /// It asks for diagnostics and is sent none.
    pub(crate) pulls_only: bool,
    /// It runs `flowc.run`, `flowc.test` and `flowc.graph` itself.
    pub(crate) has_commands: bool,
}

/// All of it, behind one lock.
#[derive(Debug, Default)]
pub(crate) struct State {
    inner: Mutex<Inner>,
}

/// What is behind the lock.
#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// What the client can do.
    pub(crate) client: Client,
    /// The folders that are open.
    pub(crate) roots: Vec<PathBuf>,
    /// The open documents.
    pub(crate) documents: HashMap<Uri, Document>,
    programs: HashMap<Uri, Program>,
    files: Arc<Files>,
    clock: u64,
}

/// An open document.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// Its text.
    pub(crate) text: Text,
    /// The version that the client gave it.
    pub(crate) version: i32,
    /// Its file, if it is one.
    pub(crate) path: Option<PathBuf>,
}

#[derive(Debug)]
struct Program {
    wanted: u64,
    running: bool,
    before: Arc<Mutex<Before>>,
    newest: Option<Arc<Snapshot>>,
    // The newest without a syntax error.
    good: Option<Arc<Snapshot>>,
    done: watch::Sender<u64>,
    tokens: Option<Told>,
    // Other files that diagnostics of this program were sent for.
    elsewhere: Vec<Uri>,
}

/// Semantic tokens that the client was told, with the generation that they are of.
pub(crate) type Told = (u64, Arc<[SemanticToken]>);

/// An analysis that is to be made.
#[derive(Debug)]
pub(crate) struct Work {
    /// Of what.
    pub(crate) job: Job,
    /// The documents around it.
    pub(crate) open: Open,
    /// What is kept from the analysis before.
    pub(crate) before: Arc<Mutex<Before>>,
}

impl State {
    /// The lock. What a panic left behind is still in order: every change is one assignment.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// A document was opened. Gives the programs that have to be analysed and are not yet.
    pub(crate) fn opened(&mut self, uri: Uri, text: &str, version: i32) -> Vec<Uri> {
        let path = path_of(&uri);
        self.documents.insert(uri.clone(), Document { text: Text::new(text), version, path });
        self.touch(&uri)
    }

    /// A document was changed.
    pub(crate) fn changed(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: &[TextDocumentContentChangeEvent],
    ) -> Vec<Uri> {
        let encoding = self.client.encoding;
        let Some(document) = self.documents.get_mut(uri) else { return Vec::new() };
        document.text = changed(&document.text, changes, encoding);
        document.version = version;
        self.touch(uri)
    }

    /// A document was closed: its file is what is on the disk again. Gives the programs that it is
    /// part of, and the files whose diagnostics are gone.
    pub(crate) fn closed(&mut self, uri: &Uri) -> (Vec<Uri>, Vec<Uri>) {
        let Some(document) = self.documents.remove(uri) else { return (Vec::new(), Vec::new()) };
        let gone = self.programs.remove(uri).map(|p| p.elsewhere).unwrap_or_default();
        let concerned = document.path.map(|path| self.concerned(&path)).unwrap_or_default();
        (self.start(concerned), std::iter::once(uri.clone()).chain(gone).collect())
    }

    /// Files have changed on the disk. Without a path, anything may have.
    pub(crate) fn changed_on_disk(&mut self, paths: Option<&[PathBuf]>) -> Vec<Uri> {
        let concerned = match paths {
            None => self.programs.keys().cloned().collect(),
            Some(paths) => paths.iter().flat_map(|path| self.concerned(path)).collect(),
        };
        self.start(concerned)
    }

    // The document's own program, which is looked at first, and those that read its file.
    fn touch(&mut self, uri: &Uri) -> Vec<Uri> {
        self.programs.entry(uri.clone()).or_insert_with(|| Program {
            wanted: 0,
            running: false,
            before: Arc::default(),
            newest: None,
            good: None,
            done: watch::channel(0).0,
            tokens: None,
            elsewhere: Vec::new(),
        });
        let path = self.documents.get(uri).and_then(|d| d.path.clone());
        let mut concerned = vec![uri.clone()];
        concerned.extend(path.map(|path| self.concerned(&path)).unwrap_or_default());
        let mut programs = self.start(concerned);
        if let Some(own) = programs.iter().position(|program| program == uri) {
            programs[..=own].rotate_right(1);
        }
        programs
    }

    fn concerned(&self, path: &Path) -> Vec<Uri> {
        let reads = |program: &Program| {
            program.newest.as_ref().is_some_and(|s| s.asked.iter().any(|asked| asked == path))
        };
        self.programs.iter().filter(|(_, program)| reads(program)).map(|(uri, _)| uri.clone()).collect()
    }

    fn start(&mut self, mut programs: Vec<Uri>) -> Vec<Uri> {
        programs.sort();
        programs.dedup();
        for uri in &programs {
            self.clock += 1;
            if let Some(program) = self.programs.get_mut(uri) {
                program.wanted = self.clock;
            }
        }
        programs.retain(|uri| {
            let program = self.programs.get_mut(uri);
            program.is_some_and(|program| !std::mem::replace(&mut program.running, true))
        });
        programs
    }

    /// The analysis that a program needs now.
    pub(crate) fn work(&self, uri: &Uri) -> Option<Work> {
        let (program, document) = (self.programs.get(uri)?, self.documents.get(uri)?);
        let (folder, name) = match &document.path {
            Some(path) => (
                path.parent().map(Path::to_owned).unwrap_or_default(),
                path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            ),
            None => (self.roots.first().cloned().unwrap_or_default(), "untitled.flow".to_owned()),
        };
        let job = Job {
            uri: uri.clone(),
            text: document.text.clone(),
            version: document.version,
            generation: program.wanted,
            folder,
            name,
            encoding: self.client.encoding,
        };
        Some(Work { job, open: self.open(), before: program.before.clone() })
    }

    /// The open documents that are files, and the disk.
    pub(crate) fn open(&self) -> Open {
        let files = self.documents.values().filter_map(|d| Some((d.path.clone()?, d.text.shared())));
        Open { documents: files.collect(), files: self.files.clone() }
    }

    /// Takes an analysis in, if it is the one that is wanted; and gives the one before it.
    pub(crate) fn finished(&mut self, snapshot: &Arc<Snapshot>) -> Option<Option<Arc<Snapshot>>> {
        let program = self.programs.get_mut(&snapshot.job.uri)?;
        if program.wanted != snapshot.job.generation {
            return None;
        }
        if !snapshot.is_broken() || program.good.is_none() {
            program.good = Some(snapshot.clone());
        }
        let before = program.newest.replace(snapshot.clone());
        program.done.send_replace(snapshot.job.generation);
        Some(before)
    }

    /// Ends the work on a program, if nothing more is wanted of it.
    pub(crate) fn rests(&mut self, uri: &Uri, generation: u64) -> bool {
        match self.programs.get_mut(uri) {
            Some(program) if program.wanted != generation => false,
            Some(program) => {
                program.running = false;
                true
            }
            None => true,
        }
    }

    /// Gives up on an analysis that ended in a panic, so that nobody waits for it.
    pub(crate) fn failed(&mut self, uri: &Uri, generation: u64) {
        if let Some(program) = self.programs.get_mut(uri) {
            program.done.send_replace(generation);
        }
    }

    /// Notes where else diagnostics of a program are sent, and gives where they were sent before.
    pub(crate) fn moved(&mut self, uri: &Uri, elsewhere: Vec<Uri>) -> Vec<Uri> {
        let program = self.programs.get_mut(uri);
        program.map(|p| std::mem::replace(&mut p.elsewhere, elsewhere)).unwrap_or_default()
    }

    /// Notes the tokens that a client is told, and gives those that it was told before.
    pub(crate) fn told(&mut self, uri: &Uri, tokens: Told) -> Option<Told> {
        self.programs.get_mut(uri)?.tokens.replace(tokens)
    }

    /// What is wanted of a program, with where it is told when something is done.
    pub(crate) fn wanted(&self, uri: &Uri) -> Option<(u64, watch::Receiver<u64>)> {
        self.programs.get(uri).map(|p| (p.wanted, p.done.subscribe()))
    }

    /// The newest analysis of a program.
    pub(crate) fn newest(&self, uri: &Uri) -> Option<Arc<Snapshot>> {
        self.programs.get(uri)?.newest.clone()
    }

    /// The newest analysis of a program whose text had no syntax error.
    pub(crate) fn good(&self, uri: &Uri) -> Option<Arc<Snapshot>> {
        self.programs.get(uri)?.good.clone()
    }

    /// The newest analyses of all open programs.
    pub(crate) fn all(&self) -> Vec<Arc<Snapshot>> {
        let mut all: Vec<_> = self.programs.values().filter_map(|p| p.newest.clone()).collect();
        all.sort_by(|a, b| a.job.uri.cmp(&b.job.uri));
        all
    }
}
