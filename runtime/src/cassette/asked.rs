//! What is asked of a model, as a cassette knows it: the parts by which two calls are equal.

use super::hidden::{Hidden, Privates, fits};
use crate::provider::{Message, Tool, Tools, Turn};
use ecow::{EcoString, eco_format};
use flow_plan::{Model, Role, Type};
use serde_json::{Map, Value as Json, json};

/// What was asked. Addresses, keys and prices are no part of it, since they change no answer.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Asked {
    /// The prompt.
    pub(crate) prompt: EcoString,
    /// Who is asked, as `provider/model`.
    pub(crate) model: EcoString,
    /// The settings that change an answer, by name.
    pub(crate) settings: Map<String, Json>,
    /// The type that must come back and a digest of its shape; `None` for plain text.
    pub(crate) output: Option<(EcoString, EcoString)>,
    /// What is said: the prompt's own messages, and an answer that could not be used behind them.
    /// What a provider adds of its own, such as the shape in words, is left out.
    pub(crate) said: Vec<Said>,
    /// The lookups that are offered, where some are.
    pub(crate) tools: Option<Offered>,
    /// Whether a secret was left out of what is said; no part of what makes two calls equal.
    pub(crate) hides: bool,
}

/// One message.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Said {
    /// Who says it.
    pub(crate) role: Role,
    /// What.
    pub(crate) text: String,
    /// Images that go with it: an address, or the kind and digest of bytes.
    pub(crate) images: Vec<String>,
}

/// The lookups that are offered to a model, and what it has asked for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Offered {
    /// Their names.
    pub(crate) offered: Vec<EcoString>,
    /// A digest of what they are for and take.
    pub(crate) shapes: EcoString,
    /// Whether it may ask for no more.
    pub(crate) withheld: bool,
    /// What was looked up.
    pub(crate) turns: Vec<Turn>,
}

impl Offered {
    fn of(tools: &Tools<'_>, (hidden, privates): (&Hidden, &Privates)) -> Offered {
        let hide = |text: &str| hidden.hide(text, privates);
        let shape = |tool: &Tool| json!([tool.name, tool.doc, tool.schema.get()]);
        let turn = |t: &Turn| Turn { tool: t.tool.clone(), args: hide(&t.args), found: hide(&t.found) };
        Offered {
            offered: tools.offered.iter().map(|tool| tool.name.as_str().into()).collect(),
            shapes: short(&tools.offered.iter().map(shape).collect::<Json>()),
            withheld: tools.withheld,
            turns: tools.turns.iter().map(turn).collect(),
        }
    }

    fn json(&self) -> Json {
        let turns: Json = self.turns.iter().map(|t| json!([t.tool, t.args, t.found])).collect();
        json!([self.offered, self.shapes, self.withheld, turns])
    }

    fn fits(&self, now: &Offered) -> bool {
        let mut turns = self.turns.iter().zip(&now.turns);
        (&self.offered, &self.shapes, self.withheld) == (&now.offered, &now.shapes, now.withheld)
            && self.turns.len() == now.turns.len()
            && turns.all(|(was, is)| {
                was.tool == is.tool && fits(&was.args, &is.args) && fits(&was.found, &is.found)
            })
    }
}

