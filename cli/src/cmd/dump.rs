//! `flowc dump`: what a phase of the compiler makes of a program, as text. For those who work on
//! the compiler; the text follows the compiler's own types and changes with them.

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::project::{ProgramArgs, Project};
use crate::report::Report;
use crate::world;
use clap::ValueEnum;
use flow_diagnostics::{Diagnostics, Sources};

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc dump cst app.flow     the concrete tree: every token, broken regions too
  flowc dump ast app.flow     the syntax tree of the program's own file
  flowc dump hir app.flow     declarations and the type of each named place
  flowc dump plan app.flow    what would run, with every default filled in")]
pub(crate) struct Args {
    /// What to print.
    #[arg(value_enum, value_name = "PHASE")]
    phase: Phase,
    #[command(flatten)]
    program: ProgramArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Phase {
    /// The concrete tree.
    Cst,
    /// The syntax tree.
    Ast,
    /// Names and types.
    Hir,
    /// The plan.
    Plan,
}

/// Prints what the phase makes of the program; what is wrong with it goes to standard error.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let project = Project::open(&args.program.program, &args.program.models)?;
    let mut report = Report::default();
    let text = match args.phase {
        Phase::Cst | Phase::Ast => {
            let path = project.root.join(&project.file);
            let text = world::read_text(&path).map_err(|reason| {
                Failure::outside(format!("`{}` cannot be read: {reason}", path.display()))
            })?;
            if args.phase == Phase::Cst {
                flow_grammar::parse(&text).cst.dump(&text)
            } else {
                let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
                let file = sources.add(project.file.as_str(), text.as_str());
                let tree = flow_compiler::parse_file(&text, file, &mut diagnostics);
                report.add(&project.root, &sources, &diagnostics);
                format!("{tree:#?}")
            }
        }
        Phase::Hir => {
            let outcome = project.compile();
            report.add(&project.root, &outcome.sources, &outcome.diagnostics);
            outcome.hir.dump(&outcome.sources)
        }
        Phase::Plan => {
            let (plan, found) = project.plan()?;
            report = found;
            plan.dump()
        }
    };
    console.diagnostics(&report.diagnostics, &report.sources);
    console.answer(&text)?;
    Ok(if report.diagnostics.has_errors() { Exit::Failed } else { Exit::Fine })
}
