//! What a request of a prompt holds at most.

use super::held::{Given, in_case};
use super::infer::{Env, Inference, TemplateNames, literal};
use crate::template::{self, Part, TemplateCheck};
use flow_diagnostics::{Diagnostics, Span};
use flow_plan::limits::{AROUND_TEXT, COMPLAINT, JOINT};
use flow_plan::{Model, Prompt, Refused, RequestBound, Role, Tokens, Type};
use flow_tokens::{Measure, Shape, request};
use std::sync::Arc;

/// Something in a template that has no bound.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    /// What it is, as it is written.
    pub(crate) what: String,
    /// Where it is pasted.
    pub(crate) span: Span,
}

/// A prompt with the types of one call's arguments.
pub(crate) struct Asked<'a> {
    prompt: &'a Prompt,
    messages: Vec<(Role, TemplateCheck)>,
    // A message of a few-shot example.
    examples: Vec<TemplateCheck>,
    images: u64,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(inference: &Inference<'_>, prompt: &'a Prompt, given: Given<'_>) -> Asked<'a> {
        let env = Env::of_params(given.args.iter().cloned());
        let held = given.held.map(|held| Env::of_params(held.iter().cloned()));
        let checked = |id: flow_plan::TemplateId, env: &Env| {
            let template = &inference.plan.templates[id.0 as usize];
            let names = TemplateNames::of(inference, &template.vars, env);
            let lit = literal(&template.source, template.span);
            template::check(&lit, &names, &mut Diagnostics::default())
        };
        let message = |id| match &held {
            Some(held) => in_case(checked(id, &env), checked(id, held)),
            None => checked(id, &env),
        };
        let messages = prompt.messages.iter().map(|(role, id)| (*role, message(*id))).collect();
        let mut examples = Vec::new();
        for example in &prompt.examples {
            let values =
                example.input.iter().map(|v| inference.full(&flow_plan::Expr::Literal(v.clone()), &env));
            let env = Env::of_params(values.collect::<Vec<_>>());
            let users = prompt.messages.iter().filter(|(role, _)| *role == Role::User);
            examples.extend(users.map(|(_, id)| checked(*id, &env)));
        }
        let images = match prompt.images.as_ref().map(|e| inference.ty(e, &env)) {
            None => 0,
            Some(Type::List(_, most)) => most.unwrap_or(u64::MAX),
            Some(_) => 1,
        };
        Asked { prompt, messages, examples, images }
    }

    /// The types of the holes of each message.
    pub(crate) fn holes(&self) -> Vec<Arc<[Type]>> {
        self.messages.iter().map(|(_, check)| check.holes.iter().map(|h| h.ty.clone()).collect()).collect()
    }

    /// What is pasted into a request, for a message: each hole, largest first.
    pub(crate) fn pasted(&self, measure: &Measure) -> Vec<Pasted> {
        let mut out = Vec::new();
        for (_, check) in &self.messages {
            pasted(&check.parts, check, measure, 1, &mut out);
        }
        out.sort_by_key(|p| std::cmp::Reverse(p.times.saturating_mul(p.each)));
        out
    }

    /// What the texts hold, all together, that are sent to a model for an embedding: no more than its
    /// window, since what is larger is not sent.
    pub(crate) fn embedded(&self, model: &Model, measure: &Measure) -> Result<Tokens, Open> {
        let mut tokens = 0u64;
        for (_, check) in &self.messages {
            tokens = tokens.saturating_add(embedded(&check.parts, check, measure)?);
        }
        let window = Some(model.card.context).filter(|window| *window > Tokens(0));
        Ok(Tokens(measure.scaled(tokens)).min(window.unwrap_or(Tokens(u64::MAX))))
    }

    /// The bound of a request to a model; `reply` is the longest answer that may be shown again, and of
    /// `refused` the answer and the reason where a guard has not let it pass.
    pub(crate) fn request(
        &self,
        (id, model): (flow_plan::ModelId, &Model),
        measure: &Measure,
        (reply, refused): (Tokens, Option<(Tokens, Tokens)>),
    ) -> Result<RequestBound, Open> {
        let held = model.card.abilities.json_schema;
        let instruction = (!held).then(|| self.prompt.output.instruction()).flatten();
        let last_user = self.messages.iter().rposition(|(role, _)| *role == Role::User);
        let mut tokens = 0u64;
        for (i, (_, check)) in self.messages.iter().enumerate() {
            let mut shape = shape(check, measure)?;
            if let (true, Some(instruction)) = (last_user == Some(i), &instruction) {
                shape = shape.then(&Shape::text(ecow::eco_format!("\n\n{instruction}")), measure);
            }
            tokens = tokens.saturating_add(shape.tokens(measure));
        }
        for check in &self.examples {
            tokens = tokens.saturating_add(shape(check, measure)?.tokens(measure));
        }
        for example in &self.prompt.examples {
            tokens = tokens.saturating_add(measure.count(&example.output.to_string()));
        }
        let mut messages = (self.messages.len() + self.examples.len() + self.prompt.examples.len()) as u64;
        if last_user.is_none() {
            messages += 1;
            tokens = tokens.saturating_add(instruction.map_or(0, |i| measure.count(&i)));
        }
        if held {
            let schema = request::schema(measure, &model.provider, &self.prompt.output);
            tokens = tokens.saturating_add(schema);
        }
        let text = tokens.saturating_add(request::framing(&model.provider, messages));
        let images = request::images(&model.card, self.images);
        let with = |more: u64| Tokens(measure.scaled(text.saturating_add(more)).saturating_add(images.0));
        let behind = |answer: Tokens, reason: Tokens| {
            with(answer.0.saturating_add(reason.0).saturating_add(request::more(2)))
        };
        let (answer, reason) = refused.unwrap_or((reply, COMPLAINT));
        Ok(RequestBound {
            model: id,
            input: with(0),
            again: behind(reply, COMPLAINT),
            refused: Refused { input: behind(answer, reason), answer, reason },
            output: model.output_cap(),
            turn: Tokens(0),
        })
    }
}

