//! A call of a model beside its cassette: written down while it is made, or played instead of it.
//!
//! Here, and nowhere below, a call is the same whoever answers: its prompt, its model, its messages on
//! one side, its reply or error on the other.

use super::attempt::Ask;
use super::halt::{Again, Failure, Halt};
use super::state::Given;
use super::step::Site;
use crate::cassette::{Asked, Hidden, Outcome, Played, Privates, Take, Tape, add_private};
use crate::privacy::private_texts;
use crate::provider::{CallError, OnText, Reply};
use ecow::EcoString;
use flow_plan::{Labels, Param, Type, Value};

/// What a cassette has to do with a call.
pub(super) enum Taped {
    /// Nothing.
    Live,
    /// It is written down.
    Recording(Box<Take>),
    /// It is played.
    Played(Outcome),
}

/// What the run's cassette has to do with a call: E0815 where it should have it and has not.
pub(super) fn taped(site: Site<'_>, ask: &Ask<'_>) -> Given<Taped> {
    let engine = site.run().engine;
    let about = |hidden: &Hidden| {
        let privates = privates(site, ask);
        let said = (ask.said, ask.tools.as_ref());
        let asked = Asked::of(&ask.prompt.name, (ask.model, &ask.prompt.output), said, (hidden, &privates));
        (asked, privates)
    };
    Ok(match &engine.tape {
        None => Taped::Live,
        Some(Tape::Record(recorder)) => {
            let (asked, privates) = about(recorder.hidden());
            Taped::Recording(Box::new(recorder.begin((&site.run().id, site.path), asked, privates)))
        }
        Some(Tape::Replay(replay)) => {
            let (asked, privates) = about(replay.hidden());
            let json = !matches!(ask.prompt.output, Type::Text { .. });
            match replay.play(&site.path.to_string(), &asked, (&privates, json)) {
                Played::Found(outcome) => Taped::Played(outcome),
                Played::Elsewhere => Taped::Live,
                Played::Missing(_) if engine.is_scripted(&ask.prompt.name) => Taped::Live,
                Played::Missing(error) => return Err(Halt::Lost(Box::new(error))),
            }
        }
    })
}

/// Notes the private values among these, for what is told of the run, and for a cassette.
pub(super) fn note_privates(site: Site<'_>, params: &[Param], values: &[Value]) {
    site.run().mask_params(params, values);
    if site.run().engine.tape.is_some() {
        site.run().add_privates(of_params(params, values));
    }
}

/// The private values among these, by name.
pub(crate) fn of_params(params: &[Param], values: &[Value]) -> Vec<(EcoString, String)> {
    let mut found = Vec::new();
    for (param, value) in params.iter().zip(values) {
        of_value((&param.name, param.labels), (&param.ty, value), &mut found);
    }
    found
}

/// Adds the private values of one of these labels, by name.
pub(super) fn of_value(
    labelled: (&EcoString, Labels),
    typed: (&Type, &Value),
    found: &mut Vec<(EcoString, String)>,
) {
    private_texts(labelled, typed, &mut |name, text| add_private(name, text, found));
}

fn privates(site: Site<'_>, ask: &Ask<'_>) -> Privates {
    let mut named = of_params(&ask.prompt.params, ask.args);
    let (inputs, all) = site.run().privates();
    for (name, value) in ask.found.iter().cloned().chain(inputs) {
        if !named.iter().any(|(_, known)| *known == value) {
            named.push((name, value));
        }
    }
    let others = all.into_iter().map(|(_, value)| value);
    Privates { others: others.filter(|v| !named.iter().any(|(_, known)| known == v)).collect(), named }
}

impl Taped {
    /// The failure of a call that was recorded as not made.
    pub(super) fn not_asked(&self) -> Option<Failure> {
        let Taped::Played(Outcome::NotAsked(error, again)) = self else { return None };
        let again = again.map_or(Again::Never, Again::May);
        Some(Failure { error: error.clone(), again, reply: None })
    }

    /// The call was not made, since its turn did not come.
    pub(super) fn was_not_asked(&mut self, halt: &Halt) {
        if let (Taped::Recording(take), Halt::Fail(failure)) = (self, halt) {
            let again = match failure.again {
                Again::Never | Again::Nowhere => None,
                Again::May(wait) => Some(wait),
            };
            take.not_asked(&failure.error, again);
        }
    }

    /// How the call ended; `None` where it was too late.
    pub(super) fn ended(&mut self, answered: Option<Result<&Reply, &CallError>>) {
        match (self, answered) {
            (Taped::Recording(take), Some(result)) => take.ended(result),
            (Taped::Recording(take), None) => take.late(),
            _ => {}
        }
    }
}

/// What was recorded, as it would come now; `None` where it came too late. What was given up is waited
/// for in vain, until it is given up again.
pub(super) async fn played(
    outcome: &Outcome,
    streams: bool,
    on_text: &mut OnText<'_>,
) -> Option<Result<Reply, CallError>> {
    let mut say = |text: &str| match streams {
        // Where pieces end is another matter in every recording.
        true => text.split_inclusive(' ').for_each(&mut *on_text),
        false if text.is_empty() => {}
        false => on_text(text),
    };
    match outcome {
        Outcome::Answered(reply) => {
            say(&reply.text);
            Some(Ok(reply.clone()))
        }
        Outcome::Failed(error, said) => {
            say(said);
            Some(Err(error.clone()))
        }
        Outcome::Late(said) => {
            say(said);
            None
        }
        Outcome::Dropped(said) => {
            say(said);
            std::future::pending().await
        }
        Outcome::NotAsked(..) => None,
    }
}
