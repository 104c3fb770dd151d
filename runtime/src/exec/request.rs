//! From a prompt and its arguments to the messages of a request.

use super::frame::Frame;
use super::images;
use super::state::Given;
use super::step::Site;
use crate::RunError;
use crate::prompt::{Held, Templates};
use crate::provider::Message;
use crate::script::answer;
use flow_diagnostics::Code;
use flow_plan::{CallBounds, EvalError, Model, ModelId, Prompt, Role, Scope, Tokens, Value};
use flow_tokens::{Cut, Measure, request};
use std::sync::OnceLock;

/// What of a prompt is the same in every call.
pub(crate) struct PromptFacts {
    // What a model is told of the shape where its provider does not hold it to a schema.
    instruction: Option<String>,
    // The few-shot examples, rendered.
    examples: Vec<Message>,
    /// How many messages, from the first on, are the same in every call.
    pub(super) fixed: usize,
    // What the output's schema counts for each model, worked out when it is first asked.
    schemas: Vec<OnceLock<u64>>,
}

impl PromptFacts {
    /// Works them out: E0813 where an example cannot be rendered.
    pub(crate) fn of(prompt: &Prompt, models: usize, templates: &Templates) -> Result<PromptFacts, RunError> {
        let instruction = prompt.output.instruction();
        let schemas = (0..models).map(|_| OnceLock::new()).collect();
        let mut examples = Vec::new();
        for example in &prompt.examples {
            let frame = Frame::of_params(templates, &example.input);
            for (_, template) in prompt.messages.iter().filter(|(role, _)| *role == Role::User) {
                let text = frame.render(*template, &frame).map_err(|e| {
                    let message = format!("an example of `{}` cannot be rendered: {e}", prompt.name);
                    RunError::new(Code::E0813, message).at(&prompt.name, prompt.span)
                })?;
                examples.push(message(Role::User, text.as_str()));
            }
            examples.push(message(Role::Assistant, &answer(&example.output)));
        }
        let asked = prompt.messages.iter().rposition(|(role, _)| *role == Role::User);
        let before = asked.unwrap_or(prompt.messages.len());
        let fixed = prompt.messages[..before].iter().take_while(|(_, t)| templates.is_fixed(*t)).count();
        // The examples stand before the last message of the user.
        let fixed = if fixed == before { fixed + examples.len() } else { fixed };
        Ok(PromptFacts { instruction, examples, fixed, schemas })
    }

    /// How many tokens a request of these messages has, with all that the provider is sent beside
    /// them.
    pub(super) fn count(
        &self,
        prompt: &Prompt,
        (id, model): (ModelId, &Model),
        measure: &Measure,
        messages: &[Message],
    ) -> Tokens {
        let texts: u64 = messages.iter().map(|m| measure.count(&m.text)).sum();
        let schema = match model.card.abilities.json_schema {
            true => *self.schemas[id.index()]
                .get_or_init(|| request::schema(measure, &model.provider, &prompt.output)),
            false => 0,
        };
        let images = messages.iter().map(|m| m.images.len() as u64).sum();
        let text = measure.scaled(texts + schema + request::framing(&model.provider, messages.len() as u64));
        Tokens(text.saturating_add(request::images(&model.card, images).0))
    }
}

/// The messages of one call of a prompt, before they are fitted to a model.
pub(super) struct Messages {
    list: Vec<Message>,
    // Behind which message the shape is said.
    last_user: usize,
    /// What was cut at a hole.
    pub(super) cuts: Vec<Cut>,
}

impl Messages {
    /// Renders a prompt: its messages, with the examples before the last user message and the images
    /// in it; each hole cut at what is proven that it holds, in tokens of `measure`.
    pub(super) async fn render(
        site: Site<'_>,
        (prompt, facts): (&Prompt, &PromptFacts),
        args: &[Value],
        (bounds, measure): (Option<&CallBounds>, &Measure),
    ) -> Given<Messages> {
        let engine = site.run().engine;
        let filled = Messages::filled(&engine.templates, (prompt, facts), args, (bounds, measure));
        let mut messages = filled.map_err(super::Halt::eval)?;
        if let Some(images) = &prompt.images {
            let frame = Frame::of_params(&engine.templates, args);
            messages.list[messages.last_user].images =
                images::urls(&engine.context, &frame.eval(images)?).await?;
        }
        Ok(messages)
    }

    /// The same without images, for which the disk is read.
    pub(super) fn filled(
        templates: &Templates,
        (prompt, facts): (&Prompt, &PromptFacts),
        args: &[Value],
        (bounds, measure): (Option<&CallBounds>, &Measure),
    ) -> Result<Messages, EvalError> {
        let frame = Frame::of_params(templates, args);
        let mut list = Vec::with_capacity(prompt.messages.len() + facts.examples.len());
        let mut cuts = Vec::new();
        for (i, (role, template)) in prompt.messages.iter().enumerate() {
            let types = bounds.and_then(|b| b.holes.get(i)).cloned();
            let held = types.map(|types| Held { types, measure });
            let (text, cut) = templates.render_held(*template, &frame, held)?;
            list.push(message(*role, text.as_str()));
            cuts.extend(cut);
        }
        let mut last_user = match list.iter().rposition(|m| m.role == Role::User) {
            Some(place) => place,
            None => {
                list.push(message(Role::User, ""));
                list.len() - 1
            }
        };
        if !facts.examples.is_empty() {
            list.splice(last_user..last_user, facts.examples.iter().cloned());
            last_user += facts.examples.len();
        }
        Ok(Messages { list, last_user, cuts })
    }

    /// Puts that many images into the last message of the user, to be counted.
    pub(super) fn count_images(&mut self, count: usize) {
        self.list[self.last_user].images = vec![String::new(); count];
    }

    /// Adds what is said behind the prompt: an answer that could not be used, of `reply` tokens at most,
    /// and what is wrong with it, of `reason` tokens at most.
    pub(super) fn extend(&mut self, more: &[Message], (reply, reason): (Tokens, Tokens), measure: &Measure) {
        for message in more {
            let most = if message.role == Role::Assistant { reply } else { reason };
            let plain = flow_tokens::without_marks(&message.text);
            let text = flow_tokens::cap(measure.counter(), &plain, most.0, (false, false));
            self.list.push(Message { text: text.to_owned(), ..message.clone() });
        }
    }

    /// The messages as they are.
    pub(super) fn list(&self) -> &[Message] {
        &self.list
    }

    /// The messages as `model` gets them: with the shape in words where it is not held to a schema.
    pub(super) fn for_model(&self, model: &Model, facts: &PromptFacts) -> Vec<Message> {
        let mut list = self.list.clone();
        if let (false, Some(instruction)) = (model.card.abilities.json_schema, &facts.instruction) {
            let text = &mut list[self.last_user].text;
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(instruction);
        }
        list
    }
}

fn message(role: Role, text: &str) -> Message {
    Message { role, text: text.to_owned(), images: vec![] }
}
