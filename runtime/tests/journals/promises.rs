//! The promises. Each test gets two handles of one journal, as two processes have them.

use super::*;
use flow_diagnostics::{Code, FileId, Span};

/// All of them.
pub(crate) async fn hold(pair: impl Fn() -> Pair) {
    what_is_recorded_comes_back(pair()).await;
    what_was_begun_stays_charged(pair()).await;
    an_act_in_doubt_is_held_until_it_is_decided(pair()).await;
    one_process_drives_a_run(pair()).await;
    a_run_is_of_one_program_and_has_its_inputs(pair()).await;
    what_has_ended_for_good_stays_as_it_is(pair()).await;
    runs_are_listed(pair()).await;
    runs_are_forgotten_unless_they_are_needed(pair()).await;
    a_person_is_asked_and_decides_once(pair()).await;
    what_nobody_decides_in_time_is_decided(pair()).await;
    what_is_audited_is_one_chain(pair()).await;
    many_write_at_once(pair()).await;
}

/// Gives a run back without an end, and waits until that is written.
async fn give_back(journal: &Arc<dyn Journal>, lease: Lease) {
    drop(lease);
    journal.runs(&Wanted { limit: Some(0), ..Wanted::default() }).await.unwrap();
}

async fn what_is_recorded_comes_back(pair: Pair) {
    let Opened { lease, recorded } = pair.one.open(&head("r")).await.unwrap();
    assert_eq!(recorded, Recorded::default());
    let span = Span { file: FileId(2), start: 3, end: 9 };
    let error = RunError::new(Code::E0805, "out of order").help("wait").at("b", span);
    let (good, bad) =
        (outcome(Ok(Value::record([("a".into(), Value::Money(Cost(1)))])), 7), outcome(Err(error), 8));
    pair.one.begin(&lease, begun("a", 1, InDoubt::Repeat)).await.unwrap();
    pair.one.settle(&lease, AttemptId(1), used(7));
    pair.one.record(&lease, "a", &good).await.unwrap();
    pair.one.record(&lease, "b", &good).await.unwrap();
    pair.one.record(&lease, "b", &bad).await.unwrap();
    give_back(&pair.one, lease).await;
    let recorded = pair.other.open(&head("r")).await.unwrap().recorded;
    assert_eq!(recorded.done.len(), 2);
    assert_eq!((&recorded.done["a"], &recorded.done["b"]), (&good, &bad));
    // Calls count, not what the outcomes say of them.
    assert_eq!((recorded.spent, recorded.held.len()), (spent(7), 0));
}

async fn what_was_begun_stays_charged(pair: Pair) {
    for round in 0..3 {
        let opened = pair.one.open(&head("r")).await.unwrap();
        assert_eq!(opened.recorded.spent.usd, Cost(100 * round));
        pair.one.begin(&opened.lease, begun("a", round as u64 + 10, InDoubt::Repeat)).await.unwrap();
    }
    let Opened { lease, recorded } = pair.one.open(&head("r")).await.unwrap();
    assert_eq!((recorded.spent.usd, recorded.spent.calls), (Cost(300), 3));
    pair.one.begin(&lease, begun("a", 99, InDoubt::Repeat)).await.unwrap();
    pair.one.settle(&lease, AttemptId(99), used(5));
    pair.one.record(&lease, "a", &outcome(Ok(Value::Null), 5)).await.unwrap();
    give_back(&pair.one, lease).await;
    // What was in doubt is charged also when the step is done.
    assert_eq!(pair.other.open(&head("r")).await.unwrap().recorded.spent.usd, Cost(305));
    let trace = pair.other.trace(&RunId("r".into())).await.unwrap().unwrap();
    assert_eq!(trace.calls.iter().filter(|c| c.took.is_none()).count(), 3);
    assert_eq!((trace.inputs, trace.note.as_str()), (head("r").inputs, "a note"));
}

