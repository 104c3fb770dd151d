//! A world that goes the way of its choices: which model answers, what fails, what is found, and with
//! which values; everything as large as it may be.
//!
//! What is dearest of a call that fails is the same always: it is made as often as the step allows,
//! and each time it breaks off when it may have been billed in full.

use super::choices::{Choices, Met};
use super::file::{Answer, Call, Ends, Found, LookUp};
use super::values::{Sizes, reason};
use crate::exec::{At, Director};
use crate::guard::Verdict;
use crate::provider::{CallError, CallErrorKind, Embedded, Finish, Reply, Request, Texts, Usage, Wish};
use crate::{RunError, StepPath};
use async_trait::async_trait;
use flow_diagnostics::{Code, Span};
use flow_plan::{Callee, Lookup, Millis, ModelId, OnFail, Plan, PromptId, StepKind, Tokens, Type, Value};
use flow_tokens::Measure;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What stays the same over many runs.
pub(super) struct Stage {
    pub(super) plan: Arc<Plan>,
    pub(super) measures: Vec<Measure>,
    pub(super) numbers: Vec<i64>,
    pub(super) words: Vec<String>,
    /// The prompts of guards behind which `else retry` stands: what is wrong with their answers is shown
    /// to others.
    pub(super) judges: HashSet<Span>,
    /// The prompts that such guards have asked again, and how often at most.
    pub(super) authors: HashMap<Span, u32>,
}

/// One run's world.
pub(super) struct Steered {
    stage: Arc<Stage>,
    choices: Choices,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    met: Met,
    asked: HashMap<(String, u32), Question>,
    script: Script,
}

/// What a world was asked and said, in its order.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Script {
    pub(super) calls: Vec<Call>,
    pub(super) found: Vec<Found>,
}

/// A prompt that one step asks, over all of its calls.
struct Question {
    // Which of the models answers; behind the last, none does.
    answers: usize,
    // How the last try of what comes to nothing ends: the models in turn, or the one that is asked
    // where there is doubt.
    end: End,
    // Of each model, so many tries give at once an answer that cannot be used: those behind them need not
    // wait, and no call is made beside them.
    at_once: u32,
    // Calls of each model; apart from those, of one that is asked where there is doubt.
    calls: HashMap<(ModelId, bool), u32>,
    answered: bool,
}

/// How the last try ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Answer,
    Break,
    // The same at another time: at once, before a time limit around it ends what is tried again; or late,
    // so that what waits for it comes when all else is done.
    Otherwise,
    // With an answer that cannot be used, and is shown to the model again, with so many letters
    // before it: what is said of it is cut where a character ends, and so may come out shorter than it
    // may be.
    Unusable(u8),
}

/// As many letters as a character of an unusable answer has tokens, less one.
const LETTERS: u8 = 6;

impl Question {
    // By the last model first: those before it have failed, and are paid for. Answers before failures.
    fn new(way: usize, models: usize, ends: &[End], at_once: u32) -> Question {
        let (answers, end) = match way.checked_sub(models * ends.len()) {
            None => (models - 1 - way / ends.len(), ends[way % ends.len()]),
            Some(0) => (models, End::Break),
            Some(1) => (models, End::Otherwise),
            Some(n) => (models, End::Unusable(u8::try_from(n - 2).unwrap_or(0))),
        };
        Question { answers, end, at_once, calls: HashMap::new(), answered: false }
    }
}

/// How a call goes.
enum Fate {
    Answer,
    Break,
    Unusable(u8),
    // Nothing is heard of it.
    Silence,
}

impl Steered {
    pub(super) fn new(stage: Arc<Stage>, choices: Choices) -> Steered {
        Steered { stage, choices, state: Mutex::default() }
    }

    /// What was decided and said.
    pub(super) fn done(&self) -> (Met, Script) {
        let state = std::mem::take(&mut *self.lock());
        (state.met, state.script)
    }

