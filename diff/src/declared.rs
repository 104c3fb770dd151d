//! Declarations of both sides, and what each says as facts.

use crate::Program;
use crate::facts::{Aspect, Facts};
use crate::names::{Names, Renames};
use crate::order;
use crate::report::{Kind, Place};
use crate::types::each_declared;
use ecow::EcoString;
use flow_compiler::bounds::FlowBound;
use flow_diagnostics::{FileId, Span};
use flow_plan::{
    Action, Arg, Block, Flow, Guard, Lookup, Model, Param, Price, Prompt, Scripted, Test, Type, VarId,
};
use std::collections::{BTreeMap, HashSet};

/// A declaration of one side.
pub(crate) struct Decl<'a> {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its name.
    pub(crate) name: EcoString,
    /// The file that declares it, as both sides call it.
    pub(crate) home: String,
    /// Where.
    pub(crate) span: Span,
    /// The program that it is taken from.
    pub(crate) program: &'a Program<'a>,
    /// What it declares.
    pub(crate) what: What<'a>,
}

/// What is declared.
#[derive(Clone)]
pub(crate) enum What<'a> {
    Model(&'a Model),
    Type(Type),
    Prompt(&'a Prompt),
    Lookup(&'a Lookup),
    Guard(&'a Guard),
    Action(&'a Action),
    Flow(&'a Flow, &'a FlowBound),
    Test(&'a Test),
}

/// Every declaration of some programs, each once: a module that several import is taken from the
/// program that it is itself, where there is one.
pub(crate) fn declared<'a>(programs: &'a [Program<'a>]) -> Vec<Decl<'a>> {
    let mut seen: HashSet<(Kind, EcoString, String)> = HashSet::new();
    let mut out = Vec::new();
    for own in [true, false] {
        for program in programs {
            for decl in of_program(program) {
                let is_own = decl.span.file == FileId(0);
                // A test is known by its words; there may be two with the same.
                let is_new = || decl.kind == Kind::Test && is_own;
                let key = (decl.kind, decl.name.clone(), decl.home.clone());
                if is_own == own && (seen.insert(key) || is_new()) && !program.is_embedded(decl.span.file) {
                    out.push(decl);
                }
            }
        }
    }
    out
}

fn of_program<'a>(program: &'a Program<'a>) -> Vec<Decl<'a>> {
    let plan = program.plan;
    let mut out = Vec::new();
    let mut add = |kind, name: &EcoString, span, what| {
        let home = program.home(span);
        out.push(Decl { kind, name: name.clone(), home, span, program, what });
    };
    plan.models.iter().for_each(|m| add(Kind::Model, &m.name, m.span, What::Model(m)));
    for (name, ty) in types(program) {
        if let Some(decl) =
            program.hir.decls.iter().find(|d| d.name == name && matches!(d.kind, "type" | "enum"))
        {
            add(Kind::Type, &name, decl.span, What::Type(ty));
        }
    }
    plan.prompts.iter().for_each(|p| add(Kind::Prompt, &p.name, p.span, What::Prompt(p)));
    plan.lookups.iter().for_each(|l| add(Kind::Lookup, &l.name, l.span, What::Lookup(l)));
    plan.guards.iter().for_each(|g| add(Kind::Guard, &g.name, g.span, What::Guard(g)));
    plan.actions.iter().for_each(|a| add(Kind::Action, &a.name, a.span, What::Action(a)));
    for bound in &program.bounds.flows {
        let flow = &plan.flows[bound.flow.index()];
        add(Kind::Flow, &flow.name, flow.span, What::Flow(flow, bound));
    }
    plan.tests.iter().for_each(|t| add(Kind::Test, &t.name, t.span, What::Test(t)));
    out
}

// The declared types that are used anywhere, by name.
fn types(program: &Program<'_>) -> BTreeMap<EcoString, Type> {
    let plan = program.plan;
    let mut out = BTreeMap::new();
    let mut see = |ty: &Type| {
        let name = match ty {
            Type::Record(r) => r.name.clone(),
            Type::Enum(e) => Some(e.name.clone()),
            _ => None,
        };
        if let Some(name) = name {
            out.entry(name).or_insert_with(|| ty.clone());
        }
    };
    let mut all = |params: &[Param], output: Option<&Type>| {
        params.iter().map(|p| &p.ty).chain(output).for_each(|ty| each_declared(ty, &mut see));
    };
    plan.prompts.iter().for_each(|p| all(&p.params, Some(&p.output)));
    plan.lookups.iter().for_each(|l| all(&l.params, Some(&l.output)));
    plan.flows.iter().for_each(|f| all(&f.params, Some(&f.output)));
    plan.guards.iter().for_each(|g| all(&g.params, None));
    plan.actions.iter().for_each(|a| all(&a.params, None));
    out
}

impl<'a> Decl<'a> {
    /// Where it stands.
    pub(crate) fn place(&self) -> Place {
        self.program.place(self.span)
    }

    /// Its parameters.
    pub(crate) fn params(&self) -> &'a [Param] {
        match &self.what {
            What::Prompt(p) => &p.params,
            What::Lookup(l) => &l.params,
            What::Guard(g) => &g.params,
            What::Action(a) => &a.params,
            What::Flow(f, _) => &f.params,
            What::Model(_) | What::Type(_) | What::Test(_) => &[],
        }
    }

    /// What a flow takes at worst.
    pub(crate) fn bound(&self) -> Option<&'a FlowBound> {
        match self.what {
            What::Flow(_, bound) => Some(bound),
            _ => None,
        }
    }

    /// Its steps.
    pub(crate) fn body(&self) -> Option<&'a Block> {
        match &self.what {
            What::Flow(f, _) => Some(&f.body),
            What::Guard(g) => Some(&g.body),
            _ => None,
        }
    }

    /// The names inside it, with its parameters.
    pub(crate) fn names(&self, renames: &'a Renames) -> Names<'a> {
        let mut names = Names::new(self.program.plan, renames);
        let start = self.body().map_or(0, |b| b.vars.start);
        for (i, param) in (start..).zip(self.params()) {
            names.name(VarId(i), &renames.param(self.kind, &self.name, &param.name));
        }
        names
    }

    /// What it says, but for the steps it has and what a type holds.
    pub(crate) fn facts(&self, names: &Names<'_>) -> Facts {
        let mut facts = Facts::default();
        let params: Vec<EcoString> =
            self.params().iter().map(|p| names.renames.param(self.kind, &self.name, &p.name)).collect();
        let aspect = if self.kind == Kind::Flow { Aspect::Input } else { Aspect::Behaviour };
        facts.params(self.params(), &params, aspect);
        match &self.what {
            What::Model(model) => of_model(model, &mut facts),
            What::Type(ty) => of_type(ty, names, &mut facts),
            What::Prompt(prompt) => of_prompt(prompt, names, &mut facts),
            What::Lookup(lookup) => {
                facts.output(&lookup.output, lookup.labels, Aspect::Behaviour);
                facts.text("source", called(&lookup.source, &lookup.args, names));
                facts.maybe("trusted", lookup.trusted.then_some("true"));
                facts.cosmetic("comment", &lookup.doc);
            }
            What::Guard(guard) => {
                guard.requires.iter().for_each(|r| facts.text("require", names.expr(&r.holds)));
                facts.maybe("endorses", guard.endorses.then_some("true"));
                facts.cosmetic("comment", &guard.doc);
            }
            What::Action(action) => {
                facts.text("channel", called(&action.channel, &action.args, names));
                facts.maybe("clearance", action.cleared.then_some("private"));
                facts.maybe("influence", action.influence.map(|bits| format!("{bits} bits")));
                facts.cosmetic("comment", &action.doc);
            }
            What::Flow(flow, _) => {
                facts.output(&flow.output, Default::default(), Aspect::Output);
                facts.maybe("budget", flow.settings.budget);
                facts.maybe("deadline", flow.settings.deadline);
                for rate in &flow.settings.rates {
                    let shown = format!("{} {} {:?}", rate.of, rate.fact.word(), rate.value);
                    facts.cosmetic("expected", &shown);
                }
                facts.cosmetic("comment", &flow.doc);
            }
            What::Test(test) => of_test(test, names, &mut facts),
        }
        facts
    }
}

fn of_model(model: &Model, facts: &mut Facts) {
    let (settings, card) = (&model.settings, &model.card);
    facts.text("model", model.id());
    facts.maybe("max_output", settings.max_output);
    facts.maybe("temperature", settings.temperature);
    facts.maybe("top_p", settings.top_p);
    facts.maybe("seed", settings.seed);
    let stop: Vec<&str> = settings.stop.iter().map(|s| s.as_str()).collect();
    facts.maybe("stop", (!stop.is_empty()).then(|| format!("{stop:?}")));
    facts.maybe("reasoning", settings.reasoning.as_ref());
    facts.maybe("base_url", settings.base_url.as_ref().map(Names::config));
    facts.maybe("api_key", settings.api_key.as_ref().map(Names::config));
    facts.maybe("clearance", model.cleared.then_some("private"));
    facts.text("context", card.context.to_string());
    facts.maybe("most output", settings.max_output.is_none().then_some(card.max_output));
    facts.text("price", price(&card.price));
    facts.maybe("tokenizer", card.tokenizer.as_ref());
    let sim = settings.sim;
    if sim != Default::default() {
        let shown = format!(
            "latency {}, failure_rate {}, malformed_rate {}",
            sim.latency, sim.failure_rate, sim.malformed_rate
        );
        facts.text("simulated", shown);
    }
}

// Per million tokens; what has no price of its own is not named.
fn price(price: &Price) -> String {
    let mut out = format!("{} in, {} out", price.input, price.output);
    let mut more = |name: &str, cost: Option<flow_plan::Cost>| {
        if let Some(cost) = cost {
            out.push_str(&format!(", {cost} {name}"));
        }
    };
    more("cached", price.cached_input);
    more("to the cache", price.cache_write);
    more("in of a batch", price.batch_input);
    more("out of a batch", price.batch_output);
    if let Some(long) = &price.long {
        more(&format!("in over {}", long.above), Some(long.input));
        more("out of these", Some(long.output));
        more("cached of these", long.cached_input);
        more("to the cache of these", long.cache_write);
    }
    out
}

// For likeness alone: what a type holds is compared field by field.
fn of_type(ty: &Type, names: &Names<'_>, facts: &mut Facts) {
    match ty {
        Type::Record(r) => r.fields.iter().for_each(|f| facts.text(f.name.as_str(), names.ty(&f.ty))),
        Type::Enum(e) => e.variants.iter().for_each(|v| facts.text(v.name.as_str(), "variant")),
        _ => {}
    }
}

fn of_prompt(prompt: &Prompt, names: &Names<'_>, facts: &mut Facts) {
    facts.output(&prompt.output, prompt.labels, Aspect::Behaviour);
    for (role, template) in &prompt.messages {
        facts.long(order::word(*role), names.template(*template));
    }
    for example in &prompt.examples {
        let input: Vec<String> = example.input.iter().map(Names::value).collect();
        facts.text("example", format!("{} → {}", input.join(", "), Names::value(&example.output)));
    }
    facts.maybe("images", prompt.images.as_ref().map(|e| names.expr(e)));
    facts.cosmetic("comment", &prompt.doc);
}

fn of_test(test: &Test, names: &Names<'_>, facts: &mut Facts) {
    let mut names = names.clone();
    for node in test.body.steps.node_indices() {
        names.name(test.body.var_of(node), &test.body.steps[node].name);
    }
    for reply in &test.replies {
        let prompt = &names.plan.prompts[reply.prompt.index()].name;
        let with = match &reply.with {
            flow_plan::ReplyWith::Value(value) => Names::value(value),
            flow_plan::ReplyWith::Recording(recording) => {
                facts.cosmetic(format!("recording {:?}", recording.file), &recording.text);
                format!("from {:?}", recording.file)
            }
        };
        facts.cosmetic("reply", &format!("{} {with}", names.renames.decl(Kind::Prompt, prompt)));
    }
    for decision in &test.decisions {
        let shown = match decision {
            Scripted::Approve(value) => {
                let with = value.as_ref().map(|v| format!(" {}", Names::value(v)));
                format!("approve{}", with.unwrap_or_default())
            }
            Scripted::Reject(reason) => format!("reject {reason:?}"),
            Scripted::Expire => "expire".to_owned(),
        };
        facts.cosmetic("reply review", &shown);
    }
    for step in test.body.steps.node_weights() {
        let mut own = Facts::default();
        crate::work::work(step, &names, &mut own);
        let said: Vec<String> = own.words(&names);
        facts.cosmetic(format!("let {}", step.name), &said.join(" "));
    }
    test.expects.iter().for_each(|e| facts.cosmetic("expect", &names.expr(&e.holds)));
}

fn called(name: &str, args: &[(EcoString, Arg)], names: &Names<'_>) -> String {
    let args: Vec<String> = args
        .iter()
        .map(|(name, arg)| match arg {
            Arg::Expr(expr) => format!("{name}: {}", names.expr(expr)),
            Arg::Env(variable) => format!("{name}: env({variable:?})"),
        })
        .collect();
    format!("{name}({})", args.join(", "))
}
