//! The hostile provider: it answers every prompt by a seeded policy, in every way that a provider can,
//! as late as it likes, and keeps books of its own on what it bills.

use super::count;
use super::values::{Maker, Size};
use async_trait::async_trait;
use fastrand::Rng;
use flow_plan::{Bound, CapabilityKind, CapabilitySpec, Cost, Millis, Model, Tokens, Type};
use flow_runtime::Context;
use flow_runtime::provider::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a provider is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Policy {
    /// Everything that can happen, by chance.
    Mixed,
    /// Good answers, as large as they may be.
    Largest,
    /// Most answers fail after they were paid for; the others are as large as they may be.
    Dear,
}

impl Policy {
    pub(super) const ALL: [Policy; 3] = [Policy::Mixed, Policy::Largest, Policy::Dear];

    /// How large inputs, answers and findings are.
    pub(super) fn size(self) -> Size {
        match self {
            Policy::Mixed => Size::Over,
            Policy::Largest | Policy::Dear => Size::Largest,
        }
    }
}

/// A world for one run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct World {
    /// What its provider is like.
    pub(super) policy: Policy,
    /// Where chance comes from.
    pub(super) seed: u64,
}

/// What the provider has billed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Books {
    /// Calls that were made.
    pub(super) calls: u64,
    /// Money, where a call that was dropped or broke is billed in full.
    pub(super) usd: Cost,
    /// Input, with the same.
    pub(super) input: Tokens,
    /// Output, with the same.
    pub(super) output: Tokens,
    /// What of it was reported in the usage of a reply.
    pub(super) reported: Reported,
}

/// What replies said was used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Reported {
    pub(super) usd: Cost,
    pub(super) input: Tokens,
    pub(super) output: Tokens,
}

/// The provider `sim` of hostile runs.
pub(super) struct Hostile {
    policy: Policy,
    state: Mutex<(Rng, Books)>,
}

static SPEC: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Provider, name: "sim", ..CapabilitySpec::BASE };

/// How one call goes.
struct Fate {
    after: u64,
    // What is asked for instead of an answer.
    wish: Option<Wish>,
    ends: Result<(String, Finish), (CallErrorKind, Option<u64>)>,
    usage: Usage,
}

impl Hostile {
    pub(super) fn new(world: &World) -> Arc<Hostile> {
        let state = Mutex::new((Rng::with_seed(world.seed), Books::default()));
        Arc::new(Hostile { policy: world.policy, state })
    }

    pub(super) fn books(&self) -> Books {
        self.lock().1
    }

