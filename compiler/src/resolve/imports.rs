//! Imports: reads the imported files and puts their names into the importing file's scope.

use super::{Program, Reading, Scope, Symbol, Target, add_file, declare};
use crate::World;
use crate::ast::{Ident, Import, ImportFrom, Item};
use ecow::EcoString;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Span, did_you_mean};
use flow_plan::CapabilityKind;
use std::collections::HashMap;

/// The modules of `std` whose contents are the runtime's own capabilities.
const GUARDS: &str = "std.guards";

/// Follows every import of every file, breadth first, each file once.
pub(super) fn follow(world: &dyn World, program: &mut Program, reading: &mut Reading<'_>) {
    let mut known: HashMap<EcoString, usize> = HashMap::from([(program.files[0].path.clone(), 0)]);
    let mut edges: Vec<(usize, usize, Span)> = Vec::new();
    let mut next = 0;
    while next < program.files.len() {
        let imports: Vec<Import> = program.files[next].ast.items().filter_map(as_import).cloned().collect();
        for import in &imports {
            let from = match locate(world, &program.files[next].path, import, reading.diagnostics) {
                Some(Located::Guards) => {
                    bring_guards(world, &mut program.files[next].scope, import, reading.diagnostics);
                    continue;
                }
                Some(Located::File(path, text)) => {
                    *known.entry(path.clone()).or_insert_with(|| add_file(program, path, &text, reading))
                }
                None => {
                    poison(&mut program.files[next].scope, import, reading.diagnostics);
                    continue;
                }
            };
            edges.push((next, from, place(import).span));
            bring_names(program, (next, from), import, reading.diagnostics);
        }
        next += 1;
    }
    report_cycle(program, &edges, reading.diagnostics);
}

enum Located {
    Guards,
    File(EcoString, std::sync::Arc<str>),
}

fn as_import(item: &Item) -> Option<&Import> {
    match item {
        Item::Import(import) => Some(import),
        _ => None,
    }
}

fn place(import: &Import) -> &Ident {
    match &import.from {
        ImportFrom::Module(place) | ImportFrom::Path(place) => place,
    }
}

fn locate(
    world: &dyn World,
    importer: &str,
    import: &Import,
    diagnostics: &mut Diagnostics,
) -> Option<Located> {
    match &import.from {
        ImportFrom::Module(module) if module.name == GUARDS => Some(Located::Guards),
        ImportFrom::Module(module) => {
            let name = module.name.strip_prefix("std.").unwrap_or(&module.name);
            if let (Some(text), true) = (flow_stdlib::module(name), module.name.starts_with("std.")) {
                return Some(Located::File(ecow::eco_format!("std/{name}.flow"), text.into()));
            }
            let known: Vec<String> = std::iter::once(GUARDS.to_owned())
                .chain(flow_stdlib::modules().map(|m| format!("std.{m}")))
                .collect();
            let near = did_you_mean(&module.name, known.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    format!("the modules are {}; a file is imported by its path in quotes", known.join(", "))
                }
            };
            let message = format!("there is no module `{}`", module.name);
            diagnostics.push(FlowDiagnostic::new(Code::E0103, module.span, message).help(help));
            None
        }
        ImportFrom::Path(path) => {
            let full = join(importer, &path.name);
            match world.read(&full) {
                Ok(text) => Some(Located::File(full, text)),
                Err(reason) => {
                    let message = format!("cannot import `{}`: {reason}", path.name);
                    diagnostics.push(
                        FlowDiagnostic::new(Code::E0103, path.span, message)
                            .help("a path is relative to the file that imports it"),
                    );
                    None
                }
            }
        }
    }
}

