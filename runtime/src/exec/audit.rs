//! What a run says to its audit record. No value is in it: data is named by keyed digests.

use super::attempt::{Ask, Purpose};
use super::state::Run;
use super::step::Site;
use crate::audit::AuditKey;
use crate::journal::{AttemptId, Ended, Judged, Standing};
use crate::provider::Message;
use crate::{RunError, Spent, privacy};
use flow_plan::{Action, Callee, Flow, Labels, Lookup, Param, StepKind, Value};
use serde_json::{Value as Json, json};

/// Guards whose reasons name what kind of thing they found and never the thing.
const PLAIN: [&str; 4] = ["injection", "pii", "secrets", "length"];

impl Run<'_> {
    /// Adds to the record, where there is one.
    pub(super) fn audit(&self, event: &str, fields: impl FnOnce(&AuditKey) -> Json) {
        if let (Some(key), Some(journal), Some(lease)) =
            (&self.engine.audit, &self.engine.journal, &self.lease)
        {
            let mut fields = fields(key);
            fields["event"] = json!(event);
            journal.audit(lease, self.engine.context.clock.now(), fields);
        }
    }

    /// The run begins or goes on with these inputs.
    pub(crate) fn audit_start(&self, flow: &Flow, inputs: &[Value]) {
        let is_new = self.lease.as_ref().is_some_and(|lease| lease.fence == 1);
        let event = if is_new { "run_started" } else { "run_resumed" };
        self.audit(event, |key| {
            let hex: String = self.engine.digest.0.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({
                "flow": flow.name.as_str(), "plan": hex, "key": key.id(),
                "flowc": env!("CARGO_PKG_VERSION"), "inputs": data(key, &flow.params, inputs),
            })
        });
    }

    /// The run ends.
    pub(crate) fn audit_end(&self, ended: &Ended) {
        self.audit("run_ended", |_| {
            json!({
                "status": ended.status, "nano_usd": ended.spent.usd.0, "calls": ended.spent.calls,
                "input_tokens": ended.spent.input.0, "output_tokens": ended.spent.output.0,
                "error": ended.error.as_ref().map(|e| e.code.name()),
            })
        });
    }
}

/// A model is about to be asked.
pub(super) fn asked(site: Site<'_>, ask: &Ask<'_>, call: AttemptId) {
    site.run().audit("model_called", |key| {
        let shows = site.step.given;
        json!({
            "call": name(Some(call)), "step": site.path.to_string(), "model": ask.whom().as_str(),
            "for": if ask.purpose == Purpose::Answer { "answer" } else { "embedding" },
            "prompt": ask.prompt.name.as_str(), "prompt_digest": key.bytes(said(ask).as_bytes()),
            "data": data(key, &ask.prompt.params, ask.args),
            "private": shows.private, "untrusted": is_untrusted(shows), "rule": rule(shows, ask),
        })
    });
}

/// A model has answered, or has not.
pub(super) fn answered(
    site: Site<'_>,
    (call, model): (Option<AttemptId>, &str),
    spent: Spent,
    error: Option<&RunError>,
) {
    site.run().audit("model_answered", |_| {
        json!({
            "call": name(call), "step": site.path.to_string(), "model": model, "nano_usd": spent.usd.0,
            "input_tokens": spent.input.0, "output_tokens": spent.output.0, "error": error.map(|e| e.code.name()),
        })
    });
}

/// A lookup is about to be made.
pub(super) fn looks_up(site: Site<'_>, lookup: &Lookup, params: &[Value], number: u32) {
    site.run().audit("lookup_asked", |key| {
        json!({
            "step": site.path.to_string(), "attempt": number, "lookup": lookup.name.as_str(),
            "source": lookup.source.as_str(), "data": data(key, &lookup.params, params),
            "private": site.step.given.private, "untrusted": is_untrusted(site.step.given),
            "rule": source_rule(lookup),
        })
    });
}

/// A lookup has found something, or has not.
pub(super) fn found(site: Site<'_>, lookup: &Lookup, number: u32, result: Result<&Value, &RunError>) {
    site.run().audit("lookup_answered", |key| {
        json!({
            "step": site.path.to_string(), "attempt": number, "lookup": lookup.name.as_str(),
            "digest": result.ok().map(|value| key.value(value)),
            "private": lookup.labels.private || privacy::has_private(&lookup.output),
            "untrusted": !lookup.trusted, "error": result.err().map(|e| e.code.name()),
        })
    });
}

