//! The server itself: which notification changes what, and which request is answered by whom.
//!
//! Law: a notification changes [`State`] before anything is awaited, so that their order holds. A
//! request waits for the analysis of the text as it stands, and is answered away from this thread.

use crate::analyst::Analyst;
use crate::handlers::{
    capabilities, code_actions, completion, hierarchy, lenses, names, outline, panels, shown, tokens,
};
use crate::host::Host;
use crate::ide::{complete, diagnostics, signature};
use crate::place::path_of;
use crate::programs;
use crate::snapshot::Snapshot;
use crate::state::{self, State};
use crate::text::Text;
use crate::worker::Worker;
use serde_json::Value;
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
    pub(crate) fn new(client: Client, host: Arc<dyn Host>, analyst: Analyst) -> FlowServer {
        let state = Arc::new(State::default());
        let worker = Worker { state: state.clone(), host, client: client.clone(), analyst };
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

    /// The same for a place in a document.
    async fn at<T, F>(&self, place: TextDocumentPositionParams, answer: F) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: FnOnce(&Snapshot, usize) -> Option<T> + Send + 'static,
    {
        let position = place.position;
        self.of(&place.text_document.uri, move |snapshot| {
            answer(snapshot, snapshot.job.text.offset(position, snapshot.job.encoding))
        })
        .await
    }

    /// Answers from the text as it is and what was known last, without waiting for an analysis where
    /// there was one.
    async fn typed<T, F>(&self, uri: &Uri, position: Position, answer: F) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: FnOnce(&Typed) -> Option<T> + Send + 'static,
    {
        let known = |state: &State| {
            let state = state.lock();
            let text = state.documents.get(uri)?.text.clone();
            let (newest, good, client) = (state.newest(uri)?, state.good(uri)?, state.client);
            let offset = text.offset(position, client.encoding);
            Some(Typed { text, offset, newest, good, client })
        };
        let typed = match known(&self.state) {
            Some(typed) => typed,
            None => {
                self.snapshot(uri).await?;
                let Some(typed) = known(&self.state) else { return Ok(None) };
                typed
            }
        };
        aside(move || answer(&typed)).await
    }

    /// The edits that lay a document out. They need no analysis.
    async fn formatted(&self, uri: &Uri, range: Option<Range>) -> Result<Option<Vec<TextEdit>>> {
        let (text, encoding) = {
            let state = self.state.lock();
            let Some(document) = state.documents.get(uri) else { return Ok(None) };
            (document.text.clone(), state.client.encoding)
        };
        aside(move || Some(outline::format(&text, range, encoding))).await
    }

    /// Answers `flowc/program`.
    pub(crate) async fn program(&self, params: Value) -> Result<Value> {
        self.asked(params, |snapshot, _| Ok(panels::program(snapshot))).await
    }

    /// Answers `flowc/graph`.
    pub(crate) async fn graph(&self, params: Value) -> Result<Value> {
        self.asked(params, panels::graph).await
    }

    /// Answers `flowc/prompt`.
    pub(crate) async fn prompt(&self, params: Value) -> Result<Value> {
        let host = self.worker.host.clone();
        self.asked(params, move |snapshot, params| panels::prompt(snapshot, params, host.as_ref())).await
    }

    /// Answers a request that names a document by its `uri`.
    async fn asked<F>(&self, params: Value, answer: F) -> Result<Value>
    where
        F: FnOnce(&Snapshot, &Value) -> std::result::Result<Value, String> + Send + 'static,
    {
        let uri: Option<Uri> = params["uri"].as_str().and_then(|uri| uri.parse().ok());
        let uri = uri.ok_or_else(|| refused("the request needs the document's address as its `uri`"))?;
        let done = self.of(&uri, move |snapshot| Some(answer(snapshot, &params))).await?;
        done.ok_or_else(|| refused("the document is not open"))?.map_err(|why| refused(&why))
    }

    /// The semantic tokens of a document, and those that the client was told before.
    async fn tokens(&self, uri: &Uri) -> Result<Option<(SemanticTokens, Option<state::Told>)>> {
        let state = self.state.clone();
        self.of(uri, move |snapshot| {
            let (mut tokens, id) = (tokens::of(snapshot, None), snapshot.job.generation);
            tokens.result_id = Some(id.to_string());
            let before = state.lock().told(&snapshot.job.uri, (id, tokens.data.as_slice().into()));
            Some((tokens, before))
        })
        .await
    }

    /// What finds the programs that may have the name at a place.
    fn programs(&self) -> impl FnOnce(&Snapshot, usize) -> Vec<Arc<Snapshot>> + Send + use<> {
        let (state, host) = (self.state.clone(), self.worker.host.clone());
        move |snapshot, at| {
            let word = crate::ide::names::word_at(snapshot.text(), at);
            programs::with(&state, host.as_ref(), &snapshot.text()[word])
        }
    }
}

