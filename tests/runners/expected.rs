//! What is expected by rates, held against many runs in a world that has those rates.
//!
//! The provider fails and doubts at random, each call by itself, and bills every attempt in full: the
//! model of `docs/reference/assumptions.md`. The mean of the runs has to come to what was expected.

use flow_compiler::bounds::Priced;
use flow_plan::{CapabilityKind, CapabilitySpec, FlowId, Tokens, Value};
use flow_runtime::provider::{CallError, CallErrorKind, Finish, OnText, Provider, Reply, Request, Usage};
use flow_runtime::{Context, Engine, Environment, Options, RunReport, Start, Tables};
use flow_tests::world::FolderWorld;
use std::sync::{Arc, Mutex};
use tokio::runtime::Builder;

const RUNS: u32 = 4000;

const MODELS: &str = r#"
model fast = "sim/text" {
  tokenizer: "bytes"
  price: $0 in, $1000 out
  max_output: 40 tokens
}

model slow = "sim/text" {
  tokenizer: "bytes"
  price: $0 in, $3000 out
  max_output: 40 tokens
}

type Answer {
  sure: bool
}

prompt ask(n: int) -> Answer {
  model: fast
  user: "Question {{ n }}"
}
"#;

/// Flows with the rates of [`Random`]: a fifth of the attempts fail, and a tenth of the answers are
/// not sure.
const FLOWS: &[&str] = &[
    "flow retries(rows: [int] <= 9) -> bool {
      assume: a fails 20%
      a = ask(1) { retry: 2 }
      return a.sure
    }",
    "flow falls_back(rows: [int] <= 9) -> bool {
      assume: a fails 20%
      assume: b fails 20%
      a = ask(1) { retry: 1, fallback: slow }
      b = ask(if_sure(a.sure)) { model: slow }
      return b.sure
    }",
    "flow doubts(rows: [int] <= 9) -> bool {
      assume: a fails 20%
      assume: a escalates 10%
      assume: b fails 20%
      a = ask(1) { retry: 1, escalate: slow unless it.sure }
      b = ask(if_sure(a.sure))
      return b.sure
    }",
    "flow stands_in(rows: [int] <= 9) -> bool {
      assume: a fails 20%
      assume: a.else fails 20%
      a = ask(1) else ask(2) { model: slow }
      return a.sure
    }",
    "flow asks_again(rows: [int] <= 9) -> bool {
      assume: a fails 20%
      a = ask(1) else retry 2
      return a.sure
    }",
    "flow branches(rows: [int] <= 9) -> bool {
      assume: a fails 20%
      assume: b taken 90%
      assume: b.one fails 20%
      a = ask(1)
      b = if a.sure {
        one = ask(2) { model: slow }
        yield one.sure
      } else {
        yield false
      }
      return b
    }",
    "flow goes_through(rows: [int] <= 9) -> int {
      assume: rows averages 4
      assume: all.one fails 20%
      all = each row in rows {
        parallel: 1
        one = ask(row)
        yield one.sure
      }
      return len(all)
    }",
    "flow repeats(rows: [int] <= 9) -> bool {
      assume: a averages 1.11
      assume: a.one fails 20%
      start = Answer { sure: false }
      a = repeat up to 3 from start {
        one = ask(1) { retry: 3 }
        yield one
      } until it.sure
      return a.sure
    }",
    "flow calls(rows: [int] <= 9) -> bool {
      assume: b fails 20%
      a = inner(rows) { retry: 1 } else false
      b = ask(if_sure(a)) { model: slow }
      return b.sure
    }

    flow inner(rows: [int] <= 9) -> bool {
      assume: a fails 20%
      a = ask(1)
      return a.sure
    }",
];

#[test]
fn the_mean_of_many_runs_is_what_rates_let_expect() {
    for flow in FLOWS {
        let flow = flow.replace("if_sure(a.sure)", "len([a.sure])").replace("if_sure(a)", "len([a])");
        let world = FolderWorld::empty().with("main.flow", &format!("{MODELS}\n{flow}"));
        let priced = Priced::compile(&world, "main.flow");
        let bounds = priced.bounds.as_ref().unwrap_or_else(|| panic!("{flow}: {:?}", priced.diagnostics));
        let named = flow.split(['(', ' ']).nth(1).expect("a flow has a name");
        let id = priced.plan.flow(named).expect("the flow is there");
        let expected = priced.expected(&[id], &[]).remove(0).all;
        let worst = bounds.flows[id.index()].worst;
        let (usd, calls) = mean(&priced, id);
        // Four standard errors of the widest of these are below three percent.
        for (measure, ran, expected) in [("dollars", usd, expected.usd), ("calls", calls, expected.calls)] {
            let off = (ran - expected).abs() / expected;
            assert!(off < 0.03, "{named}: {ran} {measure} on average, and {expected} were expected");
        }
        assert!(usd < worst.usd.dollars() && calls < worst.calls as f64, "{named}");
    }
}

// What a run takes on average, in dollars and calls.
fn mean(priced: &Priced, flow: FlowId) -> (f64, f64) {
    let random: Arc<dyn Provider> = Arc::new(Random(Mutex::new(fastrand::Rng::with_seed(11))));
    let tables = Tables { providers: vec![random], ..Tables::builtin() };
    let context = Context::new(Environment::default(), ".", ".");
    let plan = Arc::new(priced.plan.clone());
    let engine = Engine::new(plan, context, Options { tables, ..Options::default() });
    let engine = engine.expect("the tables have all it names");
    let clock = Builder::new_current_thread().enable_time().start_paused(true).build();
    let clock = clock.expect("a runtime can be made");
    let inputs = vec![Value::List((0..4).map(Value::Int).collect())];
    let (mut usd, mut calls) = (0.0, 0.0);
    for _ in 0..RUNS {
        let report: RunReport = clock.block_on(engine.run(Start::new(flow, inputs.clone())));
        usd += report.spent.usd.dollars();
        calls += report.spent.calls as f64;
    }
    (usd / f64::from(RUNS), calls / f64::from(RUNS))
}

/// Fails a fifth of the time, after it has worked, and is not sure of a tenth of its answers.
struct Random(Mutex<fastrand::Rng>);

static SPEC: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Provider, name: "sim", ..CapabilitySpec::BASE };

#[async_trait::async_trait]
impl Provider for Random {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(&self, _: &Context, request: &Request<'_>, _: &mut OnText<'_>) -> Result<Reply, CallError> {
        let mut random = self.0.lock().expect("nobody panics with it");
        if random.f64() < 0.2 {
            let (kind, message) = (CallErrorKind::Connection, "it broke off".to_owned());
            return Err(CallError { kind, message, help: None, retry_after: None });
        }
        let text = format!("{{\"sure\": {}}}", random.f64() >= 0.1);
        let usage = Usage { input: Tokens(9), output: request.model.output_cap(), ..Usage::default() };
        Ok(Reply { text, usage, finish: Finish::Done, request_id: None, wish: None })
    }
}
