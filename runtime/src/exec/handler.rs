//! What a step's `else` makes of its failure.

use super::halt::{Failure, Halt};
use super::state::{Cx, Given};
use super::step::{Again, Said, Site, work};
use super::{assumed, backoff, block, call};
use crate::provider::Message;
use crate::script;
use crate::{RunError, StepPath};
use flow_diagnostics::Code;
use flow_plan::{Callee, Expr, OnFail, Role, Step, StepKind, Value};
use std::sync::atomic::Ordering;

/// What the step's `else` makes of a failure; anything else is as it is.
pub(super) async fn handled(site: Site<'_>, result: Given<Value>) -> Given<Value> {
    let (failure, handler) = match (result, &site.step.on_fail) {
        (Err(Halt::Fail(failure)), Some(handler)) => (failure, handler),
        (result, _) => return result,
    };
    if site.step.settings.streaming && !matches!(handler, OnFail::Redact) {
        // What was told of the answer does not hold any more.
        site.run().void.store(true, Ordering::Relaxed);
    }
    match handler {
        OnFail::Stop(message) => {
            let message = site.frame.eval(message)?.to_string();
            Err(Halt::Stop(Box::new(RunError::new(Code::E0801, message))))
        }
        OnFail::Redact => call::redact(site, failure),
        OnFail::Retry(times) => retried(site, *failure, *times).await,
        OnFail::Do(other) => {
            // The branch taken is recorded, so that a resumed run takes the same.
            if site.run().recorded(site.path).is_none() {
                site.run().record((site.path, site.step), || site.failed(&failure.error)).await?;
            }
            site.rest();
            let path = StepPath::part(&site.path.inside(), "else");
            let cx = Cx { why: Some(&failure.error.message), ..site.enter(&path) };
            block(cx, other, vec![], Some(site.frame)).await
        }
    }
}

/// Tries again, at most `times`. A model is told what was wrong, also where it is a guard that did not
/// let its answer pass; anything else is simply done again.
async fn retried(site: Site<'_>, first: Failure, times: u32) -> Given<Value> {
    let author = author(site);
    let mut failure = first;
    // What is shown again is the answer that was guarded, and not one that the guard was given.
    if let Some((_, answer)) = author {
        failure.reply = Some(script::answer(answer));
    }
    let mut is_refused = author.is_some();
    for round in 1..=times {
        if failure.reply.is_none()
            && site.run().engine.waits()
            && let Some(wait) = backoff::before(site, failure.again, round)
        {
            site.rest();
            tokio::time::sleep(wait.duration()).await;
        }
        let site = Site { round, ..site };
        let messages = complaint(&failure);
        let said = Said { messages: &messages, is_refused };
        let result = match author {
            Some((author, _)) => asked_again(site, author, said).await,
            None => work(site, Again { said, ..Again::FIRST }).await.map_err(|halt| (halt, false)),
        };
        match result {
            Err((Halt::Fail(next), refused)) => (failure, is_refused) = (*next, refused),
            Err((halt, _)) => return Err(halt),
            Ok(value) => return Ok(value),
        }
    }
    Err(failure.into())
}

/// The step that asked for what a guard guards, and its answer; `None` where no prompt of the same
/// block made it.
fn author<'a>(site: Site<'a>) -> Option<(&'a Step, &'a Value)> {
    let StepKind::Call(Callee::Guard(_) | Callee::Builtin(_), args) = &site.step.kind else { return None };
    let Some(Expr::Var(guarded)) = args.first() else { return None };
    let node = site.block.steps.node_indices().find(|n| site.block.var_of(*n) == *guarded)?;
    let author = &site.block.steps[node];
    let asks = matches!(author.kind, StepKind::Call(Callee::Prompt(_), _));
    asks.then_some(author).zip(site.frame.get(*guarded))
}

/// A new answer, told what was wrong with the last one, and then guarded; where it fails, whether it is the
/// guard that has not let the answer pass.
async fn asked_again(site: Site<'_>, author: &Step, said: Said<'_>) -> Result<Value, (Halt, bool)> {
    let asking = Site { step: author, streams: false, grows: false, ..site };
    let unusable = |halt| (halt, false);
    let answer = work(asking, Again { said, ..Again::FIRST }).await.map_err(unusable)?;
    // It stands in for the author's first answer, of which something may be assumed.
    if let StepKind::Call(_, args) = &site.step.kind
        && let Some(Expr::Var(guarded)) = args.first()
    {
        assumed::holds(site.cx, site.block, *guarded, &answer).map_err(unusable)?;
    }
    match work(site, Again { first: Some(&answer), ..Again::FIRST }).await {
        Err(Halt::Fail(mut failure)) => {
            failure.reply = Some(script::answer(&answer));
            Err((Halt::Fail(failure), true))
        }
        other => other.map_err(unusable),
    }
}

/// The model's own answer, if there is one, and what is wrong with it.
fn complaint(failure: &Failure) -> Vec<Message> {
    let said = |role, text| Message { role, text, images: vec![] };
    let Some(reply) = &failure.reply else { return vec![] };
    let reason = &failure.error.message;
    vec![said(Role::Assistant, reply.clone()), said(Role::User, flow_plan::complaint(reason))]
}
