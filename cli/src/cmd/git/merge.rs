//! `flowc git-merge`: merges two changes of a program that are about different steps, settings or
//! declarations, also where they stand side by side and lines alone would be a conflict.
//!
//! The three states are brought into the one style and taken apart: into declarations, and each of
//! them into its members. A member that one side changed is that side's; one that both changed
//! differently is a conflict, marked as git marks them.

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::world;
use flow_compiler::format::format;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The arguments.
#[derive(clap::Args, Debug)]
pub(crate) struct MergeArgs {
    /// The common past.
    base: PathBuf,
    /// Ours; the merged program is written here.
    ours: PathBuf,
    /// Theirs.
    theirs: PathBuf,
    /// How long the marks of a conflict are.
    #[arg(long, default_value_t = 7, value_name = "N")]
    marker_size: usize,
    /// What the file is called.
    #[arg(long, value_name = "PATH")]
    path: Option<PathBuf>,
}

/// Merges; ends with 1 where there are conflicts.
pub(crate) fn run(args: &MergeArgs, console: &Console) -> Result<Exit, Failure> {
    let read = |path: &Path| {
        world::read_text(path)
            .map_err(|reason| Failure::outside(format!("`{}` cannot be read: {reason}", path.display())))
    };
    let [base, ours, theirs] = [read(&args.base)?, read(&args.ours)?, read(&args.theirs)?];
    // What is not understood is nobody's step.
    if [&base, &ours, &theirs].iter().any(|text| !is_understood(text)) {
        return by_lines(args);
    }
    let merged = merged([&base, &ours, &theirs], args.marker_size);
    if merged.conflicts == 0 && !is_understood(&merged.text) {
        return by_lines(args);
    }
    std::fs::write(&args.ours, &merged.text).map_err(|e| Failure::unwritable(&args.ours, &e))?;
    if merged.conflicts > 0 {
        let name = args.path.as_ref().unwrap_or(&args.ours).display();
        console.note(&format!("{name}: both sides changed the same, {} times", merged.conflicts));
        return Ok(Exit::Failed);
    }
    Ok(Exit::Fine)
}

fn is_understood(text: &str) -> bool {
    flow_grammar::parse(text).errors.is_empty()
}

// As git does it without us.
fn by_lines(args: &MergeArgs) -> Result<Exit, Failure> {
    let size = format!("--marker-size={}", args.marker_size);
    let done = Command::new("git")
        .args(["merge-file", "-q", &size, "-L", "ours", "-L", "base", "-L", "theirs"])
        .args([&args.ours, &args.base, &args.theirs])
        .status()
        .map_err(|e| Failure::outside(format!("git can't be started: {e}")))?;
    Ok(if done.success() { Exit::Fine } else { Exit::Failed })
}

struct Merged {
    text: String,
    conflicts: usize,
}

/// A declaration or a member, with the comments and empty lines above it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Part {
    /// What it is known by: `flow support`, `draft =`, `budget:`.
    key: String,
    text: String,
}

fn merged([base, ours, theirs]: [&str; 3], size: usize) -> Merged {
    let parts = [base, ours, theirs].map(|text| declarations(&format(text)));
    let mut conflicts = 0;
    let text = three_ways(parts, &mut |states: [Option<&Part>; 3]| match states {
        [Some(base), Some(ours), Some(theirs)] => {
            three_ways([base, ours, theirs].map(members), &mut |s| conflict(s, size, &mut conflicts))
        }
        states => conflict(states, size, &mut conflicts),
    });
    Merged { text: format(&text), conflicts }
}

// Both sides' parts in the order of ours, theirs behind what they stand behind there.
fn three_ways(
    [base, ours, theirs]: [Vec<Part>; 3],
    both_changed: &mut dyn FnMut([Option<&Part>; 3]) -> String,
) -> String {
    let mut order: Vec<&str> = ours.iter().map(|p| p.key.as_str()).collect();
    let mut before: Option<&str> = None;
    for part in &theirs {
        if !order.contains(&part.key.as_str()) {
            let at = before.and_then(|b| order.iter().position(|k| *k == b)).map_or(0, |at| at + 1);
            order.insert(at, &part.key);
        }
        before = Some(&part.key);
    }
    let of = |parts: &'_ [Part], key: &str| parts.iter().position(|p| p.key == key);
    let mut out = String::new();
    for key in order {
        let states = [
            of(&base, key).map(|i| &base[i]),
            of(&ours, key).map(|i| &ours[i]),
            of(&theirs, key).map(|i| &theirs[i]),
        ];
        let same = |a: Option<&Part>, b: Option<&Part>| a.map(|p| p.text.trim()) == b.map(|p| p.text.trim());
        let [was, mine, other] = states;
        let taken = if same(was, mine) {
            other
        } else if same(was, other) || same(mine, other) {
            mine
        } else {
            out.push_str(&both_changed(states));
            continue;
        };
        out.push_str(taken.map_or("", |p| &p.text));
    }
    out
}

fn conflict([_, ours, theirs]: [Option<&Part>; 3], size: usize, conflicts: &mut usize) -> String {
    *conflicts += 1;
    let mark = |sign: &str| sign.repeat(size);
    let text = |part: Option<&Part>| part.map_or("", |p| p.text.as_str()).to_owned();
    let (ours, theirs) = (text(ours), text(theirs));
    format!("{} ours\n{ours}{}\n{theirs}{} theirs\n", mark("<"), mark("="), mark(">"))
}

