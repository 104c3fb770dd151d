//! The plan itself: declarations as data, and for each flow an acyclic graph of steps.

use crate::*;
use ecow::EcoString;
use flow_diagnostics::Span;
use petgraph::graph::DiGraph;
use std::ops::Range;
use std::sync::Arc;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index.
            pub fn index(self) -> usize { self.0 as usize }
        }
    )*};
}

ids! {
    /// A model, by its index in [`Plan::models`].
    ModelId
    /// A prompt, by its index in [`Plan::prompts`].
    PromptId
    /// A lookup, by its index in [`Plan::lookups`].
    LookupId
    /// A guard of the program, by its index in [`Plan::guards`].
    GuardId
    /// An action, by its index in [`Plan::actions`].
    ActionId
    /// A flow, by its index in [`Plan::flows`].
    FlowId
}

/// A checked program.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The models.
    pub models: Vec<Model>,
    /// The prompts.
    pub prompts: Vec<Prompt>,
    /// The lookups.
    pub lookups: Vec<Lookup>,
    /// The program's own guards; built-in ones are named by [`Callee::Builtin`].
    pub guards: Vec<Guard>,
    /// The actions.
    pub actions: Vec<Action>,
    /// The flows.
    pub flows: Vec<Flow>,
    /// The tests.
    pub tests: Vec<Test>,
    /// Every text with holes.
    pub templates: Vec<Template>,
    /// What requests hold at most in single cases.
    pub cases: Cases,
}

impl Plan {
    /// The flow of this name.
    pub fn flow(&self, name: &str) -> Option<FlowId> {
        self.flows.iter().position(|f| f.name == name).map(|i| FlowId(i as u32))
    }
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: EcoString,
    /// Its type.
    pub ty: Type,
    /// The labels it is declared with.
    pub labels: Labels,
    /// What it is for.
    pub doc: EcoString,
    /// What it is when it is not given.
    pub default: Option<Value>,
    /// Where it is declared.
    pub span: Span,
}

/// A model with its settings and what the catalogue or the program says of it.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name in the program.
    pub name: EcoString,
    /// `openai`.
    pub provider: EcoString,
    /// `gpt-4o-mini`: what the provider is asked for.
    pub model: EcoString,
    /// Window, price, abilities.
    pub card: ModelCard,
    /// What a request needs.
    pub settings: ModelSettings,
    /// Its `tokenizer.json`, where the program names one.
    pub tokenizer: Option<TokenizerFile>,
    /// Whether private data may go there.
    pub cleared: bool,
    /// Where it is declared.
    pub span: Span,
}

impl Model {
    /// The most output of one call: the cap that is sent along.
    pub fn output_cap(&self) -> Tokens {
        self.settings.max_output.unwrap_or(self.card.max_output)
    }

    /// `openai/gpt-4o-mini`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.provider, self.model)
    }
}

/// Who says a message of a prompt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the roles of the chat protocols")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// A prompt. In its templates and expressions, parameter `i` is `VarId(i)`.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Its name.
    pub name: EcoString,
    /// What it is for.
    pub doc: EcoString,
    /// Its parameters.
    pub params: Vec<Param>,
    /// What it answers.
    pub output: Type,
    /// The labels that its answer is declared with.
    pub labels: Labels,
    /// The messages, in their order.
    pub messages: Vec<(Role, TemplateId)>,
    /// Few-shot examples, shown before the last user message: each an input, which fills the
    /// prompt's user messages, and the answer to it.
    pub examples: Vec<PromptExample>,
    /// What images go with the last user message: an image or a list of them.
    pub images: Option<Expr>,
    /// Where it is declared.
    pub span: Span,
}

/// One few-shot example: `{"input": {…parameters…}, "output": …}`, one a line of the file.
#[derive(Clone, PartialEq, Debug)]
pub struct PromptExample {
    /// The parameters' values, in their order.
    pub input: Vec<Value>,
    /// The answer.
    pub output: Value,
}

