//! Calls of everything but prompts: lookups, guards, actions, flows; with `retry` and `timeout`.

use super::cached;
use super::director::At;
use super::frame::Frame;
use super::halt::{Failure, Halt};
use super::state::{About, Given};
use super::step::{Said, Site};
use super::{audit, backoff, block, fill, prompt, review, taped};
use crate::action::Unacted;
use crate::cache::digest;
use crate::guard::Verdict;
use crate::journal::{AttemptId, InDoubt, Outcome};
use crate::privacy;
use crate::{RunError, Spent, StepPath};
use ecow::EcoString;
use flow_diagnostics::Code;
use flow_plan::{
    Action, ActionId, Arg, Callee, Cost, Expr, FlowId, Guard, Lookup, Millis, OnFail, Require, StepKind,
    UnaryOp, Value,
};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Calls what a step calls, as often as its settings say. `again` is said to a model behind the
/// prompt.
pub(super) async fn call(site: Site<'_>, callee: &Callee, args: Vec<Value>, again: Said<'_>) -> Given<Value> {
    match callee {
        Callee::Prompt(id) => return prompt::prompt(site, *id, &args, again).await,
        Callee::Action(_) if !may_act(site)? => return Ok(Value::Null),
        // Nothing is tried again, and no time limit counts while a person thinks.
        Callee::Review(asks) => {
            site.begin().await;
            return review::review(site, asks, &args).await;
        }
        _ => {}
    }
    let entry = match callee {
        Callee::Lookup(id) => lookup_entry(site, &site.run().engine.plan.lookups[id.index()], &args)?,
        _ => None,
    };
    match entry {
        Some(call) => call.answered(site, Box::pin(tries(site, callee, &args))).await,
        None => tries(site, callee, &args).await,
    }
}

/// The value without what a guard found in it; the failure itself where the guard could not look.
pub(super) fn redact(site: Site<'_>, failure: Box<Failure>) -> Given<Value> {
    let (name, args) = match &site.step.kind {
        StepKind::Call(Callee::Builtin(name), args) => (name, args),
        StepKind::Call(Callee::Guard(id), args) if failure.error.code == Code::E0802 => {
            let guard = &site.run().engine.plan.guards[id.index()];
            let value = args.first().map(|arg| site.frame.eval(arg)).transpose()?;
            let text = value.as_ref().and_then(Value::as_text);
            return text.and_then(|text| without_found(guard, text)).ok_or(Halt::Fail(failure));
        }
        _ => return Err(Halt::Fail(failure)),
    };
    match site.run().engine.guards.iter().find(|(n, _)| n == name) {
        Some((_, guard)) if failure.error.code == Code::E0802 => {
            let args = args.iter().map(|a| site.frame.eval(a)).collect::<Result<Vec<_>, _>>()?;
            Ok(guard.redact(&args))
        }
        _ => Err(Halt::Fail(failure)),
    }
}

// The text without what a guard of the program finds in it; nothing where that is always found.
fn without_found(guard: &Guard, text: &str) -> Option<Value> {
    let found = |require: &Require| {
        let Expr::Unary(UnaryOp::Not, matches) = &require.holds else { return None };
        let Expr::Call(_, args) = &**matches else { return None };
        let Some(Expr::Literal(Value::Text(pattern))) = args.get(1) else { return None };
        regex::Regex::new(pattern).ok()
    };
    let patterns = guard.requires.iter().map(found).collect::<Option<Vec<_>>>()?;
    let mut text = text.to_owned();
    for pattern in &patterns {
        text = pattern.replace_all(&text, "[…]").into_owned();
        // What finds the sign for it as well leaves nothing.
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, "").into_owned();
        }
    }
    patterns.iter().all(|pattern| !pattern.is_match(&text)).then(|| Value::text(text))
}

/// Notes the act of a step that an earlier part of the run has done.
pub(super) fn claim_again(site: Site<'_>) -> Given<()> {
    if let (StepKind::Call(Callee::Action(_), _), Some(_)) = (&site.step.kind, &site.step.settings.key) {
        site.run().claims(act_key(site)?);
    }
    Ok(())
}

