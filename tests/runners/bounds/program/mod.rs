//! Random programs that are valid: every construct of the language that costs or bounds something,
//! in small sizes.
//!
//! In: a seed and [`Wishes`]. Out: the text of a program whose last flow is `main`. The same seed gives
//! the same text. Values for its inputs are made in [`super::values`], from the compiled types.

mod decls;
mod exprs;
mod flows;
mod settings;
mod steps;
mod templates;
mod types;

use fastrand::Rng;
use std::collections::BTreeMap;
use types::Ty;

/// What kind of programs are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    /// Every hole of a prompt stands in a fence, or is a whole record or list; and whatever way a run
    /// goes is decided by an input of its own or by a reply, so that the worst way can be gone.
    pub(crate) fenced: bool,
    /// Flows have a `budget` and a `deadline`, mostly too small.
    pub(crate) limits: bool,
}

/// A random program.
pub(crate) fn program(seed: u64, wishes: Wishes) -> String {
    let mut draft = Draft::new(seed, wishes);
    draft.wild = draft.chance(10);
    draft.declare();
    draft.text
}

/// The most model calls that one run of a flow is meant to make, give or take its handlers.
const MOST_CALLS: u32 = 120;

/// A program that is being written.
struct Draft {
    rng: Rng,
    wishes: Wishes,
    text: String,
    enums: Vec<Vec<String>>,
    records: Vec<Vec<(String, Ty)>>,
    models: Vec<String>,
    prompts: Vec<Callable>,
    lookups: Vec<Callable>,
    guards: Vec<Callable>,
    actions: Vec<Callable>,
    flows: Vec<Callable>,
    // The model that a prompt names itself.
    prompt_models: BTreeMap<String, usize>,
    // What the flow that is being written sets for its steps.
    defaults: flows::Defaults,
    // Whether texts may grow by functions that say nothing of how long their result is.
    wild: bool,
    // Inputs of the flow that is being written that decide one branch each.
    deciders: Vec<String>,
    // Whether the flow that is being written surely can fail.
    fails: bool,
    // Whether the flow that is being written asks people, and the flows that do.
    asks: bool,
    asking: Vec<String>,
    // For names that are given once.
    next: u32,
    // How often the block that is being written may run in one run of its flow.
    times: u32,
    // Model calls of the flow that is being written, at worst.
    calls: u32,
}

/// Something that a step can call.
#[derive(Clone, Debug)]
struct Callable {
    name: String,
    params: Vec<Ty>,
    output: Ty,
    // Model calls that one call makes, at worst.
    calls: u32,
    // Whether it surely can fail, so that an `else` behind it is not a mistake.
    can_fail: bool,
}

/// A name in sight.
#[derive(Clone, Debug)]
struct Name {
    name: String,
    ty: Ty,
    used: bool,
}

/// The names in sight.
type Sight = Vec<Name>;

impl Draft {
    fn new(seed: u64, wishes: Wishes) -> Draft {
        Draft {
            rng: Rng::with_seed(seed),
            wishes,
            text: String::new(),
            enums: vec![],
            records: vec![],
            models: vec![],
            prompts: vec![],
            lookups: vec![],
            guards: vec![],
            actions: vec![],
            flows: vec![],
            prompt_models: BTreeMap::new(),
            defaults: flows::Defaults::default(),
            deciders: vec![],
            wild: false,
            fails: false,
            asks: false,
            asking: vec![],
            next: 0,
            times: 1,
            calls: 0,
        }
    }

    /// Whether something that happens this often, of a hundred, happens now.
    fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.rng.usize(0..from.len())]
    }

    /// A name that nothing else has.
    fn fresh(&mut self, stem: &str) -> String {
        self.next += 1;
        format!("{stem}{}", self.next)
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Whether another `calls` model calls, as often as the block runs, are still a small run.
    fn affords(&self, calls: u32) -> bool {
        self.calls.saturating_add(calls.saturating_mul(self.times)) <= MOST_CALLS
    }

    fn charge(&mut self, calls: u32) {
        self.calls = self.calls.saturating_add(calls.saturating_mul(self.times));
    }
}

fn name(name: &str, ty: &Ty) -> Name {
    Name { name: name.to_owned(), ty: ty.clone(), used: false }
}
