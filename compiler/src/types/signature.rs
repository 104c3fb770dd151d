//! Signatures: what a declaration takes and gives, known before any body is checked.

use crate::ast::{self, Item};
use crate::checker::Checker;
use crate::resolve::DeclId;
use ecow::EcoString;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{
    ActionId, Callee, FlowId, GuardId, Integrity, Labels, LookupId, ModelId, Param, PromptId, Type,
};
use std::fmt;
use std::sync::Arc;

/// What a call of a declaration takes and gives.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) name: EcoString,
    pub(crate) callee: Callee,
    pub(crate) params: Vec<Param>,
    /// `None` until the body of a flow that writes no type is checked.
    pub(crate) output: Option<Type>,
    /// Labels of the result beyond those of the arguments.
    pub(crate) labels: Labels,
    /// A guard's purpose, or a declaration's word: what passes is trusted.
    pub(crate) endorses: bool,
    /// A guard: whether what it finds can be taken out.
    pub(crate) can_redact: bool,
    /// A prompt's own model.
    pub(crate) model: Option<ModelId>,
    /// Whether it changes the world, itself or by what it calls: then it always runs.
    pub(crate) acts: bool,
    /// Whether it may wait for a person, itself or by what it calls.
    pub(crate) reviews: bool,
    /// Whether it can fail at all.
    pub(crate) can_fail: bool,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, param) in self.params.iter().enumerate() {
            write!(f, "{}{}: {}", if i > 0 { ", " } else { "" }, param.name, param.ty)?;
        }
        f.write_str(")")?;
        match &self.output {
            Some(Type::Null) | None => Ok(()),
            Some(ty) => write!(f, " -> {ty}"),
        }
    }
}

impl Checker<'_> {
    /// Works out and keeps the signature of a callable declaration; others have none.
    pub(crate) fn signature(&mut self, id: DeclId, item: &Item) {
        let (name, params, output) = match item {
            Item::Prompt(d) => (&d.name, &d.params, &d.output),
            Item::Lookup(d) | Item::Guard(d) | Item::Action(d) => (&d.name, &d.params, &d.output),
            Item::Flow(d) => (&d.name, &d.params, &d.output),
            _ => return,
        };
        let from_outside = matches!(item, Item::Flow(_));
        let params = self.params(id.file, params, from_outside);
        let output = output.as_ref().map(|t| self.type_expr(id.file, t));
        let mut labels = output.as_ref().map(|d| d.labels).unwrap_or_default();
        let output = output.map(|d| d.ty);
        let (callee, output) = match item {
            Item::Prompt(_) => (
                Callee::Prompt(PromptId(next(&mut self.numbers.prompts))),
                Some(output.unwrap_or(Type::TEXT)),
            ),
            Item::Lookup(d) => {
                if output.is_none() {
                    self.report(
                        FlowDiagnostic::new(
                            Code::E0201,
                            d.name.span,
                            format!("the lookup `{}` does not say what it finds", d.name.name),
                        )
                        .help("write its type behind the parameters: `-> [Passage] <= 5`"),
                    );
                }
                labels.integrity = Integrity::Untrusted;
                (
                    Callee::Lookup(LookupId(next(&mut self.numbers.lookups))),
                    Some(output.unwrap_or(Type::Error)),
                )
            }
            // A guard passes its first parameter on.
            Item::Guard(_) => {
                let given = params.first().map_or(Type::Error, |p| p.ty.clone());
                (Callee::Guard(GuardId(next(&mut self.numbers.guards))), Some(output.unwrap_or(given)))
            }
            Item::Action(_) => (
                Callee::Action(ActionId(next(&mut self.numbers.actions))),
                Some(output.unwrap_or(Type::Null)),
            ),
            _ => (Callee::Flow(FlowId(next(&mut self.numbers.flows))), output),
        };
        let signature = Signature {
            name: name.name.clone(),
            acts: matches!(callee, Callee::Action(_)),
            reviews: false,
            callee,
            params,
            output,
            labels,
            endorses: false,
            can_redact: false,
            model: None,
            can_fail: true,
        };
        self.callables.insert(id, Arc::new(signature));
    }

    /// Parameters with their types; what comes from outside is untrusted unless it says `trusted`.
    pub(crate) fn params(&mut self, file: usize, params: &[ast::Param], from_outside: bool) -> Vec<Param> {
        let mut out: Vec<Param> = Vec::new();
        for param in params {
            if let Some(first) = out.iter().find(|p| p.name == param.name.name) {
                let first = first.span;
                self.report(crate::resolve::defined_twice(&param.name.name, param.name.span, first));
                continue;
            }
            let declared = self.type_expr(file, &param.ty);
            let mut labels = declared.labels;
            if from_outside && !declared.trusted {
                labels.integrity = Integrity::Untrusted;
            }
            let default = param.default.as_ref().and_then(|d| self.constant_of(file, d, &declared.ty));
            out.push(Param {
                name: param.name.name.clone(),
                ty: declared.ty,
                labels,
                doc: param.doc.clone(),
                default,
                span: param.name.span,
            });
        }
        out
    }
}

/// How many declarations of each kind have a signature; a declaration's number is its place in the
/// plan's table.
#[derive(Default)]
pub(crate) struct Numbers {
    prompts: u32,
    lookups: u32,
    guards: u32,
    actions: u32,
    flows: u32,
}

fn next(counter: &mut u32) -> u32 {
    *counter += 1;
    *counter - 1
}