// Who stands in for the world does it without a model.
fn is_played(callee: &Callee) -> bool {
    matches!(callee, Callee::Lookup(_) | Callee::Builtin(_) | Callee::Action(_))
}

async fn tries(site: Site<'_>, callee: &Callee, args: &[Value]) -> Given<Value> {
    let settings = &site.step.settings;
    let mut number = 0;
    loop {
        number += 1;
        // The steps inside of these say it for themselves.
        if !matches!(callee, Callee::Flow(_) | Callee::Guard(_)) {
            site.begin().await;
        }
        site.tally.attempt();
        match Try::recorded(site, callee, number) {
            Some(Try::Again) => continue,
            Some(Try::Failed(error)) => return Err(Failure::passing(error).into()),
            None => {}
        }
        let work = async {
            if let (Some(director), true) = (&site.run().engine.director, is_played(callee)) {
                tokio::time::sleep(director.takes(At::of(site, number))).await;
            }
            once(site, callee, args, number).await
        };
        let result = match settings.timeout.or(callee.longest()) {
            Some(limit) => match tokio::time::timeout(limit.duration(), work).await {
                Ok(result) => result,
                Err(_) => Err(too_slow(site, callee, limit)),
            },
            None => work.await,
        };
        let failure = match result {
            Err(Halt::Fail(failure)) => failure,
            other => return other,
        };
        let wait = (number <= settings.retry).then(|| backoff::before(site, failure.again, number)).flatten();
        Try::record(site, callee, (number, wait.is_some(), &failure.error)).await?;
        match wait {
            Some(wait) => {
                site.rest();
                tokio::time::sleep(wait.duration()).await;
            }
            None => return Err(Halt::Fail(failure)),
        }
    }
}

/// How a try of a flow or a guard has failed that is followed by another. What is inside of them is recorded
/// where it has gone well, so that a run that goes on would begin with the first try again.
enum Try {
    // With `retry`.
    Again,
    // With `else retry`.
    Failed(RunError),
}

impl Try {
    fn recorded(site: Site<'_>, callee: &Callee, number: u32) -> Option<Try> {
        let (again, failed) = Try::paths(site, callee, number)?;
        if site.run().recorded(&again).is_some() {
            return Some(Try::Again);
        }
        site.run().recorded(&failed)?.result.as_ref().err().cloned().map(Try::Failed)
    }

    async fn record(
        site: Site<'_>,
        callee: &Callee,
        (number, again, error): (u32, bool, &RunError),
    ) -> Given<()> {
        let follows = matches!(&site.step.on_fail, Some(OnFail::Retry(times)) if site.round < *times);
        let Some(paths) = Try::paths(site, callee, number).filter(|_| again || follows) else {
            return Ok(());
        };
        let path = if again { paths.0 } else { paths.1 };
        let outcome = || Outcome::noted(Err(error.clone()));
        site.run().record((&path, site.step), outcome).await.map_err(Halt::from)
    }

    fn paths(site: Site<'_>, callee: &Callee, number: u32) -> Option<(StepPath, StepPath)> {
        let step = site.step;
        let is_tried = step.settings.retry > 0 || matches!(step.on_fail, Some(OnFail::Retry(_)));
        if !is_tried || !matches!(callee, Callee::Flow(_) | Callee::Guard(_)) {
            return None;
        }
        let inside = site.inside(number);
        let part = |name| StepPath::clone(&StepPath::part(&inside, name));
        Some((part("again"), part("failed")))
    }
}

fn too_slow(site: Site<'_>, callee: &Callee, limit: Millis) -> Halt {
    let code = match callee {
        Callee::Prompt(_) => Code::E0805,
        Callee::Lookup(_) => Code::E0807,
        Callee::Guard(_) | Callee::Builtin(_) => Code::E0802,
        Callee::Action(_) => Code::E0811,
        Callee::Flow(_) => Code::E0804,
        Callee::Review(_) => Code::E0808,
    };
    let error = RunError::new(code, format!("it took longer than its `timeout` of {limit}"));
    match callee {
        Callee::Action(id) if doubt(site, *id) == InDoubt::Hold => held(site, &error.message),
        _ => Halt::from(Failure::passing(error)),
    }
}