/// A lookup. Parameter `i` is `VarId(i)`.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Its name.
    pub name: EcoString,
    /// What it is for.
    pub doc: EcoString,
    /// Its parameters.
    pub params: Vec<Param>,
    /// What it finds.
    pub output: Type,
    /// The labels that what it finds is declared with.
    pub labels: Labels,
    /// The kind of source: the name of a [`CapabilitySpec`], such as `search`.
    pub source: EcoString,
    /// The source's arguments by the spec's parameter names.
    pub args: Vec<(EcoString, Arg)>,
    /// Whether what it finds may instruct.
    pub trusted: bool,
    /// The file that declares it, relative to the program's folder: globs start from its folder.
    pub file: EcoString,
    /// Where it is declared.
    pub span: Span,
}

/// An argument of a lookup's source or an action's channel.
#[derive(Clone, Debug)]
pub enum Arg {
    /// Computed from the parameters.
    Expr(Expr),
    /// `env("NAME")`.
    Env(EcoString),
}

/// An action. Parameter `i` is `VarId(i)`.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its name.
    pub name: EcoString,
    /// What it is for.
    pub doc: EcoString,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The kind of channel: the name of a [`CapabilitySpec`], such as `file`.
    pub channel: EcoString,
    /// The channel's arguments by the spec's parameter names.
    pub args: Vec<(EcoString, Arg)>,
    /// Whether private data may go there.
    pub cleared: bool,
    /// The most bits by which what is from outside may decide what it does; any number where it is not said.
    pub influence: Option<u32>,
    /// Whether what it is given leaves the machine.
    pub outward: bool,
    /// Where it is declared.
    pub span: Span,
}

/// A guard of the program. Parameter `i` is `VarId(i)`; it passes its first parameter on.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Its name.
    pub name: EcoString,
    /// What it is for.
    pub doc: EcoString,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Judges and other steps its requirements need; its inputs are the parameters.
    pub body: Block,
    /// What must hold, in order.
    pub requires: Vec<Require>,
    /// Whether what passes may instruct.
    pub endorses: bool,
    /// Where it is declared.
    pub span: Span,
}

impl Guard {
    /// What is said where a requirement does not hold.
    pub fn refusal(&self, require: &Require) -> String {
        format!("`{}` requires `{}`, which does not hold", self.name, require.text)
    }
}

/// What a model is told of an answer that cannot be used, for this reason.
pub fn complaint(reason: &str) -> String {
    format!("That answer cannot be used: {reason}. Answer again, and correct this.")
}

/// One `require:` line.
#[derive(Clone, Debug)]
pub struct Require {
    /// What must hold, over the variables of the guard's body.
    pub holds: Expr,
    /// As it is written, for the message.
    pub text: EcoString,
    /// Where.
    pub span: Span,
}

/// A flow. Its inputs are the inputs of its body, in order.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its name.
    pub name: EcoString,
    /// What it is for.
    pub doc: EcoString,
    /// Its inputs.
    pub params: Vec<Param>,
    /// What it gives back.
    pub output: Type,
    /// The labels of what it gives back.
    pub labels: Labels,
    /// Budget and deadline.
    pub settings: FlowSettings,
    /// Its steps.
    pub body: Block,
    /// Where it is declared.
    pub span: Span,
}

/// Steps that run together, each as soon as what it names is there.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Its own variables: `inputs` first, then one for each step. Nested blocks have ranges of their own.
    pub vars: Range<u32>,
    /// How many of `vars` are inputs: parameters, a loop's element, `it`.
    pub inputs: u32,
    /// The steps. Node `i` fills `VarId(vars.start + inputs + i)`.
    // INVARIANT: acyclic; edges point from producer to consumer; nodes are in a topological order.
    pub steps: DiGraph<Step, ()>,
    /// What the block is worth; `null` where there is nothing.
    pub result: Option<Expr>,
    /// What of its own variables is never larger; a run in which one is ends there.
    pub assumes: Vec<Assumed>,
}

