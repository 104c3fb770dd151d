//! `flowc graph`: a flow's steps as a picture, in a language that other tools draw.

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::flows;
use crate::project::{ProgramArgs, Project};
use clap::ValueEnum;
use flow_compiler::graph;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc graph app.flow                               Mermaid, which Markdown on most forges draws
  flowc graph app.flow --format dot | dot -Tsvg      a picture by Graphviz
  flowc graph app.flow --flow support --format json  nodes and edges for programs
  flowc graph app.flow --labels                      where untrusted text and private data come to")]
pub(crate) struct Args {
    #[command(flatten)]
    program: ProgramArgs,
    /// The flow, where the program has several and none is `main`.
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// In which language.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Picture,
    /// With what is untrusted and what is private.
    #[arg(long)]
    labels: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Picture {
    /// For Markdown.
    #[default]
    Mermaid,
    /// For Graphviz.
    Dot,
    /// Not yet supported.
    Svg,
    /// For programs.
    Json,
}

/// Prints the picture.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    if args.format == Picture::Svg {
        return Err(Failure::usage("`--format svg` is not yet supported")
            .help("with Graphviz installed, `flowc graph … --format dot | dot -Tsvg` draws one"));
    }
    let (plan, _) = Project::open(&args.program.program, &args.program.models)?.plan()?;
    let flow = flows::choose(&plan, args.flow.as_deref())?;
    console.answer(&match args.format {
        Picture::Mermaid | Picture::Svg => graph::mermaid(&plan, flow, args.labels),
        Picture::Dot => graph::dot(&plan, flow, args.labels),
        Picture::Json => format!("{:#}", graph::json(&plan, flow)),
    })?;
    Ok(Exit::Fine)
}
