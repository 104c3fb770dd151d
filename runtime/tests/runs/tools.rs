//! Lookups that a model asks for.

use crate::fake::{Act, Fake};
use crate::plans::*;
use crate::{engine_with, last, shown, steps};
use async_trait::async_trait;
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::*;
use flow_runtime::events::{Event, What};
use flow_runtime::journal::{Journal, MemoryJournal};
use flow_runtime::{Context, Engine, RunError, RunId, RunReport, Start};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};

/// A source that repeats what it is asked, and counts.
#[derive(Default)]
struct Echo(Mutex<Vec<String>>);

static ECHO: CapabilitySpec =
    CapabilitySpec { kind: CapabilityKind::Lookup, name: "echo", ..CapabilitySpec::BASE };

#[async_trait]
impl flow_runtime::lookup::Source for Echo {
    fn spec(&self) -> &'static CapabilitySpec {
        &ECHO
    }

    async fn find(
        &self,
        _: &Context,
        _: &Lookup,
        _: &[(EcoString, Value)],
        params: &[Value],
    ) -> Result<Json, RunError> {
        let asked = params[0].as_text().unwrap_or_default().to_owned();
        self.0.lock().unwrap().push(asked.clone());
        match asked.as_str() {
            "nobody knows" => Err(RunError::new(Code::E0807, "not there")),
            asked => Ok(json!(format!("about {asked}"))),
        }
    }
}

fn text_of(tokens: u64) -> Type {
    Type::Text { bound: Some(Bound::Tokens(tokens)), truncate: false }
}

/// One step that asks, with two rounds and another model behind the first.
fn asking(change: impl FnOnce(&mut Step)) -> Plan {
    let mut plan = plan();
    add_model(&mut plan, "other");
    plan.models.iter_mut().for_each(|m| m.card.abilities.tools = true);
    let prompt = add_prompt(&mut plan, "echo", Type::TEXT);
    let question = param("question", text_of(20));
    let field = Field {
        name: "question".into(),
        ty: text_of(20),
        doc: "".into(),
        labels: Labels::default(),
        default: None,
    };
    plan.lookups.push(Lookup {
        name: "help".into(),
        doc: "Finds what is known.".into(),
        params: vec![question],
        output: text_of(50),
        labels: Labels::default(),
        source: "echo".into(),
        args: vec![],
        trusted: false,
        file: "main.flow".into(),
        span: Default::default(),
    });
    let look = call("help", Callee::Lookup(LookupId(0)), vec![var(2)]);
    let offer = Offer {
        lookup: LookupId(0),
        args: Type::Record(Arc::new(RecordType { name: None, doc: "".into(), fields: vec![field] })),
        body: block(2, 1, vec![(look, &[])], var(3)),
        span: Default::default(),
    };
    let said = with(ask("said", prompt, var(0)), |step| {
        let (rounds_at, span) = Default::default();
        step.settings.tools = Some(Tools { offers: vec![offer], rounds: 2, rounds_at, span });
        change(step);
    });
    add_flow(&mut plan, "main", block(0, 1, vec![(said, &[])], var(1)));
    plan
}

fn opened(plan: Plan, fake: &Arc<Fake>, journal: Option<Arc<dyn Journal>>) -> (Engine, Arc<Echo>) {
    let echo = Arc::new(Echo::default());
    let sources = vec![echo.clone() as Arc<dyn flow_runtime::lookup::Source>];
    let engine = engine_with(plan, fake, |o| {
        o.journal = journal;
        o.tables.sources = sources;
    });
    (engine, echo)
}

type Heard = Arc<Mutex<Vec<Event>>>;

/// A run that is dropped after so many milliseconds, as if its process had died.
async fn go(engine: &Engine, dies_after: Option<u64>, heard: &Heard) -> Option<RunReport> {
    let events = heard.clone();
    let sink = move |event: Event| events.lock().unwrap().push(event);
    let start = Start {
        run: Some(RunId("r".into())),
        events: Some(Arc::new(sink)),
        ..Start::new(last(engine), vec![Value::text("hi")])
    };
    let most = Millis(dies_after.unwrap_or(1_000_000)).duration();
    tokio::time::timeout(most, engine.run(start)).await.ok()
}

const ASK: Act = Act::Ask("help", "{\"question\": \"shoes\"}");

