//! What the server says that it can do, and what it reads of what the client can.

use super::lenses::COMMANDS;
use super::tokens;
use crate::state::Client;
use crate::text::Encoding;
use tower_lsp_server::ls_types::*;

/// What a client can do, by what it says at the start.
pub(crate) fn client(params: &InitializeParams) -> Client {
    let general = params.capabilities.general.as_ref();
    let workspace = params.capabilities.workspace.as_ref();
    let document = params.capabilities.text_document.as_ref();
    let option = |name: &str| {
        params.initialization_options.as_ref().and_then(|o| o.get(name)).and_then(|v| v.as_bool())
    };
    let refreshes = |support: Option<Option<bool>>| support.flatten().unwrap_or(false);
    Client {
        encoding: Encoding::negotiate(general.and_then(|g| g.position_encodings.as_deref())),
        refreshes_lenses: refreshes(workspace.and_then(|w| w.code_lens.as_ref()).map(|c| c.refresh_support)),
        refreshes_hints: refreshes(workspace.and_then(|w| w.inlay_hint.as_ref()).map(|c| c.refresh_support)),
        watches_files: refreshes(
            workspace.and_then(|w| w.did_change_watched_files.as_ref()).map(|c| c.dynamic_registration),
        ),
        snippets: document
            .and_then(|d| d.completion.as_ref()?.completion_item.as_ref()?.snippet_support)
            .unwrap_or(false),
        // Most clients show what is pushed and what is pulled beside one another: one way is enough.
        pulls_only: document.is_some_and(|d| d.diagnostic.is_some() && d.publish_diagnostics.is_none()),
        has_commands: option("commands").unwrap_or(false),
    }
}

/// What the server can do for this client.
pub(crate) fn server(client: Client) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            ..TextDocumentSyncOptions::default()
        })),
        diagnostic_provider: client.pulls_only.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("flowc".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: false,
                work_done_progress_options: WorkDoneProgressOptions::default(),
            })
        }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::REFACTOR_EXTRACT,
                CodeActionKind::REFACTOR_INLINE,
                CodeActionKind::REFACTOR_REWRITE,
                CodeActionKind::SOURCE_FIX_ALL,
            ]),
            ..CodeActionOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        inlay_hint_provider: Some(OneOf::Left(true)),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        execute_command_provider: (!client.has_commands).then(|| ExecuteCommandOptions {
            commands: COMMANDS.map(str::to_owned).to_vec(),
            ..ExecuteCommandOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        type_definition_provider: Some(TypeDefinitionProviderCapability::Simple(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        selection_range_provider: Some(SelectionRangeProviderCapability::Simple(true)),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(false),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: "}".to_owned(),
            more_trigger_character: None,
        }),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: tokens::legend(),
                range: Some(true),
                full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([".", "{", "%", "|", "\"", "/", " ", ":"].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: Some(vec!["(".to_owned(), ",".to_owned()]),
            ..SignatureHelpOptions::default()
        }),
        call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            ..WorkspaceServerCapabilities::default()
        }),
        ..ServerCapabilities::default()
    }
}
