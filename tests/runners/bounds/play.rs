//! One run of a program against the hostile world, and what must hold of it whatever the bound.

use super::outside::Outside;
use super::replies::{Books, Hostile, World};
use super::values::{Maker, Size};
use super::{Worst, count};
use ecow::EcoString;
use fastrand::Rng;
use flow_diagnostics::Code;
use flow_plan::{Callee, FlowId, Millis, Plan, Step, StepKind, Value};
use flow_runtime::journal::{History, Judged, MemoryJournal, Standing, Verdict};
use flow_runtime::{Context, Engine, Environment, Options, RunReport, Spent, Start, Tables, read_inputs};
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::{Instant, timeout};

/// A run and all that is known of it.
pub(super) struct Played {
    pub(super) inputs: Json,
    pub(super) report: RunReport,
    pub(super) books: Books,
    pub(super) took: Millis,
    // How often it ran, with people deciding in between.
    pub(super) parts: u32,
}

/// What went wrong in a run.
pub(super) struct Fault {
    /// Which law was broken, always in the same words.
    pub(super) law: &'static str,
    /// With which figures.
    pub(super) figures: String,
}

/// What a run came to: nothing where its inputs are refused.
pub(super) type Outcome = Result<Option<Played>, Fault>;

// No flow of a random program waits for longer, unless it waits for ever.
const FOR_EVER: Duration = Duration::from_secs(86_400 * 365);

/// Runs a flow once.
pub(super) fn play(plan: &Arc<Plan>, flow: FlowId, world: &World) -> Outcome {
    // The waits between tries come from here.
    fastrand::seed(world.seed);
    let inputs = inputs(plan, flow, world);
    let Ok(values) = read_inputs(&plan.flows[flow.index()], Some(&inputs), &[]) else { return Ok(None) };
    let hostile = Hostile::new(world);
    let journal = Arc::new(MemoryJournal::default());
    let outside = Outside::new(&plan.models, world.policy.size(), world.seed);
    let engine = engine(plan, (&hostile, outside, journal.clone()))?;
    let clock = Builder::new_current_thread().enable_time().start_paused(true).build();
    let clock = clock.expect("a runtime can be made");
    let mut desk = Desk::new(plan, world);
    let (report, took, parts) = clock.block_on(async {
        let (mut start, began, mut parts) = (Start::new(flow, values), Instant::now(), 0);
        loop {
            parts += 1;
            let report = timeout(FOR_EVER, engine.run(start.clone())).await.ok();
            let report = report.filter(|_| parts < MOST_PARTS);
            match report {
                // What people are asked is decided, and the run goes on where it was.
                Some(report) if !report.waiting.is_empty() => {
                    for asked in &report.waiting {
                        let judged = desk.decides(asked);
                        let done = journal.judge(&report.run, &asked.asked.path, judged).await;
                        done.expect("what waits can be decided");
                    }
                    start.run = Some(report.run);
                }
                report => return (report, began.elapsed(), parts),
            }
        }
    });
    let Some(report) = report else {
        return Err(Fault { law: "a run ends", figures: "it waits for ever".to_owned() });
    };
    Ok(Some(Played { inputs, report, books: hostile.books(), took: Millis::from(took), parts }))
}

// No run of a random program asks people more often.
const MOST_PARTS: u32 = 500;

/// Whoever is asked by a run.
struct Desk<'a> {
    plan: &'a Plan,
    size: Size,
    rng: Rng,
}

