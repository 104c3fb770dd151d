//! Follows the data through a program's steps, as the executor would take them.
//!
//! A plan with errors may lack a declaration; nothing is known of what comes out of it then.

use super::eval::{Env, Followed, condition, decides, eval, is_constant, makes, shown};
use super::kept::{Found, Labelled, stands_alone};
use super::marks::{Hop, Mark, Marks, Trail, has_private, source};
use super::report::{ActionLeak, Leak, Leaks};
use super::sway::{self, Sway};
use crate::kept::Memo;
use ecow::{EcoString, eco_format};
use flow_diagnostics::Span;
use flow_plan::{
    Action, ActionId, Block, Callee, CapabilitySpec, Expr, FlowId, GuardId, Integrity, Labels, LookupId,
    OnFail, Param, Plan, PromptId, Role, Step, StepKind, Type, Value, VarId,
};
use rustc_hash::FxHashMap;

/// A walk through the flows of a program.
pub(super) struct Walk<'a> {
    plan: &'a Plan,
    // Where no action asks how much is decided by what is from outside, that is not followed.
    sways: bool,
    guards: &'a [&'a CapabilitySpec],
    leaks: &'a mut Leaks,
    // What a flow gives back, by the labels that it is called with.
    known: FxHashMap<(FlowId, Vec<u64>), Marks>,
    // What decides whether the steps here are taken at all: the untrusted text, and what is private.
    decided: Mark,
    made: Made,
    // What is kept from the analysis before, where there is one.
    memo: Option<&'a Memo>,
    // What was found of flows that stand alone.
    found: Vec<(FlowId, Labelled, Found)>,
}

/// The labels of what goes into steps and comes out of them, whoever calls their flows.
#[derive(Default)]
pub(super) struct Made {
    steps: FxHashMap<(Span, EcoString), Ends>,
    flows: FxHashMap<FlowId, Labels>,
    // The steps of flows that stand alone, as they are walked.
    alone: FxHashMap<FlowId, Vec<Option<Ends>>>,
}

/// What a step is given, and what it makes.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Ends {
    pub(super) given: Labels,
    pub(super) made: Labels,
}

impl Made {
    /// The labels of a step; nothing where no flow comes to it.
    pub(super) fn step(&self, step: &Step) -> Option<Ends> {
        self.steps.get(&(step.span, step.name.clone())).copied()
    }

    /// The labels of what a flow gives back.
    pub(super) fn flow(&self, id: FlowId) -> Labels {
        self.flows.get(&id).copied().unwrap_or_default()
    }