/// A document as it is typed, with what was known of it last.
struct Typed {
    text: Text,
    offset: usize,
    newest: Arc<Snapshot>,
    good: Arc<Snapshot>,
    client: state::Client,
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
        let (explained, host) = (self.worker.explained(), self.worker.host.clone());
        let uri = params.text_document.uri.clone();
        let open = self.state.lock().open();
        self.of(&uri, move |s| Some(code_actions::of(s, &params, &explained, (&open, host.as_ref())))).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let host = self.worker.host.clone();
        self.at(params.text_document_position_params, move |s, at| shown::hover(s, at, host.as_ref())).await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        self.of(&params.text_document.uri, move |s| Some(lenses::hints(s, params.range))).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.of(&params.text_document.uri, |s| Some(lenses::lenses(s))).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let argument = |i: usize| params.arguments.get(i).and_then(|a| a.as_str()).map(str::to_owned);
        let uri: Option<Uri> = argument(0).and_then(|uri| uri.parse().ok());
        let uri = uri.ok_or_else(|| refused("the command needs the document's address"))?;
        let of = argument(1);
        let command = params.command;
        let done = self.of(&uri, move |s| Some(lenses::run(s, &command, of.as_deref()))).await?;
        let done = done.ok_or_else(|| refused("the document is not open"))?.map_err(|why| refused(&why))?;
        if let Some(line) = done["shell"].as_str() {
            // Only a client can open a terminal.
            self.client.show_message(MessageType::INFO, format!("in a terminal: {line}")).await;
        }
        Ok(Some(done))
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.at(params.text_document_position_params, names::definition).await
    }

    async fn goto_type_definition(
        &self,
        params: request::GotoTypeDefinitionParams,
    ) -> Result<Option<request::GotoTypeDefinitionResponse>> {
        self.at(params.text_document_position_params, names::type_definition).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let with_declaration = params.context.include_declaration;
        let programs = self.programs();
        self.at(params.text_document_position, move |s, at| {
            Some(names::references(s, at, &programs(s, at), with_declaration))
        })
        .await
    }

    async fn prepare_rename(
        &self,
        params: TextDocumentPositionParams,
    ) -> Result<Option<PrepareRenameResponse>> {
        let found = self.at(params, |s, at| Some(names::prepare_rename(s, at))).await?;
        found.transpose().map_err(|why| refused(&why))
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let name = params.new_name;
        let programs = self.programs();
        let edit = self
            .at(params.text_document_position, move |s, at| {
                Some(names::rename(s, at, &name, &programs(s, at)))
            })
            .await?;
        edit.transpose().map_err(|why| refused(&why))
    }

    async fn document_highlight(
        &self,
        params: DocumentHighlightParams,
    ) -> Result<Option<Vec<DocumentHighlight>>> {
        self.at(params.text_document_position_params, |s, at| Some(names::highlights(s, at))).await
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        self.of(&params.text_document.uri, |s| Some(outline::symbols(s))).await
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        let (state, host) = (self.state.clone(), self.worker.host.clone());
        aside(move || {
            let programs = programs::with(&state, host.as_ref(), "");
            let found = outline::workspace(programs.iter().map(AsRef::as_ref), &params.query);
            Some(WorkspaceSymbolResponse::Flat(found))
        })
        .await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.of(&params.text_document.uri, |s| Some(outline::folds(s))).await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        self.of(&params.text_document.uri, move |s| Some(outline::selections(s, &params.positions))).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.of(&params.text_document.uri, |s| Some(outline::links(s))).await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.formatted(&params.text_document.uri, None).await
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.formatted(&params.text_document.uri, Some(params.range)).await
    }

    async fn on_type_formatting(
        &self,
        params: DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        self.formatted(&text_document.uri, Some(Range::new(position, position))).await
    }

    async fn semantic_tokens_full(
        &self,
        params: SemanticTokensParams,
    ) -> Result<Option<SemanticTokensResult>> {
        let (tokens, _) = match self.tokens(&params.text_document.uri).await? {
            Some(told) => told,
            None => return Ok(None),
        };
        Ok(Some(tokens.into()))
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        let Some((tokens, before)) = self.tokens(&params.text_document.uri).await? else { return Ok(None) };
        Ok(Some(match before.filter(|(id, _)| id.to_string() == params.previous_result_id) {
            Some((_, before)) => {
                let edits = tokens::changes(&before, &tokens.data);
                SemanticTokensDelta { result_id: tokens.result_id, edits }.into()
            }
            // The client speaks of tokens that are not known any more.
            None => tokens.into(),
        }))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        self.of(&params.text_document.uri, move |s| Some(tokens::of(s, Some(params.range)).into())).await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let host = self.worker.host.clone();
        self.typed(&text_document.uri, position, move |typed| {
            let around = complete::Around {
                text: typed.text.as_str(),
                offset: typed.offset,
                newest: &typed.newest,
                good: &typed.good,
                host: host.as_ref(),
            };
            Some(completion::of(&around, &typed.text, typed.client))
        })
        .await
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let host = self.worker.host.clone();
        self.typed(&text_document.uri, position, move |typed| {
            let at = |known| signature::at(typed.text.as_str(), typed.offset, known, host.as_ref());
            at(&typed.newest).or_else(|| at(&typed.good)).map(completion::signature)
        })
        .await
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        self.at(params.text_document_position_params, hierarchy::prepare).await
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        let (state, host) = (self.state.clone(), self.worker.host.clone());
        aside(move || {
            let mut found: Vec<CallHierarchyIncomingCall> = Vec::new();
            for program in programs::with(&state, host.as_ref(), &params.item.name) {
                for call in hierarchy::incoming(&program, &params.item) {
                    // A file that several programs import is read in each of them.
                    if !found.contains(&call) {
                        found.push(call);
                    }
                }
            }
            Some(found)
        })
        .await
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        let (state, host) = (self.state.clone(), self.worker.host.clone());
        aside(move || {
            let programs = programs::with(&state, host.as_ref(), &params.item.name);
            let own = programs.iter().find(|p| p.uris.iter().any(|u| u.as_ref() == Some(&params.item.uri)));
            own.map(|program| hierarchy::outgoing(program, &params.item))
        })
        .await
    }
}

fn refused(why: &str) -> Error {
    Error { code: ErrorCode::ServerError(-32803), message: why.to_owned().into(), data: None }
}
