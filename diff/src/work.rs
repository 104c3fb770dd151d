//! One step in words: what it does and by which settings as facts, the blocks inside it, and itself in
//! one line.

use crate::facts::Facts;
use crate::likeness::Candidate;
use crate::names::Names;
use flow_plan::{Block, Callee, Offer, OnFail, Step, StepKind};

/// What a step does, as facts.
pub(crate) fn work(step: &Step, names: &Names<'_>, facts: &mut Facts) {
    match &step.kind {
        StepKind::Call(callee, args) => {
            let (_, _, params) = names.callee(callee);
            facts.text("calls", does(step, names).unwrap_or_default());
            if let Callee::Review(asks) = callee {
                facts.text("by", asks.by.as_str());
                facts.text("within", asks.within.to_string());
            }
            for (i, arg) in args.iter().enumerate() {
                let param = params.get(i).map_or_else(|| format!("{}", i + 1), |p| p.to_string());
                facts.text(format!("argument {param}"), names.expr(arg));
            }
        }
        StepKind::Compute(expr) => facts.text("value", names.expr(expr)),
        StepKind::If(condition, ..) => facts.text("if", names.expr(condition)),
        StepKind::Match(subject, _) => facts.text("match", names.expr(subject)),
        StepKind::Each { list, parallel, .. } => {
            facts.text("each in", names.expr(list));
            facts.text("parallel", parallel.to_string());
        }
        StepKind::Repeat { up_to, from, .. } => {
            facts.text("repeat up to", up_to.to_string());
            facts.text("from", names.expr(from));
        }
    }
}

/// The guard that a step calls.
pub(crate) fn guard(step: &Step, names: &Names<'_>) -> Option<String> {
    match &step.kind {
        StepKind::Call(callee @ (Callee::Guard(_) | Callee::Builtin(_)), _) => {
            Some(names.callee(callee).1.to_string())
        }
        _ => None,
    }
}

/// By which settings it does it.
pub(crate) fn settings(step: &Step, names: &Names<'_>, facts: &mut Facts) {
    let settings = &step.settings;
    // The model's own change is told where it is declared.
    let shown = |m| names.model(m).to_string();
    facts.maybe("model", settings.model.map(shown));
    let fallback: Vec<String> = settings.fallback.iter().map(|m| shown(*m)).collect();
    facts.maybe("fallback", (!fallback.is_empty()).then(|| fallback.join(", ")));
    facts.maybe("escalate", settings.escalate.as_ref().map(|e| shown(e.to)));
    facts.maybe("retry", (settings.retry > 0).then_some(settings.retry));
    facts.maybe("timeout", settings.timeout);
    facts.maybe("hedge", settings.hedge);
    facts.maybe("while", settings.streaming.then_some("streaming"));
    facts.maybe(
        "cache",
        settings.cache.as_ref().map(|cache| {
            let scope = cache.scope.as_ref().map(|s| format!(" per {}", names.expr(s))).unwrap_or_default();
            let similar = cache.similar.map(|s| {
                let by = s.embed.map(|m| format!(" embed {}", shown(m))).unwrap_or_default();
                format!("similar {}{by} for ", s.least)
            });
            format!("{}{}{scope}", similar.unwrap_or_default(), cache.ttl)
        }),
    );
    if let Some(tools) = &settings.tools {
        let named: Vec<String> = offers(step, names).into_iter().map(|(name, _)| name).collect();
        facts.text("tools", named.join(", "));
        facts.text("rounds", tools.rounds.to_string());
    }
    facts.maybe("key", settings.key.as_ref().map(|k| names.expr(k)));
    match &step.on_fail {
        Some(OnFail::Stop(message)) => facts.text("else", format!("stop {}", names.expr(message))),
        Some(OnFail::Redact) => facts.text("else", "redact"),
        Some(OnFail::Retry(n)) => facts.text("else", format!("retry {n}")),
        Some(OnFail::Do(_)) | None => {}
    }
}

/// The lookups that a model is offered, each with its name and the step that makes it.
pub(crate) fn offers<'s>(step: &'s Step, names: &Names<'_>) -> Vec<(String, &'s Step)> {
    let offers = step.settings.tools.iter().flat_map(|tools| &tools.offers);
    let named = |offer: &'s Offer| {
        let name = names.callee(&Callee::Lookup(offer.lookup)).1.to_string();
        offer.body.steps.node_weights().map(move |step| (name.clone(), step))
    };
    offers.flat_map(named).collect()
}

