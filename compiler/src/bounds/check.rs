//! What is reported of bounds: what has none, and what exceeds a window, an output cap, a budget or a
//! deadline. Each with its sum, largest first, and the smallest single change that fits.

use super::knob::{self, Knob, declaration};
use super::prompt::Pasted;
use super::walk::Unbounded;
use super::{BoundLine, Bounds, FlowBound, StepBound, again, edges};
use crate::kept::Memo;
use crate::resolve::Program;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Span};
use flow_plan::{Cost, FlowId, Millis, Plan, Tokens, Type};
use flow_tokens::{Measure, json_tokens};
use rustc_hash::{FxHashMap, FxHashSet};

/// Lines of a sum that are shown; the rest is one line.
const MOST_LINES: usize = 8;
/// Changes that are offered.
const MOST_FIXES: usize = 3;
/// Numbers that are looked at for a change.
const MOST_TRIED: usize = 12;

/// Reports what is wrong with the bounds of a program.
pub(crate) fn check(
    program: &Program,
    (plan, bounds): (&Plan, &Bounds),
    memo: Option<&Memo>,
    out: &mut Diagnostics,
) {
    let before = out.len();
    edges::check(program, out);
    // What is pasted or gone through has no bound because its edge has none.
    if out.len() > before {
        return;
    }
    unbounded(bounds, out);
    needless(bounds, out);
    let mut reported = outputs(program, (plan, bounds), memo, out);
    for bound in bounds.flows.iter().filter(|bound| !bounds.known.contains(&bound.flow)) {
        let before = out.len();
        for step in &bound.steps {
            let pasted = bounds.pasted.get(&(step.span, step.model));
            window(program, (plan, &bounds.measures), (bound, step), pasted.map_or(&[], Vec::as_slice), out);
        }
        budget(program, (plan, &bounds.measures), bound, out);
        deadline(program, (plan, &bounds.measures), bound, out);
        if out.len() > before {
            reported.insert(bound.flow);
        }
    }
    memo.inspect(|memo| again::keep(memo, (plan, bounds), &reported));
}

/// W0707: an assumption of what is known without it.
fn needless(bounds: &Bounds, out: &mut Diagnostics) {
    for found in &bounds.needless {
        let message = format!("`{}` is never larger than this, whatever is assumed", found.name);
        out.push(
            FlowDiagnostic::new(Code::W0707, found.span, message)
                .here(format!("it is `{}` already", found.known))
                .help("take the line out, or assume less"),
        );
    }
}

fn unbounded(bounds: &Bounds, out: &mut Diagnostics) {
    for found in &bounds.unbounded {
        let diagnostic = match found {
            Unbounded::Hole { step, open } => {
                let message = format!("`{}` has no bound where it is pasted into the prompt", open.what);
                let diagnostic = FlowDiagnostic::new(Code::E0303, *step, message).help(
                    "bound it where it comes from, or cut it: `{{ text | truncate(400) }}`, `take(list, 10)`",
                );
                match open.span == Span::default() {
                    true => diagnostic,
                    false => diagnostic.label(open.span, "it is pasted here"),
                }
            }
            Unbounded::Loop { step } => {
                FlowDiagnostic::new(Code::E0306, *step, "this loop goes through a list without a bound")
                    .help("bound the list where it comes from, or take its start: `take(list, 10)`")
            }
        };
        out.push(diagnostic);
    }
}

