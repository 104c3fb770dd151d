//! Values that exclude each other: a step with an `else` gives its own answer or the other, an `if` that
//! of one branch, and an `each` over elements that are known goes through each of them once.
//!
//! What stands behind such a step is bounded in each case by itself, with what the step holds and has
//! cost then, and the dearest case counts: the dearest branch is not always that with the longest value.
//! The calls in the plan keep the bounds that hold in all cases.

use super::held::Held;
use super::infer::{Env, widest};
use super::walk::{Done, Place, Walk, together};
use super::worst::{Ways, Worst};
use flow_plan::{Block, Field, Parts, RecordType, Type, VarId};
use flow_tokens::lays_out_alike;
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use std::sync::Arc;

/// A way in which a step comes by its value.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What that takes.
    pub(crate) ok: Worst,
    /// What it gives.
    pub(crate) ty: Type,
}

// So many cases of one block are told apart, all its steps together.
const MOST_CASES: usize = 8;
// In more cases than these, one inside another, none are told apart.
const MOST_INSIDE: usize = 2;
// So many steps of one flow are looked at once more for the cases that they stand in.
const MOST_LOOKED: usize = 5_000;

impl Walk<'_> {
    /// Whether cases are told apart here: not where nothing is added up.
    pub(super) fn may_tell_apart(&self, place: &Place) -> bool {
        place.times > 0 && self.settling == 0 && self.asides < MOST_INSIDE && self.aside < MOST_LOOKED
    }

    /// The worst case of a block whose steps were looked at one by one, in each of their cases.
    pub(super) fn by_cases(
        &mut self,
        block: &mut Block,
        (each, cases): (Vec<Ways>, &[Vec<Case>]),
        env: &Env,
        place: &Place,
    ) -> Ways {
        let joint = together(block, &each);
        let Some((first, kept)) =
            (0..each.len()).find_map(|step| Some((step, self.apart(block, step, &cases[step], MOST_CASES)?)))
        else {
            return joint;
        };
        let is_changed = vec![false; each.len()];
        self.looked_aside(|walk| {
            let so_far = SoFar { each, cases, is_changed, env: env.clone(), left: MOST_CASES };
            walk.asides += 1;
            let worst = walk.split(block, first, kept, so_far, place);
            walk.asides -= 1;
            // An element that is bounded by itself where all cases are looked at is not in one of them.
            worst.at_most(&joint)
        })
    }

    // The cases of a step in which something behind it differs.
    fn apart(&self, block: &Block, step: usize, cases: &[Case], left: usize) -> Option<Vec<Case>> {
        let mut behind = block.steps.neighbors_directed(NodeIndex::new(step), Direction::Outgoing);
        if cases.len() < 2 || behind.next().is_none() {
            return None;
        }
        let kept = dearest(cases);
        (kept.len() > 1 && kept.len() <= left).then_some(kept)
    }

    // The dearest of a step's cases, with all that stands behind it.
    fn split(
        &mut self,
        block: &mut Block,
        step: usize,
        cases: Vec<Case>,
        so_far: SoFar<'_>,
        place: &Place,
    ) -> Ways {
        let left = so_far.left / cases.len();
        let all = cases.into_iter().map(|case| {
            let mut now = so_far.clone();
            now.left = left;
            now.each[step].ok = case.ok;
            now.env.set(block.var_of(NodeIndex::new(step)), case.ty);
            now.is_changed[step] = true;
            self.rest(block, step + 1, now, place)
        });
        all.reduce(|a, b| a.or(&b)).unwrap_or_default()
    }

    // The steps from one on, of which those that need something that has changed are looked at again.
    fn rest(&mut self, block: &mut Block, from: usize, mut now: SoFar<'_>, place: &Place) -> Ways {
        for step in from..now.each.len() {
            let node = NodeIndex::new(step);
            let mut needs = block.steps.neighbors_directed(node, Direction::Incoming);
            let again = needs.any(|earlier| now.is_changed[earlier.index()]).then(|| {
                let mut again = block.steps[node].clone();
                self.one_of(block, node, &mut again, &now.env, place)
            });
            let apart = match &again {
                Some(done) => self.apart(block, step, &done.cases, now.left),
                None => self.apart(block, step, &now.cases[step], now.left),
            };
            if let Some(Done { ways, ty, .. }) = again {
                now.is_changed[step] |= ty != now.env.full(block.var_of(node));
                now.each[step] = ways;
                now.env.set(block.var_of(node), ty);
            }
            if let Some(cases) = apart {
                return self.split(block, step, cases, now, place);
            }
        }
        together(block, &now.each)
    }

    /// The body of an `each` for every one of its elements, where they are known and differ. It is written
    /// into the plan for each of them where that is more than a case of what holds of all.
    pub(super) fn elements_apart(
        &mut self,
        list: &Type,
        (body, bodies): (&Block, &mut Vec<Arc<Block>>),
        env: &Env,
        place: &Place,
    ) -> Option<Vec<Ways>> {
        let Type::Known(known) = list else { return None };
        let Parts::Items(items) = &known.parts else { return None };
        let joint = list.any_item(&widest)?;
        let cases: Vec<Type> = items.iter().map(|item| apart(item, &joint)).collect();
        if !self.may_tell_apart(place) {
            return None;
        }
        let is_kept = cases != *items && self.asides == 0 && self.elements_inside < MOST_INSIDE;
        if let Some((at, distinct)) = distinct(items).filter(|_| is_kept) {
            let found = self.elements_looked_at(&distinct, body, env, place);
            bodies.extend(at.iter().map(|at| found[*at].1.clone()));
            return Some(at.iter().map(|at| found[*at].0.clone()).collect());
        }
        let (at, distinct) = distinct(&cases)?;
        self.asides += 1;
        let found: Vec<Ways> = self.looked_aside(|walk| {
            let one = |item: &&Type| {
                let mut inner = env.clone();
                inner.set(VarId(body.vars.start), (*item).clone());
                walk.block(&mut body.clone(), &mut inner, place).0
            };
            distinct.iter().map(one).collect()
        });
        self.asides -= 1;
        Some(at.iter().map(|at| found[*at].clone()).collect())
    }

    // The body for elements that are known, with what is proven of its calls for each of them.
    fn elements_looked_at(
        &mut self,
        items: &[&Type],
        body: &Block,
        env: &Env,
        place: &Place,
    ) -> Vec<(Ways, Arc<Block>)> {
        self.elements_inside += 1;
        let found = self.looked_beside(|walk| {
            let one = |item: &&Type| {
                let (mut body, mut inner) = (body.clone(), env.clone());
                inner.set(VarId(body.vars.start), (*item).clone());
                let around = std::mem::replace(&mut walk.main, Held::of(env.clone()));
                let (ways, _) = walk.block(&mut body, &mut inner, place);
                walk.main = around;
                (ways, Arc::new(body))
            };
            items.iter().map(one).collect()
        });
        self.elements_inside -= 1;
        found
    }

    /// Looks at something that is not added up, and not kept: all is as it was behind it.
    pub(super) fn looked_aside<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let guards = (self.plan.guards.clone(), self.guards.clone(), self.origins.clone());
        let called = (self.called.clone(), self.inside);
        let found = self.looked_beside(look);
        (self.plan.guards, self.guards, self.origins) = guards;
        (self.called, self.inside) = called;
        found
    }

    // Looks at something that is not added up, and may be kept.
    fn looked_beside<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let noted = (self.doubts.clone(), self.elements.clone(), self.pasted.clone());
        let calls = std::mem::take(&mut self.calls);
        let (unbounded, needless) = (self.unbounded.len(), self.needless.len());
        let found = look(self);
        (self.doubts, self.elements, self.pasted) = noted;
        self.calls = calls;
        self.unbounded.truncate(unbounded);
        self.needless.truncate(needless);
        found
    }
}

