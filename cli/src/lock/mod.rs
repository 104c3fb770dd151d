//! `flow.lock`: what bounds were worked out from, and what they came to, so that a change of either
//! shows in a pull request.
//!
//! In: checked programs. Out: the file beside their `flow.toml`, or beside the program where there is
//! none; or what has changed since it was written. It is TOML in a fixed order.
//! Not here: how bounds are worked out (the compiler).

mod changes;
mod digest;
mod entry;

use crate::exit::{Exit, Failure};
use crate::paths;
use crate::project::Project;
use entry::Entry;
use flow_compiler::bounds::Bounds;
use flow_plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The form of the file. A file of another form is not read.
const VERSION: u32 = 1;

const HEADING: &str = "\
# What the bounds of these programs were worked out from, and what they came to.
# Written by `flowc cost --lock`; `flowc cost --locked` says what has changed since.

";

/// Where a program stands in which lock file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    file: PathBuf,
    program: String,
}

/// A program as it is now.
pub(crate) struct Current<'a> {
    /// Its place.
    pub(crate) place: &'a Place,
    /// What it does.
    pub(crate) plan: &'a Plan,
    /// What it takes.
    pub(crate) bounds: &'a Bounds,
}

#[derive(Serialize, Deserialize, Debug)]
struct Lock {
    version: u32,
    programs: BTreeMap<String, Entry>,
}

/// The place of a program.
pub(crate) fn place(project: &Project) -> Place {
    let root = std::path::absolute(&project.root).unwrap_or_else(|_| project.root.clone());
    let folder = project.config.file.as_deref().and_then(Path::parent).unwrap_or(&root);
    let path = root.join(&project.file);
    let program = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    Place { file: folder.join("flow.lock"), program }
}

/// Writes the programs into their lock files, which they then hold beside what stood there of other
/// programs that are still on the disk. Gives the files.
pub(crate) fn write(programs: &[Current<'_>]) -> Result<Vec<String>, Failure> {
    let mut written = Vec::new();
    for (path, programs) in by_file(programs) {
        let mut lock = match read(path) {
            Ok(lock) => lock,
            Err(failure) if failure.exit() == Exit::Outside => return Err(failure),
            // What is not there or cannot be used is written anew.
            Err(_) => Lock { version: VERSION, programs: BTreeMap::new() },
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        lock.programs.retain(|name, _| folder.join(name).is_file());
        for program in programs {
            lock.programs.insert(program.place.program.clone(), Entry::of(program.plan, program.bounds));
        }
        let text = toml::to_string(&lock)
            .map_err(|e| Failure::outside(format!("`{}` cannot be written: {e}", paths::shown(path))))?;
        std::fs::write(path, format!("{HEADING}{text}")).map_err(|e| Failure::unwritable(path, &e))?;
        written.push(paths::shown(path));
    }
    Ok(written)
}

/// What has changed since the lock files of these programs were written, one line each.
pub(crate) fn changes(programs: &[Current<'_>]) -> Result<Vec<String>, Failure> {
    let mut out = Vec::new();
    for (path, programs) in by_file(programs) {
        let lock = read(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let several = lock.programs.len() > 1 || programs.len() > 1;
        for program in programs {
            let name = &program.place.program;
            let now = Entry::of(program.plan, program.bounds);
            let found = match lock.programs.get(name) {
                Some(was) => changes::between(was, &now),
                None => vec!["it is not in `flow.lock` yet".to_owned()],
            };
            let always = !lock.programs.contains_key(name);
            out.extend(found.into_iter().map(|line| match several || always {
                true => format!("{}: {line}", paths::shown(&folder.join(name))),
                false => line,
            }));
        }
        let gone = lock.programs.keys().filter(|name| !folder.join(name).is_file());
        out.extend(gone.map(|name| format!("{}: it is in `flow.lock`, and there is no such file", name)));
    }
    Ok(out)
}

fn by_file<'p, 'a>(programs: &'p [Current<'a>]) -> BTreeMap<&'p Path, Vec<&'p Current<'a>>> {
    let mut files: BTreeMap<&Path, Vec<&Current<'a>>> = BTreeMap::new();
    for program in programs {
        files.entry(&program.place.file).or_default().push(program);
    }
    files
}

fn read(path: &Path) -> Result<Lock, Failure> {
    const AGAIN: &str = "write it again with `flowc cost --lock`";
    let shown = paths::shown(path);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(Failure::usage(format!("there is no `{shown}`"))
                .help("write it with `flowc cost --lock`, and keep it with the program"));
        }
        Err(e) => return Err(Failure::unreadable(path, &e)),
    };
    let version = toml::from_str::<Version>(&text).map(|v| v.version);
    if let Ok(other) = version
        && other != VERSION
    {
        let message = format!("`{shown}` has version {other}, and this flowc reads version {VERSION}");
        return Err(Failure::usage(message).help(AGAIN));
    }
    toml::from_str(&text).map_err(|e| {
        let reason = e.message().lines().next().unwrap_or("it is not understood").to_owned();
        let line = e.span().map_or(1, |at| text[..at.start.min(text.len())].matches('\n').count() + 1);
        Failure::usage(format!("`{shown}` cannot be used, line {line}: {reason}"))
            .help(format!("it may have been edited or merged by hand: {AGAIN}"))
    })
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}
