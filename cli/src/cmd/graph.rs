//! `flowc graph`: a flow's steps as a picture, drawn, or in a language that other tools draw.

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
  flowc graph app.flow --format svg > app.svg        a picture; `html` is a page with it
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
    /// A picture by itself, light and dark.
    Svg,
    /// A page with the picture.
    Html,
    /// For programs.
    Json,
}

/// Prints the picture.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let (plan, _) = Project::open(&args.program.program, &args.program.models)?.plan()?;
    let flow = flows::choose(&plan, args.flow.as_deref())?;
    console.answer(&match args.format {
        Picture::Svg => graph::svg(&plan, flow, args.labels),
        Picture::Html => graph::html(&plan, flow, args.labels),
        Picture::Mermaid => graph::mermaid(&plan, flow, args.labels),
        Picture::Dot => graph::dot(&plan, flow, args.labels),
        Picture::Json => format!("{:#}", graph::json(&plan, flow)),
    })?;
    Ok(Exit::Fine)
}
