//! Steps with `tools`: an attempt asks its model once for each lookup and once more for the answer.
//!
//! Each call has what the one before had, and behind it what the model asked for and what was found. Both
//! are written anew by the runtime from values of declared types, so that their types bound them.

use super::call::line_of;
use super::prompt::Open;
use super::refusal::Said;
use super::walk::{Place, Unbounded, Walk};
use super::worst::Worst;
use flow_diagnostics::Span;
use flow_plan::limits::COMPLAINT;
use flow_plan::{
    CallBounds, Hole, Lookup, Offer, PromptId, RequestBound, Step, StepKind, Tokens, Tools, Type,
};
use flow_tokens::{Measure, json_most, request};
use std::sync::Arc;

impl Walk<'_> {
    /// The bounds of the calls of a step, with the lookups that it offers.
    pub(super) fn with_tools(
        &mut self,
        step: &Step,
        prompt: PromptId,
        bounds: Arc<CallBounds>,
    ) -> Arc<CallBounds> {
        let Some(tools) = &step.settings.tools else { return bounds };
        let mut bounds = CallBounds::clone(&bounds);
        let is_text = matches!(self.plan.prompts[prompt.index()].output, Type::Text { .. });
        for bound in &mut bounds.requests {
            let (model, measure) =
                (&self.plan.models[bound.model.index()], &self.measures[bound.model.index()]);
            let offered = tools.offers.iter().map(|offer| {
                let lookup = &self.plan.lookups[offer.lookup.index()];
                (lookup.name.as_str(), lookup.doc.as_str(), &offer.args)
            });
            let is_held = !is_text && model.card.abilities.json_schema;
            let more = measure.scaled(request::tools(measure, &model.provider, offered, is_held));
            bound.input = Tokens(bound.input.0.saturating_add(more));
            bound.again = Tokens(bound.again.0.saturating_add(more));
            bound.refused.input = Tokens(bound.refused.input.0.saturating_add(more));
            let turns = tools.offers.iter().map(|offer| {
                let lookup = &self.plan.lookups[offer.lookup.index()];
                turn(offer, lookup, measure).ok_or_else(|| lookup.name.to_string())
            });
            match turns.collect::<Result<Vec<_>, _>>() {
                Ok(turns) => bound.turn = Tokens(measure.scaled(turns.into_iter().max().unwrap_or(0))),
                Err(what) => {
                    let open = Open { what, span: Span::default() };
                    self.unbounded.push(Unbounded::Hole { step: tools.span, open });
                    break;
                }
            }
        }
        Arc::new(bounds)
    }

    /// One attempt at one model: its call, or all calls and lookups of all rounds.
    pub(super) fn attempt(&self, step: &Step, request: &RequestBound, place: &Place, said: Said) -> Worst {
        let call = |lookups| Worst::call(self.request_line(step, &request.behind(lookups), place, said));
        let Some(tools) = &step.settings.tools else { return call(0) };
        let calls = (1..=tools.rounds).fold(call(0), |so_far, lookups| so_far.then(&call(lookups)));
        calls.then(&self.looked_up(step, tools, place).times(u64::from(tools.rounds)))
    }

    // The most that one of the lookups takes, with its own tries.
    fn looked_up(&self, step: &Step, tools: &Tools, place: &Place) -> Worst {
        let inside = place.within(&step.name, u64::from(tools.rounds)).within("tools", 1);
        let steps = tools.offers.iter().flat_map(|offer| offer.body.steps.node_weights());
        let one = |step: &Step| match &step.kind {
            StepKind::Call(callee, _) => self.local(step, callee, &inside).any(),
            _ => Worst::wait(line_of(step, &inside, "")),
        };
        steps.map(one).reduce(|a, b| a.or(&b)).unwrap_or_default()
    }
}

/// How many lookups a step may make in one attempt.
pub(super) fn rounds(step: &Step) -> u32 {
    step.settings.tools.as_ref().map_or(0, |tools| tools.rounds)
}

// What one lookup adds to the calls behind it: what was asked for, and what was found or why that was
// nothing.
fn turn(offer: &Offer, lookup: &Lookup, measure: &Measure) -> Option<u64> {
    let hole = Hole::found(&lookup.name, &lookup.output);
    let found = flow_tokens::shape(&lookup.output, &hole, measure).ok()?.tokens(measure);
    let asked = json_most(&offer.args, measure)?.max(measure.count("{}"));
    let around = request::turn(measure, &lookup.name);
    Some(asked.saturating_add(found.max(COMPLAINT.0)).saturating_add(around))
}