/// E0304: an answer of the declared size does not fit under the output cap. Gives the flows that ask for one.
fn outputs(
    program: &Program,
    (plan, bounds): (&Plan, &Bounds),
    memo: Option<&Memo>,
    out: &mut Diagnostics,
) -> FxHashSet<FlowId> {
    let measures = &bounds.measures;
    let mut large: FxHashSet<FlowId> = FxHashSet::default();
    let mut seen: FxHashMap<(Span, u32), bool> = FxHashMap::default();
    let mut asked = |flow: Option<FlowId>, step: &flow_plan::Step| {
        let (Some(calls), flow_plan::StepKind::Call(flow_plan::Callee::Prompt(id), _)) =
            (&step.bounds, &step.kind)
        else {
            return;
        };
        let prompt = &plan.prompts[id.index()];
        for request in &calls.requests {
            let place = (prompt.span, request.model.0);
            if let Some(is_large) = seen.get(&place) {
                large.extend(flow.filter(|_| *is_large));
                continue;
            }
            let model = &plan.models[request.model.index()];
            // What is declared of an answer is in the model's own tokens.
            let needed = match &prompt.output {
                Type::Text { bound: Some(flow_plan::Bound::Tokens(n)), .. } => *n,
                Type::Text { .. } => 0,
                other => {
                    let count = || json_tokens(other, &measures[request.model.index()]);
                    memo.map_or_else(count, |memo| memo.requests.answer(prompt, request.model, count))
                }
            };
            seen.insert(place, needed > request.output.0);
            if needed <= request.output.0 {
                continue;
            }
            large.extend(flow);
            let message = format!(
                "an answer to `{}` can have {} and `{}` gives {} at most",
                prompt.name,
                Tokens(needed),
                model.name,
                request.output
            );
            let mut diagnostic = FlowDiagnostic::new(Code::E0304, prompt.span, message)
                .label(model.span, "this model is asked")
                .help("raise `max_output`, or bound the texts and lists of the answer more narrowly");
            let setting = program.decls().find_map(|(_, item)| match item {
                crate::ast::Item::Model(decl) if decl.name.span == model.span => {
                    knob::value(&decl.settings, "max_output")
                }
                _ => None,
            });
            if let (Some(setting), true) = (setting, needed <= model.card.max_output.0) {
                let text = format!("{needed} tokens");
                diagnostic = diagnostic.fix(format!("`max_output: {text}`"), setting.span, text);
            }
            out.push(diagnostic);
        }
    };
    for bound in bounds.flows.iter().filter(|bound| !bounds.known.contains(&bound.flow)) {
        let Some(flow) = plan.flows.get(bound.flow.index()) else { continue };
        flow.body.each_step(&mut |step| asked(Some(bound.flow), step));
    }
    for guard in &plan.guards {
        guard.body.each_step(&mut |step| asked(None, step));
    }
    large
}

/// E0301: input and output together are more than the window.
fn window(
    program: &Program,
    (plan, measures): (&Plan, &[Measure]),
    (bound, step): (&FlowBound, &StepBound),
    pasted: &[Pasted],
    out: &mut Diagnostics,
) {
    let model = &plan.models[step.model.index()];
    let window = model.card.context;
    let needed = Tokens(step.request.0.saturating_add(step.output.0));
    if window == Tokens(0) || needed <= window {
        return;
    }
    let message =
        format!("`{}` can ask `{}` with {needed}, and its window has {window}", step.step, model.name);
    let diagnostic = FlowDiagnostic::new(Code::E0301, step.span, message)
        .here(format!("{} in, {} out", step.request, step.output))
        .label(model.span, format!("this window has {window}"));
    let (name, id) = (step.step.clone(), step.model);
    let fits = move |b: &FlowBound| {
        b.steps
            .iter()
            .filter(|s| s.step == name && s.model == id)
            .all(|s| s.request.0.saturating_add(s.output.0) <= window.0)
    };
    out.push(solved(
        program,
        (plan, measures),
        bound,
        diagnostic,
        &request_sum(step, pasted),
        &fits,
        &|_| true,
    ));
}

// What a request and its answer are made of, largest first.
fn request_sum(step: &StepBound, pasted: &[Pasted]) -> String {
    let all = |p: &Pasted| p.times.saturating_mul(p.each);
    let holes = pasted.iter().map(all).fold(0, u64::saturating_add);
    let fixed = step.request.0.saturating_sub(holes);
    let mut rows: Vec<(u64, String)> = pasted
        .iter()
        .filter(|p| all(p) > 0)
        .map(|p| match p.times {
            1 => (all(p), p.what.to_string()),
            n => (all(p), format!("{}, {n} × {}", p.what, p.each)),
        })
        .collect();
    rows.push((step.output.0, "the answer: `max_output`".into()));
    rows.push((fixed, "fixed text, framing and what stands between".into()));
    rows.sort_by_key(|(tokens, _)| std::cmp::Reverse(*tokens));
    let more = rows.len().saturating_sub(MOST_LINES);
    rows.truncate(MOST_LINES);
    let wide = rows.iter().map(|(n, _)| n.to_string().len()).max().unwrap_or(0);
    let mut lines: Vec<String> = rows.iter().map(|(n, what)| format!("{n:>wide$}  {what}")).collect();
    if more > 0 {
        lines.push(format!("and {more} smaller parts"));
    }
    lines.join("\n")
}

