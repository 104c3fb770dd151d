//! Files and names: reads the program's files and says what each top-level name stands for.
//!
//! In: a [`World`] and the root file. Out: a [`Program`] with a scope for each file.
//! Reports E0101 to E0104. Not here: names inside bodies, which the checker looks up.

mod imports;

pub(crate) use imports::join;

use crate::ast::{self, Ident, Item};
use crate::changes::Part;
use crate::{Before, World, parse_file};
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Sources, Span};
use flow_plan::CapabilitySpec;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::sync::Arc;

/// Every file of the program, the root first.
pub(crate) struct Program {
    pub(crate) files: Vec<LoadedFile>,
}

/// One file with the names it can use.
pub(crate) struct LoadedFile {
    /// Relative to the program's folder.
    pub(crate) path: EcoString,
    pub(crate) ast: Arc<ast::File>,
    /// The parts that it was parsed in, where something is kept of them.
    pub(crate) parts: Vec<Part>,
    pub(crate) scope: Scope,
}

/// The names of a file, in their order.
pub(crate) type Scope = IndexMap<EcoString, Symbol, FxBuildHasher>;

/// A top-level name in one file.
#[derive(Clone, Copy)]
pub(crate) struct Symbol {
    pub(crate) target: Target,
    /// Where this file declares or imports it.
    pub(crate) span: Span,
    pub(crate) imported: bool,
}

/// What a top-level name stands for.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    Decl(DeclId),
    Builtin(&'static CapabilitySpec),
    /// An import that failed and was reported.
    Poison,
}

/// A declaration, by its file and its place in the file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct DeclId {
    pub(crate) file: usize,
    pub(crate) item: usize,
}

impl Program {
    pub(crate) fn item(&self, id: DeclId) -> &Item {
        &self.files[id.file].ast.items[id.item]
    }

    /// Every declaration of every file.
    pub(crate) fn decls(&self) -> impl Iterator<Item = (DeclId, &Item)> {
        self.files.iter().enumerate().flat_map(|(file, loaded)| {
            loaded.ast.items().enumerate().map(move |(item, it)| (DeclId { file, item }, it))
        })
    }
}

/// Reads the root file and everything it imports.
pub(crate) fn load(
    world: &dyn World,
    root: &str,
    before: Option<&mut Before>,
    (sources, diagnostics): (&mut Sources, &mut Diagnostics),
) -> Program {
    let mut program = Program { files: Vec::new() };
    let mut reading = Reading { before, sources, diagnostics };
    let text = match world.read(root) {
        Ok(text) => text,
        Err(reason) => {
            let id = reading.sources.add(root, "");
            let message = format!("cannot read `{root}`: {reason}");
            reading.diagnostics.push(FlowDiagnostic::new(Code::E0103, Span::new(id, 0, 0), message));
            return program;
        }
    };
    add_file(&mut program, root.into(), &text, &mut reading);
    imports::follow(world, &mut program, &mut reading);
    program
}

/// What is carried along while files are read.
struct Reading<'r> {
    before: Option<&'r mut Before>,
    sources: &'r mut Sources,
    diagnostics: &'r mut Diagnostics,
}

fn add_file(program: &mut Program, path: EcoString, text: &Arc<str>, reading: &mut Reading<'_>) -> usize {
    let id = reading.sources.add(path.as_str(), text.clone());
    let (ast, parts) = match &mut reading.before {
        Some(before) => before.parse(&path, text, id, reading.diagnostics),
        None => (Arc::new(parse_file(text, id, reading.diagnostics)), Vec::new()),
    };
    let file = program.files.len();
    let mut scope = Scope::with_capacity_and_hasher(ast.items.len(), FxBuildHasher);
    for (item, it) in ast.items().enumerate() {
        let Some(name) = it.name() else { continue };
        let target = Target::Decl(DeclId { file, item });
        declare(&mut scope, name, Symbol { target, span: name.span, imported: false }, reading.diagnostics);
    }
    program.files.push(LoadedFile { path, ast, parts, scope });
    file
}

fn declare(scope: &mut Scope, name: &Ident, symbol: Symbol, diagnostics: &mut Diagnostics) {
    match scope.get(&name.name) {
        Some(first) => diagnostics.push(defined_twice(&name.name, name.span, first.span)),
        None => {
            scope.insert(name.name.clone(), symbol);
        }
    }
}

/// E0102: the same name for two things.
pub(crate) fn defined_twice(name: &str, at: Span, first: Span) -> FlowDiagnostic {
    FlowDiagnostic::new(Code::E0102, at, format!("`{name}` is defined twice"))
        .here("defined again here")
        .label(first, "first defined here")
        .help("give one of them another name")
}
