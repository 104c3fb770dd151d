//! Texts with holes: which names a template uses, and whether it can be read at all.

use crate::ast::StringLit;
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Span, did_you_mean};
use flow_plan::Type;

/// A hole of a template.
#[derive(Clone, Debug)]
pub struct Hole {
    /// Where it stands.
    pub span: Span,
    /// What is pasted.
    pub ty: Type,
}

/// What a template uses.
#[derive(Clone, Debug, Default)]
pub struct TemplateCheck {
    /// The free names, in order.
    pub free: Vec<EcoString>,
    /// What is pasted where.
    pub holes: Vec<Hole>,
    /// Whether nothing in it changes.
    pub is_static: bool,
}

/// The names around a template.
pub trait Names {
    /// The type of a name; `None` where there is no such name.
    fn ty(&self, name: &str) -> Option<Type>;
    /// The names there are, for "did you mean".
    fn candidates(&self) -> Vec<EcoString>;
}

/// Checks the names of one template.
pub fn check(lit: &StringLit, names: &dyn Names, diagnostics: &mut Diagnostics) -> TemplateCheck {
    let env = minijinja::Environment::new();
    let template = match env.template_from_str(&lit.value) {
        Ok(template) => template,
        Err(error) => {
            let at = error.range().map_or(lit.span, |r| lit.source_span(r));
            diagnostics.push(FlowDiagnostic::new(Code::E0001, at, format!("template: {error}")));
            return TemplateCheck::default();
        }
    };
    let mut free: Vec<EcoString> =
        template.undeclared_variables(false).into_iter().map(EcoString::from).collect();
    free.sort();
    for name in &free {
        if names.ty(name).is_none() {
            let candidates = names.candidates();
            let near = did_you_mean(name, candidates.iter().map(EcoString::as_str));
            diagnostics.push(
                FlowDiagnostic::new(Code::E0204, lit.span, format!("unknown name `{name}` in this text"))
                    .maybe_help(near.map(|n| format!("did you mean `{n}`?"))),
            );
        }
    }
    let is_static = free.is_empty();
    TemplateCheck { free, holes: Vec::new(), is_static }
}