/// E0302: the dearest way costs more than the budget.
fn budget(
    program: &Program,
    (plan, measures): (&Plan, &[Measure]),
    bound: &FlowBound,
    out: &mut Diagnostics,
) {
    let flow = &plan.flows[bound.flow.index()];
    let Some(budget) = flow.settings.budget else { return };
    if bound.worst.usd <= budget {
        return;
    }
    let setting = declaration(program, flow.span).and_then(|f| knob::value(&f.body.settings, "budget"));
    let at = setting.map_or(flow.span, |s| s.span);
    let message =
        format!("a run of `{}` can cost {}, and its budget is {budget}", flow.name, bound.worst.usd);
    let mut diagnostic = FlowDiagnostic::new(Code::E0302, at, message);
    if let Some(line) = bound.spent_on.first() {
        diagnostic = diagnostic.label(line.span, "the largest part is spent here");
    }
    let sum = sum(&bound.spent_on, &|line| {
        let each = line.each;
        let all = Cost(each.usd.0.saturating_mul(i64::try_from(line.times).unwrap_or(i64::MAX)));
        let what = format!("{} × {}, {} in, {} out", line.times, line.what, each.input.0, each.output.0);
        (all.to_string(), what)
    });
    let fits = move |b: &FlowBound| b.worst.usd <= budget;
    let diagnostic = solved(program, (plan, measures), bound, diagnostic, &sum, &fits, &|k| !k.is_time());
    let raised = rounded_up(bound.worst.usd);
    out.push(match setting {
        Some(setting) => diagnostic.fix(format!("`budget: {raised}`"), setting.span, raised.to_string()),
        None => diagnostic,
    });
}

/// E0305: the longest way takes longer than the deadline.
fn deadline(
    program: &Program,
    (plan, measures): (&Plan, &[Measure]),
    bound: &FlowBound,
    out: &mut Diagnostics,
) {
    let flow = &plan.flows[bound.flow.index()];
    let Some(deadline) = flow.settings.deadline else { return };
    if bound.worst.time <= deadline {
        return;
    }
    let setting = declaration(program, flow.span).and_then(|f| knob::value(&f.body.settings, "deadline"));
    let at = setting.map_or(flow.span, |s| s.span);
    let took = shown(bound.worst.time);
    let message =
        format!("a run of `{}` can take {took}, and its deadline is {}", flow.name, shown(deadline));
    let mut diagnostic = FlowDiagnostic::new(Code::E0305, at, message);
    if let Some(line) = bound.waited_for.first() {
        diagnostic = diagnostic.label(line.span, "the longest part is waited for here");
    }
    let sum = sum(&bound.waited_for, &|line| {
        let all = Millis(line.each.time.0.saturating_mul(line.times));
        (shown(all), format!("{} × {} for {}", line.times, shown(line.each.time), line.what))
    });
    let fits = move |b: &FlowBound| b.worst.time <= deadline;
    let mut diagnostic = solved(program, (plan, measures), bound, diagnostic, &sum, &fits, &|_| true);
    if diagnostic.fixes.is_empty() && bound.waited_for.iter().any(|l| l.each.calls > 0) {
        let help = diagnostic.help.take().unwrap_or_default();
        diagnostic = diagnostic.help(format!("{help}\nwithout a `timeout`, a call may take ten minutes"));
    }
    let raised = shown(Millis(bound.worst.time.0.div_ceil(1000) * 1000));
    out.push(match setting {
        Some(setting) => diagnostic.fix(format!("`deadline: {raised}`"), setting.span, raised),
        None => diagnostic,
    });
}

/// How many numbers of a flow are looked at, where it is worked out so many times for each. How long
/// that takes grows with the square of its steps, and with what had to be `looked` at for what loops
/// grow to: in a very large flow, none may be.
pub(super) fn tried(plan: &Plan, bound: &FlowBound, times: usize) -> usize {
    const WORK: usize = 42_000_000;
    const LOOK: usize = 400;
    let mut steps = 0usize;
    plan.flows[bound.flow.index()].body.each_step(&mut |_| steps += 1);
    let work = steps.saturating_mul(steps).saturating_add(bound.looked.saturating_mul(LOOK));
    WORK / work.saturating_mul(times).max(1)
}

/// How thoroughly a change that fits is looked for.
struct Search {
    /// Numbers that are looked at.
    knobs: usize,
    /// Values that are tried of each, after the least.
    values: u32,
    /// Whether a change is looked for that mends this alone, where none mends everything.
    twice: bool,
}

