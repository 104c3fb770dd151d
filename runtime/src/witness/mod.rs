//! Witnesses: runs that come as near to the proven worst case as runs can.
//!
//! [`find`] looks for the dearest run of a flow: inputs and answers as large as their bounds, and of
//! what the world decides (which model answers, what fails, what is true) the way that costs most. It
//! knows nothing of how bounds are derived, so that what it finds says how near to them a run comes.
//! [`play`] runs what was found. Both need no time and no money: the clock jumps over every wait, and
//! no provider, source, channel or built-in guard is asked, since the witness says what they do.
//!
//! `choices` is what can go one way or another, `steered` a world that goes the way of its
//! choices, `scripted` one that says what a witness says, `values` makes what is said,
//! `literals` finds what programs compare with, `judges` who asks for guards that are tried again, `file` is the witness's form.

mod choices;
mod file;
mod judges;
mod literals;
mod scripted;
mod steered;
mod values;

pub use file::{Answer, Call, Ends, Found, Witness};

use crate::cache::{self, Asked, Cache, Entry, Survey, Which};
use crate::engine::{Engine, Options};
use crate::exec::Director;
use crate::run::Start;
use crate::{Context, RunError, RunReport, RunStatus, Spent, read_inputs};
use async_trait::async_trait;
use choices::{Choices, Met};
use flow_diagnostics::Code;
use flow_plan::{Cost, FlowId, Millis, Plan};
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use steered::{Script, Stage, Steered};

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// No run costs more: where one comes to it, nothing is left to find.
    pub worst: Cost,
    /// No run uses more tokens, in and out together: what is looked for where `worst` is nothing.
    pub tokens: u64,
    /// The most runs that are tried.
    pub runs: usize,
}

/// A run that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// What it came to.
    pub report: RunReport,
    /// What it asked that the witness says nothing of: then it is of another program.
    pub missing: Option<String>,
}

/// Looks for the dearest run of a flow. E0810 where the plan can't be made ready to run.
pub fn find(plan: &Arc<Plan>, flow: FlowId, search: Search) -> Result<(Witness, Spent), RunError> {
    let mut theatre = Theatre::open(plan, flow)?;
    let first = theatre.tried(Choices::default())?;
    let mut left = search.runs;
    let is_dearest = |spent: &Spent| match search.worst {
        Cost::ZERO => spent.input.0.saturating_add(spent.output.0) >= search.tokens,
        worst => spent.usd >= worst,
    };
    // A failure ends a run, and may cost more than what comes before it, so that it hides what comes
    // behind it: that is looked for first.
    let worth = |tried: &Tried| {
        let (usd, tokens, calls) = tried.worth();
        (if search.worst == Cost::ZERO { Cost::ZERO } else { usd }, tokens, calls)
    };
    let whole = |tried: &Tried| (tried.is_whole, worth(tried));
    let best = climbed(&mut theatre, first, (&is_dearest, &mut left), &whole)?;
    let best = climbed(&mut theatre, best, (&is_dearest, &mut left), &worth)?;
    Ok((theatre.witness(best.script, best.inputs), best.spent))
}

/// How many choices are changed together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    One,
    // One, and one of those that are met only then.
    Next,
    Two,
}

/// Goes another way at one choice, or where no single one is worth more, at two, as long as that helps.
fn climbed<W: PartialOrd>(
    theatre: &mut Theatre,
    mut best: Tried,
    (is_dearest, left): (&dyn Fn(&Spent) -> bool, &mut usize),
    worth: &dyn Fn(&Tried) -> W,
) -> Result<Tried, RunError> {
    let mut step = Step::One;
    loop {
        let mut improved = false;
        // What is met on the way is tried as well.
        let mut seen = 0;
        while let Some((name, way)) = best.others().get(seen).cloned() {
            seen += 1;
            if *left == 0 || is_dearest(&best.spent) {
                return Ok(best);
            }
            *left -= 1;
            let other = theatre.tried(best.with(&name, way))?;
            if worth(&other) > worth(&best) {
                (best, improved) = (other, true);
                continue;
            }
            let second = if step == Step::One { Vec::new() } else { other.others() };
            let is_wanted =
                |next: &str| next != name && (step == Step::Two || !best.met.ways.contains_key(next));
            let second: Vec<_> = second.into_iter().filter(|(next, _)| is_wanted(next)).collect();
            for (next, way) in second {
                if *left == 0 {
                    return Ok(best);
                }
                *left -= 1;
                let third = theatre.tried(other.with(&next, way))?;
                if worth(&third) > worth(&best) {
                    (best, improved) = (third, true);
                    break;
                }
            }
        }
        step = match (improved, step) {
            (true, _) => Step::One,
            (false, Step::One) => Step::Next,
            (false, Step::Next) => Step::Two,
            (false, Step::Two) => return Ok(best),
        };
    }
}