/// A block up to one of its steps, in one case.
#[derive(Clone)]
struct SoFar<'a> {
    each: Vec<Ways>,
    // Of the steps that have not changed.
    cases: &'a [Vec<Case>],
    is_changed: Vec<bool>,
    env: Env,
    // How many cases may still be told apart.
    left: usize,
}

// Where each type stands among those that differ, and these; none where all are equal, or too many differ.
fn distinct(types: &[Type]) -> Option<(Vec<usize>, Vec<&Type>)> {
    let mut all: Vec<&Type> = Vec::new();
    let place = |ty| {
        all.iter().position(|known| *known == ty).unwrap_or_else(|| {
            all.push(ty);
            all.len() - 1
        })
    };
    let at = types.iter().map(place).collect();
    (2..=MOST_CASES).contains(&all.len()).then_some((at, all))
}

// Without those of which another takes as much and gives as much.
fn dearest(cases: &[Case]) -> Vec<Case> {
    let mut kept: Vec<Case> = Vec::new();
    for case in cases {
        let covers = |a: &Case, b: &Case| a.ok.covers(&b.ok) && widest(&a.ty, &b.ty) == a.ty;
        if kept.iter().any(|other| covers(other, case)) {
            continue;
        }
        kept.retain(|other| !covers(case, other));
        kept.push(case.clone());
    }
    kept
}

