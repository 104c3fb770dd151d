//! Calls: what goes into a prompt, a lookup, a guard or an action, and what comes out of it.

use super::eval::{Env, Followed, decides, eval, is_fixed, shown};
use super::marks::{Mark, Marks, Origin, Trail, has_private, source, together};
use super::report::{ActionLeak, Leak};
use super::walk::{Walk, given};
use ecow::eco_format;
use flow_plan::{
    Action, ActionId, Callee, CapabilitySpec, Expr, Field, GuardId, Integrity, Labels, LookupId, Param,
    PromptId, Role, Step, StepKind, Type, TypeSpec, VarId,
};

/// A step that calls something.
#[derive(Clone, Copy)]
pub(super) struct Site<'s> {
    pub(super) step: &'s Step,
    /// What is in sight there.
    pub(super) env: &'s Env,
    /// What a model is shown besides its prompt.
    pub(super) besides: &'s Mark,
}

impl Walk<'_> {
    /// The arguments of a call: a record that is made there has the labels of its fields.
    pub(super) fn args(&self, site: &Site<'_>, callee: &Callee, args: &[Expr]) -> Vec<Marks> {
        let plan = self.plan;
        let params = match callee {
            Callee::Prompt(id) => plan.prompts.get(id.index()).map(|p| &p.params),
            Callee::Lookup(id) => plan.lookups.get(id.index()).map(|l| &l.params),
            Callee::Guard(id) => plan.guards.get(id.index()).map(|g| &g.params),
            Callee::Action(id) => plan.actions.get(id.index()).map(|a| &a.params),
            Callee::Flow(id) => plan.flows.get(id.index()).map(|f| &f.params),
            Callee::Builtin(_) | Callee::Review(_) => None,
        };
        let types = params.into_iter().flatten().map(|param| &param.ty).chain(std::iter::repeat(&Type::Null));
        let of = |(arg, ty)| self.computed(arg, site.env, (ty, site.step.span));
        args.iter().zip(types).map(of).collect()
    }

    pub(super) fn call(&mut self, site: &Site<'_>, callee: &Callee, args: Vec<Marks>) -> Marks {
        let step = site.step;
        // Of a prompt only what it shows counts.
        if !matches!(callee, Callee::Prompt(_)) {
            self.given(step, &together(&args));
        }
        match callee {
            Callee::Prompt(id) => self.prompt(site, *id, args),
            Callee::Lookup(id) => self.lookup(site, *id, &args),
            Callee::Guard(id) => self.guard(*id, args),
            Callee::Builtin(name) => {
                let spec = self.guards.iter().find(|s| s.name == name);
                let joins = spec.is_some_and(|s| s.joins);
                let mut args = args.into_iter();
                let passed = args.next().unwrap_or_default();
                let passed =
                    args.filter(|_| joins).fold(passed, |all, arg| Marks::leaf(all.flat().join(&arg.flat())));
                let passed = if spec.is_some_and(|s| s.endorses) { passed.endorsed() } else { passed };
                let clears = spec.is_some_and(|spec| spec.clears && is_whole(spec, step));
                if clears { passed.cleared(&step.ty.plain()) } else { passed }
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

    pub(super) fn prompt(&mut self, site: &Site<'_>, id: PromptId, args: Vec<Marks>) -> Marks {
        let step = site.step;
        let Some(prompt) = self.plan.prompts.get(id.index()) else { return Marks::default() };
        let by = self.by();
        let is_fixed = step.settings.tools.is_none() && args.iter().all(Marks::is_fixed);
        let args = prompt.params.iter().zip(args).map(|(p, a)| match p.labels.integrity {
            Integrity::Untrusted => demanded(by, p, a).join(&given(by, p, "a parameter")),
            Integrity::Trusted => demanded(by, p, a),
        });
        let env = Env::of_params(args.collect::<Vec<_>>());
        let mut all = site.besides.clone();
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
            self.cache(site, trail);
        }
        let declared = source(prompt.labels, (prompt.span, "…"), ("", "its answer is declared private"));
        let what = eco_format!("`{}` makes its answer from it", prompt.name);
        let sway = all.sway.as_one((step.span, "answer"));
        let made = Marks::leaf(Mark { sway, ..all.remade() }).through(step.span, what).flat().join(&declared);
        let named = |field: &Field| {
            let what = eco_format!("`{}`, which `{}` answers,", field.name, prompt.name);
            Origin { at: prompt.span, what, name: "…".into() }
        };
        let answer = Marks::declared(self.by(), &prompt.output, &made, &named);
        if let (false, Some(trail)) = (is_private, &answer.flat().private) {
            self.cache(site, trail);
        }
        // What is asked of everybody alike keeps nobody apart.
        answer.fixed(is_fixed)
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
    pub(super) fn models(&mut self, step: &Step, way: &Trail) {
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

    pub(super) fn cache(&mut self, site: &Site<'_>, way: &Trail) {
        let step = site.step;
        let Some(cache) = &step.settings.cache else { return };
        // A scope that is the same for everybody keeps nobody apart.
        if cache.scope.as_ref().is_some_and(|scope| !is_fixed(self.plan, scope, site.env)) {
            return;
        }
        let at = step.settings.cache_at.unwrap_or(step.span);
        self.leaks.add(Leak::Cache { at, way: way.clone() });
    }

    /// What stands for a call in a cache, or for an act at its receiver: whoever sees it learns of it.
    pub(super) fn keyed(&mut self, site: &Site<'_>, callee: &Callee) {
        let Some(key) = &site.step.settings.key else { return };
        let Some(way) = eval(self.by(), key, site.env).flat().private else { return };
        match callee {
            Callee::Action(id) => {
                if let Some(action) = self.plan.actions.get(id.index()).filter(|action| !is_told(action)) {
                    let (step, action) = (site.step.span, action.name.clone());
                    self.leaks.add(Leak::Tells(ActionLeak { step, action, param: None, way }));
                }
            }
            _ => self.cache(site, &way),
        }
    }

    fn lookup(&mut self, site: &Site<'_>, id: LookupId, args: &[Marks]) -> Marks {
        let step = site.step;
        let Some(lookup) = self.plan.lookups.get(id.index()) else { return Marks::default() };
        let by = self.by();
        let told = together(args);
        let asked =
            lookup.params.iter().zip(args).fold(Mark::default(), |all, (param, arg)| {
                all.join(&demanded(by, param, arg.clone()).flat())
            });
        let integrity = if lookup.trusted { Integrity::Trusted } else { Integrity::Untrusted };
        let outside = eco_format!("what `{}` finds is from outside", lookup.name);
        let private = eco_format!("what `{}` finds is private", lookup.name);
        let found = source(Labels { integrity, ..lookup.labels }, (lookup.span, "…"), (&outside, &private));
        let field = |field: &Field| {
            let what = eco_format!("`{}`, which `{}` finds,", field.name, lookup.name);
            Origin { at: lookup.span, what, name: "…".into() }
        };
        let found = Marks::declared(self.by(), &lookup.output, &found, &field);
        // What is found tells of what it was asked for.
        let found = found.told(&Mark { private: told.private, ..Mark::default() });
        if let Some(trail) = asked.private.or_else(|| found.flat().private) {
            self.cache(site, &trail);
        }
        let found = found.through(step.span, eco_format!("it is looked up here")).called(step.span);
        found.fixed(args.iter().all(Marks::is_fixed))
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
        if let (Some(way), false) = (&self.decided.private, is_told(action)) {
            self.leaks.add(Leak::Tells(leak(None, way)));
        }
        answered(self.by(), action, &step.ty)
    }
}

/// An argument, with what its parameter is declared to be besides: it may be private, and have private
/// fields.
pub(super) fn demanded(by: Followed<'_>, param: &Param, arg: Marks) -> Marks {
    if !param.labels.private && !has_private(&param.ty) {
        return arg;
    }
    let labels = Labels { integrity: Integrity::Trusted, ..param.labels };
    let declared = given(by, &Param { labels, ..param.clone() }, "");
    // Who vouches for an argument vouches for its fields.
    let declared = declared.endorsed();
    if declared.flat().private.is_some() { arg.join(&declared) } else { arg }
}

// Whether a guard that takes out what is private is to look for all that it must.
fn is_whole(spec: &CapabilitySpec, step: &Step) -> bool {
    let StepKind::Call(_, given) = &step.kind else { return false };
    spec.params.iter().zip(given).all(|(param, given)| match (param.ty, given) {
        (TypeSpec::Names(names), Expr::Literal(given)) => names.clear(given),
        _ => true,
    })
}

// Where what is private may be told, it may also be why.
fn is_told(action: &Action) -> bool {
    action.cleared || action.params.iter().any(|param| param.labels.private)
}

// What an action gives back is from outside.
fn answered(by: Followed<'_>, action: &Action, ty: &Type) -> Marks {
    let labels = Labels { integrity: Integrity::Untrusted, ..Labels::default() };
    let what = eco_format!("what `{}` gives back is from outside", action.name);
    let mark = source(labels, (action.span, "…"), (&what, ""));
    Marks::of(by, ty, &mark)
}