impl Block {
    /// The variable a step fills.
    pub fn var_of(&self, step: petgraph::graph::NodeIndex) -> VarId {
        VarId(self.vars.start + self.inputs + step.index() as u32)
    }

    /// Calls `see` for every step, and for every step of the blocks inside it: branches, loops,
    /// conditions with calls, what stands in for a failure.
    pub fn each_step<'a>(&'a self, see: &mut dyn FnMut(&'a Step)) {
        for step in self.steps.node_weights() {
            see(step);
            step.each_block(&mut |block| block.each_step(see));
        }
    }
}

impl Block {
    /// The same as [`Block::each_step`], to change them.
    pub fn each_step_mut(&mut self, see: &mut dyn FnMut(&mut Step)) {
        for step in self.steps.node_weights_mut() {
            see(step);
            match &mut step.kind {
                StepKind::Call(..) | StepKind::Compute(_) => {}
                StepKind::If(_, then, otherwise) => {
                    then.each_step_mut(see);
                    otherwise.iter_mut().for_each(|b| b.each_step_mut(see));
                }
                StepKind::Match(_, arms) => arms.iter_mut().for_each(|a| a.body.each_step_mut(see)),
                StepKind::Each { body, .. } => body.each_step_mut(see),
                StepKind::Repeat { body, until, .. } => {
                    body.each_step_mut(see);
                    until.iter_mut().for_each(|b| b.each_step_mut(see));
                }
            }
            if let Some(unless) = step.settings.escalate.as_mut().and_then(|e| e.unless.as_mut()) {
                unless.each_step_mut(see);
            }
            for offer in step.settings.tools.iter_mut().flat_map(|tools| &mut tools.offers) {
                offer.body.each_step_mut(see);
            }
            if let Some(OnFail::Do(handler)) = &mut step.on_fail {
                handler.each_step_mut(see);
            }
        }
    }
}

impl Step {
    /// Calls `see` for every block inside the step.
    pub fn each_block<'a>(&'a self, see: &mut dyn FnMut(&'a Block)) {
        match &self.kind {
            StepKind::Call(..) | StepKind::Compute(_) => {}
            StepKind::If(_, then, otherwise) => {
                see(then);
                otherwise.iter().for_each(|b| see(b));
            }
            StepKind::Match(_, arms) => arms.iter().for_each(|a| see(&a.body)),
            StepKind::Each { body, .. } => see(body),
            StepKind::Repeat { body, until, .. } => {
                see(body);
                until.iter().for_each(|b| see(b));
            }
        }
        if let Some(unless) = self.settings.escalate.as_ref().and_then(|e| e.unless.as_ref()) {
            see(unless);
        }
        self.settings.tools.iter().flat_map(|tools| &tools.offers).for_each(|offer| see(&offer.body));
        if let Some(OnFail::Do(handler)) = &self.on_fail {
            see(handler);
        }
    }
}

/// A named step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name; a call inside an expression gets the name of its step with a number: `draft.1`.
    pub name: EcoString,
    /// What it makes.
    pub ty: Type,
    /// The labels of what it makes.
    pub labels: Labels,
    /// The labels of what it is given: of all that a prompt shows, of what anything else is called with.
    pub given: Labels,
    /// The work.
    pub kind: StepKind,
    /// The settings of a call.
    pub settings: StepSettings,
    /// What happens when it fails; the run fails where there is nothing.
    pub on_fail: Option<OnFail>,
    /// What is proven of it, where it asks a prompt.
    pub bounds: Option<Arc<CallBounds>>,
    /// The steps of the flow that it calls, with what is proven of them for what is given here, where
    /// that is less than what the flow may be given.
    pub called: Option<Arc<Block>>,
    /// Where it is written.
    pub span: Span,
}