/// The blocks inside a step, by what they are for.
pub(crate) fn inner(step: &Step) -> Vec<(String, &Block)> {
    let mut out: Vec<(String, &Block)> = Vec::new();
    match &step.kind {
        StepKind::Call(..) | StepKind::Compute(_) => {}
        StepKind::If(_, then, otherwise) => {
            out.push(("then".into(), then));
            out.extend(otherwise.iter().map(|b| ("otherwise".into(), &**b)));
        }
        StepKind::Match(_, arms) => {
            for arm in arms {
                let values: Vec<String> = arm.values.iter().map(|v| v.to_string()).collect();
                let title = if values.is_empty() { "else".to_owned() } else { values.join(" | ") };
                out.push((format!("arm {title}"), &arm.body));
            }
        }
        StepKind::Each { body, .. } => out.push(("body".into(), body)),
        StepKind::Repeat { body, until, .. } => {
            out.push(("body".into(), body));
            out.extend(until.iter().map(|b| ("until".into(), &**b)));
        }
    }
    if let Some(unless) = step.settings.escalate.as_ref().and_then(|e| e.unless.as_ref()) {
        out.push(("unless".into(), unless));
    }
    if let Some(OnFail::Do(handler)) = &step.on_fail {
        out.push(("else".into(), handler));
    }
    out
}

/// Steps and value of a block in one line.
pub(crate) fn inline(block: &Block, names: &mut Names<'_>) -> String {
    (0..block.inputs).for_each(|i| names.element(flow_plan::VarId(block.vars.start + i)));
    let mut said = Vec::new();
    for node in block.steps.node_indices() {
        let step = &block.steps[node];
        names.name(block.var_of(node), &step.name);
        let gives = block.result == Some(flow_plan::Expr::Var(block.var_of(node)));
        let shown = short(step, names);
        said.push(if gives { shown } else { format!("{} = {shown}", step.name) });
        if gives {
            return said.join("; ");
        }
    }
    said.extend(block.result.as_ref().map(|e| names.expr(e)));
    said.join("; ")
}

/// A step in one line.
pub(crate) fn short(step: &Step, names: &Names<'_>) -> String {
    match &step.kind {
        StepKind::Call(callee, args) => {
            let mut args: Vec<String> = args.iter().map(|a| names.expr(a)).collect();
            if let Callee::Review(asks) = callee {
                args.extend([format!("by: {:?}", asks.by), format!("within: {}", asks.within)]);
            }
            format!("{}({})", names.callee(callee).1, args.join(", "))
        }
        StepKind::Compute(expr) => names.expr(expr),
        StepKind::If(condition, ..) => format!("if {} …", names.expr(condition)),
        StepKind::Match(subject, _) => format!("match {} …", names.expr(subject)),
        StepKind::Each { list, .. } => format!("each in {} …", names.expr(list)),
        StepKind::Repeat { up_to, .. } => format!("repeat up to {up_to} …"),
    }
}

/// What a step calls: `guard tone`.
pub(crate) fn does(step: &Step, names: &Names<'_>) -> Option<String> {
    match &step.kind {
        StepKind::Call(callee, _) => {
            let (kind, name, _) = names.callee(callee);
            let is_review = matches!(callee, Callee::Review(_));
            Some(if is_review { name.to_string() } else { format!("{} {name}", kind.word()) })
        }
        _ => None,
    }
}

/// A step, to be found under another name.
pub(crate) fn candidate(step: &Step, names: &Names<'_>) -> Candidate {
    let mut facts = Facts::default();
    work(step, names, &mut facts);
    let head = match &step.kind {
        StepKind::Call(..) => does(step, names).unwrap_or_default(),
        // What nobody has named is not a step under a new name.
        StepKind::Compute(_) if is_unnamed(step) => "unnamed value".into(),
        StepKind::Compute(_) => "value".into(),
        StepKind::If(..) => "if".into(),
        StepKind::Match(..) => "match".into(),
        StepKind::Each { .. } => "each".into(),
        StepKind::Repeat { .. } => "repeat".into(),
    };
    settings(step, names, &mut facts);
    Candidate { head, words: facts.words(names) }
}

/// Whether its name is none that anybody wrote: the value behind `return`, `yield` or `else`.
pub(crate) fn is_unnamed(step: &Step) -> bool {
    matches!(step.name.as_str(), "return" | "yield" | "review") || step.name.ends_with(".else")
}
