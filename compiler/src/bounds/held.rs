//! What a run is held to: the types of a flow's variables as they are in all cases.
//!
//! The runtime cuts what it pastes at those. So while a single case is looked at, a part whose tokens do
//! not follow from its type has no fewer than in all cases, however it was come by.

use super::cases::apart;
use super::infer::{Env, widest};
use super::walk::Walk;
use crate::template::{Part, TemplateCheck};
use flow_diagnostics::Span;
use flow_plan::{Block, Callee, Expr, Hole, Type, VarId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The types of a call's arguments.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// As they are in the case that is looked at.
    pub(super) args: &'a [Type],
    /// As they are in all cases, where that is more.
    pub(super) held: Option<&'a [Type]>,
}

/// What the variables of a flow or a guard hold in all cases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    pub(super) types: Env,
    // The same in the first round of a `repeat`, by its step, where that is told apart.
    firsts: FxHashMap<Span, Arc<Held>>,
}

impl Held {
    /// What these variables hold, and nothing else so far.
    pub(super) fn of(types: Env) -> Arc<Held> {
        Arc::new(Held { types, ..Held::default() })
    }
}

impl Walk<'_> {
    /// Whether a single case is looked at, and not only for what loops grow to.
    pub(super) fn is_aside(&self) -> bool {
        self.asides > 0 && self.settling == 0
    }

    /// The type of a variable in the case that is looked at.
    pub(super) fn held(&self, var: VarId, ty: Type) -> Type {
        match self.is_aside() && self.main.types.has(var) {
            true => apart(&ty, &self.main.types.full(var)),
            false => ty,
        }
    }

    /// Keeps what a variable holds, where that is looked at for all cases.
    pub(super) fn keep(&mut self, var: VarId, ty: &Type) {
        if self.asides > 0 || self.settling > 0 {
            return;
        }
        let types = &mut Arc::make_mut(&mut self.main).types;
        let all = if types.has(var) { widest(&types.full(var), ty) } else { ty.clone() };
        types.set(var, all);
    }

    /// The same for what comes into a block.
    pub(super) fn keep_inputs(&mut self, block: &Block, env: &mut Env) {
        for var in (0..block.inputs).map(|i| VarId(block.vars.start + i)) {
            let ty = self.held(var, env.full(var));
            self.keep(var, &ty);
            env.set(var, ty);
        }
    }

    /// The types of a call's arguments in all cases, where a single one is looked at.
    pub(super) fn held_args(&self, callee: &Callee, args: &[Expr]) -> Option<Vec<Type>> {
        self.is_aside().then(|| self.in_all_cases().given(callee, args, &self.main.types))
    }

    /// Whether the first round of a `repeat` is told apart in all cases.
    pub(super) fn has_first(&self, repeat: Span) -> bool {
        self.main.firsts.contains_key(&repeat)
    }

    /// Looks at the first round of a `repeat`, which has the variables of those behind it.
    pub(super) fn in_first<T>(&mut self, repeat: Span, look: impl FnOnce(&mut Self) -> T) -> T {
        let around = self.main.clone();
        if let Some(first) = self.main.firsts.get(&repeat).filter(|_| self.is_aside()) {
            self.main = first.clone();
        }
        let found = look(self);
        let first = std::mem::replace(&mut self.main, around);
        if self.asides == 0 && self.settling == 0 {
            Arc::make_mut(&mut self.main).firsts.insert(repeat, first);
        }
        found
    }
}

/// What a template renders in a single case, of which its holes are held to what they are in `all`.
pub(super) fn in_case(own: TemplateCheck, all: TemplateCheck) -> TemplateCheck {
    if own.holes.len() != all.holes.len() {
        return all;
    }
    let holes = own.holes.iter().zip(&*all.holes).map(|(own, all)| hole(own, all)).collect();
    let parts = Parts { holes: &all.holes }.parts(&own.parts, &all.parts);
    TemplateCheck { holes, parts, ..own }
}

// The parts of a template in all cases.
struct Parts<'a> {
    holes: &'a [Hole],
}

impl Parts<'_> {
    fn parts(&self, own: &[Part], all: &[Part]) -> Vec<Part> {
        if own.len() != all.len() {
            return all.to_vec();
        }
        own.iter().zip(all).map(|(own, all)| self.part(own, all)).collect()
    }

    fn part(&self, own: &Part, all: &Part) -> Part {
        match (own, all) {
            (Part::Hole(at), Part::Hole(same)) if at == same => own.clone(),
            (Part::Known(own), Part::Known(all)) => Part::Known(Box::new(hole(own, all))),
            (Part::Known(own), Part::Hole(at)) => Part::Known(Box::new(hole(own, &self.holes[*at]))),
            (Part::Either(one, other), Part::Either(all_one, all_other)) => {
                Part::Either(self.parts(one, all_one), self.parts(other, all_other))
            }
            (Part::Repeat(most, body, each), Part::Repeat(_, all_body, all_each)) => {
                let one =
                    |(at, own): (usize, &Vec<Part>)| self.parts(own, all_each.get(at).unwrap_or(all_body));
                Part::Repeat(*most, self.parts(body, all_body), each.iter().enumerate().map(one).collect())
            }
            _ => all.clone(),
        }
    }
}

fn hole(own: &Hole, all: &Hole) -> Hole {
    Hole { ty: apart(&own.ty, &all.ty), ..own.clone() }
}
