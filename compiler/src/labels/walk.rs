//! Follows the data through a program's steps, as the executor would take them.
//!
//! A plan with errors may lack a declaration; nothing is known of what comes out of it then.

use super::call::Site;
use super::eval::{Env, Followed, condition, eval, is_fixed, makes};
use super::kept::{Found, Labelled, stands_alone};
use super::marks::{Mark, Marks, Origin, carries_text, source};
use super::report::Leaks;
use super::sway::{self, Sway};
use crate::kept::Memo;
use ecow::{EcoString, eco_format};
use flow_diagnostics::Span;
use flow_plan::{
    Block, Callee, CapabilitySpec, Expr, Field, FlowId, Labels, Param, Plan, Step, StepKind, Type, Value,
    VarId,
};
use rustc_hash::FxHashMap;

/// A walk through the flows of a program.
pub(super) struct Walk<'a> {
    pub(super) plan: &'a Plan,
    // Where no action asks how much is decided by what is from outside, that is not followed.
    sways: bool,
    pub(super) guards: &'a [&'a CapabilitySpec],
    pub(super) leaks: &'a mut Leaks,
    // What a flow gives back and by what it may be stopped, by the labels that it is called with.
    known: FxHashMap<(FlowId, Vec<u64>), (Marks, Option<Mark>)>,
    // What decides whether the steps here are taken at all: the untrusted text, and what is private.
    pub(super) decided: Mark,
    // By what a guard may stop the flow that is walked, if one may, and the one that was called last.
    pub(super) stops: Option<Mark>,
    pub(super) stopped: Option<Mark>,
    pub(super) made: Made,
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

    pub(super) fn at(&mut self, step: &Step) -> &mut Ends {
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
            stops: None,
            stopped: None,
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

    pub(super) fn by(&self) -> Followed<'a> {
        Followed { plan: self.plan, sways: self.sways }
    }

    pub(super) fn flow(&mut self, id: FlowId, args: Vec<Marks>, at: Span) -> Marks {
        let args: Vec<Marks> = args.into_iter().enumerate().map(|(i, arg)| arg.param(i)).collect();
        let decided = Mark { sway: self.decided.sway.coarse("decided"), ..self.decided.clone() };
        let around = std::mem::replace(&mut self.decided, decided);
        let (result, stops) = self.walked(id, args, at);
        self.decided = around;
        self.stopped = stops.map(|by| Mark { sway: by.sway.coarse(("stops", at)), ..by });
        result.called(at)
    }

    fn walked(&mut self, id: FlowId, args: Vec<Marks>, at: Span) -> (Marks, Option<Mark>) {
        let Some(flow) = self.plan.flows.get(id.index()) else { return Default::default() };
        let mut labels = vec![self.decided.bits()];
        self.decided.sway.signature(&mut labels);
        args.iter().for_each(|a| a.signature(&mut labels));
        let key = (id, labels);
        if let Some((result, stops)) = self.known.get(&key) {
            let all = args.iter().fold(Mark::default(), |all, a| all.join(&a.flat()));
            let result = result.by(&all).through(at, eco_format!("it comes out of `{}`", flow.name));
            return (result, stops.clone());
        }
        if let Some(memo) = self.memo
            && let Some(found) = memo.followed.get(&memo.changes.borrow(), id, &key.1)
        {
            self.made.add(id, &found);
            self.known.insert(key, (found.result.clone(), found.stops.clone()));
            return (found.result, found.stops);
        }
        let mut env = Env::of_params([]);
        for (offset, marks) in args.into_iter().enumerate() {
            env.set(VarId(flow.body.vars.start + offset as u32), marks);
        }
        let alone = self.memo.filter(|_| stands_alone(self.plan, id));
        let around = alone.map(|_| std::mem::take(&mut self.made));
        let others = self.stops.take();
        let result = self.block(&flow.body, &mut env, (&flow.output, flow.span));
        let says = ("its result is declared untrusted", "its result is declared private");
        let declared = source(flow.labels, (flow.span, &flow.name), says);
        let result = match declared.bits() {
            0 => result,
            _ => result.join(&Marks::of(self.by(), &flow.output, &declared)),
        };
        let stops = std::mem::replace(&mut self.stops, others);
        match around {
            Some(around) => {
                let own = std::mem::replace(&mut self.made, around);
                let mut ends = Vec::new();
                flow.body.each_step(&mut |step| ends.push(own.step(step)));
                let found = Found { result: result.clone(), stops: stops.clone(), ends: ends.into() };
                self.made.add(id, &found);
                self.found.push((id, key.1.clone(), found));
            }
            None => {
                let labels = self.made.flows.entry(id).or_default();
                *labels = labels.join(result.flat().labels());
            }
        }
        self.known.insert(key, (result.clone(), stops.clone()));
        (result, stops)
    }

    // What the block is worth, which has the type.
    pub(super) fn block(&mut self, block: &Block, env: &mut Env, worth: (&Type, Span)) -> Marks {
        for index in block.steps.node_indices() {
            let marks = self.step(block, &block.steps[index], env);
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
    pub(super) fn computed(&self, expr: &Expr, env: &Env, (ty, at): (&Type, Span)) -> Marks {
        let marks = eval(self.by(), expr, env).fixed(is_fixed(self.plan, expr, env));
        if !makes(expr) {
            return marks;
        }
        let field = |field: &Field| Origin {
            at,
            what: eco_format!("`{}`, which is made here,", field.name),
            name: field.name.clone(),
        };
        let declared = Marks::declared(self.by(), ty, &Mark::default(), &field);
        if declared.flat().bits() == 0 { marks } else { marks.join(&declared).fixed(marks.is_fixed()) }
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

    fn step(&mut self, block: &Block, step: &Step, env: &mut Env) -> Marks {
        let ty = step.ty.plain();
        let worth = (&ty, step.span);
        let nothing = Mark::default();
        let site = Site { step, env, besides: &nothing };
        let mut args = Vec::new();
        let mut marks = match &step.kind {
            StepKind::Call(callee, given) => {
                let all = self.args(&site, callee, given);
                self.keyed(&site, callee);
                // What a guard was given tells why it does not let something pass.
                if matches!(callee, Callee::Guard(_) | Callee::Builtin(_)) {
                    args.clone_from(&all);
                }
                self.call(&site, callee, all)
            }
            StepKind::Compute(expr) => self.computed(expr, env, worth),
            StepKind::If(on, then, otherwise) => {
                let by = condition(self.by(), on, env);
                let blocks: Vec<&Block> = std::iter::once(&**then).chain(otherwise.as_deref()).collect();
                self.choose(by, &blocks, env, worth)
            }
            StepKind::Match(on, arms) => {
                let value = eval(self.by(), on, env);
                let on = value.flat();
                // Whether something is there at all tells of what chose it alone.
                let is_presence = arms.iter().flat_map(|arm| &arm.values).all(|v| matches!(v, Value::Null));
                let sway = on
                    .clone()
                    .plain((step.span, "match"), self.by().bits(sway::of_count(arms.len() as f64)))
                    .sway;
                let told = if is_presence { value.presence() } else { on.clone() };
                let by = Mark { unread: on.unread, untrusted: None, sway, ..told };
                let blocks: Vec<&Block> = arms.iter().map(|arm| &arm.body).collect();
                self.choose(by, &blocks, env, worth)
            }
            StepKind::Each { list, body, .. } => {
                let list = self.computed(list, env, (&Type::Null, step.span));
                let (item, presence) = (list.part(&flow_plan::Access::Item), list.presence());
                // How often, too, is decided by what is from outside, and by what is private where that has
                // chosen the elements.
                let around = self.decided.clone();
                self.decided = around.join(&presence);
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
                marks.told(&presence)
            }
            StepKind::Repeat { up_to, from, body, until, .. } => {
                let from = self.computed(from, env, (&Type::Null, step.span));
                self.repeat(from, (body, until.as_deref(), *up_to), env, worth)
            }
        };
        if let Some(unless) = step.settings.escalate.as_ref().and_then(|e| e.unless.as_ref()) {
            // Which model has answered tells of what is private there.
            let unless = self.block_with((unless, marks.clone()), env, (&Type::Bool, step.span)).flat();
            if let Some(way) = &unless.private {
                self.cache(&site, way);
            }
            marks = marks.told(&Mark { sway: Sway::default(), ..unless });
        }
        marks = self.handled((&site, block), args, marks, worth);
        let made = &mut self.made.at(step).made;
        *made = made.join(marks.flat().labels());
        marks
    }

    pub(super) fn given(&mut self, step: &Step, mark: &Mark) {
        let given = &mut self.made.at(step).given;
        *given = given.join(mark.labels());
    }

    // Until no round adds a label: each has two.
    fn repeat(
        &mut self,
        from: Marks,
        (body, until, up_to): (&Block, Option<&Block>, u32),
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
            let mut by = self.block_with((until, it.clone()), env, worth).flat();
            // As many ways as there are rounds after which it may end.
            if !by.sway.is_none() {
                let ways = self.by().bits(sway::of_count(f64::from(up_to) + 1.0));
                by.sway = by.sway.join(&Sway::of((worth.1, "until"), ways));
            }
            if !by.sway.is_none() || by.private.is_some() {
                let told = Mark { untrusted: None, unread: None, ..by.clone() };
                let around = std::mem::take(&mut self.decided);
                self.decided = around.join(&told);
                self.block_with((body, it.clone()), env, worth);
                self.decided = around;
            }
            it = it.told(&by);
        }
        it
    }
}

/// What an input of a flow has when somebody runs it.
pub(super) fn given(by: Followed<'_>, param: &Param, what: &str) -> Marks {
    let outside = eco_format!("`{}`, {what}, is from outside", param.name);
    let private = eco_format!("`{}` is declared private", param.name);
    let name = if carries_text(&param.ty) { &*param.name } else { "" };
    let mark = source(param.labels, (param.span, name), (&outside, &private));
    let field = |field: &Field| {
        let path = eco_format!("{}.{}", param.name, field.name);
        Origin { at: param.span, what: eco_format!("`{path}`"), name: path }
    };
    Marks::declared(by, &param.ty, &mark, &field)
}
