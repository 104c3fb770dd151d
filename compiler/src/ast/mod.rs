//! The syntax tree: what a `.flow` file says, before names are looked up.
//!
//! In: nothing; `lower` builds it from the concrete tree. Out: plain data with a span on every node.
//! Broken regions are `Error` nodes, about which the syntax error was already reported: later
//! phases skip them in silence.
//! Not here: trivia and layout, which only the concrete tree keeps.

mod expr;
mod shift;
mod step;
mod string;

pub use expr::*;
pub use step::*;
pub use string::*;

use ecow::EcoString;
use flow_diagnostics::Span;
use std::sync::Arc;

/// A name where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ident {
    /// The name.
    pub name: EcoString,
    /// Where.
    pub span: Span,
}

/// One file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The `//!` lines, joined by newlines.
    pub doc: EcoString,
    /// The declarations in their order.
    pub items: Vec<Arc<Item>>,
}

/// One declaration.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant is the declaration of that keyword")]
pub enum Item {
    Import(Import),
    Const(Const),
    Type(TypeDecl),
    Enum(EnumDecl),
    Model(Model),
    Prompt(Prompt),
    Lookup(Callable),
    Guard(Callable),
    Action(Callable),
    Flow(Flow),
    Batch(Batch),
    Test(Test),
    Eval(Eval),
    Error(Span),
}

/// `import injection, pii as private_data from std.guards` or `… from "shared/prompts.flow"`.
#[derive(Clone, Debug)]
pub struct Import {
    /// The imported names, each with the name it gets here.
    pub names: Vec<ImportName>,
    /// Where from.
    pub from: ImportFrom,
    /// The whole declaration.
    pub span: Span,
}

/// One imported name.
#[derive(Clone, Debug)]
pub struct ImportName {
    /// Its name over there.
    pub name: Ident,
    /// Its name here, if another.
    pub alias: Option<Ident>,
}

/// Where an import comes from.
#[derive(Clone, Debug)]
pub enum ImportFrom {
    /// `std.guards`: the segments, joined by dots.
    Module(Ident),
    /// `"shared/prompts.flow"`, relative to the importing file.
    Path(Ident),
}

/// `const limit: int = 5`.
#[derive(Clone, Debug)]
pub struct Const {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// The type, if written.
    pub ty: Option<TypeExpr>,
    /// The value.
    pub value: Expr,
    /// The whole declaration.
    pub span: Span,
}

/// `type Answer { reply: text }` or `type Email = private text <= 40 tokens`.
#[derive(Clone, Debug)]
pub struct TypeDecl {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// Fields, or another name for a type.
    pub body: TypeBody,
    /// The whole declaration.
    pub span: Span,
}

/// What a type declaration declares.
#[derive(Clone, Debug)]
pub enum TypeBody {
    /// A record with these fields.
    Record(Vec<Param>),
    /// Another name for a type.
    Alias(TypeExpr),
}

/// A field of a record or a parameter of a declaration: `name: type = default  /// doc`.
#[derive(Clone, Debug)]
pub struct Param {
    /// The `///` text above it or behind it on its line.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// The type.
    pub ty: TypeExpr,
    /// What it is when it is not given.
    pub default: Option<Expr>,
    /// From the name to the end of the default.
    pub span: Span,
}

/// `enum Tone { formal, friendly }`; variants are separated by commas or newlines.
#[derive(Clone, Debug)]
pub struct EnumDecl {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// The variants, each with its doc.
    pub variants: Vec<(Ident, EcoString)>,
    /// The whole declaration.
    pub span: Span,
}

/// `model fast = "openai/gpt-4o-mini" { … }`.
#[derive(Clone, Debug)]
pub struct Model {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name in the program.
    pub name: Ident,
    /// `provider/model`.
    pub id: StringLit,
    /// The settings.
    pub settings: Vec<Setting>,
    /// The whole declaration.
    pub span: Span,
}

