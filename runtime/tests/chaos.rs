//! A provider that fails, stalls and garbles at random, and thousands of runs that must end as declared.
//!
//! `FLOW_CHAOS_RUNS` is how many, 5,000 without it: what is rare shows in thousands. Time is paused, so that waits take none.
//! In a process of its own, whose memory nothing else takes.
#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

#[path = "runs/plans.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
mod plans;

use async_trait::async_trait;
use flow_diagnostics::Code;
use flow_plan::*;
use flow_runtime::provider::*;
use flow_runtime::{Context, Engine, Limit, Limits, Options, RunStatus, Start, Tables};
use futures::StreamExt;
use plans::*;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const AT_ONCE: usize = 64;
const TIMEOUT: Millis = Millis(2_000);
// Two steps, two models, three attempts.
const MOST_CALLS: u64 = 12;
// Of an attempt `TIMEOUT`, of a wait between two as much.
const DEADLINE: Millis = Millis(2 * 2 * (3 + 2) * 2_000);
const BUDGET: Cost = Cost(MOST_CALLS as i64 * 300_000);

/// Fails 20 of 100 calls, stalls 10, and garbles 5.
struct Chaos {
    random: Mutex<fastrand::Rng>,
    made: AtomicU64,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

static SPEC: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Provider, name: "fake", ..CapabilitySpec::BASE };

struct Leaves<'a>(&'a AtomicUsize);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Provider for Chaos {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(
        &self,
        _context: &Context,
        request: &Request<'_>,
        _on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        self.made.fetch_add(1, Ordering::Relaxed);
        let now = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        let _leaves = Leaves(&self.under_way);
        let (dice, took) = {
            let mut random = self.random.lock().unwrap();
            (random.u32(0..100), random.u64(20..400))
        };
        tokio::time::sleep(Millis(took).duration()).await;
        let fail =
            |kind, retry_after| Err(CallError { kind, message: "chaos".to_owned(), help: None, retry_after });
        let text = match dice {
            0..5 => return fail(CallErrorKind::Connection, None),
            5..11 => return fail(CallErrorKind::Server, None),
            11..16 => return fail(CallErrorKind::Overloaded, None),
            16..20 => return fail(CallErrorKind::RateLimited, Some(Millis(200))),
            20..30 => return std::future::pending().await,
            30..32 => return fail(CallErrorKind::Malformed, None),
            32..35 => "neither a number nor",
            _ if request.prompt == "number" => "7",
            _ => "fine",
        };
        let usage = Usage { input: Tokens(10), output: Tokens(5), ..Usage::default() };
        Ok(Reply { text: text.to_owned(), usage, finish: Finish::Done, request_id: None, wish: None })
    }
}

fn chaotic() -> Plan {
    let mut plan = plan();
    add_model(&mut plan, "spare");
    let (number, echo) =
        (add_prompt(&mut plan, "number", Type::INT), add_prompt(&mut plan, "echo", Type::TEXT));
    let settings = |step: &mut Step| {
        step.settings.retry = 2;
        step.settings.timeout = Some(TIMEOUT);
        step.settings.fallback = vec![ModelId(1)];
    };
    let first = with(ask("a", number, var(0)), |step| {
        settings(step);
        step.ty = Type::INT;
        step.on_fail = Some(OnFail::Do(Box::new(block(2, 0, vec![], int(-1)))));
    });
    let second = with(ask("b", echo, text("B")), settings);
    add_flow(&mut plan, "main", block(0, 1, vec![(first, &[]), (second, &[0])], var(2)));
    plan.flows[0].settings.deadline = Some(DEADLINE);
    plan.flows[0].settings.budget = Some(BUDGET);
    plan
}

#[tokio::test(start_paused = true)]
async fn runs_end_as_declared_whatever_the_provider_does() {
    let runs = std::env::var("FLOW_CHAOS_RUNS").map_or(5_000, |n| n.parse::<usize>().unwrap());
    let chaos = Arc::new(Chaos {
        random: Mutex::new(fastrand::Rng::with_seed(7)),
        made: AtomicU64::new(0),
        under_way: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let tables = Tables { providers: vec![chaos.clone()], ..Tables::default() };
    let limits =
        Limits::new([("fake".to_owned(), Limit { concurrency: Some(48), ..Limit::default() })].into());
    let options = Options { tables, limits, ..Options::default() };
    let engine = Engine::new(Arc::new(chaotic()), context(), options).unwrap();
    let (mut ended, mut failed, mut calls, mut early) = (0, 0, 0, None);
    let mut reports = futures::stream::iter(0..runs)
        .map(|_| engine.run(Start::new(FlowId(0), vec![Value::text("hi")])))
        .buffer_unordered(AT_ONCE);
    while let Some(report) = reports.next().await {
        ended += 1;
        calls += report.spent.calls;
        assert!(report.took <= DEADLINE && report.spent.usd <= BUDGET, "{report:?}");
        assert!(report.spent.calls <= MOST_CALLS, "{report:?}");
        if report.status != RunStatus::Ok {
            // Only where both models failed three times each, or were left out, at the step without `else`.
            failed += 1;
            let error = report.error.as_ref().unwrap();
            assert_eq!((error.code, error.step.as_deref()), (Code::E0805, Some("b")), "{error}");
        }
        if ended == runs / 4 {
            early = resident();
        }
    }
    assert_eq!((ended, calls), (runs, chaos.made.load(Ordering::Relaxed)), "each call is accounted for");
    assert!(failed * 50 < runs, "{failed} of {runs} failed");
    assert_eq!((chaos.under_way.load(Ordering::Relaxed), chaos.most.load(Ordering::Relaxed)), (0, 48));
    #[expect(clippy::print_stdout, reason = "the figures are looked at")]
    {
        println!("{runs} runs, {calls} calls, {failed} failed, {early:?} to {:?} KiB", resident());
    }
    if let (Some(early), Some(late)) = (early, resident()) {
        assert!(late < early + 2 * 1024, "{early} KiB became {late} KiB");
    }
}

// The memory of the process in KiB, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