    /// The labels of the steps of a flow that stands alone, as they are walked; nothing for other flows.
    pub(super) fn alone(&self, id: FlowId) -> Option<std::slice::Iter<'_, Option<Ends>>> {
        self.alone.get(&id).map(|ends| ends.iter())
    }

    fn add(&mut self, id: FlowId, found: &Found) {
        let labels = self.flows.entry(id).or_default();
        *labels = labels.join(found.result.flat().labels());
        let known = self.alone.entry(id).or_insert_with(|| vec![None; found.ends.len()]);
        for (known, ends) in known.iter_mut().zip(found.ends.iter()) {
            *known = match (*known, *ends) {
                (Some(a), Some(b)) => Some(Ends { given: a.given.join(b.given), made: a.made.join(b.made) }),
                (a, b) => a.or(b),
            };
        }
    }

    fn at(&mut self, step: &Step) -> &mut Ends {
        self.steps.entry((step.span, step.name.clone())).or_default()
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        (guards, memo): (&'a [&'a CapabilitySpec], Option<&'a Memo>),
        leaks: &'a mut Leaks,
    ) -> Walk<'a> {
        let sways = plan.actions.iter().any(|action| action.influence.is_some());
        Walk {
            plan,
            sways,
            guards,
            leaks,
            known: FxHashMap::default(),
            decided: Mark::default(),
            made: Made::default(),
            // Where sway counts, it matters where something stands.
            memo: memo.filter(|_| !sways),
            found: Vec::new(),
        }
    }

    /// Every flow as somebody runs it: its inputs are from outside, unless they are declared `trusted`.
    /// Gives the labels of what each step and flow takes and makes.
    pub(super) fn flows(mut self) -> Made {
        self.memo.inspect(|memo| memo.followed.begin(self.plan));
        for (i, flow) in self.plan.flows.iter().enumerate() {
            let args: Vec<Marks> =
                flow.params.iter().map(|param| given(self.by(), param, "an input of the flow")).collect();
            self.flow(FlowId(i as u32), args, flow.span);
        }
        if let (Some(memo), true) = (self.memo, self.leaks.is_empty()) {
            memo.followed.put(&memo.changes.borrow(), self.found);
        }
        self.made
    }

    fn by(&self) -> Followed<'a> {
        Followed { plan: self.plan, sways: self.sways }
    }

    fn flow(&mut self, id: FlowId, args: Vec<Marks>, at: Span) -> Marks {
        let args: Vec<Marks> = args.into_iter().enumerate().map(|(i, arg)| arg.param(i)).collect();
        let decided = Mark { sway: self.decided.sway.coarse("decided"), ..self.decided.clone() };
        let around = std::mem::replace(&mut self.decided, decided);
        let result = self.walked(id, args, at);
        self.decided = around;
        result.called(at)
    }

    fn walked(&mut self, id: FlowId, args: Vec<Marks>, at: Span) -> Marks {
        let Some(flow) = self.plan.flows.get(id.index()) else { return Marks::default() };
        let mut labels = vec![self.decided.bits()];
        self.decided.sway.signature(&mut labels);
        args.iter().for_each(|a| a.signature(&mut labels));
        let key = (id, labels);
        if let Some(result) = self.known.get(&key) {
            let all = args.iter().fold(Mark::default(), |all, a| all.join(&a.flat()));
            return result.by(&all).through(at, eco_format!("it comes out of `{}`", flow.name));
        }
        if let Some(memo) = self.memo
            && let Some(found) = memo.followed.get(&memo.changes.borrow(), id, &key.1)
        {
            self.made.add(id, &found);
            self.known.insert(key, found.result.clone());
            return found.result;
        }
        let mut env = Env::of_params([]);
        for (offset, marks) in args.into_iter().enumerate() {
            env.set(VarId(flow.body.vars.start + offset as u32), marks);
        }
        let alone = self.memo.filter(|_| stands_alone(self.plan, id));
        let around = alone.map(|_| std::mem::take(&mut self.made));
        let result = self.block(&flow.body, &mut env, (&flow.output, flow.span));
        match around {
            Some(around) => {
                let own = std::mem::replace(&mut self.made, around);
                let mut ends = Vec::new();
                flow.body.each_step(&mut |step| ends.push(own.step(step)));
                let found = Found { result: result.clone(), ends: ends.into() };
                self.made.add(id, &found);
                self.found.push((id, key.1.clone(), found));
            }
            None => {
                let labels = self.made.flows.entry(id).or_default();
                *labels = labels.join(result.flat().labels());
            }
        }
        self.known.insert(key, result.clone());
        result
    }

    // What the block is worth, which has the type.
    fn block(&mut self, block: &Block, env: &mut Env, worth: (&Type, Span)) -> Marks {
        for index in block.steps.node_indices() {
            let marks = self.step(&block.steps[index], env);
            env.set(block.var_of(index), marks);
        }
        block.result.as_ref().map(|e| self.computed(e, env, worth)).unwrap_or_default()
    }

    // The same with its one input: an element, `it`.
    fn block_with(&mut self, (block, input): (&Block, Marks), env: &Env, worth: (&Type, Span)) -> Marks {
        let mut env = env.clone();
        env.set(VarId(block.vars.start), input);
        self.block(block, &mut env, worth)
    }

    // The value of an expression; what it makes a record of has the labels of the record's fields.
    fn computed(&self, expr: &Expr, env: &Env, (ty, at): (&Type, Span)) -> Marks {
        let marks = eval(self.by(), expr, env);
        if !makes(expr) {
            return marks;
        }
        let mut field =
            |name: &EcoString| Some(Hop::named(at, eco_format!("`{name}` is declared private"), name));
        let declared = Marks::declared(self.by(), ty, &Mark::default(), &mut field);
        if declared.flat().private.is_some() { marks.join(&declared) } else { marks }
    }

    // The steps of blocks of which one is taken, and what it is worth: that tells of the decision.
    fn choose(&mut self, by: Mark, blocks: &[&Block], env: &Env, worth: (&Type, Span)) -> Marks {
        let around = std::mem::take(&mut self.decided);
        self.decided = around.join(&by);
        let marks = blocks.iter().map(|block| self.block(block, &mut env.clone(), worth));
        let marks = marks.reduce(|a, b| a.join(&b)).unwrap_or_default();
        self.decided = around;
        marks.told(&by)
    }

    fn step(&mut self, step: &Step, env: &mut Env) -> Marks {
        let ty = step.ty.plain();
        let worth = (&ty, step.span);
        let mut marks = match &step.kind {
            StepKind::Call(callee, args) => {
                let args = args.iter().map(|a| eval(self.by(), a, env)).collect();
                self.call(step, callee, args)
            }
            StepKind::Compute(expr) => self.computed(expr, env, worth),
            StepKind::If(on, then, otherwise) => {
                let by = condition(self.by(), on, env);
                let blocks: Vec<&Block> = std::iter::once(&**then).chain(otherwise.as_deref()).collect();
                self.choose(by, &blocks, env, worth)
            }
            StepKind::Match(on, arms) => {
                let on = eval(self.by(), on, env).flat();
                // Whether something is there at all tells nothing of it.
                let is_presence = arms.iter().flat_map(|arm| &arm.values).all(|v| matches!(v, Value::Null));
                let sway = on
                    .clone()
                    .plain((step.span, "match"), self.by().bits(sway::of_count(arms.len() as f64)))
                    .sway;
                let private = if is_presence { None } else { on.private };
                let by = Mark { unread: on.unread, private, untrusted: None, sway };
                let blocks: Vec<&Block> = arms.iter().map(|arm| &arm.body).collect();
                self.choose(by, &blocks, env, worth)
            }
            StepKind::Each { list, body, .. } => {
                let item = eval(self.by(), list, env).part(&flow_plan::Access::Item);
                // How often, too, is decided by what is from outside.
                let around = self.decided.clone();
                let each = item.flat();
                if each.untrusted.is_some() || !each.sway.is_none() {
                    let most = match worth.0 {
                        Type::List(_, Some(most)) => sway::of_count(*most as f64 + 1.0),
                        _ => sway::NUMBER,
                    };
                    self.decided.sway =
                        around.sway.join(&Sway::of((step.span, "each"), self.by().bits(most)));
                }
                let of = match worth.0 {
                    Type::List(of, _) => &**of,
                    ty => ty,
                };
                let marks = Marks::items(self.block_with((body, item), env, (of, step.span)));
                self.decided = around;
                marks
            }
            StepKind::Repeat { from, body, until, .. } => {
                let from = eval(self.by(), from, env);
                self.repeat(from, (body, until.as_deref()), env, worth)
            }
        };
        if let Some(unless) = step.settings.escalate.as_ref().and_then(|e| e.unless.as_ref()) {
            self.block_with((unless, marks.clone()), env, worth);
        }
        if let Some(OnFail::Do(handler)) = &step.on_fail {
            marks = marks.join(&self.block(handler, &mut env.clone(), worth));
        }
        let made = &mut self.made.at(step).made;
        *made = made.join(marks.flat().labels());
        marks
    }

    fn given(&mut self, step: &Step, mark: &Mark) {
        let given = &mut self.made.at(step).given;
        *given = given.join(mark.labels());
    }

    // Until no round adds a label: each has two.
    fn repeat(
        &mut self,
        from: Marks,
        (body, until): (&Block, Option<&Block>),
        env: &Env,
        worth: (&Type, Span),
    ) -> Marks {
        let labels = |marks: &Marks| {
            let mut labels = Vec::new();
            marks.signature(&mut labels);
            labels
        };
        let mut it = from;
        for round in 0.. {
            let more = it.join(&self.block_with((body, it.clone()), env, worth));
            let more = if round < 3 { more } else { more.widened() };
            let is_same = labels(&more) == labels(&it);
            it = more;
            if is_same {
                break;
            }
        }
        if let Some(until) = until {
            // When it ends is decided by that.
            let by = self.block_with((until, it.clone()), env, worth).flat();
            if !by.sway.is_none() {
                let around = self.decided.clone();
                self.decided.sway = around.sway.join(&by.sway);
                self.block_with((body, it.clone()), env, worth);
                self.decided = around;
            }
            it = it.told(&by);
        }
        it
    }

    fn call(&mut self, step: &Step, callee: &Callee, args: Vec<Marks>) -> Marks {
        // Of a prompt only what it shows counts.
        if !matches!(callee, Callee::Prompt(_)) {
            let all = args.iter().fold(Mark::default(), |all, arg| all.join(&arg.flat()));
            self.given(step, &all);
        }
        match callee {
            Callee::Prompt(id) => self.prompt(step, *id, args),
            Callee::Lookup(id) => self.lookup(step, *id, &args),
            Callee::Guard(id) => self.guard(*id, args),
            Callee::Builtin(name) => {
                let spec = self.guards.iter().find(|s| s.name == name);
                let joins = spec.is_some_and(|s| s.joins);
                let mut args = args.into_iter();
                let passed = args.next().unwrap_or_default();
                let passed =
                    args.filter(|_| joins).fold(passed, |all, arg| Marks::leaf(all.flat().join(&arg.flat())));
                let passed = if spec.is_some_and(|s| s.endorses) { passed.endorsed() } else { passed };
                if spec.is_some_and(|s| s.clears) { passed.cleared() } else { passed }
            }
            Callee::Action(id) => self.action(step, *id, &args),
            Callee::Flow(id) => {
                let params = self.plan.flows.get(id.index()).map_or(&[][..], |f| &f.params);
                let by = self.by();
                let args = params.iter().zip(args).map(|(p, a)| demanded(by, p, a)).collect();
                self.flow(*id, args, step.span)
            }
            // A value that a person gives is the person's.
            Callee::Review(_) => args.into_iter().next().unwrap_or_default().approved(),
        }
    }

    fn prompt(&mut self, step: &Step, id: PromptId, args: Vec<Marks>) -> Marks {
        let Some(prompt) = self.plan.prompts.get(id.index()) else { return Marks::default() };
        let by = self.by();
        let args = prompt.params.iter().zip(args).map(|(p, a)| demanded(by, p, a));
        let env = Env::of_params(args.collect::<Vec<_>>());
        let mut all = Mark::default();
        for (role, template) in &prompt.messages {
            all = all.join(&decides(self.by(), *template, &env));
            let holes = self.plan.templates.get(template.0 as usize).map_or(&[][..], |t| &t.holes[..]);
            for (hole, mark) in holes.iter().zip(shown(self.by(), *template, &env)) {
                if let (Role::System, Some(trail)) = (role, &mark.untrusted) {
                    self.leaks.add(Leak::Instruction {
                        hole: hole.span,
                        shows: hole.name.clone(),
                        prompt: prompt.name.clone(),
                        asked: step.span,
                        way: trail.clone(),
                    });
                }
                all = all.join(&mark);
            }
        }
        if let Some(images) = &prompt.images {
            all = all.join(&eval(self.by(), images, &env).flat());
        }
        let all = self.looked_up(step, all);
        self.given(step, &all);
        let is_private = all.private.is_some();
        if let Some(trail) = &all.private {
            self.models(step, trail);
            self.cache(step, trail);
        }
        let declared = source(prompt.labels, (prompt.span, "…"), ("", "its answer is declared private"));
        let what = eco_format!("`{}` makes its answer from it", prompt.name);
        let sway = all.sway.as_one((step.span, "answer"));
        let made = Marks::leaf(Mark { sway, ..all.remade() }).through(step.span, what).flat().join(&declared);
        let private = || Some(Hop::source(prompt.span, eco_format!("`{}` answers it", prompt.name)));
        let answer = Marks::declared(self.by(), &prompt.output, &made, &mut |_| private());
        if let (false, Some(trail)) = (is_private, &answer.flat().private) {
            self.cache(step, trail);
        }
        answer
    }

    // What the model is shown with all that it may look up: it chooses what for from all that it has seen
    // before, so that the second time has everything of the first.
    fn looked_up(&mut self, step: &Step, prompt: Mark) -> Mark {
        let mut all = prompt;
        let offers = step.settings.tools.as_ref().map_or(&[][..], |tools| &tools.offers);
        for _ in 0..if offers.is_empty() { 0 } else { 2 } {
            let chosen = Marks::leaf(all.clone().remade());
            for offer in offers {
                let what = eco_format!("the model chooses what to look up from it");
                let chosen = chosen.clone().through(offer.span, what);
                let mut env = Env::of_params([]);
                for input in 0..offer.body.inputs {
                    env.set(VarId(offer.body.vars.start + input), chosen.clone());
                }
                let found = self.block(&offer.body, &mut env, (&Type::Null, offer.span));
                all = all.join(&found.flat());
            }
        }
        all
    }

    // Every model that may be asked has to be cleared: fallbacks, escalations, and what compares for a cache.
    fn models(&mut self, step: &Step, way: &Trail) {
        let settings = &step.settings;
        let embeds = settings.cache.as_ref().and_then(|c| c.similar).and_then(|s| s.embed);
        let asked = settings.model.iter().chain(&settings.fallback).copied();
        for id in asked.chain(settings.escalate.as_ref().map(|e| e.to)).chain(embeds) {
            let Some(model) = self.plan.models.get(id.index()).filter(|m| !m.cleared) else { continue };
            let written = settings.models_at.iter().find(|(m, _)| *m == id).map(|(_, at)| *at);
            self.leaks.add(Leak::Model {
                at: written.unwrap_or(step.span),
                step: step.span,
                model: model.name.clone(),
                declared: model.span,
                way: way.clone(),
            });
        }
    }

    fn cache(&mut self, step: &Step, way: &Trail) {
        let Some(cache) = &step.settings.cache else { return };
        // A scope that is the same for everybody keeps nobody apart.
        if cache.scope.as_ref().is_some_and(|scope| !is_constant(self.plan, scope)) {
            return;
        }
        let at = step.settings.cache_at.unwrap_or(step.span);
        self.leaks.add(Leak::Cache { at, way: way.clone() });
    }

    fn lookup(&mut self, step: &Step, id: LookupId, args: &[Marks]) -> Marks {
        let Some(lookup) = self.plan.lookups.get(id.index()) else { return Marks::default() };
        let by = self.by();
        let asked =
            lookup.params.iter().zip(args).fold(Mark::default(), |all, (param, arg)| {
                all.join(&demanded(by, param, arg.clone()).flat())
            });
        let integrity = if lookup.trusted { Integrity::Trusted } else { Integrity::Untrusted };
        let outside = eco_format!("what `{}` finds is from outside", lookup.name);
        let private = eco_format!("what `{}` finds is private", lookup.name);
        let found = source(Labels { integrity, ..lookup.labels }, (lookup.span, "…"), (&outside, &private));
        let mut field = |name: &EcoString| {
            Some(Hop::source(lookup.span, eco_format!("`{name}`, which `{}` finds, is private", lookup.name)))
        };
        let found = Marks::declared(self.by(), &lookup.output, &found, &mut field);
        if let Some(trail) = asked.private.or_else(|| found.flat().private) {
            self.cache(step, &trail);
        }
        found.through(step.span, eco_format!("it is looked up here")).called(step.span)
    }

    fn guard(&mut self, id: GuardId, args: Vec<Marks>) -> Marks {
        let Some(guard) = self.plan.guards.get(id.index()) else { return Marks::default() };
        let by = self.by();
        let args: Vec<Marks> = guard.params.iter().zip(args).map(|(p, a)| demanded(by, p, a)).collect();
        let passed = args.first().cloned().unwrap_or_default();
        let mut env = Env::default();
        for (offset, marks) in args.into_iter().enumerate() {
            env.set(VarId(guard.body.vars.start + offset as u32), marks);
        }
        self.block(&guard.body, &mut env, (&Type::Null, guard.span));
        if guard.endorses { passed.endorsed() } else { passed }
    }

    fn action(&mut self, step: &Step, id: ActionId, args: &[Marks]) -> Marks {
        let Some(action) = self.plan.actions.get(id.index()) else { return Marks::default() };
        let leak = |param: Option<&Param>, way: &Trail| ActionLeak {
            step: step.span,
            action: action.name.clone(),
            param: param.map(|p| (p.name.clone(), p.span)),
            way: way.clone(),
        };
        let mut sway = self.decided.sway.clone();
        for (param, arg) in action.params.iter().zip(args) {
            if param.labels.integrity == Integrity::Trusted {
                sway = sway.join(&arg.sway(&param.ty));
            }
            let Mark { unread: untrusted, private, .. } = arg.flat();
            let takes_untrusted = param.labels.integrity == Integrity::Untrusted;
            let takes_private = param.labels.private || action.cleared;
            match (&untrusted, &private) {
                (Some(way), _) if !takes_untrusted => self.leaks.add(Leak::Acts(leak(Some(param), way))),
                (Some(way), Some(private)) if takes_private && action.outward => {
                    self.leaks.add(Leak::Three(leak(Some(param), way), private.clone()));
                }
                _ => {}
            }
            if let (Some(way), false) = (&private, takes_private) {
                self.leaks.add(Leak::Tells(leak(Some(param), way)));
            }
        }
        if let Some(way) = &self.decided.unread {
            self.leaks.add(Leak::Acts(leak(None, way)));
        }
        if let Some(most) = action.influence.filter(|most| sway.bits() > most.saturating_mul(100)) {
            let (step, action, declared) = (step.span, action.name.clone(), action.span);
            self.leaks.add(Leak::Sways { step, action, declared, bits: sway.bits(), most });
        }
        // Where what is private may be told, it may also be why.
        let is_told = action.cleared || action.params.iter().any(|param| param.labels.private);
        if let (Some(way), false) = (&self.decided.private, is_told) {
            self.leaks.add(Leak::Tells(leak(None, way)));
        }
        answered(self.by(), action, &step.ty)
    }
}

