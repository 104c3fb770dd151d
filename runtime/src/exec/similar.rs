//! The words of a call that is kept by similarity, and the answer that is kept for nearly the same ones.
//!
//! Everything but the words is the same, or the calls are not compared: the prompt around them, who
//! answers with which settings, the type of the answer, the scope, what is pasted of types without words
//! and every digit in the words. Each text must be near to its counterpart: a long text that is the same
//! does not make up for a short one that is not.

use super::cached;
use super::embedding::embed;
use super::prompt::call_parts;
use super::request::Messages;
use super::state::Given;
use super::step::Site;
use super::{Frame, Halt};
use crate::cache::{Vectors, digest};
use crate::prompt::Held;
use crate::provider::Message;
use flow_plan::limits::MOST_COMPARED;
use flow_plan::{CallBounds, Prompt, PromptId, Similar, Value};
use flow_tokens::Measure;

/// What of a call is compared.
pub(super) struct Words<'a> {
    prompt: &'a Prompt,
    similar: Similar,
    /// What must be the same, as a digest.
    pub(super) group: [u8; 32],
    /// The texts that must be near.
    texts: Vec<String>,
}

/// Raised when the texts, their vectors, or what must be the same change.
const WORDS: &[u8] = b"2";

/// The words of a step's call; `None` where its cache does not compare, or there are none.
pub(super) fn words<'a>(
    site: Site<'a>,
    (id, prompt): (PromptId, &'a Prompt),
    args: &[Value],
    (bounds, measure, messages): (Option<&CallBounds>, &Measure, &Messages),
) -> Given<Option<Words<'a>>> {
    let Some(policy) = &site.step.settings.cache else { return Ok(None) };
    let Some(similar) = policy.similar else { return Ok(None) };
    let engine = site.run().engine;
    // What is cut at a hole depends on who counts.
    let measure = similar.embed.map_or(measure, |id| &engine.measures[id.index()]);
    let frame = Frame::of_params(&engine.templates, args);
    let (mut around, mut texts) = (Vec::new(), Vec::new());
    for (i, (role, template)) in prompt.messages.iter().enumerate() {
        let held = bounds.and_then(|b| b.holes.get(i)).cloned().map(|types| Held { types, measure });
        let (text, words) = engine.templates.render_apart(*template, &frame, held).map_err(Halt::eval)?;
        around.push(Message { role: *role, text: text.into(), images: Vec::new() });
        texts.extend(words);
    }
    if texts.is_empty() {
        return Ok(None);
    }
    let scope = policy.scope.as_ref().map(|scope| site.frame.eval(scope)).transpose()?;
    let count = texts.len();
    let group = digest(|d| {
        d.part(WORDS);
        d.part(prompt.name.as_bytes());
        cached::labels(d, site);
        call_parts(d, site, id, &around);
        messages.list().iter().flat_map(|m| &m.images).for_each(|image| d.part(image.as_bytes()));
        match &scope {
            Some(scope) => d.value(scope),
            None => d.part(b"everyone"),
        }
        match similar.embed {
            Some(id) => d.part(engine.answers.model(id)),
            None => d.part(b"in the process"),
        }
        d.part(&count.to_le_bytes());
        // Another number, day or name with a digit is another question, however near it looks.
        texts.iter().for_each(|text| d.part(digits(text).as_bytes()));
    });
    if count > MOST_COMPARED {
        texts = vec![texts.join("\n")];
    }
    Ok(Some(Words { prompt, similar, group, texts }))
}

impl Words<'_> {
    /// How near texts must be.
    pub(super) fn least(&self) -> f64 {
        self.similar.least
    }

    /// Where the texts stand. An error is one of the outside, or of a budget.
    pub(super) async fn vectors(&self, site: Site<'_>) -> Given<Option<Vectors>> {
        let vectors = match self.similar.embed {
            Some(id) => embed(site, self.prompt, id, &self.texts).await?,
            None => self.texts.iter().map(|text| crate::provider::vector(text)).collect(),
        };
        Ok(Vectors::of(&vectors))
    }
}

// The digits of a text, in groups as they stand.
fn digits(text: &str) -> String {
    let groups = text.split(|c: char| !c.is_numeric()).filter(|group| !group.is_empty());
    groups.collect::<Vec<_>>().join(" ")
}