    fn lock(&self) -> MutexGuard<'_, (Rng, Books)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self, request: &Request<'_>) -> Fate {
        let rng = &mut self.lock().0;
        let size = match self.policy.size() {
            Size::Over if rng.bool() => Size::Random,
            size => size,
        };
        let (after, way) = match self.policy {
            Policy::Mixed => (pick(rng, &[0, 0, 0, 30, 600, 2500, 15_000, 3_600_000]), rng.u32(0..20)),
            Policy::Largest => (0, 0),
            Policy::Dear => (pick(rng, &[0, 250, 990, 1990]), pick(rng, &[0, 12, 12, 13])),
        };
        let ends = match way {
            0..=10 => Ok((answer(rng, size, request), Finish::Done)),
            11 => Ok((format!("Of course: {} There!", answer(rng, size, request)), Finish::Done)),
            12 => Ok((noise(rng, size, request), Finish::Done)),
            13 => Err((pick(rng, &BILLED), None)),
            14 => Ok((noise(rng, size, request), Finish::Cut)),
            15 => Ok((noise(rng, size, request), Finish::Refused)),
            16 | 17 => Err((pick(rng, &BILLED), pick(rng, &[None, Some(10), Some(5000)]))),
            18 => {
                Err((CallErrorKind::RateLimited, pick(rng, &[None, Some(900), Some(59_000), Some(90_000)])))
            }
            _ => Err((pick(rng, &[CallErrorKind::Key, CallErrorKind::Rejected]), None)),
        };
        let ends = ends.map(|(text, finish)| capped(request, text, finish));
        let wish = if ends.is_ok() { self.wish(rng, size, request) } else { None };
        let (wish, ends) = match wish {
            Some(wish) => {
                let (args, finish) = capped(request, wish.args, Finish::Done);
                (Some(Wish { args: args.clone(), ..wish }), Ok((args, finish)))
            }
            None => (None, ends),
        };
        let text = ends.as_ref().map_or("", |(text, _)| text);
        Fate { after, wish, usage: self.usage(rng, request, text), ends }
    }

    // The lookup that is asked for: mostly one that there is, with arguments that fit.
    fn wish(&self, rng: &mut Rng, size: Size, request: &Request<'_>) -> Option<Wish> {
        let tools = request.tools?;
        let tool = &tools.offered[rng.usize(0..tools.offered.len())];
        let mixed = self.policy == Policy::Mixed;
        let asks = match (mixed, tools.withheld) {
            (true, true) => rng.u32(0..12) == 0,
            (true, false) => rng.u32(0..4) > 0,
            (false, withheld) => !withheld,
        };
        if !asks {
            return None;
        }
        let tokens = |text: &str| count::text(request.model, text);
        let args = match rng.u32(0..8) {
            0 if mixed => noise(rng, size, request),
            1 if mixed => "{\"question\": [], \"more\": 1}".to_owned(),
            _ => Maker { rng, size, count: &tokens, escaped_too: true }.json(&tool.args).to_string(),
        };
        let is_known = !mixed || rng.u32(0..8) > 0;
        Some(Wish { tool: if is_known { tool.name.clone() } else { "nothing_of_the_kind".to_owned() }, args })
    }

    fn usage(&self, rng: &mut Rng, request: &Request<'_>, text: &str) -> Usage {
        let input = count::request(request);
        let most = request.max_output.0;
        let least = count::text(request.model, text).min(most);
        match self.policy {
            // Some servers do not say what was used.
            Policy::Mixed if rng.u32(0..30) == 0 => Usage::default(),
            Policy::Mixed => {
                let cached = if rng.bool() { rng.u64(0..=input.0) } else { 0 };
                let cache_write = Tokens(rng.u64(0..=input.0 - cached));
                let output = Tokens(rng.u64(least..=most).max(1));
                Usage { input, cached_input: Tokens(cached), cache_write, output }
            }
            _ => {
                let price = &request.model.card.price;
                let dearer = price.cache_write.is_some_and(|write| write > price.input);
                let cache_write = if dearer { input } else { Tokens(0) };
                Usage { input, cached_input: Tokens(0), cache_write, output: Tokens(most) }
            }
        }
    }
}

// These may have been billed.
const BILLED: [CallErrorKind; 3] =
    [CallErrorKind::Connection, CallErrorKind::Server, CallErrorKind::Malformed];

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(0..from.len())]
}

/// A good answer, written as models write them.
fn answer(rng: &mut Rng, size: Size, request: &Request<'_>) -> String {
    let model: &Model = request.model;
    let tokens = |text: &str| count::text(model, text);
    let laid_out = size != Size::Largest;
    let escaped_too = !matches!(request.output.present(), Type::Text { .. });
    let mut maker = Maker { rng, size, count: &tokens, escaped_too };
    if let Type::Text { bound, .. } = request.output {
        return maker.text(bound.unwrap_or(Bound::Tokens(request.max_output.0)));
    }
    let json = maker.json(request.output);
    match rng.u32(0..4) {
        0 if laid_out => serde_json::to_string_pretty(&json).unwrap_or_default(),
        1 if laid_out => escaped(&json.to_string()),
        2 if json.is_string() && matches!(request.output, Type::Enum(_)) => {
            json.as_str().unwrap_or_default().to_owned()
        }
        _ => json.to_string(),
    }
}

// The same JSON with every letter beyond ASCII as an escape.
fn escaped(json: &str) -> String {
    let units =
        |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("\\u{u:04x}")).collect::<String>();
    json.chars().map(|c| if c.is_ascii() { c.to_string() } else { units(c) }).collect()
}

/// As much nonsense as the cap lets through.
fn noise(rng: &mut Rng, size: Size, request: &Request<'_>) -> String {
    let tokens = |text: &str| count::text(request.model, text);
    Maker { rng, size, count: &tokens, escaped_too: false }.text(Bound::Tokens(request.max_output.0))
}