/// `prompt answer(…) -> Answer from "prompts/answer.md" { system: … user: … }`.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// The parameters.
    pub params: Vec<Param>,
    /// The output's type; `text` where it is not written.
    pub output: Option<TypeExpr>,
    /// The file in the prompt store that holds the text.
    pub from: Option<StringLit>,
    /// `system`, `user`, `assistant`, `examples`, `images`, `model` and the like, in their order.
    pub settings: Vec<Setting>,
    /// The whole declaration.
    pub span: Span,
}

/// A lookup, a guard or an action: parameters, an output type and settings.
#[derive(Clone, Debug)]
pub struct Callable {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// The parameters.
    pub params: Vec<Param>,
    /// The output's type, if written.
    pub output: Option<TypeExpr>,
    /// The settings, in their order; `require` may repeat.
    pub settings: Vec<Setting>,
    /// The whole declaration.
    pub span: Span,
}

/// `flow support(question: text) -> Answer { … }`.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// The inputs.
    pub params: Vec<Param>,
    /// The output's type, if written.
    pub output: Option<TypeExpr>,
    /// Settings and steps.
    pub body: Block,
    /// The whole declaration.
    pub span: Span,
}

/// `batch spring { rows: … row: c … steps }`.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// Settings and steps.
    pub body: Block,
    /// The whole declaration.
    pub span: Span,
}

/// `test "name" { reply … let … expect … }`.
#[derive(Clone, Debug)]
pub struct Test {
    /// The `///` lines above.
    pub doc: EcoString,
    /// What the test shows.
    pub name: StringLit,
    /// Its lines in their order.
    pub lines: Vec<TestLine>,
    /// The whole declaration.
    pub span: Span,
}

/// One line of a test.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a test has few lines")]
pub enum TestLine {
    /// `reply answer { … }` or `reply answer from "cassette.json"`.
    Reply {
        /// The prompt that is answered.
        prompt: Ident,
        /// With what.
        with: Reply,
        /// The line.
        span: Span,
    },
    /// `let a = support("…")`.
    Let(Step),
    /// `expect a.confident`.
    Expect {
        /// What must hold.
        value: Expr,
        /// The line.
        span: Span,
    },
    /// A line that was not understood.
    Error(Span),
}

/// What a scripted model answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This value, in the shape of the prompt's output.
    Value(Expr),
    /// The recording in this file.
    From(StringLit),
}

/// `eval support_quality { flow: support … score exact: … }`.
#[derive(Clone, Debug)]
pub struct Eval {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The name.
    pub name: Ident,
    /// The settings in their order; `require` may repeat.
    pub settings: Vec<Setting>,
    /// `score name: expression` lines.
    pub scores: Vec<(Ident, Expr)>,
    /// The whole declaration.
    pub span: Span,
}

/// `key: value` on its own line.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The `///` lines above.
    pub doc: EcoString,
    /// The key.
    pub key: Ident,
    /// The value.
    pub value: SettingValue,
    /// The whole line.
    pub span: Span,
}

/// The value of a setting, in the few shapes there are.
#[derive(Clone, Debug)]
pub enum SettingValue {
    /// `600 tokens`, `env("KEY")`, `"""text"""`, `[a, b]`, `200/s`, `len(reply) < 1200`.
    Expr(Expr),
    /// An expression with words behind it: `careful unless it.confident`, `1h per customer`,
    /// `[orders] rounds 4`, `5% from "baseline.json"`.
    /// `similar 0.93 for 1d` has no head and the words `similar` and `for`.
    Words {
        /// What stands before the first word.
        head: Option<Expr>,
        /// Each word with what follows it.
        words: Vec<(Ident, Expr)>,
    },
    /// `$0.10 in, $0.40 out`: each amount with its word.
    Price(Vec<(Expr, Ident)>),
    /// `sql(…) -> Customer <= 3M`.
    Typed {
        /// Where it comes from.
        source: Expr,
        /// What it is.
        ty: TypeExpr,
    },
    /// A value that was not understood.
    Error(Span),
}

/// A type where it is written.
#[derive(Clone, Debug)]
pub struct TypeExpr {
    /// The type.
    pub kind: TypeExprKind,
    /// Where.
    pub span: Span,
}

