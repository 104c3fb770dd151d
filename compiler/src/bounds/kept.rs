//! Bounds of requests that are kept from one analysis to the next.
//!
//! A bound is taken again where the prompt, the types of the arguments and the models are the same.

use super::again::Flows;
use super::refusal::Refusal;
use super::walk::FlowWorst;
use crate::kept::{Kept, Slot, is_exact, is_exact_type};
use ecow::EcoString;
use flow_plan::{
    CallBounds, Expr, Model, ModelId, Plan, Prompt, PromptExample, PromptId, Role, Template, Tokens, Type,
};
use std::cell::RefCell;
use std::sync::Arc;

/// The bounds of a program's requests.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    // What all of them were worked out with.
    models: RefCell<Vec<Model>>,
    bounds: Kept<AskedFrom, Arc<CallBounds>>,
    least: Kept<AskedFrom, Tokens>,
    answers: Kept<Type, u64>,
    /// Bounds of whole flows.
    pub(super) flows: Flows,
    /// What the flows of the round take at worst, until it is known what is kept of them.
    pub(super) walked: RefCell<Vec<Option<FlowWorst>>>,
}

/// A call of a prompt.
pub(super) struct Request<'a> {
    pub(super) plan: &'a Plan,
    pub(super) prompt: &'a Prompt,
    /// The types of its arguments.
    pub(super) args: Args<'a>,
    /// Who may be asked.
    pub(super) models: &'a [ModelId],
    /// Who compares its texts, where they are compared.
    pub(super) embed: Option<ModelId>,
    /// The longest answer that is shown again.
    pub(super) reply: Tokens,
    /// The guards behind it that ask again.
    pub(super) refusal: Option<&'a Refusal>,
}

/// The arguments of a call.
#[derive(Clone, Copy)]
pub(super) enum Args<'a> {
    /// These.
    Given(&'a [Type]),
    /// Any that the prompt takes.
    Declared,
}

/// What a bound was worked out from, beside what the models are.
#[derive(Debug)]
struct AskedFrom {
    messages: Vec<(Role, Said)>,
    examples: Vec<PromptExample>,
    images: Option<Expr>,
    output: Type,
    args: Vec<Type>,
    models: Vec<ModelId>,
    embed: Option<ModelId>,
    reply: Tokens,
    refusal: Option<Refusal>,
}

/// What a message of a prompt is made from.
#[derive(Debug)]
struct Said {
    source: EcoString,
    vars: Vec<(EcoString, Expr)>,
}

impl Requests {
    /// Begins a round with these models; with others, nothing that was kept holds.
    pub(super) fn begin(&self, models: &[Model]) {
        self.bounds.begin();
        self.least.begin();
        self.answers.begin();
        let mut known = self.models.borrow_mut();
        if known.len() != models.len() || !known.iter().zip(models).all(|(a, b)| counts_like(a, b)) {
            self.bounds.clear();
            self.least.clear();
            self.answers.clear();
            self.flows.borrow_mut().clear();
            *known = models.to_vec();
        }
    }

    /// The bounds of a call, which is the `number`th of its prompt.
    pub(super) fn bounds<E>(
        &self,
        request: &Request<'_>,
        number: u32,
        make: impl FnOnce() -> Result<Arc<CallBounds>, E>,
    ) -> Result<Arc<CallBounds>, E> {
        if !request.is_simple() {
            return make();
        }
        let slot: Slot = (request.prompt.name.clone(), number);
        if let Some(known) = self.bounds.get(&slot, |from, _| from.is_of(request)) {
            return Ok(known);
        }
        let made = make()?;
        if request.is_exact() {
            self.bounds.put(slot, AskedFrom::new(request), made.clone());
        }
        Ok(made)
    }