// In the one style, a declaration begins at the edge and ends before the next that does.
fn declarations(text: &str) -> Vec<Part> {
    let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase());
    parts(text, &begins, |line| {
        let words: Vec<&str> = line.split(|c: char| " ({=<".contains(c)).filter(|w| !w.is_empty()).collect();
        match words.as_slice() {
            ["import", ..] => line.to_owned(),
            // A test is known by its words.
            ["test" | "eval", ..] => line.trim_end_matches(['{', ' ']).to_owned(),
            [kind, name, ..] => format!("{kind} {}", name.trim_end_matches(':')),
            _ => line.to_owned(),
        }
    })
}

// And a member at the first step inwards.
fn members(declaration: &Part) -> Vec<Part> {
    let begins = |line: &str| {
        let own = line.strip_prefix("  ").unwrap_or_default();
        !line.starts_with(['}', ' '])
            || own.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            || line.starts_with('}')
    };
    parts(&declaration.text, &begins, |line| {
        let own = line.trim();
        match own.find([':', '=']) {
            _ if !line.starts_with(' ') => {
                own.trim_end_matches(['{', ' ']).split(['(', '-']).next().unwrap_or(own).to_owned()
            }
            _ if own.starts_with("return ") => "return".to_owned(),
            _ if own.starts_with("require:") || own.starts_with("assume:") => own.to_owned(),
            Some(at) => own[..=at].to_owned(),
            None => own.to_owned(),
        }
    })
}

// Lines above the first that begins a part, and comments and empty lines above others, belong to what
// follows.
fn parts(text: &str, begins: &dyn Fn(&str) -> bool, key: impl Fn(&str) -> String) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    let mut above = String::new();
    let mut seen: Vec<String> = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        let is_above = bare.is_empty() || bare.starts_with("//");
        let depth_fits = line.is_empty() || begins(line) || is_above;
        if is_above && depth_fits {
            above.push_str(line);
            above.push('\n');
        } else if begins(line) {
            let own = key(line);
            let times = seen.iter().filter(|s| **s == own).count();
            seen.push(own.clone());
            let key = if times == 0 { own } else { format!("{own} #{times}") };
            out.push(Part { key, text: format!("{}{line}\n", std::mem::take(&mut above)) });
        } else if let Some(last) = out.last_mut() {
            // What stood above is inside of it.
            last.text.push_str(&std::mem::take(&mut above));
            last.text.push_str(line);
            last.text.push('\n');
        } else {
            above.push_str(line);
            above.push('\n');
        }
    }
    if !above.trim().is_empty() {
        out.push(Part { key: "the end".to_owned(), text: above });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "\
import pii from std.guards

flow main(a: text <= 9 tokens) -> text {
  budget: $0.10

  // The first.
  one = upper(a)
  two = lower(one) else \"x\"
  three = trim(two)
  return three
}

flow other() -> int {
  return 1
}
";

    fn merge(ours: &[(&str, &str)], theirs: &[(&str, &str)]) -> Merged {
        let edited = |edits: &[(&str, &str)]| {
            edits.iter().fold(BASE.to_owned(), |text, (from, to)| {
                assert!(text.contains(from), "{from}");
                text.replace(from, to)
            })
        };
        merged([BASE, &edited(ours), &edited(theirs)], 7)
    }

    #[test]
    fn changes_to_neighbouring_steps_are_merged() {
        let done = merge(&[("upper(a)", "trim(a)")], &[("lower(one)", "upper(one)"), ("$0.10", "$0.20")]);
        assert_eq!(done.conflicts, 0, "{}", done.text);
        let wanted =
            BASE.replace("upper(a)", "trim(a)").replace("lower(one)", "upper(one)").replace("$0.10", "$0.20");
        assert_eq!(done.text, wanted);
    }

    #[test]
    fn both_sides_steps_are_kept_where_they_stand() {
        let done = merge(
            &[
                ("  three =", "  mine = lower(two)\n  three ="),
                ("flow other", "flow mine() -> int {\n  return 2\n}\n\nflow other"),
            ],
            &[
                ("  three =", "  yours = upper(two)\n  three ="),
                ("  return 1\n}\n", "  return 1\n}\n\nflow yours() -> int {\n  return 3\n}\n"),
            ],
        );
        assert_eq!(done.conflicts, 0, "{}", done.text);
        for step in [
            "  mine = lower(two)\n",
            "  yours = upper(two)\n",
            "flow mine()",
            "flow yours()",
            "  // The first.\n  one",
        ] {
            assert_eq!(done.text.matches(step).count(), 1, "{}", done.text);
        }
        assert!(is_understood(&done.text), "{}", done.text);
    }

    #[test]
    fn what_both_changed_is_a_conflict_and_what_one_took_out_is_gone() {
        let done = merge(
            &[("upper(a)", "trim(a)"), ("  three = trim(two)\n", ""), ("return three", "return two")],
            &[("upper(a)", "lower(a)")],
        );
        assert_eq!(done.conflicts, 1);
        let wanted = "<<<<<<< ours\n\n  // The first.\n  one = trim(a)\n=======\n\n  // The first.\n  one = lower(a)\n>>>>>>> theirs\n";
        assert!(done.text.replace("\n\n", "\n").contains(&wanted.replace("\n\n", "\n")), "{}", done.text);
        assert!(!done.text.contains("three"), "{}", done.text);
        let both = merge(&[("  return 1", "  return 2")], &[("flow other() -> int {\n  return 1\n}\n", "")]);
        assert_eq!(both.conflicts, 1, "changed here and taken out there: {}", both.text);
    }
}