/// The work of a step.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// A call; arguments in the order of the callee's parameters, defaults filled in.
    Call(Callee, Vec<Expr>),
    /// A pure expression.
    Compute(Expr),
    /// One of two blocks.
    If(Expr, Box<Block>, Option<Box<Block>>),
    /// The first arm that matches; the checker has seen that one does.
    Match(Expr, Vec<Arm>),
    /// The body for each element of a list, at most `parallel` at once; the list of the results.
    Each {
        /// The list.
        list: Expr,
        /// The most at once.
        parallel: u32,
        /// The body; its one input is the element.
        body: Box<Block>,
        /// The same for each element of a list that is known, where they differ: only what is proven of
        /// its calls differs. Empty where the body stands for all of them.
        apart: Vec<Arc<Block>>,
    },
    /// The body again and again until `until` holds, at most `up_to` times; the last result.
    Repeat {
        /// The most rounds.
        up_to: u32,
        /// What `it` is in the first round.
        from: Expr,
        /// One round; its one input is `it`.
        body: Box<Block>,
        /// Whether to stop, looked at before the first round and after each; its one input is `it`.
        until: Option<Box<Block>>,
        /// The same for the first round, where `it` is smaller than in those behind it: only what is
        /// proven of its calls differs.
        first: Option<Box<FirstRound>>,
    },
}

/// The first round of a `repeat`.
#[derive(Clone, Debug)]
pub struct FirstRound {
    /// The round.
    pub body: Block,
    /// Whether to stop before it.
    pub until: Option<Block>,
}

/// What a step calls.
#[derive(Clone, PartialEq, Debug)]
pub enum Callee {
    /// A prompt.
    Prompt(PromptId),
    /// A lookup.
    Lookup(LookupId),
    /// A guard of the program.
    Guard(GuardId),
    /// A guard of `std.guards`, by its name.
    Builtin(EcoString),
    /// An action.
    Action(ActionId),
    /// Another flow.
    Flow(FlowId),
    /// A person, who decides on the one argument; where there is none, gives a value.
    Review(Arc<Review>),
}

/// An arm of a `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The values it is for; empty for `else`.
    pub values: Vec<Value>,
    /// What is done.
    pub body: Block,
}

/// What happens when a step fails.
#[derive(Clone, Debug)]
pub enum OnFail {
    /// The run ends, and the caller is told this.
    Stop(Expr),
    /// The guard takes out what it found.
    Redact,
    /// The step is asked again with the reason, this many times.
    Retry(u32),
    /// Another step or value.
    Do(Box<Block>),
}

/// A test.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it shows.
    pub name: EcoString,
    /// Scripted answers, in order; a prompt's last one answers all its later calls.
    pub replies: Vec<TestReply>,
    /// Scripted decisions of people, in order; the last one decides on all later reviews.
    pub decisions: Vec<Scripted>,
    /// The `let` lines, as steps.
    pub body: Block,
    /// What must hold, in order, over the variables of the body.
    pub expects: Vec<Expect>,
    /// Where it is declared.
    pub span: Span,
}

/// A scripted answer.
#[derive(Clone, Debug)]
pub struct TestReply {
    /// The prompt that is answered.
    pub prompt: PromptId,
    /// With what.
    pub with: ReplyWith,
    /// Where.
    pub span: Span,
}

/// What a scripted model answers.
#[derive(Clone, Debug)]
pub enum ReplyWith {
    /// This value.
    Value(Value),
    /// What is recorded in this file.
    Recording(Arc<Recording>),
}

/// A file with answers: a cassette, or a JSON list of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recording {
    /// The file, from the program's folder.
    pub file: EcoString,
    /// What stands in it: JSON, in one value or in one a line.
    pub text: Arc<str>,
}

/// One `expect` line.
#[derive(Clone, Debug)]
pub struct Expect {
    /// What must hold.
    pub holds: Expr,
    /// Both sides of a comparison, to be shown where it does not hold.
    pub sides: Option<(Expr, BinaryOp, Expr)>,
    /// As it is written.
    pub text: EcoString,
    /// Where.
    pub span: Span,
}