impl Search {
    fn of(plan: &Plan, bound: &FlowBound) -> Search {
        match tried(plan, bound, 28) {
            0 => Search { knobs: tried(plan, bound, 7).min(MOST_TRIED), values: 6, twice: false },
            n => Search { knobs: n.min(MOST_TRIED), values: u32::MAX, twice: true },
        }
    }
}

// Whether a flow keeps within its budget, its deadline and the windows of its models.
fn within_limits(plan: &Plan, bound: &FlowBound) -> bool {
    let settings = &plan.flows[bound.flow.index()].settings;
    let fits = |step: &StepBound| {
        let window = plan.models[step.model.index()].card.context;
        window == Tokens(0) || step.request.0.saturating_add(step.output.0) <= window.0
    };
    settings.budget.is_none_or(|budget| bound.worst.usd <= budget)
        && settings.deadline.is_none_or(|deadline| bound.worst.time <= deadline)
        && bound.steps.iter().all(fits)
}

// The sum in lines, with the smallest changes that fit.
fn solved(
    program: &Program,
    (plan, measures): (&Plan, &[Measure]),
    bound: &FlowBound,
    mut diagnostic: FlowDiagnostic,
    sum: &str,
    fits: &dyn Fn(&FlowBound) -> bool,
    matters: &dyn Fn(&Knob) -> bool,
) -> FlowDiagnostic {
    let knobs = knob::of(program, (plan, measures), bound.flow, bound);
    let search = Search::of(plan, bound);
    let knobs: Vec<Knob> = knobs.into_iter().filter(|k| matters(k)).take(search.knobs).collect();
    let solutions = |fits: &dyn Fn(&FlowBound) -> bool| -> Vec<(u64, Knob, u64)> {
        let value = |k: &Knob| k.solve((plan, measures), bound.flow, (fits, search.values));
        knobs.iter().filter_map(|k| value(k).map(|v| (k.share(v), k.clone(), v))).collect()
    };
    // A change that mends everything at once is worth more than one that leaves another error.
    let mut found = solutions(&|b| fits(b) && within_limits(plan, b));
    if found.is_empty() && search.twice {
        found = solutions(fits);
    }
    found.sort_by_key(|(share, ..)| std::cmp::Reverse(*share));
    found.truncate(MOST_FIXES);
    let changes: Vec<String> =
        found.iter().map(|(_, k, v)| format!("{}{}", k.title(plan, *v), k.owner(plan))).collect();
    let end = match changes.is_empty() {
        true if !search.twice => {
            "the flow has too many steps to look at every number in it: split it, or bound more narrowly what \
             goes in"
                .to_owned()
        }
        true => "no single number makes it fit: bound more narrowly what goes in".to_owned(),
        false => format!("it fits with {}", changes.join(", or ")),
    };
    let help = if sum.is_empty() { end } else { format!("{sum}\n{end}") };
    diagnostic = diagnostic.help(help);
    for (_, knob, value) in found {
        let (at, text) = knob.edit(plan, value);
        diagnostic = diagnostic.fix(knob.title(plan, value), at, text);
    }
    diagnostic
}

// One line for each part: the amount, the step, what it is.
fn sum(lines: &[BoundLine], shown: &dyn Fn(&BoundLine) -> (String, String)) -> String {
    let rows: Vec<(String, &str, String)> = lines
        .iter()
        .take(MOST_LINES)
        .map(|line| {
            let (amount, what) = shown(line);
            (amount, line.step.as_str(), what)
        })
        .collect();
    let wide = rows.iter().map(|(a, ..)| a.chars().count()).max().unwrap_or(0);
    let names = rows.iter().map(|(_, n, _)| n.chars().count()).max().unwrap_or(0);
    let mut out: Vec<String> =
        rows.iter().map(|(amount, name, what)| format!("{amount:>wide$}  {name:<names$}  {what}")).collect();
    if lines.len() > MOST_LINES {
        out.push(format!("and {} smaller parts", lines.len() - MOST_LINES));
    }
    out.join("\n")
}

/// As it is written in the language, in seconds up to ten minutes: `96.5s`.
pub(super) fn shown(time: Millis) -> String {
    match time.0 {
        ms @ 1_000..600_000 => {
            let parts = format!("{}.{:03}", ms / 1_000, ms % 1_000);
            format!("{}s", parts.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => time.to_string(),
    }
}

/// Up to the next amount with three digits: a budget that people would write.
fn rounded_up(cost: Cost) -> Cost {
    let mut unit = 1i64;
    while cost.0 / unit >= 1000 {
        unit *= 10;
    }
    Cost(cost.0.saturating_add(unit - 1) / unit * unit)
}
