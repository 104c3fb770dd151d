//! Lookups and actions.

use crate::fake::Fake;
use crate::plans::*;
use crate::{engine_with, run, shown, steps};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::*;
use flow_runtime::{Context, Options, RunError};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Notes {
    done: Mutex<Vec<String>>,
    failing: Mutex<u32>,
}

static TABLE: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Lookup, name: "table", ..CapabilitySpec::BASE };
static NOTE: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Action, name: "note", ..CapabilitySpec::BASE };

impl Notes {
    fn fails(&self, code: Code) -> Result<(), RunError> {
        let mut failing = self.failing.lock().unwrap();
        match *failing {
            0 => Ok(()),
            _ => {
                *failing -= 1;
                Err(RunError::new(code, "not now"))
            }
        }
    }
}

#[async_trait]
impl flow_runtime::lookup::Source for Notes {
    fn spec(&self) -> &'static CapabilitySpec {
        &TABLE
    }
    async fn find(
        &self,
        _: &Context,
        _: &Lookup,
        args: &[(EcoString, Value)],
        params: &[Value],
    ) -> Result<Json, RunError> {
        self.done.lock().unwrap().push(format!("find {} {}", args[0].1, params[0]));
        self.fails(Code::E0807)?;
        Ok(json!(params[0].as_text().unwrap().split(' ').collect::<Vec<_>>()))
    }
}

#[async_trait]
impl flow_runtime::action::Channel for Notes {
    fn spec(&self) -> &'static CapabilitySpec {
        &NOTE
    }
    async fn act(
        &self,
        _: &Context,
        _: &Action,
        _: &[(EcoString, Value)],
        params: &[(EcoString, Value)],
        key: &str,
    ) -> Result<Value, flow_runtime::action::Unacted> {
        assert_eq!(key.len(), 64);
        self.done.lock().unwrap().push(format!("{}={}", params[0].0, params[0].1));
        self.fails(Code::E0811)?;
        Ok(Value::Null)
    }
}

fn with_notes(notes: &Arc<Notes>) -> impl FnOnce(&mut Options) {
    let notes = notes.clone();
    move |options| {
        options.tables.sources.push(notes.clone());
        options.tables.channels.push(notes);
    }
}

fn looking(change: impl FnOnce(&mut Step)) -> Plan {
    let mut plan = plan();
    plan.lookups.push(Lookup {
        name: "words".into(),
        doc: "".into(),
        params: vec![param("x", Type::TEXT)],
        output: Type::List(Box::new(Type::TEXT), Some(2)),
        labels: Labels::default(),
        source: "table".into(),
        args: vec![("of".into(), Arg::Expr(binary(var(0), BinaryOp::Add, text("!"))))],
        trusted: false,
        file: "main.flow".into(),
        span: Default::default(),
    });
    let found = with(call("found", Callee::Lookup(LookupId(0)), vec![var(0)]), change);
    add_flow(&mut plan, "main", block(0, 1, vec![(found, &[])], var(1)));
    plan
}

#[tokio::test(start_paused = true)]
async fn what_a_lookup_finds_is_read_by_its_type() {
    let notes = Arc::new(Notes::default());
    let engine = engine_with(looking(|_| {}), &Fake::new(&[]), with_notes(&notes));
    assert_eq!(shown(&run(&engine, Value::text("a b")).await), r#"["a","b"]"#);
    let over = shown(&run(&engine, Value::text("a b c")).await);
    assert!(over.starts_with("Failed E0807: what `words` found does not have its type:"), "{over}");
    assert_eq!(*notes.done.lock().unwrap(), ["find a b! a b", "find a b c! a b c"]);
}

#[tokio::test(start_paused = true)]
async fn a_lookup_is_retried_and_cached() {
    let notes = Arc::new(Notes { failing: Mutex::new(1), ..Notes::default() });
    let plan = looking(|s| {
        s.settings.retry = 1;
        s.settings.cache = Some(CachePolicy { ttl: Millis(60_000), scope: None, similar: None });
    });
    let engine = engine_with(plan, &Fake::new(&[]), with_notes(&notes));
    assert_eq!(steps(&run(&engine, Value::text("a")).await), ["found Ok 2"]);
    assert_eq!(steps(&run(&engine, Value::text("a")).await), ["found Cached 0"]);
    assert_eq!(notes.done.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_missing_variable_is_named() {
    let mut plan = looking(|_| {});
    plan.lookups[0].args = vec![("of".into(), Arg::Env("TABLE_URL".into()))];
    let engine = engine_with(plan, &Fake::new(&[]), with_notes(&Arc::default()));
    assert_eq!(shown(&run(&engine, Value::text("a")).await), "Failed E0810: `TABLE_URL` is not set");
}

pub(crate) fn add_note(plan: &mut Plan) -> Callee {
    plan.actions.push(Action {
        name: "note".into(),
        doc: "".into(),
        params: vec![param("what", Type::TEXT)],
        channel: "note".into(),
        cleared: false,
        influence: None,
        outward: false,
        args: vec![],
        span: Default::default(),
    });
    Callee::Action(ActionId(plan.actions.len() as u32 - 1))
}

#[tokio::test(start_paused = true)]
async fn an_action_is_done_once_for_a_key() {
    let mut plan = plan();
    let note = add_note(&mut plan);
    let keyed = |name: &str, key: &str| {
        with(call(name, note.clone(), vec![var(0)]), |s| s.settings.key = Some(text(key)))
    };
    let steps_of = vec![
        (keyed("a", "k"), &[][..]),
        (keyed("b", "k"), &[0]),
        (keyed("c", "other"), &[1]),
        (call("d", note.clone(), vec![var(0)]), &[2]),
        (call("e", note.clone(), vec![var(0)]), &[3]),
    ];
    add_flow(&mut plan, "main", block(0, 1, steps_of, var(5)));
    let notes = Arc::new(Notes::default());
    let engine = engine_with(plan, &Fake::new(&[]), with_notes(&notes));
    let report = run(&engine, Value::text("hi")).await;
    assert_eq!(steps(&report), ["a Ok 1", "b Skipped 0", "c Ok 1", "d Ok 1", "e Ok 1"]);
    assert_eq!(*notes.done.lock().unwrap(), ["what=hi"; 4]);
    // Another run is another act.
    run(&engine, Value::text("hi")).await;
    assert_eq!(notes.done.lock().unwrap().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn an_action_that_failed_is_done_when_the_run_goes_on() {
    let mut plan = plan();
    let note = add_note(&mut plan);
    add_flow(&mut plan, "main", block(0, 1, vec![(call("a", note, vec![var(0)]), &[])], var(1)));
    let notes = Arc::new(Notes { failing: Mutex::new(1), ..Notes::default() });
    let engine = engine_with(plan, &Fake::new(&[]), |options| {
        with_notes(&notes)(options);
        options.journal = Some(Arc::new(flow_runtime::journal::MemoryJournal::default()));
    });
    let first = run(&engine, Value::text("hi")).await;
    assert_eq!(shown(&first), "Failed E0811: not now");
    let start = flow_runtime::Start {
        run: Some(first.run),
        ..flow_runtime::Start::new(FlowId(0), vec![Value::text("hi")])
    };
    assert_eq!(steps(&engine.run(start).await), ["a Ok 1"]);
    assert_eq!(*notes.done.lock().unwrap(), ["what=hi"; 2]);
}
