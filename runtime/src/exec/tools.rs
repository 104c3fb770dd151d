//! `tools: […] rounds n`: an attempt in which the model asks for lookups before it answers.
//!
//! Each round is a call of the model with all duties of a call, and where it asks for a lookup, a step that
//! makes it: so a lookup is cached, limited, recorded and masked as any other. What the model has asked for
//! is recorded before it is looked up, so that a run that goes on asks for nothing again. Everything that
//! goes back to the model is written here, from values of declared types.

use super::attempt::{Ask, Said, asked};
use super::block;
use super::halt::{Again, Failure, Halt};
use super::state::Given;
use super::step::Site;
use super::taped;
use crate::cache::Digest;
use crate::events::What;
use crate::journal::Outcome;
use crate::provider::{Tool, Tools, Turn, Wish};
use crate::{RunError, StepPath, output};
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::limits::COMPLAINT;
use flow_plan::{Hole, Labels, Lookup, Offer, Plan, Tokens, Tools as Setting, Type, Value};
use flow_tokens::{Cut, Measure, Paste, cap, request};
use serde_json::json;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The lookups of a setting, as providers are sent them.
pub(super) fn offered(plan: &Plan, setting: &Setting) -> Given<Vec<Tool>> {
    let tool = |offer: &Offer| {
        let lookup = &plan.lookups[offer.lookup.index()];
        let tool = |schema: Box<RawValue>| Tool {
            name: lookup.name.to_string(),
            doc: lookup.doc.to_string(),
            args: offer.args.clone(),
            schema: schema.into(),
        };
        serde_json::value::to_raw_value(&offer.args.schema(false)).map(tool).map_err(|e| {
            Halt::from(RunError::new(Code::E0813, format!("`{}` cannot be described: {e}", lookup.name)))
        })
    };
    setting.offers.iter().map(tool).collect()
}

/// What the lookups add to a request.
pub(super) fn count(measure: &Measure, provider: &str, (tools, is_held): (&[Tool], bool)) -> Tokens {
    let offered = tools.iter().map(|t| (t.name.as_str(), t.doc.as_str(), &t.args));
    Tokens(measure.scaled(request::tools(measure, provider, offered, is_held)))
}

/// What of a setting an answer depends on.
pub(super) fn parts(d: &mut Digest, plan: &Plan, setting: &Setting) {
    d.part(b"tools");
    d.part(&setting.rounds.to_le_bytes());
    for offer in &setting.offers {
        let Lookup { name, doc, source, args, output, .. } = &plan.lookups[offer.lookup.index()];
        d.part(format!("{name} {doc} {source} {args:?} {output:?} {:?}", offer.args).as_bytes());
    }
}

/// One attempt; `number` tells it apart from all others of the step.
pub(super) async fn attempt(
    site: Site<'_>,
    ask: &Ask<'_>,
    (setting, offered): (&Setting, &[Tool]),
    number: u32,
) -> Given<Value> {
    let rounds = StepPath::part(&site.path.at_try(number).inside(), "tools");
    let mut turns: Vec<Turn> = Vec::new();
    let mut told = Told { cuts: ask.cuts.to_vec(), privates: Vec::new() };
    for lookups in 0..=setting.rounds {
        let path = rounds.inside_item(lookups as usize);
        let withheld = lookups == setting.rounds;
        let wish = match recorded(site, &path) {
            Some(wish) => wish,
            None => {
                let tools = Tools { offered, turns: &turns, withheld };
                let now = behind(site, ask, (tools, lookups), &told);
                now.fits()?;
                if lookups > 0 {
                    site.begin().await;
                }
                match asked(site, &now, &now.request(site)).await? {
                    Said::Answer(value) => return Ok(value),
                    Said::Wish(wish) if withheld => return Err(too_often(ask, setting, &wish)),
                    Said::Wish(wish) => {
                        record(site, &path, &wish).await?;
                        wish
                    }
                }
            }
        };
        let at = Round { site, path: &path, lookups };
        turns.push(looked_up(at, (setting, offered), (ask.measure, wish), &mut told).await?);
    }
    // The last round has answered or failed.
    Err(Halt::from(RunError::new(Code::E0813, "a step with `tools` has no last round")))
}

#[derive(Clone, Copy)]
struct Round<'a> {
    site: Site<'a>,
    path: &'a Arc<StepPath>,
    lookups: u32,
}

// What the model has been told of what it looked up: what was cut, and what is private, by name.
struct Told {
    cuts: Vec<Cut>,
    privates: Vec<(EcoString, String)>,
}

// The request behind so many lookups.
fn behind<'a>(site: Site<'_>, ask: &Ask<'a>, (tools, lookups): (Tools<'a>, u32), told: &'a Told) -> Ask<'a> {
    let turn = |turn: &Turn| {
        let texts = ask.measure.count(&turn.args).saturating_add(ask.measure.count(&turn.found));
        texts.saturating_add(request::turn(ask.measure, &turn.tool))
    };
    let more = tools.turns.iter().map(turn).fold(0, u64::saturating_add);
    let input = Tokens(ask.input.0.saturating_add(ask.measure.scaled(more)));
    let bound = site.step.bounds.as_deref().and_then(|bounds| bounds.request(ask.id));
    let most = match bound {
        None => input,
        Some(bound) => Tokens(ask.most.0.saturating_add(bound.turn.0.saturating_mul(u64::from(lookups)))),
    };
    let proven = site.run().engine.plan.cases.least((site.step.span, ask.id), input, most);
    let messages = ask.messages.clone();
    let Told { cuts, privates } = told;
    Ask { messages, input, most, proven, cuts, tools: Some(tools), lookups, found: privates, ..*ask }
}

