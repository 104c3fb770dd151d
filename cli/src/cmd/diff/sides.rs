//! The two sides of a comparison: files, folders, revisions, and their programs, compiled.

use super::git::{self, Revision};
use crate::exit::Failure;
use crate::paths;
use crate::project::{ModelArgs, Project};
use crate::report::Report;
use crate::world::DiskWorld;
use flow_compiler::World;
use flow_compiler::bounds::Priced;
use flow_diagnostics::Sources;
use flow_plan::{CapabilitySpec, Catalog};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where one side's programs are.
pub(super) enum Tree {
    /// One file.
    File(PathBuf),
    /// Files below folders; the root is what both sides' paths are compared from.
    Folder { root: PathBuf, paths: Vec<PathBuf> },
    /// Files of a revision.
    Revision(Box<Revision>),
    /// A file that git hands over, in the place of another: `None` where there is none.
    Handed { text: Option<PathBuf>, place: PathBuf },
}

/// One side, compiled.
#[derive(Default)]
pub(super) struct Side {
    /// Its programs.
    pub(super) programs: Vec<Compiled>,
    /// What is wrong with those that can't be compared.
    pub(super) broken: Report,
    /// Their paths, as both sides call them, and what is wrong in a few words.
    pub(super) left_out: BTreeMap<String, String>,
}

/// A compiled program.
pub(super) struct Compiled {
    /// Its path, as both sides call it.
    pub(super) key: String,
    /// Its folder, as both sides call it.
    pub(super) folder: String,
    /// Its folder, as people see it.
    pub(super) shown: String,
    /// The program with its bounds.
    pub(super) priced: Priced,
}

impl Tree {
    /// What it is, for headings.
    pub(super) fn name(&self) -> String {
        match self {
            Tree::File(path) | Tree::Handed { place: path, .. } => paths::shown(path),
            Tree::Folder { root, .. } if paths::shown(root) == "." => "working tree".to_owned(),
            Tree::Folder { root, .. } => paths::shown(root),
            Tree::Revision(revision) => revision.name.clone(),
        }
    }

    /// Compiles its programs. With `same`, the one file of each side is the same program.
    pub(super) fn compile(&self, models: &ModelArgs, same: Option<&str>) -> Result<Side, Failure> {
        let mut side = Side::default();
        for program in self.programs()? {
            let key = same.map_or_else(|| program.key.clone(), str::to_owned);
            // One file of many is left out; the file that was asked for is an answer by itself.
            let is_one = matches!(self, Tree::File(_) | Tree::Handed { .. });
            if let (Err(reason), false) = (crate::world::read_text(&program.path), is_one) {
                side.left_out.insert(key, reason);
                continue;
            }
            let project = Project::open_kept(&program.path, models).map_err(|f| self.at_home(f))?;
            let world = SideWorld { disk: project.world(), tree: self, program: &program };
            let priced = Priced::compile(&world, &project.file);
            if priced.bounds.is_none() {
                let named = |name: &str| self.named(&format!("{}{name}", program.shown));
                side.broken.add_as(&named, &priced.sources, &priced.diagnostics);
                side.left_out.insert(key, "it does not compile on both sides".to_owned());
                continue;
            }
            let folder = git::folder_of(&program.key);
            side.programs.push(Compiled { key, folder, shown: program.shown, priced });
        }
        Ok(side)
    }

    // The files of a revision are told from those that are there.
    fn named(&self, path: &str) -> String {
        match self {
            Tree::Revision(revision) => format!("{}:{path}", revision.name),
            _ => path.to_owned(),
        }
    }

    // A message names the files of a revision as git does, and not where they are laid out.
    fn at_home(&self, failure: Failure) -> Failure {
        let Tree::Revision(revision) = self else { return failure };
        let laid_out = format!("{}/", revision.root().display());
        let named = |text: &str| text.replace(&laid_out, &format!("{}:", revision.name));
        match failure {
            Failure::Message { exit, message, help } => {
                Failure::Message { exit, message: named(&message), help }
            }
            Failure::Diagnostics { exit, diagnostics, sources } => {
                let mut at_home = Sources::default();
                sources.iter().for_each(|(_, file)| {
                    at_home.add(named(file.name()), file.text().clone());
                });
                Failure::Diagnostics { exit, diagnostics, sources: at_home }
            }
            failure => failure,
        }
    }

    fn programs(&self) -> Result<Vec<Found>, Failure> {
        match self {
            Tree::File(path) | Tree::Handed { place: path, .. } => {
                let shown = slashed(path.parent().unwrap_or(Path::new("")));
                let key = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let path = match self {
                    Tree::Handed { text: None, .. } => return Ok(Vec::new()),
                    // The place is where its configuration is.
                    Tree::Handed { text: Some(text), .. } if !path.exists() => text.clone(),
                    _ => path.clone(),
                };
                Ok(vec![Found { path, key, shown }])
            }
            Tree::Folder { root, paths } => {
                let files = paths::flow_files(paths)?;
                Ok(files.into_iter().map(|path| found(root, path)).collect())
            }
            Tree::Revision(revision) => Ok(revision
                .programs
                .iter()
                .map(|path| {
                    let key = path.strip_prefix(&revision.prefix).unwrap_or(path).to_owned();
                    let shown = git::folder_of(&key);
                    Found { path: git::on_disk(revision.root(), path), key, shown }
                })
                .collect()),
        }
    }
}

/// A program that was found.
struct Found {
    path: PathBuf,
    key: String,
    shown: String,
}

fn found(root: &Path, path: PathBuf) -> Found {
    let key = paths::shown(path.strip_prefix(root).unwrap_or(&path));
    let shown = slashed(path.parent().unwrap_or(Path::new("")));
    Found { path, key, shown }
}

// Empty, or ending in `/`.
fn slashed(folder: &Path) -> String {
    match paths::shown(folder).as_str() {
        "." | "" => String::new(),
        folder => format!("{folder}/"),
    }
}

/// The outside of a program of one side: the disk, and git for what is not laid out there.
struct SideWorld<'a> {
    disk: DiskWorld,
    tree: &'a Tree,
    program: &'a Found,
}

impl World for SideWorld<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, String> {
        match self.tree {
            Tree::Revision(revision) => self.disk.read(path).or_else(|_| {
                let folder = git::folder_of(&self.program.key);
                revision.read(&format!("{}{folder}{path}", revision.prefix)).map(Into::into)
            }),
            Tree::Handed { text: Some(text), place } if place.ends_with(path) => {
                crate::world::read_text(text).map(Into::into)
            }
            _ => self.disk.read(path),
        }
    }

    fn catalog(&self) -> &Catalog {
        self.disk.catalog()
    }

    fn capabilities(&self) -> &[&'static CapabilitySpec] {
        self.disk.capabilities()
    }

    fn model_override(&self, name: &str) -> Option<String> {
        self.disk.model_override(name)
    }

    fn today(&self) -> Option<Date> {
        self.disk.today()
    }
}