async fn once(site: Site<'_>, callee: &Callee, args: &[Value], number: u32) -> Given<Value> {
    let plan = &site.run().engine.plan;
    let params = match callee {
        Callee::Lookup(id) => &plan.lookups[id.index()].params[..],
        Callee::Guard(id) => &plan.guards[id.index()].params,
        Callee::Action(id) => &plan.actions[id.index()].params,
        // These note what they are given themselves, or are given nothing by a name.
        Callee::Prompt(_) | Callee::Flow(_) | Callee::Builtin(_) | Callee::Review(_) => &[],
    };
    site.run().mask_params(params, args);
    match callee {
        Callee::Prompt(id) => prompt::prompt(site, *id, args, Said::NOTHING).await,
        Callee::Lookup(id) => lookup(site, &plan.lookups[id.index()], args, number).await,
        Callee::Guard(id) => guard(site, &plan.guards[id.index()], args, number).await,
        Callee::Builtin(name) => builtin(site, name, args, number).await,
        Callee::Action(id) => act(site, &plan.actions[id.index()], args, number).await,
        Callee::Flow(id) => flow(site, *id, args, number).await,
        Callee::Review(asks) => review::review(site, asks, args).await,
    }
}

async fn lookup(site: Site<'_>, lookup: &Lookup, params: &[Value], number: u32) -> Given<Value> {
    audit::looks_up(site, lookup, params, number);
    let result = looked_up(site, lookup, params, number).await;
    match &result {
        Ok(value) => audit::found(site, lookup, number, Ok(value)),
        Err(halt) => halt.error().iter().for_each(|e| audit::found(site, lookup, number, Err(e))),
    }
    result
}

async fn looked_up(site: Site<'_>, lookup: &Lookup, params: &[Value], number: u32) -> Given<Value> {
    let engine = site.run().engine;
    let StepKind::Call(Callee::Lookup(id), _) = &site.step.kind else {
        return Err(Halt::from(RunError::new(Code::E0807, "the step calls no lookup")));
    };
    let found = match &engine.director {
        Some(director) => director.found(At::of(site, number), lookup)?,
        None => {
            let args = arguments(site, &lookup.args, params)?;
            engine.sources[id.index()].find(&engine.context, lookup, &args, params).await?
        }
    };
    let wrong = |why: String| {
        // What is found for something private tells of it.
        if site.step.given.private || lookup.labels.private || privacy::has_private(&lookup.output) {
            site.run().mask_found(&lookup.name, &found);
        }
        let message = format!("what `{}` found does not have its type: {why}", lookup.name);
        Halt::from(Failure::lasting(RunError::new(Code::E0807, message)))
    };
    let value = lookup.output.read(&found).map_err(|mismatch| wrong(mismatch.to_string()))?;
    engine.hold(value, &lookup.output).map_err(|over| wrong(over.to_string()))
}

