//! A step that a person decides: asked once, and looked at again whenever the run comes to it.
//!
//! Whoever is asked may take days, so nobody waits here: the step has no value yet, what needs it does not
//! begin, everything else goes on, and then the run ends as one that waits.

use super::audit;
use super::director::At;
use super::halt::Halt;
use super::state::Given;
use super::step::Site;
use crate::events::What;
use crate::guard::Verdict as Guarded;
use crate::journal::{Asked, Judged, Standing, Verdict};
use crate::{RunError, review};
use flow_diagnostics::Code;
use flow_plan::{Review, Scripted, Value};
use jiff::{SignedDuration, Timestamp};

/// The value that was approved: the one that was given, or what it was edited to.
pub(super) async fn review(site: Site<'_>, asks: &Review, args: &[Value]) -> Given<Value> {
    let engine = site.run().engine;
    let value = args.first().cloned();
    if let Some(director) = &engine.director {
        // As late as it may be, which is dearest.
        tokio::time::sleep(asks.within.duration()).await;
        return match (director.verdict(At::of(site, 1)), value) {
            (Guarded::Pass, Some(value)) => Ok(value),
            _ => Err(expired(asks)),
        };
    }
    if let Some(script) = engine.script() {
        return scripted(site, asks, value, script.decision());
    }
    let (Some(journal), Some(lease)) = (&engine.journal, &site.run().lease) else {
        return Err(unrecorded(site, asks));
    };
    let since = engine.context.clock.now();
    let run = site.run();
    let private = site.step.labels.private || site.step.given.private;
    let asked = Asked {
        path: site.path.to_string(),
        by: asks.by.clone(),
        value: if private { value.map(|value| run.sealed(&value)) } else { value },
        private,
        why: site.cx.why.map(|why| run.hide(why)),
        since,
        until: after(since, asks),
    };
    let standing = journal.ask(lease, asked).await?;
    match &standing.judged {
        Some(judged) => {
            audit::decided(site, &standing, judged);
            decided(site, asks, standing.asked.value.clone(), judged)
        }
        None => {
            if !standing.told {
                audit::reviews(site, &standing);
                tell(site, &standing).await?;
            }
            run.waits(standing);
            Err(Halt::Wait(asks.by.clone()))
        }
    }
}

// Who wants to hear of it; a process that dies in between tells again.
async fn tell(site: Site<'_>, standing: &Standing) -> Given<()> {
    let run = site.run();
    run.tell(Some(site.path), || What::ReviewWaiting {
        by: standing.asked.by.clone(),
        until: standing.asked.until,
    });
    if let Some(webhook) = &run.engine.webhook
        && let Err(reason) = webhook.tell(&run.engine.context, (&run.id, &run.flow), &standing.asked).await
    {
        let message =
            format!("nobody was told that `{}` waits for {}: {reason}", site.path, standing.asked.by);
        run.tell(Some(site.path), || What::Warned { message });
        // The next part of the run tries again.
        return Ok(());
    }
    if let (Some(journal), Some(lease)) = (&run.engine.journal, &run.lease) {
        journal.told(lease, &standing.asked.path).await?;
    }
    Ok(())
}

fn decided(site: Site<'_>, asks: &Review, shown: Option<Value>, judged: &Judged) -> Given<Value> {
    match judged.verdict {
        Verdict::Approved => {
            let run = site.run();
            let open = |value: &Value| run.engine.vault.open(value, run.id.0.as_bytes());
            match (&judged.value, shown) {
                (Some(edited), _) => review::held(run.engine, asks, open(edited)?).map_err(Halt::from),
                (None, Some(shown)) => Ok(open(&shown)?),
                (None, None) => Err(failed(format!("{} approved, and there was no value", judged.who))),
            }
        }
        Verdict::Rejected => {
            let run = site.run();
            let open = |reason: &String| run.engine.vault.open_text(reason, run.id.0.as_bytes());
            let reason = judged.reason.as_ref().map(open).transpose()?;
            Err(rejected(asks, &judged.who, reason.as_deref()))
        }
        Verdict::Expired => Err(expired(asks)),
    }
}

fn scripted(
    site: Site<'_>,
    asks: &Review,
    shown: Option<Value>,
    decision: Option<&Scripted>,
) -> Given<Value> {
    let missing = || {
        let error = RunError::new(Code::E0808, format!("nobody decides for {} in this test", asks.by));
        Halt::Lost(Box::new(error.help("script it: `reply review approve`")))
    };
    match decision.ok_or_else(missing)? {
        Scripted::Approve(Some(edited)) => {
            let value = review::edited(site.run().engine, asks, &edited.to_json());
            value.map_err(|error| Halt::Lost(Box::new(error)))
        }
        Scripted::Approve(None) => shown.ok_or_else(|| {
            let error =
                RunError::new(Code::E0808, "there is no value to approve: the step has come to nothing");
            let help = "give one: `reply review { decision: approve, value: … }`";
            Halt::Lost(Box::new(error.help(help)))
        }),
        Scripted::Reject(reason) => Err(rejected(asks, &asks.by, Some(reason.as_str()))),
        Scripted::Expire => Err(expired(asks)),
    }
}

fn after(since: Timestamp, asks: &Review) -> Timestamp {
    let within = SignedDuration::from_millis(i64::try_from(asks.within.0).unwrap_or(i64::MAX));
    since.checked_add(within).unwrap_or(Timestamp::MAX)
}

fn rejected(asks: &Review, who: &str, reason: Option<&str>) -> Halt {
    let for_whom = if who == asks.by { String::new() } else { format!(" for {}", asks.by) };
    let reason = reason.filter(|r| !r.is_empty()).map(|r| format!(": {r}")).unwrap_or_default();
    failed(format!("{who} turned it down{for_whom}{reason}"))
}

fn expired(asks: &Review) -> Halt {
    failed(format!("nobody of {} decided within {}", asks.by, asks.within))
}

fn failed(message: String) -> Halt {
    Halt::from(RunError::new(Code::E0808, message))
}

// Nothing in the program handles that: it would go on as if somebody had been asked.
fn unrecorded(site: Site<'_>, asks: &Review) -> Halt {
    let message = format!("nobody can be asked to decide for {}: the run is not recorded", asks.by);
    let error = RunError::new(Code::E0810, message);
    Halt::Lost(Box::new(match site.run().engine.journal {
        Some(_) => error.help("start a new run"),
        None => {
            error.help("run it with a journal: without `--no-journal`, `--replay` or `journal = \"none\"`")
        }
    }))
}
