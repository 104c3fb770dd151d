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
//! `literals` finds what programs compare with, `judges` whom guards ask, and ask again, `file` is the
//! witness's form.

mod choices;
mod file;
mod judges;
mod literals;
mod scripted;
mod steered;
mod values;

pub use file::{Answer, Call, Ends, Found, LookUp, Witness};

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
use std::collections::HashSet;
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
    let goal = |most| Goal { worth: &worth, is_dearest: &is_dearest, most };
    let to_the_end = |most| Goal { worth: &whole, is_dearest: &is_dearest, most };
    let mut left = search.runs;
    let ended = climbed(&mut theatre, first, &to_the_end(Step::Behind), &mut left)?;
    let mut best = climbed(&mut theatre, ended.clone(), &goal(Step::Level), &mut left)?;
    if !is_dearest(&best.spent) {
        // Slow, and seldom better: half of what is left for each.
        let mut half = left / 2;
        let ended = climbed(&mut theatre, ended, &to_the_end(Step::Two), &mut half)?;
        left = left / 2 + half;
        let other = climbed(&mut theatre, ended, &goal(Step::Level), &mut left)?;
        best = if worth(&other) > worth(&best) { other } else { best };
        best = climbed(&mut theatre, best, &goal(Step::Two), &mut left)?;
    }
    Ok((theatre.witness(best.script, best.inputs), best.spent))
}

/// What is gone through where no single choice is worth more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    One,
    // One, and behind it what makes a difference only then.
    Behind,
    // Any two of which the first is worth the same.
    Level,
    // Any two.
    Two,
}

/// How many steps of a run are looked behind that are come to only by a choice behind another.
const DEEP: usize = 2;

/// What a search goes by.
struct Goal<'a, W> {
    worth: &'a dyn Fn(&Tried) -> W,
    is_dearest: &'a dyn Fn(&Spent) -> bool,
    most: Step,
}

/// Goes another way at one choice, or where no single one is worth more, at several, as long as that
/// helps.
fn climbed<W: PartialOrd>(
    theatre: &mut Theatre,
    mut best: Tried,
    goal: &Goal<'_, W>,
    left: &mut usize,
) -> Result<Tried, RunError> {
    let worth = goal.worth;
    let mut step = Step::One;
    let mut inert: HashSet<String> = HashSet::new();
    loop {
        let mut improved = false;
        // What is met on the way is tried as well.
        let mut seen = 0;
        while let Some((name, way)) = best.others().get(seen).cloned() {
            seen += 1;
            if *left == 0 || (goal.is_dearest)(&best.spent) {
                return Ok(best);
            }
            *left -= 1;
            let other = theatre.tried(best.with(&name, way))?;
            if worth(&other) > worth(&best) {
                (best, improved) = (other, true);
                inert.clear();
                continue;
            }
            if other.goes_like(&best) {
                inert.insert(name);
                continue;
            }
            inert.remove(&name);
            match step {
                Step::One => {}
                Step::Behind => {
                    let behind = behind(theatre, (&best, other), (goal, &inert, DEEP), left)?;
                    if worth(&behind) > worth(&best) {
                        (best, improved) = (behind, true);
                        inert.clear();
                    }
                }
                Step::Level if worth(&other) != worth(&best) => {}
                Step::Level | Step::Two => {
                    for (next, way) in other.others().into_iter().filter(|(next, _)| *next != name) {
                        if *left == 0 {
                            return Ok(best);
                        }
                        *left -= 1;
                        let third = theatre.tried(other.with(&next, way))?;
                        if worth(&third) > worth(&best) {
                            (best, improved) = (third, true);
                            inert.clear();
                            break;
                        }
                    }
                }
            }
        }
        step = match (improved, step) {
            (true, _) => Step::One,
            (false, Step::One) if goal.most > Step::One => Step::Behind,
            (false, Step::Behind) if goal.most > Step::Behind => Step::Level,
            (false, Step::Level) if goal.most > Step::Level => Step::Two,
            (false, _) => return Ok(best),
        };
    }
}

/// The best that can be made of a run by the choices that it alone comes to, or that made no difference
/// in the one before it.
fn behind<W: PartialOrd>(
    theatre: &mut Theatre,
    (before, mut now): (&Tried, Tried),
    (goal, inert, deep): (&Goal<'_, W>, &HashSet<String>, usize),
    left: &mut usize,
) -> Result<Tried, RunError> {
    let worth = goal.worth;
    let mut known: HashSet<String> = before.went.iter().map(|(step, _)| step.clone()).collect();
    let opens =
        |known: &HashSet<String>, tried: &Tried| tried.went.iter().any(|(step, _)| !known.contains(step));
    let is_open = opens(&known, &now);
    known.extend(now.went.iter().map(|(step, _)| step.clone()));
    loop {
        let mut improved = false;
        let mut seen = 0;
        while let Some((name, way)) = now.others().get(seen).cloned() {
            seen += 1;
            if before.met.ways.contains_key(&name) && !(is_open && inert.contains(&name)) {
                continue;
            }
            if *left == 0 || (goal.is_dearest)(&now.spent) {
                return Ok(now);
            }
            *left -= 1;
            let mut other = theatre.tried(now.with(&name, way))?;
            let is_new = opens(&known, &other);
            if is_new && deep > 1 && worth(&other) <= worth(&now) {
                known.extend(other.went.iter().map(|(step, _)| step.clone()));
                other = behind(theatre, (&now, other), (goal, inert, deep - 1), left)?;
            }
            if worth(&other) > worth(&now) || (is_new && worth(&other) == worth(&now)) {
                known.extend(other.went.iter().map(|(step, _)| step.clone()));
                (now, improved) = (other, true);
            }
        }
        if !improved {
            return Ok(now);
        }
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
#[derive(Clone)]
struct Tried {
    choices: Choices,
    met: Met,
    script: Script,
    inputs: Map<String, Json>,
    spent: Spent,
    // Which steps it came to, and what they spent.
    went: Vec<(String, Spent)>,
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

    // Whether all that was asked and said is the same.
    fn goes_like(&self, other: &Tried) -> bool {
        self.went == other.went && self.script == other.script
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
        let (judges, authors) = (judges::judges(plan), judges::authors(plan));
        let measures = engine.counts.clone();
        let stage = Stage { plan: plan.clone(), measures, numbers, words, judges, authors };
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
        let (mut met, script) = world.done();
        choices.learn(&mut met);
        let is_whole = report.status == RunStatus::Ok;
        let went = report.steps.iter().map(|step| (step.path.to_string(), step.spent)).collect();
        Ok(Tried { choices, met, script, inputs, spent: report.spent, went, is_whole })
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
