//! The scripts of `corpus/cli`: a list of commands, each run by a binary in a folder of the case's own.

use crate::cases::Case;
use regex::Regex;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The time at which it is [`crate::world::TODAY`], in seconds since 1970, as `SOURCE_DATE_EPOCH` takes it.
pub const EPOCH: &str = "1795478400";

/// Runs a script with `flowc` at `binary` in `folder`, which gets a copy of the corpus's `data`.
/// Gives what the commands print and their exit codes, with what differs from run to run blotted out.
pub fn run(case: &Case, binary: &Path, folder: &Path) -> String {
    copy(&case.folder().join("data"), folder);
    let commands = case.text.lines().filter_map(|line| line.strip_prefix("$ "));
    blotted(&transcript(commands, binary, folder), folder)
}

/// What a program costs, for people, with the arguments of each `// cost:` line, and for programs.
pub fn costs(case: &Case, binary: &Path, folder: &Path) -> String {
    let name = case.file_name();
    fs::copy(&case.path, folder.join(&name)).expect("a file can be copied");
    let forms = [""].into_iter().chain(case.headers("cost")).chain(["--format json"]);
    let commands: Vec<String> =
        forms.map(|args| format!("flowc cost {name} {args}").trim_end().to_owned()).collect();
    transcript(commands.iter().map(String::as_str), binary, folder)
}

// What the commands print, and their exit codes.
fn transcript<'c>(commands: impl Iterator<Item = &'c str>, binary: &Path, folder: &Path) -> String {
    // A root of a repository, so that no `flow.toml` above it is found.
    fs::create_dir_all(folder.join(".git")).expect("a folder can be made");
    let mut out = String::new();
    for command in commands {
        let done = execute(command, binary, folder);
        out.push_str(&format!("$ {command}\n"));
        out.push_str(&String::from_utf8_lossy(&done.stdout));
        if !done.stderr.is_empty() {
            out.push_str(&format!("[standard error]\n{}", String::from_utf8_lossy(&done.stderr)));
        }
        out.push_str(&format!("[exit {}]\n\n", done.status.code().unwrap_or(-1)));
    }
    out
}

fn execute(command: &str, binary: &Path, folder: &Path) -> Output {
    let mut words = split(command).into_iter();
    assert_eq!(words.next().as_deref(), Some("flowc"), "{command}");
    let mut args: Vec<String> = words.collect();
    let input = match args.iter().position(|a| a == "<") {
        Some(at) => {
            let file = folder.join(&args[at + 1]);
            args.truncate(at);
            Stdio::from(fs::File::open(file).expect("the input is there"))
        }
        None => Stdio::null(),
    };
    let mut process = Command::new(binary);
    process.args(&args).current_dir(folder).env_clear().env("SOURCE_DATE_EPOCH", EPOCH).stdin(input);
    process.output().expect("flowc starts")
}

// Words as a shell splits them, with quotes and without anything else.
fn split(command: &str) -> Vec<String> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.chars() {
        match (quote, c) {
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(q), c) if q == c => quote = None,
            (None, ' ') => out.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    out
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the data is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).expect("a folder can be made");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

fn blotted(text: &str, folder: &Path) -> String {
    let text = text.replace(&*folder.to_string_lossy(), "[folder]");
    let replaced = [
        (r#""run": "[^"]*""#, r#""run": "[run]""#),
        (r"\b[0-9a-f]{19}\b", "[run]"),
        (r#""ms": \d+"#, r#""ms": 0"#),
        (r"\b\d+(\.\d+)? ?(ms|s|µs)\b", "[time]"),
    ];
    replaced.iter().fold(text, |text, (pattern, by)| {
        Regex::new(pattern).expect("a pattern of ours").replace_all(&text, *by).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            split(r#"flowc run a.flow q="How long?" x='' y"#),
            ["flowc", "run", "a.flow", "q=How long?", "x=", "y"]
        );
    }
}
