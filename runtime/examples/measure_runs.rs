//! Measures what a run costs on this side: many runs of a flow with one call, by a model in this process
//! that answers at once, so that nothing but the engine is measured.
//!
//! `measure_runs [RUNS] [AT_ONCE] [STEPS] [FOLDER]` records the runs in a journal in the folder, or at the
//! URL, if there is one, and prints runs a second and the processor time of a run.

#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use async_trait::async_trait;
use flow_diagnostics::Span;
use flow_plan::*;
use flow_runtime::journal::{DurableJournal, Journal};
use flow_runtime::provider::{CallError, Finish, OnText, Provider, Reply, Request, Usage};
use flow_runtime::{Context, Engine, Environment, Options, RunStatus, Start, Tables};
use petgraph::graph::DiGraph;
use std::sync::Arc;
use std::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Instantly;

static SPEC: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Provider, name: "instantly", ..CapabilitySpec::BASE };

#[async_trait]
impl Provider for Instantly {
    fn spec(&self) -> &'static CapabilitySpec {
        &SPEC
    }

    async fn call(
        &self,
        _context: &Context,
        _request: &Request<'_>,
        _on_text: &mut OnText<'_>,
    ) -> Result<Reply, CallError> {
        tokio::task::yield_now().await;
        Ok(Reply {
            text: "You have 30 days to return your shoes.".to_owned(),
            usage: Usage { input: Tokens(300), output: Tokens(20), ..Usage::default() },
            finish: Finish::Done,
            request_id: None,
        })
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: usize| args.get(at).and_then(|a| a.parse().ok()).unwrap_or(usual);
    let (runs, at_once, steps) = (number(0, 200_000), number(1, 64), number(2, 1));
    let tables = Tables { providers: vec![Arc::new(Instantly)], ..Tables::default() };
    let context = Context::new(Environment::default(), ".", ".flow");
    let journal = args.get(3).map(|place| Arc::new(journal(place)) as Arc<dyn Journal>);
    let options = Options { tables, journal, ..Options::default() };
    let engine = Arc::new(Engine::new(Arc::new(plan(steps)), context, options)?);
    let (began, own) = (Instant::now(), cpu_ms()?);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        let engine = engine.clone();
        tasks.spawn(async move {
            for _ in 0..runs / at_once {
                let report = engine.run(Start::new(FlowId(0), vec![Value::text("shoes")])).await;
                if report.status != RunStatus::Ok {
                    return Err(Failure::from(format!("{:?}", report.error)));
                }
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let done = (runs / at_once * at_once) as f64;
    println!(
        "{:.0} runs/s of {steps} steps; processor time a run: {:.1} µs",
        done / began.elapsed().as_secs_f64(),
        (cpu_ms()? - own) * 1000.0 / done,
    );
    Ok(())
}

// In a folder, or in PostgreSQL.
fn journal(place: &str) -> DurableJournal {
    #[cfg(feature = "postgres")]
    if place.starts_with("postgres") {
        return DurableJournal::postgres(place);
    }
    DurableJournal::sqlite(place.as_ref())
}

// User and system time of this process; the clock ticks 100 times a second on Linux.
fn cpu_ms() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) * 10.0)
}

/// A flow whose steps all ask the same prompt, side by side.
fn plan(count: usize) -> Plan {
    let span = Span::default();
    let template = |source: &str, vars| Template { source: source.into(), vars, holes: vec![], span };
    let param = Param {
        name: "topic".into(),
        ty: Type::TEXT,
        labels: Labels::default(),
        doc: "".into(),
        default: None,
        span,
    };
    let price = Price { input: Cost(150_000_000), output: Cost(600_000_000), ..Price::default() };
    let mut steps = DiGraph::new();
    for number in 0..count {
        steps.add_node(Step {
            name: format!("step_{number}").into(),
            ty: Type::TEXT,
            labels: Labels::default(),
            kind: StepKind::Call(Callee::Prompt(PromptId(0)), vec![Expr::Var(VarId(0))]),
            settings: StepSettings { model: Some(ModelId(0)), ..StepSettings::default() },
            on_fail: None,
            bounds: None,
            called: None,
            span,
        });
    }
    let body = Block {
        vars: 0..1 + count as u32,
        inputs: 1,
        steps,
        result: Some(Expr::Var(VarId(count as u32))),
        assumes: vec![],
    };
    Plan {
        models: vec![Model {
            name: "fast".into(),
            provider: "instantly".into(),
            model: "m".into(),
            card: ModelCard { price, max_output: Tokens(200), ..ModelCard::default() },
            settings: ModelSettings::default(),
            tokenizer: None,
            cleared: true,
            span,
        }],
        prompts: vec![Prompt {
            name: "say".into(),
            doc: "".into(),
            params: vec![param.clone()],
            output: Type::TEXT,
            messages: vec![(Role::System, TemplateId(0)), (Role::User, TemplateId(1))],
            examples: vec![],
            images: None,
            span,
        }],
        templates: vec![
            template("You are a helpful assistant.", vec![]),
            template("Say something about {{ topic }}.", vec![("topic".into(), Expr::Var(VarId(0)))]),
        ],
        flows: vec![Flow {
            name: "main".into(),
            doc: "".into(),
            params: vec![param],
            output: Type::TEXT,
            settings: FlowSettings { budget: Some(Cost(1_000_000_000)), ..FlowSettings::default() },
            body,
            span,
        }],
        ..Plan::default()
    }
}
