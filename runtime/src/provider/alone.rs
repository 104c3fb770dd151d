//! Prompts that say everything to the system, for the protocols that want a word from the user.
//!
//! The executor sends an empty message of the user's behind such a prompt, which OpenAI takes and
//! Anthropic, Bedrock, Google and Cohere do not.

use super::{Message, Request};
use flow_plan::Role;

/// The request as if the user said what is said to the system, where the user says nothing at all.
pub(super) fn said_by_user<'a>(request: &Request<'a>) -> Option<Request<'a>> {
    let is_said = |m: &Message| !m.text.trim().is_empty() || !m.images.is_empty();
    if request.messages.iter().any(|m| m.role != Role::System && is_said(m)) {
        return None;
    }
    let system = request.messages.iter().filter(|m| is_said(m));
    let messages: Vec<Message> = system.map(|m| Message { role: Role::User, ..m.clone() }).collect();
    if messages.is_empty() { None } else { Some(Request { messages, fixed: 0, ..*request }) }
}
