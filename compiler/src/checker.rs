//! The checker: types every declaration and, in the same walk, builds its part of the plan.
//!
//! In: a resolved [`Program`]. Out: a [`Hir`], a [`Plan`] that is whole only if nothing was wrong,
//! and diagnostics. The work on each kind of declaration lies in `decl/`, on expressions in
//! `types/`, on steps in `steps/`; checks of a finished program in `check/`.

use crate::World;
use crate::ast::Item;
use crate::hir::{Decl, Head, Hir};
use crate::kept::{Memo, Slot};
use crate::resolve::{DeclId, Program, Symbol, Target};
use crate::types::{Declared, Numbers, Signature};
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Sources, Span};
use flow_plan::{self as plan, Callee, ModelId, Plan, TokenizerFile, Type, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Everything that is known while checking.
pub(crate) struct Checker<'a> {
    pub(crate) world: &'a dyn World,
    pub(crate) program: &'a Program,
    pub(crate) sources: &'a Sources,
    /// What is kept from the analysis before, where there is one.
    pub(crate) memo: Option<&'a Memo>,
    // Where what is kept next belongs.
    slot: Slot,
    pub(crate) out: Diagnostics,
    pub(crate) hir: Hir,
    pub(crate) plan: Plan,
    /// Declarations that something names.
    pub(crate) used: FxHashSet<DeclId>,
    /// Imported names that something names, by the import's place.
    pub(crate) used_imports: FxHashSet<Span>,
    /// The files in which a step has asked the only model there is.
    pub(crate) asks_only_model: FxHashSet<usize>,
    pub(crate) types: FxHashMap<DeclId, Progress<Declared>>,
    pub(crate) consts: FxHashMap<DeclId, Progress<(Value, Type)>>,
    pub(crate) models: FxHashMap<DeclId, Option<ModelId>>,
    pub(crate) callables: FxHashMap<DeclId, Arc<Signature>>,
    pub(crate) numbers: Numbers,
    /// The files of tokenizers, by their paths.
    pub(crate) tokenizers: FxHashMap<EcoString, TokenizerFile>,
    /// Checked flows; they are checked callees first and stand in the plan in their own order.
    pub(crate) flows: Vec<(Callee, plan::Flow)>,
    pub(crate) guards: Vec<(Callee, plan::Guard)>,
    /// How many declarations are being worked out for one another right now.
    pub(crate) depth: u32,
    /// How many more unknown names get a "did you mean".
    suggestions: u32,
}

/// How deep declarations may be named through one another: what walks over them recurses.
pub(crate) const MOST_DEPTH: u32 = 128;

/// Looking for a near name goes through all names: where hundreds are unknown it helps nobody.
const SUGGESTIONS: u32 = 64;

/// A declaration that is worked out when first needed.
pub(crate) enum Progress<T> {
    Running,
    Done(T),
}

/// Checks a whole program.
pub(crate) fn check(
    world: &dyn World,
    program: &Program,
    sources: &Sources,
    memo: Option<&Memo>,
) -> (Hir, Plan, Diagnostics) {
    memo.inspect(|memo| memo.begin());
    let mut checker = Checker {
        world,
        program,
        sources,
        memo,
        slot: (EcoString::new(), 0),
        out: Diagnostics::default(),
        hir: Hir::default(),
        plan: Plan::default(),
        used: FxHashSet::default(),
        used_imports: FxHashSet::default(),
        asks_only_model: FxHashSet::default(),
        types: FxHashMap::default(),
        consts: FxHashMap::default(),
        models: FxHashMap::default(),
        callables: FxHashMap::default(),
        numbers: Numbers::default(),
        tokenizers: FxHashMap::default(),
        flows: Vec::new(),
        guards: Vec::new(),
        depth: 0,
        suggestions: SUGGESTIONS,
    };
    if let Some(memo) = memo {
        checker.reserve(memo.sizes.get());
    }
    checker.run();
    memo.inspect(|memo| memo.sizes.set(checker.sizes()));
    (checker.hir, checker.plan, checker.out)
}

/// How large the tables of a program were, so that they need not grow again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    types: usize,
    callables: usize,
    used: usize,
    uses: usize,
    typed: usize,
    fields: usize,
    prompts: usize,
    templates: usize,
}

