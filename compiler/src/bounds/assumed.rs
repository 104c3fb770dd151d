//! Assumed sizes: what bounds take from them, and where they say nothing.
//!
//! A run ends where a value is larger than the flow assumes, before anything is made of it. So bounds
//! follow from the assumed size, and what led to the value may have been paid for in vain.

use super::infer::Env;
use super::walk::Walk;
use super::worst::{Ways, Worst};
use flow_diagnostics::Span;
use flow_plan::{Assumed, Block, Bound, Size, Type, VarId};

impl Walk<'_> {
    /// Narrows the inputs of a block to what is assumed of them; whether a run may end for it.
    pub(super) fn inputs_assumed(&mut self, block: &Block, env: &mut Env) -> bool {
        let mut may_end = false;
        for i in 0..block.inputs {
            let var = VarId(block.vars.start + i);
            if let Some(assumed) = of(block, var) {
                let ty = self.known(assumed, env.get(var));
                env.set(var, ty);
                may_end = true;
            }
        }
        may_end
    }

    /// The ways and the type of a step's result with what is assumed of it.
    pub(super) fn result_assumed(
        &mut self,
        block: &Block,
        var: VarId,
        (ways, ty): (Ways, Type),
    ) -> (Ways, Type) {
        let Some(assumed) = of(block, var) else { return (ways, ty) };
        // The step has done its work by then, and its own `else` does not see the end.
        let ended = ways.ok.clone();
        (ways.or_lasting(ended), self.known(assumed, ty))
    }

    // The narrowed type; what was no larger is noted.
    fn known(&mut self, assumed: &Assumed, ty: Type) -> Type {
        let ty = ty.plain();
        let narrow = narrowed(&ty, assumed.most);
        if narrow == ty && ty != Type::Error {
            self.needless.push(Needless { span: assumed.span, name: assumed.name.clone(), known: ty });
        }
        narrow
    }
}

/// An assumption of what is known without it.
#[derive(Clone, Debug)]
pub(crate) struct Needless {
    /// Where it is written.
    pub(crate) span: Span,
    /// What it is about.
    pub(crate) name: ecow::EcoString,
    /// What is known of that.
    pub(crate) known: Type,
}

/// Adds the end of a run whose inputs are larger than assumed.
pub(super) fn or_ended(ways: Ways, may_end: bool) -> Ways {
    if may_end { ways.or_lasting(Worst::default()) } else { ways }
}

fn of(block: &Block, var: VarId) -> Option<&Assumed> {
    block.assumes.iter().find(|a| a.var == var)
}

/// A type of which no value is larger; the type itself where none is already.
pub(crate) fn narrowed(ty: &Type, most: Size) -> Type {
    match (ty, most) {
        (Type::Optional(inner), most) => Type::Optional(Box::new(narrowed(inner, most))),
        (Type::List(item, known), Size::Items(n)) => {
            Type::List(item.clone(), Some(known.map_or(n, |known| known.min(n))))
        }
        (Type::Map(item, known), Size::Items(n)) => {
            Type::Map(item.clone(), Some(known.map_or(n, |known| known.min(n))))
        }
        (Type::Text { bound, truncate }, Size::Tokens(n)) => text(*bound, Bound::Tokens(n), *truncate),
        (Type::Text { bound, truncate }, Size::Chars(n)) => text(*bound, Bound::Chars(n), *truncate),
        (Type::Int(known), Size::Int(n)) => {
            let (least, most) = known.unwrap_or((i64::MIN, i64::MAX));
            // Where none is that small, the run ends, and what is behind it does not matter.
            if n >= most && known.is_some() {
                ty.clone()
            } else {
                Type::Int(Some((least, most.min(n).max(least))))
            }
        }
        (Type::Float(known), Size::Float(n)) => {
            let (least, most) = known.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            if n >= most && known.is_some() {
                ty.clone()
            } else {
                Type::Float(Some((least, most.min(n).max(least))))
            }
        }
        (ty, _) => ty.clone(),
    }
}

fn text(known: Option<Bound>, assumed: Bound, truncate: bool) -> Type {
    let is_smaller = match (known, assumed) {
        (None, _) => true,
        (Some(Bound::Chars(known)), Bound::Chars(n)) | (Some(Bound::Tokens(known)), Bound::Tokens(n)) => {
            n < known
        }
        // No text has more characters than bytes, nor more tokens; fewer of one says little of the other.
        (Some(known), assumed) => assumed.tokens() < known.tokens(),
    };
    Type::Text { bound: if is_smaller { Some(assumed) } else { known }, truncate }
}
