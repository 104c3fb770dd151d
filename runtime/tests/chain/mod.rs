//! A flow of three calls, one after the other, of a simulated model that costs something: what tests of
//! servers that die run.

use flow_diagnostics::Span;
use flow_plan::*;
use petgraph::graph::DiGraph;

/// The flow. Its answers are kept for so long, where that is said.
pub(crate) fn chain(ttl: Option<Millis>) -> Plan {
    let span = Span::default();
    let price = Price { input: Cost(1_000_000), output: Cost(1_000_000), ..Price::default() };
    let cache = ttl.map(|ttl| CachePolicy { ttl, scope: None, similar: None });
    let param =
        |ty| Param { name: "x".into(), ty, labels: Labels::default(), doc: "".into(), default: None, span };
    let step = |name: &str, from: u32| Step {
        name: name.into(),
        ty: Type::TEXT,
        given: Labels::default(),
        called: None,
        labels: Labels::default(),
        kind: StepKind::Call(Callee::Prompt(PromptId(0)), vec![Expr::Var(VarId(from))]),
        settings: StepSettings { model: Some(ModelId(0)), cache: cache.clone(), ..StepSettings::default() },
        on_fail: None,
        bounds: None,
        span,
    };
    let mut steps = DiGraph::new();
    let [one, two, three] =
        [("one", 0), ("two", 1), ("three", 2)].map(|(name, from)| steps.add_node(step(name, from)));
    steps.add_edge(one, two, ());
    steps.add_edge(two, three, ());
    let body = Block { vars: 0..4, inputs: 1, steps, result: Some(Expr::Var(VarId(3))), assumes: vec![] };
    Plan {
        models: vec![Model {
            name: "fast".into(),
            provider: "sim".into(),
            model: "text".into(),
            card: ModelCard { price, ..ModelCard::simulated() },
            settings: ModelSettings { max_output: Some(Tokens(100)), ..ModelSettings::default() },
            tokenizer: None,
            cleared: true,
            span,
        }],
        prompts: vec![Prompt {
            name: "say".into(),
            doc: "".into(),
            params: vec![param(Type::TEXT)],
            output: Type::TEXT,
            labels: Labels::default(),
            messages: vec![(Role::User, TemplateId(0))],
            examples: vec![],
            images: None,
            span,
        }],
        templates: vec![Template {
            source: "Say something about {{ x }}.".into(),
            vars: vec![("x".into(), Expr::Var(VarId(0)))],
            holes: [].into(),
            decides: [].into(),
            span,
        }],
        flows: vec![Flow {
            name: "main".into(),
            doc: "".into(),
            params: vec![param(Type::TEXT)],
            output: Type::TEXT,
            labels: Labels::default(),
            settings: FlowSettings::default(),
            body,
            span,
        }],
        ..Plan::default()
    }
}
