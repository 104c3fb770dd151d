//! From a prompt and its arguments to the messages of a request.

use super::frame::Frame;
use super::images;
use super::state::Given;
use super::step::Site;
use crate::RunError;
use crate::output;
use crate::prompt::Templates;
use crate::provider::Message;
use crate::script::answer;
use flow_diagnostics::Code;
use flow_plan::{Model, Prompt, Role, Scope, Value};

/// What of a prompt is the same in every call.
pub(crate) struct PromptFacts {
    // What a model is told of the shape where its provider does not hold it to a schema.
    instruction: Option<String>,
    // The few-shot examples, rendered.
    examples: Vec<Message>,
    /// The size of the output's schema as a provider is sent it.
    schema_bytes: usize,
}

impl PromptFacts {
    /// Works them out: E0813 where an example cannot be rendered.
    pub(crate) fn of(prompt: &Prompt, templates: &Templates) -> Result<PromptFacts, RunError> {
        let instruction = output::instruction(&prompt.output);
        let schema_bytes = match instruction {
            Some(_) => [true, false].map(|strict| prompt.output.schema(strict).to_string().len()),
            None => [0, 0],
        };
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
        Ok(PromptFacts { instruction, examples, schema_bytes: schema_bytes[0].max(schema_bytes[1]) })
    }

    /// The size of the schema that `model` is sent beside the messages.
    pub(super) fn schema_bytes(&self, model: &Model) -> usize {
        if model.card.abilities.json_schema { self.schema_bytes } else { 0 }
    }
}

/// The messages of one call of a prompt, before they are fitted to a model.
pub(super) struct Messages {
    list: Vec<Message>,
    // Behind which message the shape is said.
    last_user: usize,
}

impl Messages {
    /// Renders a prompt: its messages, with the examples before the last user message and the images
    /// in it.
    pub(super) async fn render(
        site: Site<'_>,
        prompt: &Prompt,
        facts: &PromptFacts,
        args: &[Value],
    ) -> Given<Messages> {
        let engine = site.run().engine;
        let frame = Frame::of_params(&engine.templates, args);
        let mut list = Vec::with_capacity(prompt.messages.len() + facts.examples.len());
        for (role, template) in &prompt.messages {
            let text = frame.render(*template, &frame).map_err(super::Halt::eval)?;
            list.push(message(*role, text.as_str()));
        }
        let mut last_user = match list.iter().rposition(|m| m.role == Role::User) {
            Some(place) => place,
            None => {
                list.push(message(Role::User, ""));
                list.len() - 1
            }
        };
        if let Some(images) = &prompt.images {
            list[last_user].images = images::urls(&engine.context, &frame.eval(images)?).await?;
        }
        if !facts.examples.is_empty() {
            list.splice(last_user..last_user, facts.examples.iter().cloned());
            last_user += facts.examples.len();
        }
        Ok(Messages { list, last_user })
    }

    /// Adds what is said behind the prompt.
    pub(super) fn extend(&mut self, more: &[Message]) {
        self.list.extend_from_slice(more);
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