impl Asked<'_> {
    /// The texts that a request has whatever is pasted: of conditions the smaller side, of loops
    /// nothing.
    pub(crate) fn fixed(&self, measure: &Measure) -> Vec<String> {
        let checks = self.messages.iter().map(|(_, check)| check).chain(&self.examples);
        let outputs = self.prompt.examples.iter().map(|e| e.output.to_string());
        checks.map(|check| fixed(&check.parts, measure)).chain(outputs).collect()
    }

    /// How many messages a request has at most.
    pub(crate) fn messages(&self) -> u64 {
        let asks = self.messages.iter().any(|(role, _)| *role == Role::User);
        let own = self.messages.len() + usize::from(!asks);
        (own + self.examples.len() + self.prompt.examples.len()) as u64
    }
}

fn fixed(parts: &[Part], measure: &Measure) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Hole(_) | Part::Known(_) | Part::Repeat(..) => {}
            Part::Either(one, other) => {
                let (one, other) = (fixed(one, measure), fixed(other, measure));
                out.push_str(if measure.count(&other) < measure.count(&one) { &other } else { &one });
            }
        }
    }
    out
}

/// A hole of a request, with how often it is pasted and how many tokens it has each time.
#[derive(Clone, Debug)]
pub(crate) struct Pasted {
    pub(crate) what: ecow::EcoString,
    pub(crate) times: u64,
    pub(crate) each: u64,
}

fn pasted(list: &[Part], check: &TemplateCheck, measure: &Measure, times: u64, out: &mut Vec<Pasted>) {
    for part in list {
        match part {
            Part::Text(_) => {}
            Part::Hole(_) | Part::Known(_) => {
                let Some(hole) = hole(part, check) else { continue };
                let shape = flow_tokens::shape(&hole.ty, hole, measure);
                let each = shape.map_or(0, |shape| measure.scaled(shape.tokens(measure)));
                out.push(Pasted { what: hole.name.clone(), times, each });
            }
            Part::Either(one, other) => {
                pasted(one, check, measure, times, out);
                pasted(other, check, measure, times, out);
            }
            Part::Repeat(most, body, _) => {
                let times = times.saturating_mul(most.unwrap_or(1));
                pasted(body, check, measure, times, out);
            }
        }
    }
}

// What is compared by its meaning, each with what stands around it and the line between two.
fn embedded(list: &[Part], check: &TemplateCheck, measure: &Measure) -> Result<u64, Open> {
    let mut tokens = 0u64;
    for part in list {
        let next = match part {
            Part::Text(_) => 0,
            Part::Hole(_) | Part::Known(_) if hole(part, check).is_some_and(|hole| hole.ty.has_words()) => {
                let text = parts(std::slice::from_ref(part), check, measure)?.tokens(measure);
                text.saturating_add(AROUND_TEXT + JOINT + 1)
            }
            Part::Hole(_) | Part::Known(_) => 0,
            Part::Either(one, other) => embedded(one, check, measure)?.max(embedded(other, check, measure)?),
            Part::Repeat(most, body, _) => {
                embedded(body, check, measure)?.saturating_mul(most.unwrap_or(u64::MAX))
            }
        };
        tokens = tokens.saturating_add(next);
    }
    Ok(tokens)
}

fn hole<'a>(part: &'a Part, check: &'a TemplateCheck) -> Option<&'a flow_plan::Hole> {
    match part {
        Part::Hole(index) => check.holes.get(*index),
        Part::Known(hole) => Some(hole),
        Part::Text(_) | Part::Either(..) | Part::Repeat(..) => None,
    }
}

/// What a template renders.
pub(crate) fn shape(check: &TemplateCheck, measure: &Measure) -> Result<Shape, Open> {
    parts(&check.parts, check, measure)
}

fn parts(list: &[Part], check: &TemplateCheck, measure: &Measure) -> Result<Shape, Open> {
    let mut out = Shape::empty();
    for part in list {
        let next = match part {
            Part::Text(text) => Shape::text(text.clone()),
            Part::Hole(_) | Part::Known(_) => {
                let Some(hole) = hole(part, check) else { continue };
                flow_tokens::shape(&hole.ty, hole, measure).map_err(|leaf| Open {
                    what: match leaf.0.is_empty() {
                        true => hole.name.to_string(),
                        false => format!("{}.{}", hole.name, leaf.0),
                    },
                    span: hole.span,
                })?
            }
            Part::Either(one, other) => {
                parts(one, check, measure)?.or(parts(other, check, measure)?, measure)
            }
            Part::Repeat(_, _, apart) if !apart.is_empty() => {
                let each = apart.iter().map(|one| parts(one, check, measure));
                Shape::in_turn(&each.collect::<Result<Vec<_>, _>>()?, measure)
            }
            Part::Repeat(most, body, _) => {
                let body = parts(body, check, measure)?;
                let open = || Open { what: "the list of a loop".into(), span: Span::default() };
                body.repeated(most.ok_or_else(open)?, measure)
            }
        };
        out = out.then(&next, measure);
    }
    Ok(out)
}
