//! A thousand runs at once of a compiled program, with a budget for the day that is too small for all
//! of them, kept on disk. What counts is what the provider has billed, by its own list.

use flow_diagnostics::Code;
use flow_plan::{CapabilityKind, CapabilitySpec, Cost, FlowId, Plan, Tokens, Value};
use flow_runtime::budget::{Balance, Budgets, Owner, SqliteAccounts, today};
use flow_runtime::provider::{CallError, CallErrorKind, Finish, OnText, Provider, Reply, Request, Usage};
use flow_runtime::{Context, Engine, Environment, Http, Options, RunReport, Start, Tables};
use flow_tests::world::FolderWorld;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PROGRAM: &str = r#"
model paid = "sim/text" {
  price: $2.00 in, $8.00 out
  max_output: 200 tokens
}

prompt draft(question: text) -> text <= 100 tokens {
  user: "Answer: {{ question }}"
}

prompt shorten(long: text) -> text <= 50 tokens {
  user: "Shorten: {{ long }}"
}

flow support(question: text <= 50 tokens) -> text <= 50 tokens {
  long = draft(question)
  short = shorten(long)
  return short
}
"#;

/// Bills what it hears, and fails for some share of the calls.
struct Billing {
    failing: f64,
    random: Mutex<fastrand::Rng>,
    billed: AtomicI64,
}

static SPEC: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Provider, name: "sim", ..CapabilitySpec::BASE };

impl Billing {
    fn new(failing: f64) -> Arc<Billing> {
        let random = Mutex::new(fastrand::Rng::with_seed(7));
        Arc::new(Billing { failing, random, billed: AtomicI64::new(0) })
    }

    fn billed(&self) -> Cost {
        Cost(self.billed.load(Ordering::SeqCst))
    }

    // Whether it fails and how, how long it takes, and how much it uses.
    fn roll(&self) -> (Option<CallErrorKind>, Duration, u64) {
        let mut random = self.random.lock().expect("nobody panics with it");
        let kinds = [CallErrorKind::RateLimited, CallErrorKind::Connection, CallErrorKind::Server];
        let fails = random.f64() < self.failing;
        let kind = fails.then(|| kinds[random.usize(..kinds.len())]);
        (kind, Duration::from_micros(random.u64(0..3000)), random.u64(50..=200))
    }
}

#[async_trait::async_trait]
impl Provider for Billing {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(&self, _: &Context, request: &Request<'_>, _: &mut OnText<'_>) -> Result<Reply, CallError> {
        let (fails, takes, output) = self.roll();
        let usage = Usage { input: Tokens(15), output: Tokens(output), ..Usage::default() };
        // Too many requests are turned away; whatever else happens, the work has been done.
        if fails != Some(CallErrorKind::RateLimited) {
            self.billed.fetch_add(request.model.card.price.billed(&usage).0, Ordering::SeqCst);
        }
        tokio::time::sleep(takes).await;
        match fails {
            Some(kind) => {
                Err(CallError { kind, message: "out of order".to_owned(), help: None, retry_after: None })
            }
            None => Ok(Reply {
                text: "Thirty days.".to_owned(),
                usage,
                finish: Finish::Done,
                request_id: None,
                wish: None,
            }),
        }
    }
}

fn compiled(retry: &str) -> Arc<Plan> {
    let program = PROGRAM.replace("  long = draft", &format!("  {retry}\n  long = draft"));
    let outcome = FolderWorld::empty().with("app.flow", &program).compile("app.flow");
    Arc::new(outcome.plan.unwrap_or_else(|| panic!("{:?}", outcome.diagnostics)))
}

fn engine(plan: &Arc<Plan>, billing: &Arc<Billing>, state: &Path, per_day: Cost) -> Engine {
    let context = Context {
        env: Environment::default(),
        root: state.to_owned(),
        state: state.to_owned(),
        http: Http::default(),
        cancel: Default::default(),
        clock: Default::default(),
    };
    let budgets = Budgets {
        project: Some(Cost(i64::MAX)),
        flows: [("support".into(), per_day)].into(),
        accounts: Arc::new(SqliteAccounts::new(state)),
    };
    let tables = Tables { providers: vec![billing.clone()], ..Tables::default() };
    let options = Options { budgets: Some(budgets), tables, ..Options::default() };
    Engine::new(plan.clone(), context, options).expect("the tables have all it names")
}