/// The cache has answered: nobody was asked.
pub(super) fn cached(site: Site<'_>, callee: &str, value: &Value, is_scoped: bool) {
    let StepKind::Call(called, args) = &site.step.kind else { return };
    let plan = &site.run().engine.plan;
    let params = match called {
        Callee::Prompt(id) => &plan.prompts[id.index()].params[..],
        Callee::Lookup(id) => &plan.lookups[id.index()].params,
        _ => &[],
    };
    let values: Vec<Value> = args.iter().filter_map(|arg| site.frame.eval(arg).ok()).collect();
    let shows = site.step.given.join(site.step.labels);
    site.run().audit("cache_answered", |key| {
        let rule = match (shows.private, is_scoped) {
            (false, _) => "nothing private is in the question or the answer, by the labels of the program",
            (true, true) => "private data is kept apart by the cache's `per`",
            (true, false) => "private data, and nobody is kept apart",
        };
        json!({
            "step": site.path.to_string(), "of": callee, "data": data(key, params, &values),
            "digest": key.value(value), "private": shows.private, "untrusted": is_untrusted(shows),
            "rule": rule,
        })
    });
}

/// A guard has looked; `finding` where it did not let the value pass.
pub(super) fn checked(site: Site<'_>, guard: &str, value: Option<&Value>, finding: Option<&str>) {
    site.run().audit("guard_checked", |key| {
        // What others say may quote what they looked at.
        let shown = finding.map(|finding| match PLAIN.contains(&guard) {
            true => finding.to_owned(),
            false => format!("digest {}", key.bytes(finding.as_bytes())),
        });
        json!({
            "step": site.path.to_string(), "guard": guard, "digest": value.map(|value| key.value(value)),
            "verdict": if finding.is_some() { "failed" } else { "passed" }, "finding": shown,
        })
    });
}

/// An action is about to be done.
pub(super) fn acts(site: Site<'_>, action: &Action, params: &[Value]) {
    site.run().audit("acted", |key| {
        let rule = match action.cleared {
            true => "the action is cleared for private data",
            false => "private data goes into parameters that are declared private alone",
        };
        json!({
            "step": site.path.to_string(), "action": action.name.as_str(), "channel": action.channel.as_str(),
            "outward": action.outward, "data": data(key, &action.params, params), "rule": rule,
        })
    });
}

/// A person is asked.
pub(super) fn reviews(site: Site<'_>, standing: &Standing) {
    let asked = &standing.asked;
    site.run().audit("review_asked", |key| {
        json!({
            "step": asked.path, "by": asked.by.as_str(), "expires": asked.until.to_string(),
            "digest": asked.value.as_ref().map(|value| key.value(value)), "private": asked.private,
        })
    });
}

/// The run goes on with what was decided.
pub(super) fn decided(site: Site<'_>, standing: &Standing, judged: &Judged) {
    let value = judged.value.as_ref().or(standing.asked.value.as_ref());
    site.run().audit("review_decided", |key| {
        json!({
            "step": standing.asked.path, "by": standing.asked.by.as_str(), "who": judged.who.as_str(),
            "verdict": judged.verdict.name(), "edited": judged.value.is_some(),
            "digest": value.map(|value| key.value(value)),
        })
    });
}

fn source_rule(lookup: &Lookup) -> &'static str {
    match lookup.trusted {
        true => "what it finds is declared `trusted`",
        false => "what it finds is untrusted: it instructs nobody and does not act",
    }
}

fn rule(shows: Labels, ask: &Ask<'_>) -> &'static str {
    match (shows.private, ask.model.cleared) {
        (false, _) => "nothing private is shown, by the labels of the program",
        (true, true) => "private data is shown, and the model has `clearance: private`",
        (true, false) => {
            "private data is shown, and the model stands in for a cleared one inside the process"
        }
    }
}

fn data(key: &AuditKey, params: &[Param], values: &[Value]) -> Json {
    let one = |(param, value): (&Param, &Value)| {
        json!({
            "name": param.name.as_str(), "digest": key.value(value), "private": param.labels.private,
            "untrusted": is_untrusted(param.labels),
        })
    };
    params.iter().zip(values).map(one).collect()
}

fn is_untrusted(labels: Labels) -> bool {
    labels.integrity == flow_plan::Integrity::Untrusted
}

// All that is sent, with who says it and where it begins and ends.
fn said(ask: &Ask<'_>) -> String {
    let one = |m: &Message| json!([format!("{:?}", m.role), m.text, m.images.len()]);
    let turns = ask.tools.iter().flat_map(|tools| tools.turns);
    let turns = turns.map(|turn| json!([turn.tool, turn.args, turn.found]));
    ask.messages.iter().map(one).chain(turns).collect::<Json>().to_string()
}

fn name(call: Option<AttemptId>) -> String {
    call.map(|call| format!("{:016x}", call.0)).unwrap_or_default()
}