impl<'a> Desk<'a> {
    fn new(plan: &'a Plan, world: &World) -> Desk<'a> {
        Desk { plan, size: world.policy.size(), rng: Rng::with_seed(world.seed ^ 0x7e1e) }
    }

    fn decides(&mut self, asked: &Standing) -> Judged {
        let is_needed = asked.asked.value.is_none();
        let value = (is_needed || self.rng.bool()).then(|| self.value(&asked.asked.by)).flatten();
        let verdict = match self.rng.u32(0..8) {
            0 => Verdict::Rejected,
            1 => Verdict::Expired,
            _ if is_needed && value.is_none() => Verdict::Rejected,
            _ => Verdict::Approved,
        };
        let value = value.filter(|_| verdict == Verdict::Approved);
        let who = EcoString::from(if verdict == Verdict::Expired { "" } else { "kim" });
        Judged { verdict, who, reason: None, value, at: asked.asked.since }
    }

    // One of the type that is asked for, as large as this world has it.
    fn value(&mut self, by: &str) -> Option<Value> {
        let mut ty = None;
        let mut find = |step: &Step| match &step.kind {
            StepKind::Call(Callee::Review(review), _) if review.by == by => ty = Some(review.ty.clone()),
            _ => {}
        };
        self.plan.flows.iter().for_each(|flow| flow.body.each_step(&mut find));
        let ty = ty?;
        let models = &self.plan.models;
        let tokens = |text: &str| models.iter().map(|m| count::text(m, text)).max().unwrap_or(0);
        let mut maker = Maker { rng: &mut self.rng, size: self.size, count: &tokens, escaped_too: false };
        ty.read(&maker.json(&ty)).ok()
    }
}

fn inputs(plan: &Plan, flow: FlowId, world: &World) -> Json {
    let tokens = |text: &str| plan.models.iter().map(|m| count::text(m, text)).max().unwrap_or(0);
    let mut rng = Rng::with_seed(world.seed);
    let size = world.policy.size();
    let mut maker = Maker { rng: &mut rng, size, count: &tokens, escaped_too: false };
    let params = plan.flows[flow.index()].params.iter();
    Json::Object(params.map(|p| (p.name.to_string(), maker.json(&p.ty))).collect::<Map<_, _>>())
}

fn engine(
    plan: &Arc<Plan>,
    (hostile, outside, journal): (&Arc<Hostile>, Arc<Outside>, Arc<MemoryJournal>),
) -> Result<Engine, Fault> {
    let tables = Tables {
        providers: vec![hostile.clone()],
        sources: vec![outside.clone()],
        channels: vec![outside],
        ..Tables::builtin()
    };
    let context = Context::new(Environment::default(), ".", ".");
    let options = Options { tables, journal: Some(journal), ..Options::default() };
    Engine::new(plan.clone(), context, options)
        .map_err(|e| Fault { law: "what compiles can be made ready", figures: e.to_string() })
}

/// The laws that every run keeps, whatever its bound.
pub(super) fn laws(plan: &Plan, flow: FlowId, played: &Played) -> Result<(), Fault> {
    let Played { report, books, took, parts, .. } = played;
    let (spent, settings) = (report.spent, &plan.flows[flow.index()].settings);
    let steps = report.steps.iter().fold(Spent::default(), |mut sum, step| {
        sum.add(step.spent);
        sum
    });
    let figures = || format!("spent {spent:?}\n  books {books:?}\n  steps {steps:?}\n  took {took}");
    let broken = |law| Err(Fault { law, figures: figures() });
    if spent.usd < books.reported.usd {
        return broken("what was reported is charged");
    }
    if spent.usd < books.usd {
        return broken("what may have been billed is charged");
    }
    if spent.calls < books.calls {
        return broken("every call is counted");
    }
    if spent.input < books.input || spent.output < books.output {
        return broken("every token that may have been billed is counted");
    }
    if *parts == 1 && steps != spent {
        return broken("the steps spend what the run spends");
    }
    // The runtime refuses what is larger than was proven, so that a wrong proof costs no money.
    if let Some(error) = report.error.as_ref().filter(|e| e.code == Code::E0803) {
        return Err(Fault { law: "no request is larger than was proven", figures: error.to_string() });
    }
    if settings.budget.is_some_and(|most| spent.usd > most) {
        return broken("a run keeps within its budget");
    }
    // A deadline holds for each part of a run between which people are waited for.
    if *parts == 1 && settings.deadline.is_some_and(|most| *took > most) {
        return broken("a run ends by its deadline");
    }
    Ok(())
}

/// How near a run came to its bound: measured by bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    pub(super) usd: f64,
    pub(super) tokens: f64,
}

impl Reached {
    /// The nearer of both, each for itself.
    pub(super) fn max(self, other: Reached) -> Reached {
        Reached { usd: self.usd.max(other.usd), tokens: self.tokens.max(other.tokens) }
    }
}

/// Holds a run against its flow's bound, and says how near it came.
pub(super) fn within(worst: &Worst, played: &Played) -> Result<Reached, Fault> {
    let Worst { usd, calls, input, output, tokens, time } = *worst;
    let Played { report, books, took, parts, .. } = played;
    let spent = report.spent;
    let broken = |law| {
        let figures = format!("bound {worst:?}\n  spent {spent:?}\n  books {books:?}\n  took {took}");
        Err(Fault { law, figures })
    };
    if spent.usd.max(books.usd) > usd {
        return broken("a run costs at most its bound");
    }
    if spent.calls.max(books.calls) > calls {
        return broken("a run makes at most so many calls");
    }
    if spent.input.max(books.input) > input {
        return broken("a run reads at most so many tokens");
    }
    if spent.output.max(books.output) > output {
        return broken("a run writes at most so many tokens");
    }
    if (spent.input.0 + spent.output.0).max(books.input.0 + books.output.0) > tokens.0 {
        return broken("a run uses at most so many tokens, in and out together");
    }
    // A run that waits for people goes on when all else is done, and not beside it.
    if *parts == 1 && *took > time {
        return broken("a run takes at most its bound");
    }
    let part = |of: f64, whole: f64| if whole > 0.0 { of / whole } else { 1.0 };
    Ok(Reached {
        usd: part(books.usd.0 as f64, usd.0 as f64),
        tokens: part((books.input.0 + books.output.0) as f64, tokens.0 as f64),
    })
}

/// The inputs of a run, for a report.
pub(super) fn shown(played: &Played) -> String {
    let inputs = played.inputs.as_object().into_iter().flatten();
    inputs.map(|(name, json)| format!("  {name} = {json}\n")).collect()
}