/// Runs a witness. E0809 where its inputs are not those of the flow, E0810 where there is no such
/// flow, or the plan can't be made ready to run.
pub fn play(plan: &Arc<Plan>, witness: &Witness) -> Result<Played, RunError> {
    let flow = plan.flow(&witness.flow).ok_or_else(|| {
        RunError::new(Code::E0810, format!("there is no flow `{}`, of which this is a witness", witness.flow))
            .help("look for a new one with `flowc cost --witness`")
    })?;
    let mut theatre = Theatre::open(plan, flow)?;
    let world = Arc::new(scripted::Scripted::new(witness));
    let report = theatre.run(world.clone(), &Json::Object(witness.inputs.clone()))?;
    Ok(Played { report, missing: world.missing() })
}

/// Where runs are played.
struct Theatre {
    engine: Engine,
    flow: FlowId,
    stage: Arc<Stage>,
    clock: tokio::runtime::Runtime,
}

/// A run that was tried.
struct Tried {
    choices: Choices,
    met: Met,
    script: Script,
    inputs: Map<String, Json>,
    spent: Spent,
    // Whether it came to the end of the flow.
    is_whole: bool,
}

impl Tried {
    // Every other way that one choice could go: what is said before who says it, since only an answer
    // can say something else.
    fn others(&self) -> Vec<(String, usize)> {
        let other = |(name, ways): (&String, &usize)| {
            let now = self.choices.way(name);
            let name = name.clone();
            (0..*ways).filter(move |way| *way != now).map(move |way| (name.clone(), way))
        };
        let mut others: Vec<(String, usize)> = self.met.ways.iter().flat_map(other).collect();
        others.sort_by_key(|(name, _)| !name.contains(" says "));
        others
    }

    fn with(&self, name: &str, way: usize) -> Choices {
        let mut choices = self.choices.clone();
        choices.set(name, way);
        choices
    }

    fn worth(&self) -> (Cost, u64, u64) {
        (self.spent.usd, self.spent.input.0.saturating_add(self.spent.output.0), self.spent.calls)
    }
}

impl Theatre {
    fn open(plan: &Arc<Plan>, flow: FlowId) -> Result<Theatre, RunError> {
        let options = Options { cache: Arc::new(Forgetful), ..Options::default() };
        let context = Context::new(Default::default(), ".", ".");
        let engine = Engine::new(plan.clone(), context, options)?;
        let (numbers, words) = literals::literals(plan);
        let judges = judges::judges(plan);
        let stage = Stage { plan: plan.clone(), measures: engine.counts.clone(), numbers, words, judges };
        let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let clock = clock.map_err(|e| RunError::new(Code::E0810, format!("no clock can be made: {e}")))?;
        Ok(Theatre { engine, flow, stage: Arc::new(stage), clock })
    }

    fn tried(&mut self, mut choices: Choices) -> Result<Tried, RunError> {
        let world = Arc::new(Steered::new(self.stage.clone(), choices.clone()));
        let params = &self.stage.plan.flows[self.flow.index()].params;
        let inputs: Map<String, Json> =
            params.iter().map(|p| (p.name.to_string(), world.input(&p.name, &p.ty))).collect();
        let report = self.run(world.clone(), &Json::Object(inputs.clone()))?;
        let (met, script) = world.done();
        choices.learn(&met);
        let is_whole = report.status == RunStatus::Ok;
        Ok(Tried { choices, met, script, inputs, spent: report.spent, is_whole })
    }

    fn run(&mut self, world: Arc<dyn Director>, inputs: &Json) -> Result<RunReport, RunError> {
        // The waits between tries come from here, so that a witness runs the same again.
        fastrand::seed(0);
        let values = read_inputs(&self.stage.plan.flows[self.flow.index()], Some(inputs), &[])?;
        self.engine.director = Some(world);
        let report = self.clock.block_on(self.engine.run(Start::new(self.flow, values)));
        self.engine.director = None;
        Ok(report)
    }

    fn witness(&self, script: Script, inputs: Map<String, Json>) -> Witness {
        let flow = self.stage.plan.flows[self.flow.index()].name.to_string();
        Witness { flow, inputs, calls: script.calls, found: script.found }
    }
}

/// A cache that has forgotten everything: the worst case is that no call is found in it.
struct Forgetful;

#[async_trait]
impl Cache for Forgetful {
    async fn get(&self, _: &Asked) -> Result<cache::Found, RunError> {
        Ok(cache::Found::Miss)
    }

    async fn put(&self, _: &Asked, _: &Entry, _: Millis) -> Result<(), RunError> {
        Ok(())
    }

    async fn survey(&self) -> Result<Survey, RunError> {
        Ok(Survey::default())
    }

    async fn clear(&self, _: &Which) -> Result<u64, RunError> {
        Ok(0)
    }
}
