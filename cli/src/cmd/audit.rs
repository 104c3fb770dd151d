//! `flowc audit`: the audit record, told and looked through.

use super::runs::In;
use crate::console::{Console, counted};
use crate::exit::{Exit, Failure};
use clap::{Subcommand, ValueEnum};
use flow_runtime::RunId;
use flow_runtime::audit::{self, Broken, Trail};
use serde_json::{Value as Json, json};

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc audit verify                            every run, also whether one is missing
  flowc audit verify 019ac3f2b1e4d07a11c
  flowc audit report 019ac3f2b1e4d07a11c > report.md
  flowc audit report --format json

The record is kept with the journal. It holds no value: data is named by digests with the key of the project
(`.flow/audit.key`, or FLOW_AUDIT_KEY).")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Look whether the record is whole: exit code 1 says where it is not.
    Verify {
        #[command(flatten)]
        of: Of,
        /// How to print it.
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: super::Format,
    },
    /// Tell which data went to which model, under which rule.
    Report {
        #[command(flatten)]
        of: Of,
        /// How to print it.
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: Form,
    },
}

#[derive(clap::Args, Debug)]
struct Of {
    /// The run; every run, if missing.
    #[arg(value_name = "RUN")]
    run: Option<String>,
    #[command(flatten)]
    place: In,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// For people.
    #[default]
    Markdown,
    /// For programs.
    Json,
}

/// Reads the record and does what is asked.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    match &args.what {
        What::Verify { of, format } => {
            let trail = of.trail()?;
            let broken = audit::verify(&trail, of.run.is_none());
            match format {
                super::Format::Json => console.json(&document(&trail, &broken))?,
                super::Format::Text => shown(&trail, &broken, console)?,
            }
            Ok(if broken.is_empty() { Exit::Fine } else { Exit::Failed })
        }
        What::Report { of, format } => {
            let trail = of.trail()?;
            let report = audit::report(&trail);
            match format {
                Form::Json => console.json(&report)?,
                Form::Markdown => console.answer(&audit::markdown(&report))?,
            }
            let broken = audit::verify(&trail, of.run.is_none());
            if broken.is_empty() {
                return Ok(Exit::Fine);
            }
            console.note("warning: the record is not whole: `flowc audit verify` says where");
            Ok(Exit::Failed)
        }
    }
}

impl Of {
    fn trail(&self) -> Result<Trail, Failure> {
        let runtime = super::threads()?;
        let (journal, place) = self.place.journal()?;
        let run = self.run.as_deref().map(|run| RunId(run.into()));
        let trail = match journal {
            Some(journal) => runtime.block_on(journal.audit_trail(run.as_ref())).map_err(Failure::from)?,
            None => Trail::default(),
        };
        match &self.run {
            Some(run) if trail.records.is_empty() && trail.heads.is_empty() => Err(Failure::usage(format!(
                "there is no audit record of run `{run}` in {place}"
            ))
            .help("`flowc runs` lists the runs, and `flowc audit verify` looks whether one is missing")),
            _ => Ok(trail),
        }
    }
}

fn shown(trail: &Trail, broken: &[Broken], console: &Console) -> Result<(), Failure> {
    for place in broken {
        let run = place.run.as_ref().map(|run| format!("run {run}, ")).unwrap_or_default();
        let seq = place.seq.map(|seq| format!("record {seq}: ")).unwrap_or_default();
        console.answer(&format!("{run}{seq}{}\n", place.what))?;
    }
    let (runs, records) = (counted(trail.heads.len(), "run"), counted(trail.records.len(), "record"));
    if broken.is_empty() {
        console.answer(&format!("whole: {records} of {runs}, up to {}\n", head(trail)))?;
    } else {
        console.note(&format!("{} in {records} of {runs}", counted(broken.len(), "broken place")));
    }
    Ok(())
}

// What a person may keep elsewhere, to tell later that nothing up to here was replaced.
fn head(trail: &Trail) -> String {
    let hash = match trail.heads.as_slice() {
        [only] => &only.hash,
        _ => &trail.opened.hash,
    };
    if hash.is_empty() { "nothing".to_owned() } else { hash.clone() }
}

fn document(trail: &Trail, broken: &[Broken]) -> Json {
    let place =
        |b: &Broken| json!({ "run": b.run.as_ref().map(|r| r.0.as_str()), "seq": b.seq, "what": b.what });
    json!({
        "whole": broken.is_empty(), "runs": trail.heads.len(), "records": trail.records.len(),
        "head": head(trail), "broken": broken.iter().map(place).collect::<Vec<_>>(),
    })
}