fn bring_guards(world: &dyn World, scope: &mut Scope, import: &Import, diagnostics: &mut Diagnostics) {
    let guards = || world.capabilities().iter().copied().filter(|s| s.kind == CapabilityKind::Guard);
    for wanted in &import.names {
        let here = wanted.alias.as_ref().unwrap_or(&wanted.name);
        let target = match guards().find(|s| s.name == wanted.name.name) {
            Some(spec) => Target::Builtin(spec),
            None => {
                diagnostics.push(not_there(&wanted.name, GUARDS, guards().map(|s| s.name)));
                Target::Poison
            }
        };
        declare(scope, here, Symbol { target, span: here.span, imported: true }, diagnostics);
    }
}

fn bring_names(
    program: &mut Program,
    (into, from): (usize, usize),
    import: &Import,
    diagnostics: &mut Diagnostics,
) {
    for wanted in &import.names {
        let here = wanted.alias.as_ref().unwrap_or(&wanted.name);
        let there = &program.files[from].scope;
        let target = match there.get(&wanted.name.name).filter(|s| !s.imported) {
            Some(symbol) => symbol.target,
            None => {
                let names = there.iter().filter(|(_, s)| !s.imported).map(|(n, _)| n.as_str());
                diagnostics.push(not_there(&wanted.name, &place(import).name, names));
                Target::Poison
            }
        };
        let symbol = Symbol { target, span: here.span, imported: true };
        declare(&mut program.files[into].scope, here, symbol, diagnostics);
    }
}

fn poison(scope: &mut Scope, import: &Import, diagnostics: &mut Diagnostics) {
    for wanted in &import.names {
        let here = wanted.alias.as_ref().unwrap_or(&wanted.name);
        declare(scope, here, Symbol { target: Target::Poison, span: here.span, imported: true }, diagnostics);
    }
}

fn not_there<'a>(name: &Ident, place: &str, names: impl Iterator<Item = &'a str>) -> FlowDiagnostic {
    let names: Vec<&str> = names.collect();
    let message = format!("`{}` is not declared in `{place}`", name.name);
    let diagnostic = FlowDiagnostic::new(Code::E0101, name.span, message);
    match did_you_mean(&name.name, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("import `{near}`"),
            name.span,
            near,
        ),
        None if names.is_empty() => diagnostic.help("nothing is declared there"),
        None => diagnostic.help(format!("what is declared there: {}", names.join(", "))),
    }
}

/// The path of `target` as `importer` writes it, relative to the program's folder.
pub(crate) fn join(importer: &str, target: &str) -> EcoString {
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/").into()
}

fn report_cycle(program: &Program, edges: &[(usize, usize, Span)], diagnostics: &mut Diagnostics) {
    let mut graph = petgraph::graph::DiGraph::<(), Span>::new();
    let nodes: Vec<_> = program.files.iter().map(|_| graph.add_node(())).collect();
    for (from, to, span) in edges {
        graph.add_edge(nodes[*from], nodes[*to], *span);
    }
    for group in petgraph::algo::kosaraju_scc(&graph) {
        let inside = |e: &&(usize, usize, Span)| group.contains(&nodes[e.0]) && group.contains(&nodes[e.1]);
        let mut within: Vec<_> = edges.iter().filter(inside).collect();
        within.sort();
        let Some((first, rest)) = within.split_first() else { continue };
        let path = |i: usize| program.files[i].path.as_str();
        let mut diagnostic = FlowDiagnostic::new(
            Code::E0104,
            first.2,
            format!("`{}` and `{}` import one another", path(first.0), path(first.1)),
        )
        .help("move what both need into a third file");
        if first.0 == first.1 {
            diagnostic.message = format!("`{}` imports itself", path(first.0));
        }
        for edge in rest {
            diagnostic = diagnostic.label(edge.2, format!("imports `{}`", path(edge.1)));
        }
        diagnostics.push(diagnostic);
    }
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_are_relative_to_the_importer() {
        assert_eq!(join("main.flow", "lib/a.flow"), "lib/a.flow");
        assert_eq!(join("app/main.flow", "../lib/./a.flow"), "lib/a.flow");
        assert_eq!(join("main.flow", "../a.flow"), "../a.flow");
    }
}