// What an input of a flow has when somebody runs it.
fn given(by: Followed<'_>, param: &Param, what: &str) -> Marks {
    let outside = eco_format!("`{}`, {what}, is from outside", param.name);
    let private = eco_format!("`{}` is declared private", param.name);
    let mark = source(param.labels, (param.span, &param.name), (&outside, &private));
    let mut field = |name: &EcoString| {
        let path = eco_format!("{}.{name}", param.name);
        Some(Hop::named(param.span, eco_format!("`{path}` is private"), path))
    };
    Marks::declared(by, &param.ty, &mark, &mut field)
}

// An argument, with what its parameter is declared to be besides: it may be private, and have private
// fields.
fn demanded(by: Followed<'_>, param: &Param, arg: Marks) -> Marks {
    if !param.labels.private && !has_private(&param.ty) {
        return arg;
    }
    let labels = Labels { integrity: Integrity::Trusted, ..param.labels };
    let declared = given(by, &Param { labels, ..param.clone() }, "");
    if declared.flat().private.is_some() { arg.join(&declared) } else { arg }
}

// What an action gives back is from outside.
fn answered(by: Followed<'_>, action: &Action, ty: &Type) -> Marks {
    let labels = Labels { integrity: Integrity::Untrusted, ..Labels::default() };
    let what = eco_format!("what `{}` gives back is from outside", action.name);
    let mark = source(labels, (action.span, "…"), (&what, ""));
    Marks::of(by, ty, &mark)
}