async fn an_act_in_doubt_is_held_until_it_is_decided(pair: Pair) {
    let run = RunId("r".into());
    let lease = pair.one.open(&head("r")).await.unwrap().lease;
    for (path, attempt) in [("done", 1), ("in_doubt", 2), ("again", 3)] {
        pair.one.begin(&lease, begun(path, attempt, InDoubt::Hold)).await.unwrap();
    }
    pair.one.settle(&lease, AttemptId(1), Used { spent: Spent::default(), error: None });
    pair.one.record(&lease, "done", &outcome(Ok(Value::Null), 0)).await.unwrap();
    // As long as somebody drives the run, nothing waits for a person.
    assert_eq!(pair.other.in_doubt().await.unwrap(), []);
    let error = pair.other.decide(&run, "again", Decision::Again).await.unwrap_err();
    assert!(error.message.contains("under way in another process"), "{error}");
    give_back(&pair.one, lease).await;
    let doubts = pair.other.in_doubt().await.unwrap();
    assert_eq!(doubts.len(), 2);
    let mut paths: Vec<&str> = doubts.iter().map(|d| d.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!((paths, doubts[0].action.as_str()), (vec!["again", "in_doubt"], "fake/fast"));
    let Opened { lease, recorded } = pair.one.open(&head("r")).await.unwrap();
    assert_eq!(recorded.held.len(), 2);
    assert_eq!(recorded.held["in_doubt"].as_deref(), Some("key of in_doubt"));
    assert_eq!(recorded.acted.into_iter().collect::<Vec<_>>(), ["key of done"]);
    give_back(&pair.one, lease).await;
    pair.other.decide(&run, "in_doubt", Decision::Done).await.unwrap();
    pair.other.decide(&run, "again", Decision::Again).await.unwrap();
    let error = pair.other.decide(&run, "again", Decision::Again).await.unwrap_err();
    assert!(error.message.contains("nothing at step `again`"), "{error}");
    let recorded = pair.one.open(&head("r")).await.unwrap().recorded;
    assert!(recorded.held.is_empty());
    assert_eq!(recorded.done["in_doubt"].result, Ok(Value::Null));
    assert!(!recorded.done.contains_key("again"));
    let mut acted: Vec<_> = recorded.acted.into_iter().collect();
    acted.sort_unstable();
    assert_eq!(acted, ["key of done", "key of in_doubt"]);
    let error = pair.other.decide(&RunId("x".into()), "again", Decision::Again).await.unwrap_err();
    assert_eq!(error.message, "there is no run `x`");
}

async fn one_process_drives_a_run(pair: Pair) {
    let first = pair.one.open(&head("r")).await.unwrap().lease;
    for journal in [&pair.one, &pair.other] {
        let error = journal.open(&head("r")).await.unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (Code::E0810, "run `r` is under way in another process")
        );
    }
    let fence = first.fence;
    give_back(&pair.one, first).await;
    let second = pair.other.open(&head("r")).await.unwrap().lease;
    assert!(second.fence > fence);
    pair.other.end(second, &ended(RunStatus::Failed)).await.unwrap();
    // One that has failed may go on.
    assert!(pair.one.open(&head("r")).await.unwrap().lease.fence > fence + 1);
}

async fn a_run_is_of_one_program_and_has_its_inputs(pair: Pair) {
    let lease = pair.one.open(&head("r")).await.unwrap().lease;
    give_back(&pair.one, lease).await;
    let other = RunHead { inputs: vec![Value::text("ho")], ..head("r") };
    assert_eq!(pair.one.open(&other).await.unwrap_err().message, "run `r` has other inputs");
    for other in
        [RunHead { plan: PlanDigest([8; 32]), ..head("r") }, RunHead { flow: "b".into(), ..head("r") }]
    {
        assert_eq!(pair.one.open(&other).await.unwrap_err().message, "run `r` is of another program");
    }
}

async fn what_has_ended_for_good_stays_as_it_is(pair: Pair) {
    for (run, status) in [("good", RunStatus::Ok), ("refused", RunStatus::Stopped)] {
        let lease = pair.one.open(&head(run)).await.unwrap().lease;
        pair.one.record(&lease, "a", &outcome(Ok(Value::Null), 0)).await.unwrap();
        let error = (status == RunStatus::Stopped).then(|| RunError::new(Code::E0801, "not today"));
        let end = Ended { error, ..ended(status) };
        pair.one.end(lease, &end).await.unwrap();
        let Opened { lease, recorded } = pair.other.open(&head(run)).await.unwrap();
        assert_eq!(recorded.ended, Some(end.clone()));
        assert!(lease.is_over());
        let error = pair.other.begin(&lease, begun("b", 1, InDoubt::Repeat)).await.unwrap_err();
        assert!(error.message.contains("has ended"), "{error}");
        pair.other.record(&lease, "b", &outcome(Ok(Value::Null), 0)).await.unwrap();
        pair.other.end(lease, &ended(RunStatus::Failed)).await.unwrap();
        let again = pair.one.open(&head(run)).await.unwrap().recorded;
        assert_eq!((again.ended, again.done.len()), (Some(end), 1));
    }
}