// Makes the lookup that the model wishes for, and gives what the model is told of it.
async fn looked_up(
    at: Round<'_>,
    (setting, offered): (&Setting, &[Tool]),
    (measure, wish): (&Measure, Wish),
    told: &mut Told,
) -> Given<Turn> {
    let Round { site, path, lookups } = at;
    let run = site.run();
    run.mask_said(site.step, &wish.args);
    let found = setting.offers.iter().zip(offered).find(|(_, tool)| tool.name == wish.tool);
    let chosen = match found {
        Some((offer, _)) => chosen(&offer.args, &wish.args, measure).map(|args| (offer, args)),
        None => {
            let names: Vec<&str> = offered.iter().map(|tool| tool.name.as_str()).collect();
            Err(format!("there is no function of this name; there are: {}", names.join(", ")))
        }
    };
    // What goes back has a name that is offered.
    let named = found.map(|(_, tool)| tool).or(offered.first());
    let name = EcoString::from(named.map_or("", |tool| &tool.name));
    run.tell(Some(site.path), || What::LookupAsked {
        lookup: name.clone(),
        round: lookups + 1,
        refused: chosen.as_ref().err().cloned(),
    });
    let (offer, args) = match chosen {
        Ok(chosen) => chosen,
        Err(reason) => {
            site.tally.misfit();
            let reason = format!("{reason}. Call a function again in its form, or answer.");
            let found = cap(measure.counter(), &reason, COMPLAINT.0, (false, false)).to_owned();
            return Ok(Turn { tool: name.into(), args: "{}".to_owned(), found });
        }
    };
    let lookup = &run.engine.plan.lookups[offer.lookup.index()];
    let values = values(&offer.args, &args);
    site.rest();
    let value = block(site.enter(path), &offer.body, values, Some(site.frame)).await.map_err(lasts)?;
    let mut found = String::new();
    let hole = Hole::found(&lookup.name, &lookup.output);
    let mut paste = Paste::new(Some(measure)).for_model(true);
    paste.hole(&mut found, &value, Some(&lookup.output), &hole);
    told.cuts.append(&mut paste.cuts);
    if run.engine.tape.is_some() {
        // What is found for something private tells of it.
        let private = lookup.labels.private || site.step.given.private;
        let labels = Labels { private, ..lookup.labels };
        taped::of_value((&lookup.name, labels), (&lookup.output, &value), &mut told.privates);
    }
    Ok(Turn { tool: name.into(), args: args.to_json().to_string(), found })
}

// What the model has chosen, or why that does not fit, in a few words.
fn chosen(ty: &Type, args: &str, measure: &Measure) -> Result<Value, String> {
    let args = if args.trim().is_empty() { "{}" } else { args };
    match output::read_held(ty, args, measure) {
        Ok(read) => Ok(read.value),
        Err(error) => Err(format!("the arguments do not fit: {}", error.message)),
    }
}

// The parameters in their order.
fn values(ty: &Type, args: &Value) -> Vec<Value> {
    let Type::Record(record) = ty else { return Vec::new() };
    let value = |name: &EcoString| match args {
        Value::Record(fields) => fields.get(name).cloned(),
        _ => None,
    };
    let fields = record.fields.iter();
    fields.map(|field| value(&field.name).or_else(|| field.default.clone()).unwrap_or_default()).collect()
}

// A lookup has its own tries: where they have failed, another model would only ask for it again.
fn lasts(halt: Halt) -> Halt {
    match halt {
        Halt::Fail(failure) => Halt::from(Failure { again: Again::Nowhere, ..*failure }),
        other => other,
    }
}

fn too_often(ask: &Ask<'_>, setting: &Setting, wish: &Wish) -> Halt {
    let tool: String = wish.tool.chars().take(64).collect();
    let message = format!(
        "`{}` asks for `{tool}` where it has to answer: it may look up {} times",
        ask.model.name, setting.rounds
    );
    let error = RunError::new(Code::E0806, message).help("raise `rounds`, or say in the prompt when to stop");
    Halt::from(Failure::passing(error))
}

// What the model was recorded to ask for in an earlier part of the run.
fn recorded(site: Site<'_>, path: &StepPath) -> Option<Wish> {
    let Value::Record(fields) = site.run().recorded(path)?.result.as_ref().ok()? else { return None };
    let text = |name: &str| fields.get(name).and_then(Value::as_text).map(str::to_owned);
    Some(Wish { tool: text("lookup")?, args: text("with")? })
}

async fn record(site: Site<'_>, path: &StepPath, wish: &Wish) -> Given<()> {
    let value = Value::from_json(&json!({ "lookup": wish.tool, "with": wish.args }));
    let outcome = || Outcome::noted(Ok(value));
    site.run().record((path, site.step), outcome).await.map_err(Halt::from)
}
