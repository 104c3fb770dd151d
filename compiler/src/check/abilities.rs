//! E0402: every model that may run a prompt must be able to do what the prompt needs.

use crate::checker::Checker;
use flow_diagnostics::{Code, FlowDiagnostic};
use flow_plan::{Callee, ModelId, ModelKind, StepKind};

pub(super) fn check(checker: &mut Checker<'_>) {
    let mut found = Vec::new();
    for flow in &checker.plan.flows {
        flow.body.each_step(&mut |step| {
            let StepKind::Call(Callee::Prompt(prompt), _) = &step.kind else { return };
            let Some(prompt) = checker.plan.prompts.get(prompt.index()) else { return };
            let settings = &step.settings;
            let escalated = settings.escalate.as_ref().map(|e| e.to);
            let models: Vec<ModelId> = settings
                .model
                .into_iter()
                .chain(settings.fallback.iter().copied())
                .chain(escalated)
                .collect();
            for model in models {
                let Some(model) = checker.plan.models.get(model.index()) else { continue };
                if model.card.kind == ModelKind::Embedding {
                    let message = format!("the model `{}` ({}) answers no prompts", model.name, model.id());
                    found.push(
                        FlowDiagnostic::new(Code::E0402, step.span, message)
                            .label(model.span, "this model makes embeddings")
                            .help("choose a model that answers: `flowc models` lists them"),
                    );
                } else if prompt.images.is_some() && !model.card.abilities.images {
                    let message = format!("the model `{}` ({}) cannot read images", model.name, model.id());
                    found.push(
                        FlowDiagnostic::new(Code::E0402, step.span, message)
                            .label(prompt.span, "this prompt shows images")
                            .label(model.span, "this model takes text only")
                            .help("choose a model that reads images: `flowc models --can images` lists them"),
                    );
                }
            }
        });
    }
    found.into_iter().for_each(|d| checker.report(d));
}
