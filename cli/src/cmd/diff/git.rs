//! Files of a git revision, as git itself gives them: no library knows every repository better.
//!
//! Programs and what configures them are laid out in a temporary folder, so that they are read as any
//! other; what else a program reads is fetched when it is asked for.

use crate::exit::Failure;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A revision, laid out.
pub(super) struct Revision {
    /// Its name, as it was asked for.
    pub(super) name: String,
    /// The folder in which programs and configuration stand; it goes when this does.
    folder: TempDir,
    /// The folder of the repository that the command was started in: empty, or ending in `/`.
    pub(super) prefix: String,
    /// The programs, from the root of the repository.
    pub(super) programs: Vec<String>,
    blobs: HashMap<String, String>,
}

/// The two revisions of `A..B`, `A...B` or `A`; without a second one, it is the working tree.
pub(super) fn range(text: &str) -> Result<(String, Option<String>), Failure> {
    let or_head = |rev: &str| if rev.is_empty() { "HEAD".to_owned() } else { rev.to_owned() };
    if let Some((a, b)) = text.split_once("...") {
        for side in [a, b] {
            known(&or_head(side))?;
        }
        let base = git(&["merge-base", &or_head(a), &or_head(b)]).map_err(|failure| {
            failure.help("both must be in this clone with their common past: `fetch-depth: 0` in an Action, `git fetch --unshallow` elsewhere")
        })?;
        return Ok((base.trim().to_owned(), Some(or_head(b))));
    }
    match text.split_once("..") {
        Some((a, b)) => Ok((or_head(a), Some(or_head(b)))),
        None => Ok((or_head(text), None)),
    }
}

/// Whether git knows a commit of this name here.
pub(super) fn is_revision(name: &str) -> bool {
    git(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]).is_ok()
}

// A revision, or why it is none.
fn known(name: &str) -> Result<(), Failure> {
    if is_revision(name) {
        return Ok(());
    }
    // Where git itself is missing, that is the reason.
    let mut inside = Command::new("git");
    inside.args(["rev-parse", "--git-dir"]).env("LC_ALL", "C");
    let inside = inside.output().map_err(|e| no_git(&e))?;
    if !inside.status.success() {
        let said = first_line(&inside.stderr);
        // It may be one that git does not trust.
        if !said.starts_with("not a git repository") {
            return Err(Failure::usage(format!("git can't be asked here: {said}")));
        }
        return Err(Failure::usage("this folder is in no git repository")
            .help("compare two files or two folders: `flowc diff old new`"));
    }
    if name == "HEAD" {
        return Err(Failure::usage("nothing has been committed here yet"));
    }
    Err(Failure::usage(format!("git knows no revision `{name}` here"))
        .help("`git fetch` brings what others have; `git branch --all` lists what there is"))
}