impl<'a> Checker<'a> {
    fn reserve(&mut self, sizes: Sizes) {
        let Sizes { types, callables, used, uses, typed, fields, prompts, templates } = sizes;
        self.types.reserve(types);
        self.callables.reserve(callables);
        self.used.reserve(used);
        self.hir.uses.reserve(uses);
        self.hir.typed.reserve(typed);
        self.hir.fields.reserve(fields);
        self.plan.prompts.reserve(prompts);
        self.plan.templates.reserve(templates);
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            types: self.types.len(),
            callables: self.callables.len(),
            used: self.used.len(),
            uses: self.hir.uses.len(),
            typed: self.hir.typed.len(),
            fields: self.hir.fields.len(),
            prompts: self.plan.prompts.len(),
            templates: self.plan.templates.len(),
        }
    }

    fn run(&mut self) {
        let program = self.program;
        for (id, item) in program.decls() {
            match item {
                Item::Type(_) | Item::Enum(_) => {
                    self.declared_type(id);
                }
                Item::Const(_) => {
                    self.constant(id);
                }
                Item::Model(model) => self.model_decl(id, model),
                _ => {}
            }
        }
        // Bodies name each other in any order, so every signature is known before the first body.
        for (id, item) in program.decls() {
            self.signature(id, item);
            if let Item::Guard(guard) = item {
                self.guard_promises(id, guard);
            }
        }
        for (id, item) in program.decls() {
            self.record_decl(id, item);
        }
        for (id, item) in program.decls() {
            self.begin(id);
            match item {
                Item::Prompt(prompt) => self.prompt_body(id, prompt),
                Item::Lookup(lookup) => self.lookup_body(id, lookup),
                Item::Action(action) => self.action_body(id, action),
                Item::Batch(batch) => self.not_yet(batch.name.span, "`batch`"),
                Item::Eval(eval) => self.not_yet(eval.name.span, "`eval`"),
                _ => {}
            }
        }
        for id in self.bodies_in_order() {
            self.begin(id);
            match program.item(id) {
                Item::Guard(guard) => self.guard_body(id, guard),
                Item::Flow(flow) => self.flow_body(id, flow),
                _ => {}
            }
        }
        self.order_bodies();
        for (id, item) in program.decls() {
            if let Item::Test(test) = item {
                self.begin(id);
                self.test_name(id, test);
                self.test_body(id, test);
            }
        }
        self.note_imports();
        crate::check::run(self);
    }

    // What is kept from here on belongs to this declaration.
    fn begin(&mut self, id: DeclId) {
        if self.memo.is_some() {
            let name = match self.program.item(id) {
                Item::Test(test) => Some(&test.name.value),
                item => item.name().map(|name| &name.name),
            };
            // Declarations of one name in two files are told apart.
            self.slot = (name.cloned().unwrap_or_default(), (id.file as u32) << 20);
        }
    }

    /// Where the next thing that is kept belongs.
    pub(crate) fn next_slot(&mut self) -> Slot {
        self.slot.1 = self.slot.1.wrapping_add(1);
        self.slot.clone()
    }

    // Each flow and guard goes to the place its number says.
    fn order_bodies(&mut self) {
        let number = |callee: &Callee| match callee {
            Callee::Flow(id) => id.0,
            Callee::Guard(id) => id.0,
            _ => 0,
        };
        self.flows.sort_by_key(|(callee, _)| number(callee));
        self.guards.sort_by_key(|(callee, _)| number(callee));
        self.plan.flows = self.flows.drain(..).map(|(_, flow)| flow).collect();
        self.plan.guards = self.guards.drain(..).map(|(_, guard)| guard).collect();
    }

    /// What a top-level name stands for in a file; the use is noted.
    pub(crate) fn global(&mut self, file: usize, name: &str, at: Span) -> Option<Target> {
        let symbol: Symbol = *self.program.files[file].scope.get(name)?;
        if symbol.imported {
            self.used_imports.insert(symbol.span);
        }
        if let Target::Decl(id) = symbol.target {
            self.used.insert(id);
            if let Some(declared) = self.program.item(id).name() {
                self.hir.uses.push((at, declared.span));
            }
        }
        Some(symbol.target)
    }

    /// Every top-level name a file can use.
    pub(crate) fn global_names(&self, file: usize) -> impl Iterator<Item = &'a str> + use<'a> {
        self.program.files[file].scope.keys().map(EcoString::as_str)
    }

    pub(crate) fn report(&mut self, diagnostic: FlowDiagnostic) {
        self.out.push(diagnostic);
    }

    /// The name that is meant by an unknown one, as long as there are not too many of those.
    pub(crate) fn near<'n>(
        &mut self,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> Option<&'n str> {
        self.suggestions = self.suggestions.checked_sub(1)?;
        flow_diagnostics::did_you_mean(name, known)
    }

    /// Works out a declaration that another one names; nothing where the chain is too long, which is
    /// reported for the first one.
    pub(crate) fn deeper<T>(&mut self, id: DeclId, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth == MOST_DEPTH {
            self.too_deep(id, &format!("is named through more than {MOST_DEPTH} others"));
            return None;
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        Some(done)
    }

    /// A chain of names that is longer than anyone means.
    pub(crate) fn too_deep(&mut self, id: DeclId, what: &str) {
        if let Some(name) = self.program.item(id).name() {
            let message = format!("`{}` {what}", name.name);
            self.report(
                FlowDiagnostic::new(Code::E0201, name.span, message)
                    .help("name what is meant directly, without the detours"),
            );
        }
    }

    /// E0002: the language has it, this version does not run it.
    pub(crate) fn not_yet(&mut self, at: Span, what: &str) {
        self.report(
            FlowDiagnostic::new(Code::E0002, at, format!("{what} is not yet supported"))
                .help("it is part of the language, but this version of flowc cannot run it"),
        );
    }

    fn record_decl(&mut self, id: DeclId, item: &Item) {
        let Some(name) = item.name() else { return };
        let head = match item {
            Item::Const(_) => match self.consts.get(&id) {
                Some(Progress::Done((value, ty))) => Head::Const(ty.clone(), value.clone()),
                _ => Head::Nothing,
            },
            Item::Model(model) => Head::Model(model.id.value.clone()),
            _ => self.callables.get(&id).map_or(Head::Nothing, |s| Head::Call(s.clone())),
        };
        self.hir.decls.push(Decl {
            kind: item.keyword(),
            name: name.name.clone(),
            head,
            doc: item.doc().into(),
            span: name.span,
        });
    }
}
