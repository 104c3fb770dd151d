//! The plan: what a checked program does, as data. The only thing that the compiler and the
//! runtime both know.
//!
//! In: nothing but plain values. Out: [`Plan`], its [`Type`]s and [`Value`]s, the units
//! ([`Tokens`], [`Cost`], [`Millis`]), the model [`Catalog`] and the [`CapabilitySpec`]s.
//! Not here: syntax, files, network, clocks, async.

mod assume;
mod bounds;
mod capability;
mod cases;
mod catalog;
mod dump;
mod eval;
mod expr;
pub mod figures;
pub mod filters;
pub mod functions;
mod labels;
pub mod limits;
mod plan;
mod price;
mod review;
mod settings;
mod template;
mod tokenizer;
mod tools;
mod types;
mod units;
mod value;

pub use assume::{Assumed, Fact, Often, Rate, Size};
pub use bounds::{CallBounds, EmbeddingBound, Refused, RequestBound};
pub use capability::{CapabilityKind, CapabilitySpec, Names, ParamSpec, Service, TypeSpec};
pub use cases::Cases;
pub use catalog::{Abilities, Catalog, ModelCard, ModelKind};
pub use eval::{EvalError, Scope, compare, equal, eval, kind};
pub use expr::{BinaryOp, Expr, Over, TemplateId, UnaryOp, VarId};
pub use labels::{Integrity, Labels};
pub use plan::*;
pub use price::{LongPrice, Price, Used};
pub use review::{Review, Scripted};
pub use settings::*;
pub use template::{Access, Hole, Of, Read, Shows, Template};
pub use tokenizer::TokenizerFile;
pub use tools::{MOST_ROUNDS, Offer, Tools};
pub use types::{Bound, EnumType, Field, Known, Mismatch, Parts, RecordType, Type, Variant};
pub use units::{Cost, Millis, Tokens};
pub use value::{Entries, Value};