async fn runs_are_listed(pair: Pair) {
    let list = async |wanted: Wanted| -> Vec<String> {
        let runs = pair.other.runs(&wanted).await.unwrap();
        runs.iter().map(|r| format!("{} {} {}", r.run, r.flow, r.state.name())).collect()
    };
    assert!(list(Wanted::default()).await.is_empty());
    let ways = [Some(RunStatus::Ok), Some(RunStatus::Failed), Some(RunStatus::Waiting), None];
    for (i, way) in ways.into_iter().enumerate() {
        let lease = pair.one.open(&head(&format!("r{i}"))).await.unwrap().lease;
        pair.one.begin(&lease, begun("a", 1, InDoubt::Repeat)).await.unwrap();
        match way {
            Some(status) => pair.one.end(lease, &ended(status)).await.unwrap(),
            None => give_back(&pair.one, lease).await,
        }
    }
    let other = RunHead { flow: "other".into(), ..head("r4") };
    let running = pair.one.open(&other).await.unwrap();
    let all = ["r4 other running", "r3 main interrupted", "r2 main waiting", "r1 main failed", "r0 main ok"];
    assert_eq!(list(Wanted::default()).await, all);
    assert_eq!(list(Wanted { limit: Some(2), ..Wanted::default() }).await, &all[..2]);
    assert_eq!(list(Wanted { flow: Some("other".into()), ..Wanted::default() }).await, &all[..1]);
    let states = vec![RunState::Failed, RunState::Interrupted];
    assert_eq!(list(Wanted { states, limit: Some(5), ..Wanted::default() }).await, [all[1], all[3]]);
    let rows = pair.other.runs(&Wanted::default()).await.unwrap();
    // What nobody has summed up is summed up by the calls.
    assert_eq!((rows[1].spent.usd, rows[1].spent.calls, rows[4].spent), (Cost(100), 1, spent(40)));
    drop(running);
}

async fn runs_are_forgotten_unless_they_are_needed(pair: Pair) {
    let ways = [Some(RunStatus::Ok), Some(RunStatus::Failed), Some(RunStatus::Waiting), None];
    for (i, way) in ways.into_iter().enumerate() {
        let lease = pair.one.open(&head(&format!("r{i}"))).await.unwrap().lease;
        pair.one.begin(&lease, begun("a", 1, InDoubt::Repeat)).await.unwrap();
        pair.one.record(&lease, "a", &outcome(Ok(Value::Null), 1)).await.unwrap();
        match way {
            Some(status) => pair.one.end(lease, &ended(status)).await.unwrap(),
            None => give_back(&pair.one, lease).await,
        }
    }
    let lease = pair.one.open(&head("r4")).await.unwrap().lease;
    pair.one.begin(&lease, begun("act", 2, InDoubt::Hold)).await.unwrap();
    give_back(&pair.one, lease).await;
    let running = pair.one.open(&head("r5")).await.unwrap();
    let id = |run: &str| RunId(run.into());
    let left = async || -> Vec<String> {
        let rows = pair.other.runs(&Wanted::default()).await.unwrap();
        rows.iter().map(|row| row.run.to_string()).collect()
    };

    let unknown = Forget { runs: vec![id("r0"), id("r9")], ..Forget::default() };
    let error = pair.other.forget(&unknown).await.unwrap_err();
    assert_eq!((error.message.as_str(), left().await.len()), ("there is no run `r9`", 6));
    let long_ago = Forget { before: "2020-01-01T00:00:00Z".parse().ok(), ..Forget::default() };
    assert_eq!(pair.other.forget(&long_ago).await.unwrap(), Forgotten::default());
    let of_another = Forget { flow: Some("other".into()), ..Forget::default() };
    assert_eq!(pair.other.forget(&of_another).await.unwrap(), Forgotten::default());
    let one = Forget { runs: vec![id("r1")], ..Forget::default() };
    assert_eq!(pair.other.forget(&one).await.unwrap().runs, 1);
    assert_eq!(left().await, ["r5", "r4", "r3", "r2", "r0"]);

    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(5);
    let all = Forget { before: Some(soon), ..Forget::default() };
    let done = pair.other.forget(&all).await.unwrap();
    let kept = [(id("r5"), Kept::Running), (id("r4"), Kept::InDoubt), (id("r2"), Kept::Waiting)];
    assert_eq!((done.runs, done.kept.as_slice(), done.held_back), (2, &kept[..], None));
    assert_eq!(left().await, ["r5", "r4", "r2"]);
    assert_eq!(pair.one.trace(&id("r0")).await.unwrap(), None);
    // What is kept goes on as if nothing had been; what is forgotten begins anew.
    assert_eq!(pair.one.trace(&id("r2")).await.unwrap().unwrap().calls.len(), 1);
    let anew = pair.other.open(&head("r0")).await.unwrap();
    assert!(anew.recorded.done.is_empty());
    let waiting = Forget { states: vec![RunState::Waiting], ..Forget::default() };
    assert_eq!(pair.other.forget(&waiting).await.unwrap().runs, 1);
    pair.other.decide(&id("r4"), "act", Decision::Done).await.unwrap();
    let decided = Forget { runs: vec![id("r4")], ..Forget::default() };
    assert_eq!(pair.other.forget(&decided).await.unwrap().runs, 1);
    assert_eq!(left().await, ["r0", "r5"]);
    drop((running, anew));
}

