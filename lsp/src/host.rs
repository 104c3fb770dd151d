//! What the server is given by the program that starts it.
//!
//! The server touches the disk to read programs, and nothing else: which models a project knows,
//! what the runtime can do and which day it is, the [`Host`] says.

use flow_diagnostics::Code;
use flow_plan::{CapabilitySpec, Catalog, Plan, PromptId, Role, Step, Tokens, Value};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The program around the server. Its methods are called from threads that may block.
pub trait Host: Send + Sync + 'static {
    /// What the runtime can do.
    fn capabilities(&self) -> Vec<&'static CapabilitySpec>;

    /// What is configured for programs in a folder. An error is the reason, for people.
    fn configured(&self, folder: &Path) -> Result<Configured, String>;

    /// The day it is; without one, nothing is too old.
    fn today(&self) -> Option<Date>;

    /// The file that explains a code, where one can be opened.
    fn explained(&self, code: Code) -> Option<PathBuf>;

    /// A prompt as a model would be shown it. An error is the reason, for people.
    fn rendered(&self, asked: Rendering<'_>) -> Result<Rendered, String>;
}

/// A prompt to be rendered.
#[derive(Clone, Copy, Debug)]
pub struct Rendering<'a> {
    /// The program.
    pub plan: &'a Plan,
    /// The prompt.
    pub prompt: PromptId,
    /// The values of its parameters, in their order.
    pub args: &'a [Value],
    /// The step whose model and bounds it is shown with.
    pub step: Option<&'a Step>,
}

/// A prompt that was rendered.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// Its messages in their order.
    pub messages: Vec<Message>,
    /// What the whole request counts, where the model is known.
    pub tokens: Option<Tokens>,
    /// The most that the step's request can hold.
    pub most: Option<Tokens>,
    /// What was cut at a hole, for people.
    pub cuts: Vec<String>,
}

/// A message of a prompt.
#[derive(Clone, Debug)]
pub struct Message {
    /// Whose it is.
    pub role: Role,
    /// The text.
    pub text: String,
    /// What the text counts.
    pub tokens: Tokens,
}

/// What is configured for programs in a folder.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// The models that are known.
    pub catalog: Arc<Catalog>,
    /// The `provider/model` that takes the place of a model of the program, by its name there.
    pub models: BTreeMap<String, String>,
}
