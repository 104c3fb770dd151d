//! What a run is held to: the types of a flow's variables as they are in all cases.
//!
//! The runtime cuts what it pastes at those. So while a single case is looked at, a part whose tokens do
//! not follow from its type has no fewer than in all cases, however it was come by.

use super::cases::apart;
use super::infer::{Env, widest};
use super::walk::Walk;
use crate::template::{Part, TemplateCheck};
use flow_plan::{Block, Callee, Expr, Hole, Type, VarId};
use std::sync::Arc;

/// The types of a call's arguments.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// As they are in the case that is looked at.
    pub(super) args: &'a [Type],
    /// As they are in all cases, where that is more.
    pub(super) held: Option<&'a [Type]>,
}

impl Walk<'_> {
    /// The type of a variable in the case that is looked at.
    pub(super) fn held(&self, var: VarId, ty: Type) -> Type {
        match self.asides > 0 && self.main.has(var) {
            true => apart(&ty, &self.main.full(var)),
            false => ty,
        }
    }

    /// Keeps what a variable holds, where that is looked at for all cases.
    pub(super) fn keep(&mut self, var: VarId, ty: &Type) {
        if self.asides > 0 || self.settling > 0 {
            return;
        }
        // The first round of a loop and those behind it have the same variables.
        let all = match self.main.has(var) {
            true => widest(&self.main.full(var), ty),
            false => ty.clone(),
        };
        Arc::make_mut(&mut self.main).set(var, all);
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
        (self.asides > 0).then(|| self.in_all_cases().given(callee, args, &self.main))
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
