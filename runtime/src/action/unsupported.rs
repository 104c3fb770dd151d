//! Channels that the language names and this version does not have.

use flow_plan::{CapabilityKind, CapabilitySpec, TypeSpec};

/// Their specs: enough to say so.
pub const UNSUPPORTED: &[&CapabilitySpec] = &[
    &channel("smtp", "Sends a mail."),
    &channel("sms", "Sends a text message."),
    &channel("push", "Sends a push notification."),
    &channel("queue", "Puts a message into a queue."),
    &channel("sql", "Changes a database."),
    &channel("mcp", "Calls a tool of an MCP server."),
];

const fn channel(name: &'static str, doc: &'static str) -> CapabilitySpec {
    CapabilitySpec {
        kind: CapabilityKind::Action,
        name,
        doc,
        returns: TypeSpec::Null,
        outward: true,
        supported: false,
        ..CapabilitySpec::BASE
    }
}