fn run(engine: &Engine) -> impl Future<Output = RunReport> + '_ {
    engine.run(Start::new(FlowId(0), vec![Value::text("How long may I keep shoes?")]))
}

fn has(report: &RunReport, code: Code) -> bool {
    report.error.as_ref().is_some_and(|e| e.code == code)
}

/// Six hundred runs' worth of the day's money by what calls use on average: two calls of 15 tokens of
/// input and 125 of output.
fn fits_600(plan: &Plan) -> Cost {
    let usage = Usage { input: Tokens(15), output: Tokens(125), ..Usage::default() };
    Cost(plan.models[0].card.price.billed(&usage).0 * 2 * 600)
}

fn threads() -> tokio::runtime::Runtime {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.expect("threads can be started")
}

#[test]
fn a_thousand_runs_share_a_budget_and_spend_no_more() {
    let (folder, plan) = (tempfile::tempdir().expect("a folder can be made"), compiled(""));
    let (billing, per_day) = (Billing::new(0.0), fits_600(&plan));
    // Two engines with connections of their own, as two processes have.
    let engines: Vec<Engine> = (0..2).map(|_| engine(&plan, &billing, folder.path(), per_day)).collect();
    let (reports, after) = threads().block_on(async {
        let runs = (0..1000).map(|i| run(&engines[i % 2]));
        let reports = futures::future::join_all(runs).await;
        let mut after = Vec::new();
        // What was given back is there for those who come later, until there is not enough for one.
        while !after.last().is_some_and(|r| has(r, Code::E0803)) {
            after.push(run(&engines[0]).await);
        }
        (reports, after)
    });
    let done = reports.iter().filter(|r| r.output.is_some()).count();
    let refused = reports.iter().filter(|r| has(r, Code::E0803)).count();
    assert_eq!(done + refused, 1000);
    assert!(done > 0 && refused >= 300, "{done} done, {refused} refused");
    let all = reports.iter().chain(&after);
    let reported = all.fold(Cost::ZERO, |sum, r| sum.plus(r.spent.usd));
    let Balance { spent, held } = balance(folder.path());
    assert_eq!((spent, reported, held), (billing.billed(), billing.billed(), Cost::ZERO));
    assert!(spent <= per_day, "{spent} of {per_day}");
    assert!(spent.0 > per_day.0 * 98 / 100, "nothing is lost on the way: {spent} of {per_day}");
}

#[test]
fn a_thousand_runs_whose_calls_fail_at_random_spend_no_more_either() {
    let (folder, plan) = (tempfile::tempdir().expect("a folder can be made"), compiled("retry: 1"));
    let (billing, per_day) = (Billing::new(0.25), fits_600(&plan));
    let engine = engine(&plan, &billing, folder.path(), per_day);
    let reports = threads().block_on(async {
        // Some are dropped in the middle of a call, as a server drops a request whose client is gone.
        let runs = (0..1000).map(|i| {
            let patience = if i % 20 == 0 { 2 } else { 60_000 };
            tokio::time::timeout(Duration::from_millis(patience), run(&engine))
        });
        futures::future::join_all(runs).await
    });
    let ended: Vec<&RunReport> = reports.iter().flatten().collect();
    let done = ended.iter().filter(|r| r.output.is_some()).count();
    let refused = ended.iter().filter(|r| has(r, Code::E0803)).count();
    let failed = ended.iter().filter(|r| has(r, Code::E0805)).count();
    assert_eq!(done + refused + failed, ended.len());
    assert!(done > 0 && refused > 0, "{done} done, {refused} refused, {failed} failed");
    let Balance { spent, held } = balance(folder.path());
    assert!(spent.plus(held) <= per_day, "{spent} and {held} of {per_day}");
    assert!(billing.billed() <= spent.plus(held), "{} billed, {spent} charged", billing.billed());
}

fn balance(state: &Path) -> Balance {
    let support = Owner::Flow("support".into());
    SqliteAccounts::balance(state, &support, today()).expect("the file can be read")
}
