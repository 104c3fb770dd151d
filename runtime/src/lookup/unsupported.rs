//! Sources that the language names and this version does not have.

use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec};

/// Their specs: enough to say so.
pub const UNSUPPORTED: &[&CapabilitySpec] = &[
    &source("vector", "Finds the nearest texts by their embeddings in a vector store."),
    &source("hybrid", "Finds by full text and by embeddings, and puts both in one order."),
    &source("sql", "Asks a database."),
    &source("http", "Asks a server over HTTP."),
    &source("graph", "Asks a graph database."),
    &source("predict", "Runs a small model in the process."),
    &source("mcp", "Calls a tool of an MCP server."),
];

const fn source(name: &'static str, doc: &'static str) -> CapabilitySpec {
    CapabilitySpec {
        kind: CapabilityKind::Lookup,
        name,
        doc,
        returns: TypeSpec::Declared,
        supported: false,
        ..CapabilitySpec::BASE
    }
}
