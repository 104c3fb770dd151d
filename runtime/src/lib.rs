//! From a plan to a run.
//!
//! In: a [`flow_plan::Plan`], inputs and a [`Context`]. Out: a result, events as things happen, and
//! what was spent. The runtime knows no syntax.
//!
//! ```text
//! let engine = Engine::new(plan, context, Options::default())?;
//! let inputs = read_inputs(&engine.plan().flows[0], Some(&json), &[])?;
//! let report = engine.run(Start::new(FlowId(0), inputs)).await;
//! ```

pub mod action;
pub mod audit;
pub mod budget;
pub mod cache;
mod capabilities;
pub mod cassette;
mod clock;
pub mod codec;
mod context;
mod disk;
mod engine;
mod error;
pub mod events;
mod exec;
pub mod guard;
mod input;
pub mod journal;
mod key_file;
pub mod lookup;
pub mod output;
mod pace;
mod path;
pub mod privacy;
pub mod prompt;
pub mod provider;
mod report;
pub mod review;
mod run;
mod script;
mod sentences;
mod size;
pub mod test;
pub mod witness;
mod words;

pub use capabilities::capabilities;
pub use clock::{Clock, FLOW_CLOCK};
pub use context::{Context, Environment, Http};
pub use engine::{Engine, Options, Tables};
pub use error::RunError;
pub use exec::{Preview, Shown, preview};
pub use input::read_inputs;
pub use journal::RunId;
pub use pace::{Limit, Limits, Room};
pub use path::StepPath;
pub use report::{RunReport, RunStatus, Spent, StepReport, StepStatus, hundredths};
pub use run::Start;
pub use script::Script;