    /// The least that a request of a prompt to a model holds.
    pub(super) fn least(
        &self,
        plan: &Plan,
        (prompt, model): (PromptId, ModelId),
        make: impl FnOnce() -> Tokens,
    ) -> Tokens {
        let prompt = &plan.prompts[prompt.index()];
        let request = Request {
            plan,
            prompt,
            args: Args::Declared,
            models: &[model],
            embed: None,
            reply: Tokens(0),
            refusal: None,
        };
        if !request.is_simple() {
            return make();
        }
        let slot: Slot = (prompt.name.clone(), model.0);
        if let Some(known) = self.least.get(&slot, |from, _| from.is_of(&request)) {
            return known;
        }
        let made = make();
        if request.is_exact() {
            self.least.put(slot, AskedFrom::new(&request), made);
        }
        made
    }

    /// How many tokens the largest answer to a prompt has that a model writes as JSON.
    pub(super) fn answer(&self, prompt: &Prompt, model: ModelId, make: impl FnOnce() -> u64) -> u64 {
        let slot: Slot = (prompt.name.clone(), model.0);
        if let Some(known) = self.answers.get(&slot, |output, _| *output == prompt.output) {
            return known;
        }
        let made = make();
        if is_exact_type(&prompt.output) {
            self.answers.put(slot, prompt.output.clone(), made);
        }
        made
    }
}

impl Request<'_> {
    // Whether all that it is worked out from is in it: an expression may name other templates.
    fn is_simple(&self) -> bool {
        let is_simple = |expr: &Expr| matches!(expr, Expr::Var(_) | Expr::Literal(_));
        self.prompt.images.as_ref().is_none_or(is_simple)
            && self.messages().all(|(_, template)| template.vars.iter().all(|(_, expr)| is_simple(expr)))
    }

    // Whether all that equals it has its bounds.
    fn is_exact(&self) -> bool {
        let is_written = |expr: &Expr| !matches!(expr, Expr::Literal(value) if !is_exact(value));
        self.args().all(is_exact_type)
            && is_exact_type(&self.prompt.output)
            && self.prompt.images.as_ref().is_none_or(is_written)
            && self.prompt.examples.iter().all(|e| e.input.iter().all(is_exact) && is_exact(&e.output))
            && self.messages().all(|(_, template)| template.vars.iter().all(|(_, expr)| is_written(expr)))
    }

    fn args(&self) -> impl Iterator<Item = &Type> {
        let (given, declared) = match self.args {
            Args::Given(given) => (given, &[][..]),
            Args::Declared => (&[][..], &self.prompt.params[..]),
        };
        given.iter().chain(declared.iter().map(|param| &param.ty))
    }

    fn messages(&self) -> impl Iterator<Item = (Role, &Template)> {
        self.prompt.messages.iter().map(|(role, id)| (*role, &self.plan.templates[id.0 as usize]))
    }
}

impl Said {
    fn by(template: &Template) -> Said {
        Said { source: template.source.clone(), vars: template.vars.clone() }
    }
}

impl AskedFrom {
    fn new(request: &Request<'_>) -> AskedFrom {
        let prompt = request.prompt;
        AskedFrom {
            messages: request.messages().map(|(role, template)| (role, Said::by(template))).collect(),
            examples: prompt.examples.clone(),
            images: prompt.images.clone(),
            output: prompt.output.clone(),
            args: request.args().cloned().collect(),
            models: request.models.to_vec(),
            embed: request.embed,
            reply: request.reply,
            refusal: request.refusal.cloned(),
        }
    }

    fn is_of(&self, request: &Request<'_>) -> bool {
        let prompt = request.prompt;
        self.models == request.models
            && self.embed == request.embed
            && self.reply == request.reply
            && self.refusal.as_ref() == request.refusal
            && self.messages.len() == prompt.messages.len()
            && self.messages.iter().zip(request.messages()).all(|((role, said), (now, template))| {
                *role == now && said.source == template.source && said.vars == template.vars
            })
            && self.output == prompt.output
            && self.args.iter().eq(request.args())
            && self.examples == prompt.examples
            && self.images == prompt.images
    }
}

// Whether requests to both have the same bounds.
fn counts_like(a: &Model, b: &Model) -> bool {
    a.provider == b.provider
        && a.card == b.card
        && a.output_cap() == b.output_cap()
        && a.tokenizer == b.tokenizer
}
