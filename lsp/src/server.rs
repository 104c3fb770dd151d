//! The server itself: which notification changes what, and which request is answered by whom.
//!
//! Law: a notification changes [`State`] before anything is awaited, so that their order holds. A
//! request waits for the analysis of the text as it stands, and is answered away from this thread.

use crate::handlers::{capabilities, fixes};
use crate::host::Host;
use crate::ide::diagnostics;
use crate::place::path_of;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::worker::Worker;
use std::path::PathBuf;
use std::sync::Arc;
use tower_lsp_server::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp_server::ls_types::*;
use tower_lsp_server::{Client, LanguageServer};

/// The server.
pub(crate) struct FlowServer {
    client: Client,
    state: Arc<State>,
    worker: Worker,
}

impl FlowServer {
    /// A server without documents.
    pub(crate) fn new(client: Client, host: Arc<dyn Host>) -> FlowServer {
        let state = Arc::new(State::default());
        let worker = Worker { state: state.clone(), host, client: client.clone() };
        FlowServer { client, state, worker }
    }

    /// The analysis of a document as it stands; nothing where it is not open.
    async fn snapshot(&self, uri: &Uri) -> Result<Option<Arc<Snapshot>>> {
        let Some((wanted, mut done)) = self.state.lock().wanted(uri) else { return Ok(None) };
        while *done.borrow_and_update() < wanted {
            // The document was closed meanwhile.
            if done.changed().await.is_err() {
                return Ok(None);
            }
        }
        let newest = self.state.lock().newest(uri);
        match newest {
            Some(snapshot) if snapshot.job.generation == wanted => Ok(Some(snapshot)),
            // Positions of the request are those of an older text.
            _ => Err(Error {
                code: ErrorCode::ContentModified,
                message: "the document has changed".into(),
                data: None,
            }),
        }
    }

    /// Answers from a document's analysis; the answer to a document that is not open is nothing.
    async fn of<T, F>(&self, uri: &Uri, answer: F) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot) -> Option<T> + Send + 'static,
    {
        let Some(snapshot) = self.snapshot(uri).await? else { return Ok(None) };
        aside(move || answer(&snapshot)).await
    }
}

/// Works something out where it blocks nobody. A panic is this request's error, and no more.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error {
        code: ErrorCode::InternalError,
        message: format!("this is a mistake in flowc: {error}").into(),
        data: None,
    })
}

impl LanguageServer for FlowServer {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let client = capabilities::client(&params);
        #[expect(deprecated, reason = "older clients send their one folder this way")]
        let root = params.root_uri.clone();
        let folders = params.workspace_folders.unwrap_or_default().into_iter().map(|f| f.uri);
        let mut roots: Vec<PathBuf> = folders.filter_map(|uri| path_of(&uri)).collect();
        if roots.is_empty() {
            roots.extend(root.and_then(|uri| path_of(&uri)));
        }
        {
            let mut state = self.state.lock();
            state.client = client;
            state.roots = roots;
        }
        Ok(InitializeResult {
            capabilities: capabilities::server(client),
            server_info: Some(ServerInfo {
                name: "flowc".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            ..InitializeResult::default()
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        if !self.state.lock().client.watches_files {
            return;
        }
        let watchers = ["**/*.flow", "**/flow.toml", "**/prices.toml", "**/*.md", "**/*.jsonl", "**/*.json"]
            .map(|glob| FileSystemWatcher { glob_pattern: GlobPattern::String(glob.to_owned()), kind: None });
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: watchers.to_vec() };
        let registration = Registration {
            id: "flowc-files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        if let Err(error) = self.client.register_capability(vec![registration]).await {
            let says = format!("files that change on the disk are not noticed: {error}");
            self.client.log_message(MessageType::WARNING, says).await;
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let start = self.state.lock().opened(document.uri, &document.text, document.version);
        self.worker.start(start);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        let start = self.state.lock().changed(&document.uri, document.version, &params.content_changes);
        self.worker.start(start);
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {}

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        let (start, gone) = self.state.lock().closed(&params.text_document.uri);
        self.worker.start(start);
        for uri in gone {
            self.client.publish_diagnostics(uri, Vec::new(), None).await;
        }
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let paths: Vec<PathBuf> = params.changes.iter().filter_map(|c| path_of(&c.uri)).collect();
        let configures = |path: &PathBuf| path.extension().is_some_and(|e| e == "toml");
        let paths = (!paths.iter().any(configures)).then_some(&paths[..]);
        let start = self.state.lock().changed_on_disk(paths);
        self.worker.start(start);
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: Vec<WorkspaceFolder>| -> Vec<PathBuf> {
            folders.iter().filter_map(|f| path_of(&f.uri)).collect()
        };
        let (added, removed) = (paths(params.event.added), paths(params.event.removed));
        let mut state = self.state.lock();
        state.roots.retain(|root| !removed.contains(root));
        state.roots.extend(added);
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let uri = params.text_document.uri;
        let explained = self.worker.explained();
        let own = uri.clone();
        let files = self.of(&uri, move |s| Some(diagnostics::of(s, &explained))).await?.unwrap_or_default();
        let mut items = Vec::new();
        let mut others = std::collections::HashMap::new();
        for (uri, list) in files {
            if uri == own {
                items = list;
            } else {
                let full = FullDocumentDiagnosticReport { result_id: None, items: list };
                others.insert(uri, DocumentDiagnosticReportKind::Full(full));
            }
        }
        let report = RelatedFullDocumentDiagnosticReport {
            related_documents: (!others.is_empty()).then_some(others),
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: None, items },
        };
        Ok(DocumentDiagnosticReport::Full(report).into())
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let explained = self.worker.explained();
        let only = params.context.only;
        self.of(&params.text_document.uri, move |snapshot| {
            let range = snapshot.job.text.bytes(params.range, snapshot.job.encoding);
            let mut actions = fixes::at(snapshot, range, &explained);
            actions.extend(fixes::all(snapshot));
            if let Some(only) = only {
                let asked =
                    |kind: &CodeActionKind| only.iter().any(|o| kind.as_str().starts_with(o.as_str()));
                actions.retain(|a| a.kind.as_ref().is_some_and(asked));
            }
            Some(actions.into_iter().map(CodeActionOrCommand::CodeAction).collect())
        })
        .await
    }
}