#[tokio::test(start_paused = true)]
async fn what_was_asked_and_found_goes_back_and_only_the_answer_is_told() {
    let fake = Fake::new(&[("fast", &[ASK, Act::Ask("help", "{}"), Act::Say("30 days")])]);
    let (engine, echo) = opened(asking(|_| {}), &fake, None);
    let heard = Heard::default();
    let report = go(&engine, None, &heard).await.unwrap();
    assert_eq!(shown(&report), "30 days");
    assert_eq!(steps(&report), ["said Ok 1", "said.tools[0].help Ok 1"]);
    assert_eq!(report.steps[0].repaired, ["lookup_arguments"]);
    assert_eq!((report.spent.calls, report.spent.input, report.spent.output), (3, Tokens(30), Tokens(15)));
    assert_eq!(*echo.0.lock().unwrap(), ["shoes"]);
    let calls = fake.calls.lock().unwrap().clone();
    let found = "help {\"question\":\"shoes\"} <help> is\nabout shoes </help>";
    assert_eq!(calls[0].1, ["hi"]);
    assert_eq!(calls[1].1, ["hi", found]);
    assert_eq!((&calls[2].1[1][..], &calls[2].1[3][..]), (found, "withheld"));
    assert!(calls[2].1[2].starts_with("help {} the arguments do not fit: "), "{:?}", calls[2].1);
    let events = heard.lock().unwrap();
    let told: String = events
        .iter()
        .filter_map(|e| match &e.what {
            What::Token { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(told, "30 days");
    let rounds: Vec<(u32, bool)> = events
        .iter()
        .filter_map(|e| match &e.what {
            What::LookupAsked { round, refused, .. } => Some((*round, refused.is_some())),
            _ => None,
        })
        .collect();
    assert_eq!(rounds, [(1, false), (2, true)]);
}

#[tokio::test(start_paused = true)]
async fn a_recorded_round_is_neither_asked_nor_looked_up_again() {
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::default());
    // The second call takes a second, in which the process dies.
    let fake = Fake::new(&[("fast", &[ASK, Act::Late(1000, "lost"), Act::Say("30 days")])]);
    let (engine, echo) = opened(asking(|_| {}), &fake, Some(journal.clone()));
    let heard = Heard::default();
    assert!(go(&engine, Some(500), &heard).await.is_none());
    let report = go(&engine, None, &heard).await.unwrap();
    assert_eq!(shown(&report), "30 days");
    assert_eq!(echo.0.lock().unwrap().len(), 1, "it was looked up before the process died");
    let said: Vec<usize> = fake.calls.lock().unwrap().iter().map(|(_, texts)| texts.len()).collect();
    assert_eq!(said, [1, 2, 2], "the first call is made once");
    assert_eq!(steps(&report), ["said Ok 1", "said.tools[0].help Cached 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_never_answers_has_failed_and_the_next_begins_anew() {
    let fake = Fake::new(&[("fast", &[ASK, ASK, ASK]), ("other", &[ASK, Act::Say("well")])]);
    let (engine, echo) = opened(asking(|s| s.settings.fallback = vec![ModelId(1)]), &fake, None);
    let report = go(&engine, None, &Heard::default()).await.unwrap();
    assert_eq!(shown(&report), "well");
    assert_eq!(fake.called(), ["fast", "fast", "fast", "other", "other"]);
    assert_eq!(echo.0.lock().unwrap().len(), 3);
    let looked: Vec<String> = steps(&report).into_iter().skip(1).collect();
    assert_eq!(looked, ["said.tools[0].help Ok 1", "said.tools[1].help Ok 1", "said#2.tools[0].help Ok 1"]);
    let fake = Fake::new(&[("fast", &[ASK, ASK, ASK])]);
    let (engine, _) = opened(asking(|_| {}), &fake, None);
    let report = go(&engine, None, &Heard::default()).await.unwrap();
    assert_eq!(
        shown(&report),
        "Failed E0806: `fast` asks for `help` where it has to answer: it may look up 2 times"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_fails_has_its_own_tries_and_then_fails_the_step() {
    let nobody = Act::Ask("help", "{\"question\": \"nobody knows\"}");
    let fake = Fake::new(&[("fast", &[nobody])]);
    let plan = asking(|step| {
        step.settings.fallback = vec![ModelId(1)];
        step.settings.retry = 1;
        let tools = step.settings.tools.as_mut().unwrap();
        tools.offers[0].body.each_step_mut(&mut |look| look.settings.retry = 2);
    });
    let (engine, echo) = opened(plan, &fake, None);
    let report = go(&engine, None, &Heard::default()).await.unwrap();
    assert_eq!(shown(&report), "Failed E0807: not there");
    assert_eq!((echo.0.lock().unwrap().len(), fake.called().len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_offered_is_refused_and_bounded() {
    let fake = Fake::new(&[("fast", &[Act::Ask("rm", "{\"path\": \"/\"}"), Act::Say("no")])]);
    let (engine, echo) = opened(asking(|_| {}), &fake, None);
    let report = go(&engine, None, &Heard::default()).await.unwrap();
    assert_eq!(shown(&report), "no");
    assert!(echo.0.lock().unwrap().is_empty());
    let told = fake.calls.lock().unwrap()[1].1[1].clone();
    assert!(told.starts_with("help {} there is no function of this name; there are: help."), "{told}");
}