impl Asked {
    /// What is asked with these messages, without what has to stay out of a cassette.
    pub(crate) fn of(
        prompt: &str,
        (model, output): (&Model, &Type),
        (messages, tools): (&[Message], Option<&Tools<'_>>),
        (hidden, privates): (&Hidden, &Privates),
    ) -> Asked {
        let said = messages.iter().map(|message| Said {
            role: message.role,
            text: hidden.hide(&message.text, privates),
            images: message.images.iter().map(|i| image(i, (hidden, privates))).collect(),
        });
        Asked {
            prompt: prompt.into(),
            model: eco_format!("{}/{}", model.provider, model.model),
            settings: settings(model),
            output: shape(output),
            said: said.collect(),
            tools: tools.map(|tools| Offered::of(tools, (hidden, privates))),
            hides: messages.iter().any(|message| hidden.hides(&message.text))
                || tools
                    .is_some_and(|t| t.turns.iter().any(|t| hidden.hides(&t.found) || hidden.hides(&t.args))),
        }
    }

    /// The digest of all of it: equal calls have the same.
    pub(crate) fn digest(&self) -> EcoString {
        let output = self.output.as_ref().map(|(_, shape)| shape.as_str());
        let mut all = vec![json!(self.prompt), json!(self.model), json!(self.settings), json!(output)];
        all.push(self.words_json());
        all.extend(self.tools.iter().map(Offered::json));
        short(&Json::Array(all))
    }

    /// The digest of what is said to whoever is asked: in a test, another model may stand in.
    pub(crate) fn words(&self) -> EcoString {
        let mut all = vec![json!(self.prompt), self.words_json()];
        all.extend(self.tools.iter().map(Offered::json));
        short(&Json::Array(all))
    }

    /// Whether `now` is the same call with another secret in its texts, where one was left out; in a
    /// test, of whomever.
    pub(super) fn fits(&self, now: &Asked, is_test: bool) -> bool {
        let said = self.said.iter().zip(&now.said);
        let mut same =
            said.map(|(was, is)| was.role == is.role && was.images == is.images && fits(&was.text, &is.text));
        let about = |asked: &Asked| (asked.model.clone(), asked.settings.clone(), asked.output.clone());
        self.hides
            && self.prompt == now.prompt
            && self.said.len() == now.said.len()
            && match (&self.tools, &now.tools) {
                (None, None) => true,
                (Some(was), Some(is)) => was.fits(is),
                _ => false,
            }
            && (is_test || about(self) == about(now))
            && same.all(|same| same)
    }

    fn words_json(&self) -> Json {
        self.said.iter().map(|s| json!([role_name(s.role), s.text, s.images])).collect()
    }
}

/// The word for a role in a cassette.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

fn settings(model: &Model) -> Map<String, Json> {
    let s = &model.settings;
    let mut out = Map::new();
    out.insert("max_output".into(), json!(model.output_cap().0));
    let optional = [
        ("temperature", s.temperature.map(|t| json!(t))),
        ("top_p", s.top_p.map(|p| json!(p))),
        ("seed", s.seed.map(|seed| json!(seed))),
        ("reasoning", s.reasoning.as_ref().map(|word| json!(word))),
        ("stop", (!s.stop.is_empty()).then(|| json!(s.stop))),
    ];
    out.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    out
}

fn shape(output: &Type) -> Option<(EcoString, EcoString)> {
    match output {
        Type::Text { .. } => None,
        other => Some((eco_format!("{other}"), short(&other.schema(true)))),
    }
}

// Bytes say nothing to a reader, and may be large; an address may hold a key behind its `?`, or a
// password before its host.
fn image(url: &str, (hidden, privates): (&Hidden, &Privates)) -> String {
    if let Some((kind, data)) = url.split_once(";base64,").filter(|_| url.starts_with("data:")) {
        return format!("{kind};digest,{}", short(&json!(data)));
    }
    let (place, query) = url.split_once('?').map_or((url, None), |(place, query)| (place, Some(query)));
    let place = hidden.hide(&without_user(place), privates);
    match query {
        Some(query) => format!("{place}?digest={}", short(&json!(hidden.hide(query, privates)))),
        None => place,
    }
}

fn without_user(place: &str) -> String {
    let Some((scheme, rest)) = place.split_once("://") else { return place.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{path}"),
        None => place.to_owned(),
    }
}

// 128 bits, which no two calls of a cassette share by chance.
fn short(json: &Json) -> EcoString {
    let hash = blake3::hash(json.to_string().as_bytes());
    EcoString::from(&hash.to_hex().as_str()[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_apart_without_their_bytes_and_passwords() {
        let image = |url: &str| image(url, (&Hidden::default(), &Privates::default()));
        let (one, other) = (image("data:image/png;base64,AAAA"), image("data:image/png;base64,AAAB"));
        assert!(one.starts_with("data:image/png;digest,") && !one.contains("AAAA") && one != other);
        assert_eq!(image("https://example.org/a.png"), "https://example.org/a.png");
        assert_eq!(image("https://ada:secret@example.org/a@b.png"), "https://***@example.org/a@b.png");
        let signed = image("https://example.org/a.png?sig=123");
        assert!(
            signed.starts_with("https://example.org/a.png?digest=") && !signed.contains("sig"),
            "{signed}"
        );
        assert_ne!(signed, image("https://example.org/a.png?sig=124"));
    }
}