/// The shapes of types.
#[derive(Clone, Debug)]
pub enum TypeExprKind {
    /// `text`, `Answer`.
    Named(Ident),
    /// `[T]`.
    List(Box<TypeExpr>),
    /// `{text: T}`.
    Map(Box<TypeExpr>),
    /// `T?`.
    Optional(Box<TypeExpr>),
    /// `T <= 300 tokens truncate`.
    Bounded {
        /// What is bounded.
        inner: Box<TypeExpr>,
        /// The bound: a literal or the name of a constant.
        bound: Box<Expr>,
        /// Whether longer values are cut instead of refused.
        truncate: bool,
    },
    /// `int 1..10`: both ends belong to the range.
    Range {
        /// `int` or `float`.
        inner: Box<TypeExpr>,
        /// The least value.
        low: Box<Expr>,
        /// The greatest value.
        high: Box<Expr>,
    },
    /// `private text`, `untrusted text`, `trusted text`.
    Labelled {
        /// The words, in their order.
        labels: Vec<Ident>,
        /// What they are said of.
        inner: Box<TypeExpr>,
    },
    /// A type that was not understood.
    Error,
}

impl File {
    /// The declarations in their order.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.iter().map(|item| &**item)
    }
}

impl Item {
    /// The declared name; tests, imports and broken regions have none.
    pub fn name(&self) -> Option<&Ident> {
        match self {
            Item::Const(d) => Some(&d.name),
            Item::Type(d) => Some(&d.name),
            Item::Enum(d) => Some(&d.name),
            Item::Model(d) => Some(&d.name),
            Item::Prompt(d) => Some(&d.name),
            Item::Lookup(d) | Item::Guard(d) | Item::Action(d) => Some(&d.name),
            Item::Flow(d) => Some(&d.name),
            Item::Batch(d) => Some(&d.name),
            Item::Eval(d) => Some(&d.name),
            Item::Import(_) | Item::Test(_) | Item::Error(_) => None,
        }
    }

    /// The whole declaration.
    pub fn span(&self) -> Span {
        match self {
            Item::Import(d) => d.span,
            Item::Const(d) => d.span,
            Item::Type(d) => d.span,
            Item::Enum(d) => d.span,
            Item::Model(d) => d.span,
            Item::Prompt(d) => d.span,
            Item::Lookup(d) | Item::Guard(d) | Item::Action(d) => d.span,
            Item::Flow(d) => d.span,
            Item::Batch(d) => d.span,
            Item::Test(d) => d.span,
            Item::Eval(d) => d.span,
            Item::Error(span) => *span,
        }
    }

    /// The keyword that declares it, which is also the word for it in messages.
    pub fn keyword(&self) -> &'static str {
        match self {
            Item::Import(_) => "import",
            Item::Const(_) => "const",
            Item::Type(_) => "type",
            Item::Enum(_) => "enum",
            Item::Model(_) => "model",
            Item::Prompt(_) => "prompt",
            Item::Lookup(_) => "lookup",
            Item::Guard(_) => "guard",
            Item::Action(_) => "action",
            Item::Flow(_) => "flow",
            Item::Batch(_) => "batch",
            Item::Test(_) => "test",
            Item::Eval(_) => "eval",
            Item::Error(_) => "declaration",
        }
    }

    /// The `///` text above it.
    pub fn doc(&self) -> &str {
        match self {
            Item::Const(d) => &d.doc,
            Item::Type(d) => &d.doc,
            Item::Enum(d) => &d.doc,
            Item::Model(d) => &d.doc,
            Item::Prompt(d) => &d.doc,
            Item::Lookup(d) | Item::Guard(d) | Item::Action(d) => &d.doc,
            Item::Flow(d) => &d.doc,
            Item::Batch(d) => &d.doc,
            Item::Eval(d) => &d.doc,
            Item::Test(d) => &d.doc,
            Item::Import(_) | Item::Error(_) => "",
        }
    }
}
