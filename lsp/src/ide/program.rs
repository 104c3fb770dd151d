//! What a document declares that can be run, shown or tested, with what a run has to be given.

use crate::snapshot::Snapshot;
use flow_compiler::ast::Item;
use flow_diagnostics::Span;
use flow_plan::{Param, Type, Value};

/// What a document declares.
#[derive(Default)]
pub(crate) struct Program {
    /// Its flows.
    pub(crate) flows: Vec<Runs>,
    /// Its prompts: their names, and where these stand.
    pub(crate) prompts: Vec<(String, Span)>,
    /// Its tests.
    pub(crate) tests: Vec<(String, Span)>,
}

/// A flow.
pub(crate) struct Runs {
    /// Its name.
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) at: Span,
    /// What it is for.
    pub(crate) doc: String,
    /// What it takes; nothing is known of it while the program has errors.
    pub(crate) inputs: Vec<Input>,
}

/// An input of a flow or a prompt.
pub(crate) struct Input {
    /// Its name.
    pub(crate) name: String,
    /// Its type as it is written.
    pub(crate) ty: String,
    /// What it is for.
    pub(crate) doc: String,
    /// How it is asked for.
    pub(crate) kind: Kind,
    /// What it is where it is left out; it must be given where there is nothing.
    pub(crate) default: Option<Value>,
    /// Whether it is private.
    pub(crate) is_private: bool,
}

/// How a value is asked for.
pub(crate) enum Kind {
    /// As words.
    Text,
    /// As digits.
    Number,
    /// As yes or no.
    Bool,
    /// As one of these names.
    Enum(Vec<String>),
    /// As JSON.
    Json,
}

/// What the document declares.
pub(crate) fn of(snapshot: &Snapshot) -> Program {
    let mut program = Program::default();
    for item in &snapshot.file().items {
        match &**item {
            Item::Flow(flow) => {
                let plan = snapshot.found.plan.as_ref();
                let planned = plan.and_then(|p| p.flows.iter().find(|f| f.name == flow.name.name));
                let inputs = planned.map(|f| f.params.iter().map(input).collect()).unwrap_or_default();
                let (name, doc) = (flow.name.name.to_string(), flow.doc.to_string());
                program.flows.push(Runs { name, at: flow.name.span, doc, inputs });
            }
            Item::Prompt(prompt) => program.prompts.push((prompt.name.name.to_string(), prompt.name.span)),
            Item::Test(test) => program.tests.push((test.name.value.to_string(), test.name.span)),
            _ => {}
        }
    }
    program
}

/// How a parameter is asked for.
pub(crate) fn input(param: &Param) -> Input {
    let optional = matches!(param.ty, Type::Optional(_)).then_some(Value::Null);
    Input {
        name: param.name.to_string(),
        ty: param.ty.to_string(),
        doc: param.doc.trim().to_owned(),
        kind: kind(&param.ty),
        default: param.default.clone().or(optional),
        is_private: param.labels.private,
    }
}

fn kind(ty: &Type) -> Kind {
    match ty {
        Type::Text { .. } | Type::Image => Kind::Text,
        Type::Int(_) | Type::Float(_) => Kind::Number,
        Type::Bool => Kind::Bool,
        Type::Enum(of) => Kind::Enum(of.variants.iter().map(|v| v.name.to_string()).collect()),
        Type::Optional(present) => kind(present),
        Type::Known(known) => kind(&known.of),
        _ => Kind::Json,
    }
}
