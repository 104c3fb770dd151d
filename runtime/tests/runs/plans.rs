//! Plans by hand: every prompt has one parameter and says it to the model.

use flow_diagnostics::Span;
use flow_plan::*;
use flow_runtime::Environment;
use petgraph::graph::{DiGraph, NodeIndex};

/// A variable.
pub(crate) fn var(id: u32) -> Expr {
    Expr::Var(VarId(id))
}

/// A constant text.
pub(crate) fn text(text: &str) -> Expr {
    Expr::Literal(Value::text(text))
}

/// A constant number.
pub(crate) fn int(n: i64) -> Expr {
    Expr::Literal(Value::Int(n))
}

/// A comparison.
pub(crate) fn binary(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    Expr::Binary(op, Box::new(left), Box::new(right))
}

/// A step without settings.
pub(crate) fn step(name: &str, kind: StepKind) -> Step {
    Step {
        name: name.into(),
        ty: Type::TEXT,
        labels: Labels::default(),
        kind,
        settings: StepSettings::default(),
        on_fail: None,
        bounds: None,
        given: Labels::default(),
        called: None,
        span: Span::default(),
    }
}

/// A step that calls something.
pub(crate) fn call(name: &str, callee: Callee, args: Vec<Expr>) -> Step {
    step(name, StepKind::Call(callee, args))
}

/// A step that asks `prompt` with the first model.
pub(crate) fn ask(name: &str, prompt: PromptId, arg: Expr) -> Step {
    let mut step = call(name, Callee::Prompt(prompt), vec![arg]);
    step.settings.model = Some(ModelId(0));
    step
}

/// A step changed in place.
pub(crate) fn with(mut step: Step, change: impl FnOnce(&mut Step)) -> Step {
    change(&mut step);
    step
}

/// A block whose variables begin at `start`: `inputs` of them, then one for each step; each step
/// with the places of the steps it waits for.
pub(crate) fn block(start: u32, inputs: u32, steps: Vec<(Step, &[usize])>, result: Expr) -> Block {
    let mut graph = DiGraph::new();
    for (node, (step, producers)) in steps.into_iter().enumerate() {
        graph.add_node(step);
        for producer in producers {
            graph.add_edge(NodeIndex::new(*producer), NodeIndex::new(node), ());
        }
    }
    let end = start + inputs + graph.node_count() as u32;
    Block { vars: start..end, inputs, steps: graph, result: Some(result), assumes: vec![] }
}

/// A parameter.
pub(crate) fn param(name: &str, ty: Type) -> Param {
    Param {
        name: name.into(),
        ty,
        labels: Labels::default(),
        doc: "".into(),
        default: None,
        span: Span::default(),
    }
}

/// A plan with one model and no flow yet.
pub(crate) fn plan() -> Plan {
    let mut plan = Plan::default();
    add_model(&mut plan, "fast");
    plan
}

/// Adds a model that costs $1 a million input tokens and $2 a million output tokens.
pub(crate) fn add_model(plan: &mut Plan, name: &str) -> ModelId {
    plan.models.push(Model {
        name: name.into(),
        provider: "fake".into(),
        model: name.into(),
        card: ModelCard {
            context: Tokens(1000),
            max_output: Tokens(100),
            price: Price { input: Cost(1_000_000_000), output: Cost(2_000_000_000), ..Price::default() },
            ..ModelCard::default()
        },
        settings: ModelSettings::default(),
        tokenizer: None,
        cleared: false,
        span: Span::default(),
    });
    ModelId(plan.models.len() as u32 - 1)
}

/// Adds a prompt that says its one parameter.
pub(crate) fn add_prompt(plan: &mut Plan, name: &str, output: Type) -> PromptId {
    let template = TemplateId(plan.templates.len() as u32);
    plan.templates.push(Template {
        source: "{{ x }}".into(),
        vars: vec![("x".into(), var(0))],
        holes: [].into(),
        decides: [].into(),
        span: Span::default(),
    });
    plan.prompts.push(Prompt {
        name: name.into(),
        doc: "".into(),
        params: vec![param("x", Type::TEXT)],
        output,
        labels: Labels::default(),
        messages: vec![(Role::User, template)],
        examples: vec![],
        images: None,
        span: Span::default(),
    });
    PromptId(plan.prompts.len() as u32 - 1)
}

/// Adds a flow with one text input, which is variable 0.
pub(crate) fn add_flow(plan: &mut Plan, name: &str, body: Block) -> FlowId {
    plan.flows.push(Flow {
        name: name.into(),
        doc: "".into(),
        params: vec![param("x", Type::TEXT)],
        output: Type::TEXT,
        labels: Labels::default(),
        settings: FlowSettings::default(),
        body,
        span: Span::default(),
    });
    FlowId(plan.flows.len() as u32 - 1)
}

/// An empty environment in the folder of this test.
pub(crate) fn context() -> flow_runtime::Context {
    flow_runtime::Context {
        env: Environment::default(),
        root: env!("CARGO_MANIFEST_DIR").into(),
        state: std::env::temp_dir(),
        http: flow_runtime::Http::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
        clock: flow_runtime::Clock::default(),
    }
}