    /// The inputs of a flow.
    pub(super) fn input(&self, name: &str, ty: &Type) -> Json {
        let mut state = self.lock();
        let sizes = self.sizes(Tokens(0));
        sizes.largest(ty, name, &mut |at, ways| {
            self.choices.choose(&mut state.met, &format!("input {at}"), &[], ways)
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sizes(&self, free: Tokens) -> Sizes<'_> {
        let Stage { measures, numbers, words, .. } = &*self.stage;
        let free = if free == Tokens(0) { Sizes::default().free } else { free.0 };
        Sizes { measures, free, numbers, words }
    }

    // How a call of a model goes, and after how long.
    fn fate(&self, at: At<'_>, model: ModelId, output: &Type) -> (Fate, Duration) {
        let settings = &at.step.settings;
        let limit = settings.timeout.or(Callee::Prompt(PromptId(0)).longest()).unwrap_or(Millis(0));
        let hedge = settings.hedge.filter(|after| *after < limit);
        let chain: Vec<ModelId> = settings.model.iter().chain(&settings.fallback).copied().collect();
        // A guard has had it asked again, and may do so once more.
        let times = self.stage.authors.get(&at.step.span).copied().unwrap_or(0);
        let is_asked_again = (1..times).contains(&at.round);
        let again = matches!(&at.step.on_fail, Some(OnFail::Retry(most)) if at.round < *most)
            || self.stage.judges.contains(&at.step.span)
            || is_asked_again;
        let is_handled = match &at.step.on_fail {
            Some(OnFail::Retry(most)) => at.round < *most,
            Some(OnFail::Do(_)) => true,
            Some(OnFail::Stop(_) | OnFail::Redact) | None => is_asked_again,
        };
        let (name, items) = (place(at.path, at.round), at.path.items());
        let is_ever_unusable =
            !matches!(output.present(), Type::Text { bound: None, .. } | Type::Text { truncate: true, .. });
        let state = &mut *self.lock();
        let question = state.asked.entry((at.path.to_string(), at.round)).or_insert_with(|| {
            let mut ends = vec![End::Answer];
            if settings.escalate.is_some() {
                ends.push(End::Break);
                ends.extend((0..LETTERS).filter(|_| again && is_ever_unusable).map(End::Unusable));
            }
            let unusable = if again && is_ever_unusable { usize::from(LETTERS) } else { 0 };
            let ways = chain.len() * ends.len() + 2 + unusable;
            // A step that is tried again, or that another call stands in for, costs most where it fails.
            let fails = match &at.step.on_fail {
                Some(OnFail::Retry(most)) => at.round < *most,
                Some(OnFail::Do(other)) => other.steps.node_count() > 0,
                _ => false,
            };
            let usual = match (fails, settings.escalate.is_some()) {
                (false, _) => 0,
                // Where there is doubt, when one more has been asked.
                (true, true) => 2.min(ends.len() - 1),
                (true, false) => chain.len() + 2 * unusable.min(1),
            };
            // Time matters within a step.
            let matters = is_ever_unusable && at.path.depth() > 0;
            let at_once = if matters { settings.retry as usize } else { 0 };
            let at_once =
                self.choices.choose(&mut state.met, &format!("{name} fails at once"), &items, at_once + 1);
            let name = format!("{name} is answered");
            let way = self.choices.choose_from(&mut state.met, &name, &items, (ways, usual));
            Question::new(way, chain.len(), &ends, at_once as u32)
        });
        let at_once = question.at_once;
        // The call beside one that answers comes when that is decided.
        let asked = question.calls.get(&(model, false)).copied().unwrap_or(0);
        let is_open = hedge.is_some() && asked > at_once && (asked - at_once) % 2 == 1;
        let is_doubted = question.answered && !is_open;
        let made = question.calls.entry((model, is_doubted)).or_default();
        *made += 1;
        let pairs = if hedge.is_some() { made.saturating_sub(at_once) } else { 0 };
        let beside = pairs > 0 && pairs.is_multiple_of(2);
        let tries = if pairs > 0 { at_once + pairs.div_ceil(2) } else { *made };
        let is_last_try = tries > settings.retry;
        let place = chain.iter().position(|m| *m == model);
        let answers = match (is_doubted, place) {
            // The model that is asked where there is doubt.
            (true, _) | (false, None) => question.end == End::Answer && is_last_try,
            (false, Some(place)) => place == question.answers && is_last_try,
        };
        let is_end = is_last_try && (is_doubted || place.is_some_and(|p| p + 1 == chain.len()));
        question.answered |= answers && !beside;
        let wait = hedge.map_or(Duration::ZERO, |after| after.duration() + Duration::from_millis(1));
        let unusable = match question.end {
            End::Unusable(letters) if is_end => Some(letters),
            _ => None,
        };
        if tries <= at_once && !answers && !is_end {
            return (Fate::Unusable(0), Duration::ZERO);
        }
        match (answers, beside, unusable) {
            (true, true, _) => (Fate::Silence, Duration::ZERO),
            (true, false, _) => (Fate::Answer, wait),
            // It counts if it is the last to be heard of.
            (false, true, Some(letters)) => (Fate::Unusable(letters), Duration::from_millis(2)),
            (false, false, Some(letters)) => (Fate::Unusable(letters), wait),
            // The failure that may end the run comes when all else is done.
            (false, _, None) if is_end && is_handled == (question.end == End::Otherwise) => {
                let late = limit.duration().saturating_sub(Duration::from_millis(2));
                (Fate::Break, late.max(wait))
            }
            (false, true, None) => (Fate::Break, Duration::ZERO),
            (false, false, None) => (Fate::Break, wait),
        }
    }

    // The lookup that a model asks for as long as it may, with all that its arguments hold; nothing where it
    // answers at once.
    fn looks_up(&self, at: At<'_>, request: &Request<'_>) -> Option<LookUp> {
        let tools = request.tools.filter(|tools| !tools.withheld)?;
        let (name, items) = (place(at.path, at.round), at.path.items());
        let state = &mut *self.lock();
        let ways = tools.offered.len() + 1;
        let way = self.choices.choose(&mut state.met, &format!("{name} looks up"), &items, ways);
        let tool = tools.offered.get(way)?;
        let own = [request.measure.clone()];
        let mut sizes = self.sizes(request.max_output);
        if !self.stage.measures.iter().any(|m| m.counts_like(request.measure)) {
            sizes.measures = &own;
        }
        let mut choose = |what: &str, ways| {
            self.choices.choose(&mut state.met, &format!("{name} asks {what}"), &items, ways)
        };
        let with = sizes.largest(&tool.args, &tool.name, &mut choose).to_string();
        Some(LookUp { lookup: tool.name.clone(), with, usage: most(request) })
    }

    // A good answer, as large as its type.
    fn answer(&self, at: At<'_>, request: &Request<'_>) -> String {
        let name = place(at.path, at.round);
        let items = at.path.items();
        let mut state = self.lock();
        let settings = &at.step.settings;
        let models = settings.model.iter().chain(&settings.fallback);
        let models = models.chain(settings.escalate.as_ref().map(|e| &e.to));
        let longest = models.map(|m| self.stage.plan.models[m.index()].output_cap()).max();
        // Within its cap a model can write a text that has several times as many tokens when it is read.
        let free = match request.output.present() {
            Type::Text { .. } => longest.unwrap_or_default().min(Tokens(REWRITTEN * request.max_output.0)),
            _ => request.max_output,
        };
        let mut sizes = self.sizes(free.max(request.max_output));
        let own = [request.measure.clone()];
        if !self.stage.measures.iter().any(|m| m.counts_like(request.measure)) {
            sizes.measures = &own;
        }
        let mut choose = |at: &str, ways: usize| {
            self.choices.choose(&mut state.met, &format!("{name} says {at}"), &items, ways)
        };
        match sizes.largest(request.output, "it", &mut choose) {
            Json::String(text) => match request.output.present() {
                Type::Json(_) => Json::from(text).to_string(),
                _ => text,
            },
            json => json.to_string(),
        }
    }
}

/// How many times as many tokens as the cap on output a text has at most when it is counted again.
const REWRITTEN: u64 = 4;

/// The name of a step's choices: the same for all elements and rounds of loops.
fn place(path: &StepPath, round: u32) -> String {
    match round {
        0 => path.in_general(),
        n => format!("{} again {n}", path.in_general()),
    }
}

/// What a call that is answered uses at most.
fn most(request: &Request<'_>) -> Usage {
    let price = &request.model.card.price;
    let dearer = price.cache_write.is_some_and(|write| write > price.input);
    Usage {
        input: request.input,
        cached_input: Tokens(0),
        cache_write: if dearer { request.input } else { Tokens(0) },
        output: request.max_output,
    }
}

#[async_trait]
impl Director for Steered {
    async fn reply(&self, at: At<'_>, request: &Request<'_>) -> Result<Reply, CallError> {
        let model = self.stage.plan.models.iter().position(|m| m.name == request.model.name);
        let model = ModelId(model.unwrap_or(0) as u32);
        if let Some(asked) = self.looks_up(at, request) {
            let call = Call {
                step: at.path.to_string(),
                call: at.number,
                lookups: at.lookups,
                model: request.model.name.to_string(),
                after_ms: 0,
                ends: Ends::LookUp(asked),
            };
            self.lock().script.calls.push(call.clone());
            return played(&call).await;
        }
        let (fate, after) = self.fate(at, model, request.output);
        let text = match fate {
            Fate::Answer => Some(self.answer(at, request)),
            Fate::Unusable(letters) => {
                let shown = at.step.bounds.as_deref().map_or(request.max_output, |bounds| bounds.shown);
                let most = shown.min(Tokens(REWRITTEN * request.max_output.0)).max(request.max_output);
                Some(self.sizes(Tokens(0)).nonsense(most, letters))
            }
            Fate::Break | Fate::Silence => None,
        };
        let ends = match (&fate, &text) {
            (Fate::Silence, _) => Ends::Silence,
            (_, Some(text)) => Ends::Answer(Answer { text: text.clone(), usage: most(request) }),
            _ => Ends::Break,
        };
        let call = Call {
            step: at.path.to_string(),
            call: at.number,
            lookups: at.lookups,
            model: request.model.name.to_string(),
            after_ms: after.as_millis() as u64,
            ends,
        };
        self.lock().script.calls.push(call.clone());
        played(&call).await
    }

    async fn embedded(&self, request: &Texts<'_>) -> Result<Embedded, CallError> {
        Ok(nowhere(request))
    }

    fn found(&self, at: At<'_>, lookup: &Lookup) -> Result<Json, RunError> {
        let (name, items) = (place(at.path, at.round), at.path.items());
        let state = &mut *self.lock();
        let mut choose =
            |what: &str, ways| self.choices.choose(&mut state.met, &format!("{name} {what}"), &items, ways);
        let after = late(at, choose("fails", ENDS) == LATE);
        let found = match choose("fails", ENDS) {
            0 => Some(self.sizes(Tokens(0)).largest(&lookup.output, "finds", &mut choose)),
            _ => None,
        };
        state.script.found.push(Found::of(at, after, found.clone()));
        found.ok_or_else(|| failed(Code::E0807))
    }

    fn takes(&self, at: At<'_>) -> Duration {
        late(at, self.end(at) == LATE)
    }

    fn verdict(&self, at: At<'_>) -> Verdict {
        match self.goes(at) {
            true => Verdict::Pass,
            false => Verdict::Fail(reason()),
        }
    }

    fn act(&self, at: At<'_>) -> Result<Value, RunError> {
        match self.goes(at) {
            true => Ok(Value::Null),
            false => Err(failed(Code::E0811)),
        }
    }
}

impl Steered {
    // Whether what gives no value of its own goes well.
    fn goes(&self, at: At<'_>) -> bool {
        let end = self.end(at);
        let goes = end == 0;
        self.lock().script.found.push(Found::of(at, late(at, end == LATE), goes.then_some(Json::Null)));
        goes
    }

    // How what is no call of a model ends: well, or not, at once or late.
    fn end(&self, at: At<'_>) -> usize {
        let (name, items) = (place(at.path, at.round), at.path.items());
        let state = &mut *self.lock();
        let is_lookup = matches!(at.step.kind, StepKind::Call(Callee::Lookup(_), _));
        let again = matches!(&at.step.on_fail, Some(OnFail::Retry(most)) if at.round < *most);
        let usual = usize::from(again && !is_lookup);
        self.choices.choose_from(&mut state.met, &format!("{name} fails"), &items, (ENDS, usual))
    }
}

// The ways of `Steered::end`, and the last of them.
const ENDS: usize = 3;
const LATE: usize = 2;

// When all else is done, and still within the limit.
fn late(at: At<'_>, is_late: bool) -> Duration {
    let longest = match &at.step.kind {
        StepKind::Call(callee, _) => callee.longest(),
        _ => None,
    };
    let limit = at.step.settings.timeout.or(longest).unwrap_or_default();
    if is_late { limit.duration().saturating_sub(Duration::from_millis(2)) } else { Duration::ZERO }
}

pub(super) fn failed(code: Code) -> RunError {
    RunError::new(code, "the witness lets it fail")
}

/// Vectors that are near to nothing that is kept, at the price of the texts.
pub(super) fn nowhere(request: &Texts<'_>) -> Embedded {
    Embedded { vectors: vec![vec![1.0]; request.texts.len()], input: request.input, request_id: None }
}

/// A call as a script says.
pub(super) async fn played(call: &Call) -> Result<Reply, CallError> {
    if call.after_ms > 0 {
        tokio::time::sleep(Duration::from_millis(call.after_ms)).await;
    }
    match &call.ends {
        Ends::Answer(Answer { text, usage }) => Ok(Reply {
            text: text.clone(),
            usage: *usage,
            finish: Finish::Done,
            request_id: None,
            wish: None,
        }),
        Ends::LookUp(LookUp { lookup, with, usage }) => {
            let wish = Some(Wish { tool: lookup.clone(), args: with.clone() });
            Ok(Reply { text: String::new(), usage: *usage, finish: Finish::Done, request_id: None, wish })
        }
        Ends::Break => Err(CallError {
            kind: CallErrorKind::Server,
            message: "the witness lets it break off".to_owned(),
            help: None,
            retry_after: None,
        }),
        Ends::Silence => std::future::pending().await,
    }
}
