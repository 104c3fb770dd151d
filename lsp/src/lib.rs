//! The language server: what `flowc lsp` speaks with an editor over its standard streams.
//!
//! In: a [`Host`] with the models, capabilities and configuration. Out: diagnostics, hover, hints,
//! completion and everything else that the Language Server Protocol has, until the client ends it.
//! `ide/` answers questions about a program as plain data, `handlers/` puts that into the protocol's
//! terms, `state` remembers documents, and `worker` analyses. The compiler does all that is known;
//! nothing here decides what is right.

mod analyst;
mod files;
mod handlers;
mod host;
mod ide;
mod place;
mod programs;
mod server;
mod snapshot;
mod state;
mod text;
mod words;
mod worker;
mod world;

pub use host::{Configured, Host, Message, Rendered, Rendering};

use analyst::Analyst;
use server::FlowServer;
use std::sync::Arc;
use tower_lsp_server::{LspService, Server};

/// Serves the client on the standard streams until it says `exit` or is gone.
///
/// # Errors
///
/// Where no runtime for it can be started.
pub fn serve(host: Arc<dyn Host>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let analyst = Analyst::start()?;
    runtime.block_on(async {
        let (service, socket) = LspService::build(|client| FlowServer::new(client, host, analyst))
            .custom_method("flowc/program", FlowServer::program)
            .custom_method("flowc/graph", FlowServer::graph)
            .custom_method("flowc/prompt", FlowServer::prompt)
            .finish();
        Server::new(tokio::io::stdin(), tokio::io::stdout(), socket).serve(service).await;
    });
    // A thread that still reads from a stream that is gone must not keep the process.
    runtime.shutdown_background();
    Ok(())
}
