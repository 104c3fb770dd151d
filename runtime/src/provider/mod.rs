//! Providers: who answers prompts. Each is one file or folder with a [`Provider`] implementation and its
//! [`CapabilitySpec`], and one line in [`builtin`].
//!
//! What they share: `http` finds the address and key and sends, `exchange` reads what comes back in any
//! framing, `embedding` asks for vectors, `answer` is an answer as it comes together, `failure` tells errors apart, `schema` holds
//! output to its type, `tools` has the lookups that a model may ask for, `prefix` says what is worth a place in a prompt cache.

mod alone;
mod answer;
mod anthropic;
mod azure;
mod bedrock;
mod cohere;
mod embedding;
mod events;
mod exchange;
mod failure;
mod frames;
mod google;
mod http;
mod images;
mod ollama;
mod openai;
mod prefix;
mod responses;
mod schema;
mod sim;
mod tools;

use crate::{Context, Room};
use async_trait::async_trait;
use flow_plan::{CapabilitySpec, Millis, Model, Role, Tokens, Type};
use flow_tokens::Measure;

pub use anthropic::Anthropic;
pub use azure::Azure;
pub use bedrock::Bedrock;
pub use cohere::Cohere;
pub use google::Google;
pub use ollama::Ollama;
pub use openai::OpenAi;
pub use responses::Responses;
pub use sim::Sim;
pub(crate) use sim::vector;
pub use tools::{Tool, Tools, Turn, Wish};

/// Tokens as the provider reports them.
pub use flow_plan::Used as Usage;

/// Someone who answers prompts.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Its name and what it can do.
    fn spec(&self) -> &'static CapabilitySpec;

    /// Makes one call. `on_text` sees the answer's text as it arrives, in pieces.
    ///
    /// No retries here, and no timeout but the provider's own: both belong to the caller.
    /// Dropping the future closes the connection.
    async fn call(
        &self,
        context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError>;

    /// A vector for each text; where the spec says that it `embeds`.
    async fn embed(&self, _context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let message = format!("`{}` makes no embeddings", request.model.id());
        Err(CallError::new(CallErrorKind::Rejected, message).help("name another model behind `embed`"))
    }
}

/// Who sees an answer's text as it arrives.
pub type OnText<'a> = dyn FnMut(&str) + Send + 'a;

/// One call of a model.
#[derive(Debug)]
pub struct Request<'a> {
    /// Who is asked, with its settings.
    pub model: &'a Model,
    /// The name of the prompt, for the schema's name and for scripted answers.
    pub prompt: &'a str,
    /// The messages, rendered.
    pub messages: Vec<Message>,
    /// How many of the messages, from the first on, are the same in every call of the prompt.
    pub fixed: usize,
    /// What must come back: text as it is, anything else as JSON of this type.
    pub output: &'a Type,
    /// What counts the model's tokens.
    pub measure: &'a Measure,
    /// How many tokens the request counts, framing and schema included.
    pub input: Tokens,
    /// The most output tokens; always sent.
    pub max_output: Tokens,
    /// Whether the answer is wanted in pieces. Without it `on_text` may see everything at the end,
    /// which costs both sides far less.
    pub stream: bool,
    /// Who is told what the provider says of its limits, where anybody is.
    pub room: Option<&'a Room>,
    /// The lookups that the model may ask for, where it may.
    pub tools: Option<Tools<'a>>,
}

/// Texts that are asked to be made vectors.
#[derive(Debug)]
pub struct Texts<'a> {
    /// Who is asked, with its settings.
    pub model: &'a Model,
    /// The texts; none is empty.
    pub texts: &'a [String],
    /// How many tokens they count.
    pub input: Tokens,
}

/// The vectors of texts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Embedded {
    /// One for each text, of any length but zero, in the texts' order.
    pub vectors: Vec<Vec<f32>>,
    /// What the provider says was used; nothing where it does not say.
    pub input: Tokens,
    /// The provider's name for the call.
    pub request_id: Option<String>,
}

/// One message of a request.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What.
    pub text: String,
    /// Images that go with it: `data:` or `https:` URLs.
    pub images: Vec<String>,
}

/// What came back.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    /// The whole text.
    pub text: String,
    /// What the provider says was used.
    pub usage: Usage,
    /// Why it ended.
    pub finish: Finish,
    /// The provider's name for the call.
    pub request_id: Option<String>,
    /// What the model asks for instead of an answer; the text is empty then.
    pub wish: Option<Wish>,
}

/// Why an answer ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finish {
    /// The model was done.
    Done,
    /// The output cap was reached: the answer is not whole.
    Cut,
    /// The provider's filter, or the model itself, refused.
    Refused,
}

/// Why a call failed.
#[derive(Clone, PartialEq, Debug)]
pub struct CallError {
    /// What kind of failure.
    pub kind: CallErrorKind,
    /// One line for people, without secrets.
    pub message: String,
    /// What to do about it, if it is known.
    pub help: Option<String>,
    /// How long the provider asks to wait.
    pub retry_after: Option<Millis>,
}

/// What kind of failure; it decides whether asking again makes sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallErrorKind {
    /// No connection could be made, so that nothing was sent: the name is not known, the connection is
    /// refused, or what they say of themselves is not believed.
    Unreached,
    /// The connection broke: what was sent may have been worked on.
    Connection,
    /// 429 or its like.
    RateLimited,
    /// 503, 529 or their like: the provider has too much to do.
    Overloaded,
    /// 5xx: the provider's own trouble.
    Server,
    /// What came back is not the protocol.
    Malformed,
    /// The key is missing or not accepted.
    Key,
    /// The prompt and the answer's cap are more than the model takes.
    TooLong,
    /// The request itself is not accepted.
    Rejected,
}

impl CallErrorKind {
    /// Whether the same request may succeed later.
    pub fn is_retryable(self) -> bool {
        !matches!(self, CallErrorKind::Key | CallErrorKind::TooLong | CallErrorKind::Rejected)
    }
}

/// Every provider there is.
pub fn builtin() -> Vec<Box<dyn Provider>> {
    let mut all: Vec<Box<dyn Provider>> = vec![
        Box::new(Sim::default()),
        Box::new(OpenAi::own()),
        Box::new(Responses::default()),
        Box::new(Anthropic::default()),
        Box::new(Google::default()),
        Box::new(Azure::default()),
        Box::new(Bedrock::default()),
        Box::new(Cohere::default()),
        Box::new(Ollama::default()),
        Box::new(OpenAi::compatible()),
    ];
    all.extend(OpenAi::named().map(|named| Box::new(named) as Box<dyn Provider>));
    all
}