/// What a git command prints.
pub(super) fn git<S: AsRef<OsStr>>(args: &[S]) -> Result<String, Failure> {
    let bytes = output(args)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn output<S: AsRef<OsStr>>(args: &[S]) -> Result<Vec<u8>, Failure> {
    let done = Command::new("git").args(args).stdin(Stdio::null()).output().map_err(|e| no_git(&e))?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let said = first_line(&done.stderr);
    let what: Vec<String> = args.iter().map(|a| a.as_ref().to_string_lossy().into_owned()).collect();
    Err(Failure::usage(format!("`git {}` failed: {said}", what.join(" "))))
}

fn first_line(stderr: &[u8]) -> String {
    let said = String::from_utf8_lossy(stderr);
    said.lines().next().unwrap_or("it gave no reason").trim_start_matches("fatal: ").to_owned()
}

fn no_git(error: &std::io::Error) -> Failure {
    let failure = Failure::outside(format!("git can't be started: {error}"));
    failure.help("revisions are read by git: it has to be installed")
}

impl Revision {
    /// Lays out the programs of a revision below these paths, which are relative to the working directory.
    pub(super) fn open(name: &str, paths: &[String]) -> Result<Revision, Failure> {
        known(name)?;
        let prefix = git(&["rev-parse", "--show-prefix"])?.trim().to_owned();
        let wanted: Vec<String> = paths.iter().map(|p| normal(&format!("{prefix}{p}"))).collect();
        let folder = tempfile::tempdir()
            .map_err(|e| Failure::outside(format!("a temporary folder can't be made: {e}")))?;
        let mut revision =
            Revision { name: name.to_owned(), folder, prefix, programs: Vec::new(), blobs: HashMap::new() };
        let listed = output(&["ls-tree", "-r", "-z", "--full-tree", name])?;
        let mut laid_out = Vec::new();
        for entry in listed.split(|b| *b == 0).filter(|e| !e.is_empty()) {
            let entry = String::from_utf8_lossy(entry);
            let Some((about, path)) = entry.split_once('\t') else { continue };
            let mut about = about.split(' ');
            let (mode, Some("blob"), Some(sha)) = (about.next(), about.next(), about.next()) else {
                continue;
            };
            // A link is a text with a path; what it points at stands in the list itself.
            if mode == Some("120000") {
                continue;
            }
            revision.blobs.insert(path.to_owned(), sha.to_owned());
            let is_program = path.ends_with(".flow") && wanted.iter().any(|w| is_below(path, w));
            if is_program {
                revision.programs.push(path.to_owned());
            }
            if is_program || ["flow.toml", "prices.toml"].iter().any(|n| file_name(path) == *n) {
                laid_out.push((path.to_owned(), sha.to_owned()));
            }
        }
        revision.lay_out(&laid_out)?;
        revision.programs.sort();
        Ok(revision)
    }

    /// The root of the repository, as far as it is laid out.
    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Whether it has this file, or files below this folder; relative to the working directory.
    pub(super) fn has(&self, path: &str) -> bool {
        let wanted = normal(&format!("{}{path}", self.prefix));
        wanted.is_empty() || self.blobs.keys().any(|blob| is_below(blob, &wanted))
    }

    /// A file by its path from the root of the repository. An error is the reason, for people.
    pub(super) fn read(&self, path: &str) -> Result<String, String> {
        let path = normal(path);
        let sha = self.blobs.get(&path).ok_or("there is no such file")?;
        let bytes = output(&["cat-file", "blob", sha]).map_err(|_| "git can't give it".to_owned())?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }

    // One process gives all of them.
    fn lay_out(&self, files: &[(String, String)]) -> Result<(), Failure> {
        let root = self.folder.path();
        // Where configuration is looked for ends here.
        make(&root.join(".git"))?;
        make(&root.join(&self.prefix))?;
        let mut child = Command::new("git")
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| no_git(&e))?;
        let asked: String = files.iter().map(|(_, sha)| format!("{sha}\n")).collect();
        let mut stdin = child.stdin.take();
        let writer = std::thread::spawn(move || stdin.as_mut().map(|s| s.write_all(asked.as_bytes())));
        let broken = |e: std::io::Error| Failure::outside(format!("git's answer can't be read: {e}"));
        if let Some(stdout) = child.stdout.take() {
            let mut stdout = BufReader::new(stdout);
            for (path, _) in files {
                let mut head = String::new();
                stdout.read_line(&mut head).map_err(broken)?;
                let size = head.trim().rsplit(' ').next().and_then(|n| n.parse::<usize>().ok());
                let Some(size) = size else {
                    return Err(Failure::outside(format!("git can't give `{path}`: {}", head.trim())));
                };
                let mut bytes = vec![0; size + 1];
                stdout.read_exact(&mut bytes).map_err(broken)?;
                bytes.pop();
                let target = root.join(path);
                make(target.parent().unwrap_or(root))?;
                std::fs::write(&target, bytes).map_err(|e| Failure::unwritable(&target, &e))?;
            }
        }
        // Who does not read any more has said so above.
        let _ = writer.join();
        child.wait().map_err(broken)?;
        Ok(())
    }
}

fn make(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| Failure::unwritable(folder, &e))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// A path without `.` and `..`.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folder of a path, from the root: empty, or ending in `/`.
pub(super) fn folder_of(path: &str) -> String {
    path.rfind('/').map_or(String::new(), |at| path[..=at].to_owned())
}

/// A path of the repository below a folder on the disk.
pub(super) fn on_disk(root: &Path, path: &str) -> PathBuf {
    path.split('/').fold(root.to_owned(), |at, part| at.join(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(normal("a/./b/../c.flow"), "a/c.flow");
        assert_eq!((folder_of("a/b.flow"), folder_of("b.flow")), ("a/".into(), String::new()));
        assert!(is_below("a/b.flow", "a") && !is_below("ab/c.flow", "a") && is_below("x", ""));
    }
}