/// An `each` whose elements are known, one by one; `joint` is what it takes as if all were the largest.
pub(super) fn each_of(apart: &[Ways], joint: &Ways, in_turn: bool) -> Ways {
    let sum = apart.iter().fold(Worst::default(), |sum, one| sum.beside(&one.ok));
    // What ends it ends all that run beside it.
    let ended = |way: fn(&Ways) -> &Option<Worst>| {
        let joint = way(joint).as_ref()?;
        let mut most: Option<Worst> = None;
        for (at, one) in apart.iter().enumerate() {
            let Some(last) = way(one) else { continue };
            let others = apart.iter().enumerate().filter(|(other, _)| match in_turn {
                true => *other < at,
                false => *other != at,
            });
            let sum = others.fold(last.clone(), |sum, (_, one)| {
                sum.beside(&if in_turn { one.ok.clone() } else { one.any() })
            });
            most = Some(most.map_or(sum.clone(), |most| most.or(&sum)));
        }
        most.map(|most| most.taking(joint).at_most(joint))
    };
    Ways {
        ok: sum.taking(&joint.ok),
        failed: ended(|w| &w.failed),
        lasting: ended(|w| &w.lasting),
        stopped: ended(|w| &w.stopped),
    }
}

/// What is pasted of a value of one type where it is pasted as one of a type that holds more: its own
/// parts where they have the tokens that follow from their type, of the others what holds of all.
pub(crate) fn apart(ty: &Type, all: &Type) -> Type {
    if is_exact(ty) && lays_out_alike(ty, all) {
        return ty.clone();
    }
    match (ty, all) {
        (Type::Record(own), Type::Record(wide)) if own.fields.len() == wide.fields.len() => {
            let field = |wide: &Field| {
                let ty =
                    own.field(&wide.name).map_or_else(|| wide.ty.clone(), |own| apart(&own.ty, &wide.ty));
                Field { ty, ..wide.clone() }
            };
            let fields = wide.fields.iter().map(field).collect();
            Type::Record(Arc::new(RecordType { name: wide.name.clone(), doc: wide.doc.clone(), fields }))
        }
        (Type::Known(own), Type::Known(wide)) => match (&own.parts, &wide.parts) {
            (Parts::Items(items), Parts::Items(all)) if items.len() <= all.len() => {
                let items = items.iter().zip(all).map(|(item, wide)| apart(item, wide)).collect();
                Type::of_items(wide.of.clone(), items)
            }
            _ => all.clone(),
        },
        _ => all.clone(),
    }
}

// Whether the tokens of a value follow from its type for every model, whoever made the value. A text
// that a model wrote has more tokens to one model than to another; a hole cuts it, at what holds in all
// cases, so that no less is known of it in one of them.
fn is_exact(ty: &Type) -> bool {
    match ty {
        Type::Text { .. } | Type::Json(_) | Type::Map(..) | Type::Image | Type::Error => false,
        Type::Optional(inner) | Type::List(inner, Some(_)) => is_exact(inner),
        Type::List(_, None) => false,
        Type::Record(record) => record.fields.iter().all(|field| is_exact(&field.ty)),
        Type::Known(known) => match &known.parts {
            Parts::Constants(_) => true,
            Parts::Only(narrower) => is_exact(narrower),
            Parts::Items(items) => items.iter().all(is_exact),
            Parts::Entries(entries) => entries.iter().all(|(_, value)| is_exact(value)),
        },
        _ => true,
    }
}