fn lookup_entry(site: Site<'_>, lookup: &Lookup, params: &[Value]) -> Given<Option<cached::Call<'static>>> {
    cached::call(site, &lookup.name, |d| {
        // The declaration stands for its expressions and the names of its secrets.
        d.part(format!("{} {:?} {:?}", lookup.source, lookup.args, lookup.output).as_bytes());
        for param in params {
            d.value(param);
        }
    })
}

/// The arguments of a source or a channel. A variable of the environment that is missing is E0810.
fn arguments(site: Site<'_>, args: &[(EcoString, Arg)], params: &[Value]) -> Given<Vec<(EcoString, Value)>> {
    let engine = site.run().engine;
    let frame = Frame::of_params(&engine.templates, params);
    let mut computed = Vec::with_capacity(args.len());
    for (name, arg) in args {
        let value = match arg {
            Arg::Expr(expr) => frame.eval(expr)?,
            Arg::Env(variable) => match engine.context.env.get(variable) {
                Some(value) => Value::text(value),
                None => {
                    let error = RunError::new(Code::E0810, format!("`{variable}` is not set"));
                    return Err(Halt::from(error.help(engine.context.env.how_to_set(variable))));
                }
            },
        };
        computed.push((name.clone(), value));
    }
    Ok(computed)
}

async fn guard(site: Site<'_>, guard: &Guard, args: &[Value], number: u32) -> Given<Value> {
    let inside = site.inside(number);
    let cx = site.enter(&inside);
    let frame = Frame::new(cx, &guard.body, args.to_vec(), None);
    fill(cx, &guard.body, &frame).await?;
    for require in &guard.requires {
        if !frame.holds(&require.holds)? {
            let message = guard.refusal(require);
            audit::checked(site, &guard.name, args.first(), Some(&message));
            return Err(Halt::from(RunError::new(Code::E0802, message)));
        }
    }
    audit::checked(site, &guard.name, args.first(), None);
    Ok(args.first().cloned().unwrap_or_default())
}

async fn builtin(site: Site<'_>, name: &EcoString, args: &[Value], number: u32) -> Given<Value> {
    let engine = site.run().engine;
    let Some((_, guard)) = engine.guards.iter().find(|(n, _)| n == name) else {
        return Err(Halt::from(RunError::new(Code::E0810, format!("there is no guard `{name}`"))));
    };
    let verdict = match &engine.director {
        Some(director) => director.verdict(At::of(site, number)),
        None => guard.check(&engine.context, args).await?,
    };
    let finding = match &verdict {
        Verdict::Pass | Verdict::Become(_) => None,
        Verdict::Fail(reason) => Some(reason.as_str()),
    };
    audit::checked(site, name, args.first(), finding);
    match verdict {
        Verdict::Pass => Ok(args.first().cloned().unwrap_or_default()),
        Verdict::Become(value) => Ok(value),
        Verdict::Fail(reason) => {
            Err(Halt::from(RunError::new(Code::E0802, format!("`{name}` does not let it pass: {reason}"))))
        }
    }
}

/// Whether an action is still to be done: not twice in one run under one `key`, and not where an
/// earlier part of the run may have done it.
fn may_act(site: Site<'_>) -> Given<bool> {
    if site.round > 0 {
        return Ok(true);
    }
    if site.run().is_held(site.path, || keyed(site))? {
        return Err(held(site, "the run was cut off in the middle of it"));
    }
    if site.step.settings.key.is_some() && !site.run().claims(act_key(site)?) {
        site.tally.skipped.store(true, Ordering::Relaxed);
        return Ok(false);
    }
    Ok(true)
}

/// What becomes of an act of which it is not known whether it happened.
fn doubt(site: Site<'_>, id: ActionId) -> InDoubt {
    let engine = site.run().engine;
    engine.channels[id.index()].in_doubt(&engine.plan.actions[id.index()])
}

/// An act of which it is not known whether it happened: a person finds out.
fn held(site: Site<'_>, why: &str) -> Halt {
    let error = RunError::new(Code::E0811, format!("it is not known whether it was done: {why}"));
    let (run, path) = (&site.run().id, site.path);
    Halt::Hold(Box::new(match site.run().lease {
        Some(_) => error.help(format!(
            "find out whether it was done, then `flowc resolve {run} {path} --done`, or `--again` to do it \
             when the run is resumed"
        )),
        None => error.help("find out whether it was done, then start a new run"),
    }))
}

/// The key of an act that the program gives one.
fn keyed(site: Site<'_>) -> Given<Option<EcoString>> {
    site.step.settings.key.as_ref().map(|_| act_key(site)).transpose()
}

/// The key of an act: the same whenever this run comes to it, also after a crash.
fn act_key(site: Site<'_>) -> Given<EcoString> {
    let plan = &site.run().engine.plan;
    let by = site.step.settings.key.as_ref().map(|key| site.frame.eval(key)).transpose()?;
    let key = digest(|d| {
        d.part(site.run().id.0.as_bytes());
        match (&site.step.kind, &by) {
            (StepKind::Call(Callee::Action(id), _), Some(key)) => {
                d.part(plan.actions[id.index()].name.as_bytes());
                d.value(key);
            }
            _ => d.part(site.path.to_string().as_bytes()),
        }
    });
    Ok(blake3::Hash::from_bytes(key).to_hex().as_str().into())
}

async fn act(site: Site<'_>, action: &Action, params: &[Value], number: u32) -> Given<Value> {
    let engine = site.run().engine;
    let StepKind::Call(Callee::Action(id), _) = &site.step.kind else {
        return Err(Halt::from(RunError::new(Code::E0811, "the step calls no action")));
    };
    let args = match &engine.director {
        Some(_) => Vec::new(),
        None => arguments(site, &action.args, params)?,
    };
    let named: Vec<(EcoString, Value)> =
        action.params.iter().map(|p| p.name.clone()).zip(params.iter().cloned()).collect();
    let key = act_key(site)?;
    let in_doubt = doubt(site, *id);
    let about = About { whom: action.name.clone(), worst: Cost::ZERO, in_doubt, key: keyed(site)? };
    audit::acts(site, action, params);
    let noted = site.run().begin(site.path, AttemptId::fresh(), about).await?;
    let done = match &engine.director {
        Some(director) => director.act(At::of(site, number)).map_err(Unacted::Failed),
        None => engine.channels[id.index()].act(&engine.context, action, &args, &named, &key).await,
    };
    let error = match &done {
        Ok(_) => None,
        Err(Unacted::Failed(error) | Unacted::Unknown(error)) => Some(error),
    };
    site.run().settle(noted, Spent::default(), error);
    match done {
        Ok(value) => Ok(value),
        Err(Unacted::Unknown(error)) if in_doubt == InDoubt::Hold => Err(held(site, &error.message)),
        Err(Unacted::Failed(error) | Unacted::Unknown(error)) => {
            // It was not done, or may be done again.
            site.run().record((site.path, site.step), || site.failed(&error)).await?;
            Err(Halt::from(error))
        }
    }
}

async fn flow(site: Site<'_>, id: FlowId, args: &[Value], number: u32) -> Given<Value> {
    let engine = site.run().engine;
    let flow = &engine.plan.flows[id.index()];
    let inside = site.inside(number);
    let ledger = site.cx.ledger.inner(flow.settings.budget);
    let ledger = ledger.paid_from(engine.budgets.iter().filter_map(|b| b.of_flow(&flow.name)));
    let cx = super::Cx { ledger: &ledger, why: None, ..site.enter(&inside) };
    let args = site.run().engine.hold_inputs(flow, args.to_vec())?;
    taped::note_privates(site, &flow.params, &args);
    let body = site.step.called.as_deref().unwrap_or(&flow.body);
    let work = block(cx, body, args, None);
    let result = within(flow.settings.deadline, &flow.name, work).await;
    match result {
        // The flow refuses; to its caller that is a failure like any other.
        Err(Halt::Stop(error)) => Err(Halt::from(Failure::lasting(*error))),
        result => result,
    }
}

/// The work, unless it takes longer than the flow's deadline: then E0804.
pub(crate) async fn within(
    deadline: Option<Millis>,
    flow: &str,
    work: impl Future<Output = Given<Value>>,
) -> Given<Value> {
    let Some(deadline) = deadline else { return work.await };
    // A deadline beyond the clock's end is none.
    let most = deadline.duration().min(Duration::from_secs(u64::from(u32::MAX)));
    match tokio::time::timeout(most, work).await {
        Ok(result) => result,
        Err(_) => {
            let error =
                RunError::new(Code::E0804, format!("`{flow}` took longer than its deadline of {deadline}"));
            let error = error.help("raise `deadline`, or give slow steps a `timeout` and a `fallback`");
            Err(Halt::from(Failure::lasting(error)))
        }
    }
}