/// No provider gives more than the cap.
fn capped(request: &Request<'_>, mut text: String, finish: Finish) -> (String, Finish) {
    let fits = |text: &str| count::text(request.model, text) <= request.max_output.0;
    if fits(&text) {
        return (text, finish);
    }
    while !fits(&text) {
        let keep = text.chars().count() * 9 / 10;
        text = text.chars().take(keep).collect();
    }
    (text, Finish::Cut)
}

/// A call under way: whoever drops it pays for all of it.
struct Open<'a> {
    of: &'a Hostile,
    worst: Option<(Cost, Tokens, Tokens)>,
}

impl<'a> Open<'a> {
    fn new(of: &'a Hostile, request: &Request<'_>) -> Open<'a> {
        Open::of(of, request.model, (count::request(request), request.max_output))
    }

    fn of(of: &'a Hostile, model: &Model, (input, output): (Tokens, Tokens)) -> Open<'a> {
        of.lock().1.calls += 1;
        Open { of, worst: Some((model.card.worst(input, output), input, output)) }
    }

    fn bill(&mut self, usd: Cost, input: Tokens, output: Tokens) {
        self.worst = None;
        let books = &mut self.of.lock().1;
        books.usd = books.usd.plus(usd);
        books.input.0 += input.0;
        books.output.0 += output.0;
    }

    fn settle(&mut self, model: &Model, usage: Usage) {
        if usage == Usage::default() {
            return;
        }
        let usd = model.card.price.billed(&usage);
        self.bill(usd, usage.input, usage.output);
        let said = &mut self.of.lock().1.reported;
        said.usd = said.usd.plus(usd);
        said.input.0 += usage.input.0;
        said.output.0 += usage.output.0;
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some((usd, input, output)) = self.worst {
            self.bill(usd, input, output);
        }
    }
}

#[async_trait]
impl Provider for Hostile {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(
        &self,
        _context: &Context,
        request: &Request<'_>,
        on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        let mut open = Open::new(self, request);
        let Fate { after, wish, ends, usage } = self.fate(request);
        if after > 0 {
            tokio::time::sleep(Duration::from_millis(after)).await;
        }
        match ends {
            Ok((text, finish)) => {
                on_text(&text);
                open.settle(request.model, usage);
                let text = if wish.is_some() { String::new() } else { text };
                Ok(Reply { text, usage, finish, request_id: None, wish })
            }
            Err((kind, retry_after)) => {
                // What no model saw is free.
                if !BILLED.contains(&kind) {
                    open.bill(Cost::ZERO, Tokens(0), Tokens(0));
                }
                let message = "out of order".to_owned();
                Err(CallError { kind, message, help: None, retry_after: retry_after.map(Millis) })
            }
        }
    }

    // Texts are near to each other or not, as it happens.
    async fn embed(&self, _context: &Context, request: &Texts<'_>) -> Result<Embedded, CallError> {
        let counts = request.texts.iter().map(|text| count::text(request.model, text));
        let input = Tokens(counts.sum::<u64>().min(request.input.0));
        let mut open = Open::of(self, request.model, (input, Tokens(0)));
        let (after, fails, tells, near) = {
            let rng = &mut self.lock().0;
            let after = match self.policy {
                Policy::Mixed => pick(rng, &[0, 0, 0, 30, 2500, 3_600_000]),
                Policy::Largest => 0,
                Policy::Dear => pick(rng, &[0, 250, 990]),
            };
            let mixed = self.policy == Policy::Mixed;
            (after, mixed && rng.u32(0..6) == 0, !mixed || rng.u32(0..6) > 0, mixed && rng.bool())
        };
        tokio::time::sleep(Millis(after).duration()).await;
        if fails {
            let (kind, message) = (pick(&mut self.lock().0, &BILLED), "it broke off".to_owned());
            return Err(CallError { kind, message, help: None, retry_after: None });
        }
        let usage = Usage { input: if tells { input } else { Tokens(0) }, ..Usage::default() };
        open.settle(request.model, usage);
        let vector = || if near { vec![1.0, 0.0] } else { vec![0.0, 1.0] };
        let vectors = request.texts.iter().map(|_| vector()).collect();
        Ok(Embedded { vectors, input: usage.input, request_id: None })
    }
}
