//! What every phase says about a program and where: spans, codes, diagnostics, fixes.
//!
//! In: byte ranges of source files and facts found by other crates.
//! Out: [`FlowDiagnostic`]s and one renderer each for the terminal ([`terminal`]), for programs
//! ([`json`], [`sarif`]) and for pull requests on GitHub ([`annotations`]).
//! Not here: deciding what is wrong. Each check builds its own diagnostic in its own file.

pub mod annotations;
mod code;
mod diagnostic;
pub mod json;
pub mod sarif;
mod source;
mod suggest;
#[cfg(feature = "terminal")]
pub mod terminal;

pub use code::{Code, Page};
pub use diagnostic::{Diagnostics, Edit, Fix, FlowDiagnostic, Label, Severity};
pub use source::{FileId, Position, SourceFile, Sources, Span};
pub use suggest::did_you_mean;