async fn many_write_at_once(pair: Pair) {
    let journals = [pair.one, pair.other];
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..40usize {
        let journal = journals[i % 2].clone();
        tasks.spawn(async move {
            let lease = journal.open(&head(&format!("r{i}"))).await.unwrap().lease;
            for step in 0..10 {
                journal.begin(&lease, begun(&format!("s{step}"), step, InDoubt::Repeat)).await.unwrap();
                journal.settle(&lease, AttemptId(step), used(1));
                journal
                    .record(&lease, &format!("s{step}"), &outcome(Ok(Value::Int(step as i64)), 1))
                    .await
                    .unwrap();
            }
            journal.end(lease, &ended(RunStatus::Failed)).await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    for i in 0..40 {
        let recorded = journals[0].open(&head(&format!("r{i}"))).await.unwrap().recorded;
        assert_eq!((recorded.done.len(), recorded.spent.usd), (10, Cost(10)));
        assert_eq!(recorded.done["s7"].result, Ok(Value::Int(7)));
    }
}

fn asked(value: Option<&str>, since: i64) -> Asked {
    Asked {
        path: "ok".into(),
        by: "team".into(),
        value: value.map(Value::text),
        private: true,
        why: Some("it is long".into()),
        since: moment(since),
        until: moment(since + 100),
    }
}

fn judged(verdict: Verdict, who: &str, at: i64) -> Judged {
    Judged { verdict, who: who.into(), reason: Some("so".into()), value: None, at: moment(at) }
}

fn moment(ms: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(ms).unwrap()
}

async fn a_person_is_asked_and_decides_once(pair: Pair) {
    let run = RunId("r".into());
    let lease = pair.one.open(&head("r")).await.unwrap().lease;
    let standing = pair.one.ask(&lease, asked(Some("hi"), 1000)).await.unwrap();
    assert_eq!(standing, Standing { asked: asked(Some("hi"), 1000), told: false, judged: None });
    pair.one.told(&lease, "ok").await.unwrap();
    // Asked again later it is the same question, with the time that is left.
    let again = pair.one.ask(&lease, asked(Some("hi"), 1050)).await.unwrap();
    assert_eq!((again.asked.until, again.told), (moment(1100), true));
    assert_eq!(pair.other.reviews().await.unwrap()[0].standing, again);
    let unknown = pair.other.judge(&run, "other", judged(Verdict::Approved, "anna", 1060)).await.unwrap_err();
    assert!(unknown.message.contains("nobody is asked"), "{unknown}");
    // Both at once, and while the run is driven.
    let (anna, ben) = tokio::join!(
        pair.one.judge(&run, "ok", judged(Verdict::Approved, "anna", 1060)),
        pair.other.judge(&run, "ok", judged(Verdict::Rejected, "ben", 1060)),
    );
    assert_eq!([&anna, &ben].iter().filter(|r| r.is_ok()).count(), 1, "{anna:?} {ben:?}");
    let late = anna.err().or(ben.err()).unwrap();
    assert!(late.message.contains("is decided already"), "{late}");
    give_back(&pair.one, lease).await;
    let lease = pair.other.open(&head("r")).await.unwrap().lease;
    // A decision stands, also when its time is over.
    let decided = pair.other.ask(&lease, asked(Some("hi"), 5000)).await.unwrap().judged.unwrap();
    assert_ne!(decided.verdict, Verdict::Expired);
    assert_eq!(decided.reason.as_deref(), Some("so"));
    // Another value is another question.
    let other = pair.other.ask(&lease, asked(Some("ho"), 5000)).await.unwrap();
    assert_eq!((other.judged, other.told, other.asked.until), (None, false, moment(5100)));
    let trace = pair.other.trace(&run).await.unwrap().unwrap();
    assert_eq!((trace.reviews.len(), trace.plan), (1, head("r").plan));
    pair.other.end(lease, &ended(RunStatus::Ok)).await.unwrap();
    assert_eq!(pair.other.reviews().await.unwrap(), []);
}

async fn what_nobody_decides_in_time_is_decided(pair: Pair) {
    let run = RunId("r".into());
    let lease = pair.one.open(&head("r")).await.unwrap().lease;
    pair.one.ask(&lease, asked(None, 1000)).await.unwrap();
    let empty = pair.other.judge(&run, "ok", judged(Verdict::Approved, "anna", 1010)).await.unwrap_err();
    assert!(empty.message.contains("there is no value to approve"), "{empty}");
    let late = pair.other.judge(&run, "ok", judged(Verdict::Rejected, "anna", 1100)).await.unwrap_err();
    assert!(late.message.contains("in time"), "{late}");
    let over = pair.one.ask(&lease, asked(None, 1100)).await.unwrap().judged.unwrap();
    assert_eq!((over.verdict, over.who.as_str(), over.at), (Verdict::Expired, "", moment(1100)));
    // Also for who has another idea of the time.
    let late = pair.other.judge(&run, "ok", judged(Verdict::Rejected, "anna", 1050)).await.unwrap_err();
    assert!(late.message.contains("in time"), "{late}");
    give_back(&pair.one, lease).await;
    let which = Forget { runs: vec![run.clone()], ..Forget::default() };
    assert_eq!(pair.other.forget(&which).await.unwrap().runs, 1);
    assert_eq!(pair.other.reviews().await.unwrap(), []);
}

async fn what_is_audited_is_one_chain(pair: Pair) {
    let entry = |n: i64| serde_json::json!({ "event": "e", "n": n });
    let one = pair.one.open(&head("r")).await.unwrap().lease;
    let two = pair.other.open(&head("s")).await.unwrap().lease;
    for n in 0..20 {
        pair.one.audit(&one, moment(n), entry(n));
        pair.other.audit(&two, moment(n), entry(n));
    }
    // What stands before it is written when this is.
    pair.one.ask(&one, asked(Some("hi"), 1000)).await.unwrap();
    let run = RunId("r".into());
    assert_eq!(pair.one.audit_trail(Some(&run)).await.unwrap().records.len(), 20);
    pair.other.judge(&run, "ok", judged(Verdict::Approved, "anna", 1010)).await.unwrap();
    pair.other.ask(&two, asked(Some("hi"), 1000)).await.unwrap();
    let all = pair.other.audit_trail(None).await.unwrap();
    assert_eq!((all.records.len(), all.heads.len(), all.opened.number), (41, 2, 2));
    assert_eq!(flow_runtime::audit::verify(&all, true), []);
    let last = pair.one.audit_trail(Some(&run)).await.unwrap().records.pop().unwrap().fields();
    assert_eq!(
        (&last["event"], &last["who"], &last["verdict"]),
        (&"decision".into(), &"anna".into(), &"approved".into())
    );
    // It stays when the run is forgotten.
    pair.one.end(one, &ended(RunStatus::Ok)).await.unwrap();
    pair.other.end(two, &ended(RunStatus::Ok)).await.unwrap();
    pair.one.forget(&Forget { runs: vec![run], ..Forget::default() }).await.unwrap();
    let all = pair.other.audit_trail(None).await.unwrap();
    assert_eq!((all.records.len(), flow_runtime::audit::verify(&all, true).len()), (41, 0));
}
