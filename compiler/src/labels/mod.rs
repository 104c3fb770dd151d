//! Labels: where untrusted text and private data can come to, in every flow of a program.
//!
//! In: a checked [`Plan`]. Out: E0501 to E0506, each with the shortest way from the source to where it
//! must not come; and in the plan, the labels of what each step is given and makes, which the runtime
//! keeps to. Labels follow the data: of records and lists each part has its own, a field that no template
//! shows counts for nothing, and a flow is looked at anew for each set of labels it is called with.
//! Nothing here costs a token or a call.

mod again;
mod call;
mod eval;
mod kept;
mod marks;
mod report;
mod sway;
mod walk;

pub(crate) use kept::Followed;

use crate::World;
use crate::kept::Memo;
use flow_diagnostics::Diagnostics;
use flow_plan::{CapabilityKind, CapabilitySpec, FlowId, Plan, Step};

/// Reports what comes where it must not, and notes the labels of what each step and flow takes and makes.
pub(crate) fn check(world: &dyn World, plan: &mut Plan, memo: Option<&Memo>, diagnostics: &mut Diagnostics) {
    let guards: Vec<&CapabilitySpec> =
        world.capabilities().iter().copied().filter(|s| s.kind == CapabilityKind::Guard).collect();
    let follow = |memo: Option<&Memo>| {
        let mut leaks = report::Leaks::default();
        let made = walk::Walk::new(plan, (&guards, memo), &mut leaks).flows();
        (leaks, made)
    };
    let mut found = follow(memo);
    // What was kept does not know the way that something has come by now.
    if memo.is_some() && !found.0.is_empty() {
        found = follow(None);
    }
    let (leaks, made) = found;
    leaks.report(diagnostics);
    for (i, flow) in plan.flows.iter_mut().enumerate() {
        let id = FlowId(i as u32);
        flow.labels = made.flow(id);
        let mut alone = made.alone(id);
        flow.body.each_step_mut(&mut |step| {
            let ends = match &mut alone {
                Some(ends) => ends.next().copied().flatten(),
                None => made.step(step),
            };
            note(step, ends);
        });
    }
    for guard in &mut plan.guards {
        guard.body.each_step_mut(&mut |step| note(step, made.step(step)));
    }
}

fn note(step: &mut Step, ends: Option<walk::Ends>) {
    if let Some(ends) = ends {
        (step.labels, step.given) = (ends.made, ends.given);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::print_stdout, reason = "it says how long it took")]

    use super::*;
    use crate::alone::Alone;
    use flow_diagnostics::Sources;
    use flow_plan::Catalog;
    use std::fmt::Write;
    use std::time::{Duration, Instant};

    // Each flow asks four prompts of its own, decides by what they answer, and calls the flow before it twice.
    fn project(flows: usize) -> String {
        let mut text = String::from("model c = \"x/y\" {\n  clearance: private\n}\n\n");
        for i in 0..flows * 4 {
            let _ = write!(
                text,
                "type R{i} {{\n  name: private text <= 20 tokens\n  score: int 1..5\n  tags: [text <= 8 tokens] <= 5\n}}\n\n\
                 prompt f{i}(x: text, tags: [text]) -> R{i} {{\n  user: \"{{{{ x }}}}{{% for t in tags %}}{{{{ t }}}}{{% endfor %}}\"\n}}\n\n"
            );
        }
        for k in 0..flows {
            let [a, b, c, d] = [0, 1, 2, 3].map(|n| k * 4 + n);
            let before = match k {
                0 => "x".to_owned(),
                k => format!("g{}(x) + g{}(word)", k - 1, k - 1),
            };
            let _ = write!(
                text,
                "flow g{k}(x: text <= 50 tokens) -> text {{\n  a = f{a}(x, [])\n  b = f{b}(x, a.tags)\n  c = f{c}(x, b.tags)\n  d = f{d}(x, c.tags)\n\
                 \x20 word = if b.score > 3 {{\n    yield c.name\n  }} else {{\n    yield \"{{{{ d.score }}}}\"\n  }}\n  more = {before}\n  return word + more\n}}\n\n"
            );
        }
        text
    }

    fn took(text: &str) -> Duration {
        let world = Alone(text.into(), Catalog::default());
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let program = crate::resolve::load(&world, "main.flow", None, (&mut sources, &mut found));
        let (_, plan, _) = crate::checker::check(&world, &program, &sources, None);
        let once = |_| {
            let mut plan = plan.clone();
            let begun = Instant::now();
            check(&world, &mut plan, None, &mut Diagnostics::default());
            begun.elapsed()
        };
        (0..3).map(once).min().unwrap_or_default()
    }

    #[test]
    fn a_thousand_prompts_are_followed_in_no_time() {
        let took = took(&project(250));
        // Without optimisation, and beside others.
        let most = if cfg!(debug_assertions) { Duration::from_secs(3) } else { Duration::from_millis(100) };
        assert!(took < most, "{took:?}");
        println!("the labels of 1,000 prompts in 250 flows: {took:?}");
    }
}
