//! Which flow of a program is meant, and what it takes.

use crate::exit::Failure;
use flow_diagnostics::did_you_mean;
use flow_plan::{Flow, FlowId, Plan, Type};

/// The flow that is asked for, or else the only one, or else `main`.
pub(crate) fn choose(plan: &Plan, asked: Option<&str>) -> Result<FlowId, Failure> {
    let names: Vec<&str> = plan.flows.iter().map(|f| f.name.as_str()).collect();
    let listed = format!("the flows are `{}`", names.join("`, `"));
    if names.is_empty() {
        return Err(Failure::usage("the program has no flow"));
    }
    if let Some(name) = asked {
        let help = did_you_mean(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        return plan.flow(name).ok_or_else(|| {
            Failure::usage(format!("there is no flow `{name}`")).help(help.unwrap_or(listed))
        });
    }
    if names.len() == 1 {
        return Ok(FlowId(0));
    }
    plan.flow("main").ok_or_else(|| {
        Failure::usage("the program has several flows and none is called `main`")
            .help(format!("choose with `--flow NAME`; {listed}"))
    })
}

/// How a flow is run: `flowc run app.flow question=<text <= 300 tokens> [tone=<Tone>]`.
pub(crate) fn usage(program: &str, plan: &Plan, flow: &Flow) -> String {
    let mut line = format!("flowc run {program}");
    if plan.flows.len() > 1 && flow.name != "main" {
        line.push_str(&format!(" --flow {}", flow.name));
    }
    for param in &flow.params {
        let optional = param.default.is_some() || matches!(param.ty, Type::Optional(_));
        let text = format!("{}=<{}>", param.name, param.ty);
        line.push_str(&if optional { format!(" [{text}]") } else { format!(" {text}") });
    }
    line
}
