//! What the protocol has no words for: the requests `flowc/program`, `flowc/graph` and `flowc/prompt`, by
//! which an editor asks for inputs and fills its panels.

use crate::host::Host;
use crate::ide::program::{Input, Kind};
use crate::ide::{graph, program, prompt};
use crate::snapshot::Snapshot;
use flow_diagnostics::Span;
use flow_plan::{Role, Value as FlowValue};
use serde_json::{Map, Value, json};
use tower_lsp_server::ls_types::Position;

/// What a document declares: `{"flows", "prompts", "tests"}`.
pub(crate) fn program(snapshot: &Snapshot) -> Value {
    let program = program::of(snapshot);
    let named = |list: &[(String, Span)]| -> Vec<Value> {
        list.iter().map(|(name, at)| json!({ "name": name, "range": snapshot.range(*at) })).collect()
    };
    let flow = |flow: &program::Runs| {
        let inputs: Vec<Value> = flow.inputs.iter().map(input).collect();
        json!({ "name": flow.name, "range": snapshot.range(flow.at), "doc": flow.doc, "inputs": inputs })
    };
    json!({
        "flows": program.flows.iter().map(flow).collect::<Vec<_>>(),
        "prompts": named(&program.prompts),
        "tests": named(&program.tests),
    })
}

/// A flow as a picture: `{"flow", "flows", "svg", "cost", "over", "steps", "names"}`.
pub(crate) fn graph(snapshot: &Snapshot, params: &Value) -> Result<Value, String> {
    let labels = params["labels"].as_bool().unwrap_or(false);
    let picture = graph::of(snapshot, params["flow"].as_str(), labels)?;
    let (mut steps, mut names) = (Map::new(), Map::new());
    for step in &picture.steps {
        // A step that a module of `std` brings stands in no file.
        let Some(at) = snapshot.location(step.span) else { continue };
        steps.insert(step.id.clone(), json!(at));
        names.entry(step.path.clone()).or_insert_with(|| json!(at));
    }
    Ok(json!({
        "flow": picture.flow, "flows": picture.flows, "svg": picture.svg, "cost": picture.cost,
        "over": picture.is_over, "steps": steps, "names": names,
    }))
}

/// A prompt as a model would be shown it: `{"prompt", "prompts", "step", "model", "inputs", "values",
/// "messages", "tokens", "most", "cuts", "error"}`.
pub(crate) fn prompt(snapshot: &Snapshot, params: &Value, host: &dyn Host) -> Result<Value, String> {
    let position: Option<Position> = serde_json::from_value(params["position"].clone()).ok();
    let question = prompt::Question {
        name: params["prompt"].as_str(),
        at: position.map(|at| snapshot.job.text.offset(at, snapshot.job.encoding)),
        values: params["values"].as_object(),
    };
    let shown = prompt::of(snapshot, question, host)?;
    let (rendered, error) = match shown.rendered {
        Ok(rendered) => (rendered, None),
        Err(why) => (crate::host::Rendered::default(), Some(why)),
    };
    let message = |m: &crate::host::Message| {
        let role = match m.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        json!({ "role": role, "text": m.text, "tokens": m.tokens.0 })
    };
    Ok(json!({
        "prompt": shown.prompt,
        "prompts": shown.prompts,
        "step": shown.step.as_ref().map(|(name, _)| name),
        "model": shown.step.as_ref().map(|(_, model)| model),
        "inputs": shown.inputs.iter().map(input).collect::<Vec<_>>(),
        "values": shown.values,
        "messages": rendered.messages.iter().map(message).collect::<Vec<_>>(),
        "tokens": rendered.tokens.map(|t| t.0),
        "most": rendered.most.map(|t| t.0),
        "cuts": rendered.cuts,
        "error": error,
    }))
}

fn input(input: &Input) -> Value {
    let mut out = json!({
        "name": input.name, "type": input.ty, "doc": input.doc, "private": input.is_private,
        "kind": match input.kind {
            Kind::Text => "text",
            Kind::Number => "number",
            Kind::Bool => "bool",
            Kind::Enum(_) => "enum",
            Kind::Json => "json",
        },
    });
    if let Kind::Enum(variants) = &input.kind {
        out["variants"] = json!(variants);
    }
    if let Some(default) = &input.default {
        out["default"] = FlowValue::to_json(default);
    }
    out
}
