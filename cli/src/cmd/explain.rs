//! `flowc explain CODE`: the code's page. Without a code, the list of codes.

use crate::console::{Console, Paint};
use crate::exit::{Exit, Failure};
use flow_diagnostics::{Code, Severity, did_you_mean};
use serde_json::json;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc explain E0201          the page of one code
  flowc explain                every code with its meaning
  flowc explain --format json  the same for programs")]
pub(crate) struct Args {
    /// The code, as a diagnostic shows it: `E0201` or `flow::E0201`.
    code: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: super::Format,
}

/// Prints the page or the list.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    let Some(name) = &args.code else {
        list(args.format, console)?;
        return Ok(Exit::Fine);
    };
    let code = Code::parse(name).ok_or_else(|| unknown(name))?;
    match args.format {
        super::Format::Json => console.json(&entry(code, true))?,
        super::Format::Text => console.answer(&page(code.page().text, console.out_colour))?,
    }
    Ok(Exit::Fine)
}

fn unknown(name: &str) -> Failure {
    let upper = name.trim().trim_start_matches("flow::").to_uppercase();
    let near = did_you_mean(&upper, Code::ALL.iter().map(|c| c.short()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`? `flowc explain` lists every code"),
        None => "`flowc explain` lists every code".to_owned(),
    };
    Failure::usage(format!("there is no code `{name}`")).help(help)
}

fn list(format: super::Format, console: &Console) -> Result<(), Failure> {
    if format == super::Format::Json {
        let codes: Vec<_> = Code::ALL.iter().map(|c| entry(*c, false)).collect();
        return console.json(&json!({ "codes": codes }));
    }
    let line = |code: &Code| {
        let name = Paint::Strong.on(console.out_colour, code.short());
        format!("{name}  {}\n", code.title())
    };
    console.answer(&Code::ALL.iter().map(line).collect::<String>())
}

fn entry(code: Code, with_page: bool) -> serde_json::Value {
    let severity = match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut entry = json!({ "code": code.name(), "severity": severity, "title": code.title() });
    if with_page {
        entry["page"] = code.page().text.into();
    }
    entry
}

// Markdown reads well as it is; on a terminal, headings stand out and programs are set back.
fn page(markdown: &str, colour: bool) -> String {
    if !colour {
        return markdown.to_owned();
    }
    let mut out = String::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let shown = match line.strip_prefix('#') {
            _ if in_code => format!("    {line}"),
            Some(heading) => Paint::Strong.on(true, heading.trim_start_matches('#').trim()),
            None => line.to_owned(),
        };
        out.push_str(&shown);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn pages_are_left_alone_without_colour_and_set_with_it() {
        let text = "# E0000\n\nWhy.\n\n```flow\nflow a() {}\n# not a heading\n```\n";
        assert_eq!(page(text, false), text);
        assert_eq!(page(text, true), "\x1b[1mE0000\x1b[0m\n\nWhy.\n\n    flow a() {}\n    # not a heading\n");
    }
}
