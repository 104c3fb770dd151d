//! `flowc diff`: what changed in meaning between two files, folders or git revisions.

mod document;
mod git;
mod markdown;
mod picture;
mod sides;
mod text;

use super::Form;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::project::ModelArgs;
use flow_diff::gates::{self, Failed, Gate};
use flow_diff::{Class, Diff, Program, compare};
use git::Revision;
use sides::{Compiled, Side, Tree};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  flowc diff                                the working tree against HEAD
  flowc diff main                           the working tree against a revision
  flowc diff old.flow new.flow              two files; also two folders, two revisions
  flowc diff --git main...HEAD              what a branch changed since it left main
  flowc diff --git main...HEAD flows/       the same below a folder
  flowc diff --git main...HEAD --format markdown > comment.md
  flowc diff --git main...HEAD --fail-on breaking,cost>10%,guard-removed
  flowc diff --profile live                 with the models of a profile
  git config diff.flow.command 'flowc diff --git-driver'     for `git diff --ext-diff`

Programs are compared by what they do: layout, order and comments are no difference. What a run takes
at worst is what `flowc cost` says of both sides.

Gates: `breaking`, `behaviour`, `guard-removed`, and rises of the worst case of any flow: `cost>10%`,
`cost>$0.01`, `calls>2`, `tokens>1000`, `time>5s`.

Exit codes: 0; 1 where there is a difference and --exit-code is given; 2 where a side can't be read or
compiled; 3 where a gate is not passed.")]
pub(crate) struct Args {
    /// The old side and the new one: files, folders or git revisions. Without a new side, the working
    /// tree; without any, HEAD and the working tree. With --git, files and folders to look at.
    #[arg(value_name = "OLD NEW")]
    paths: Vec<OsString>,
    /// Two revisions: `A..B`, or `A...B` for what B changed since it left A.
    #[arg(long, value_name = "RANGE")]
    git: Option<String>,
    #[command(flatten)]
    models: ModelArgs,
    /// End with 1 where something is different.
    #[arg(long)]
    exit_code: bool,
    /// End with 3 where the change does what these gates don't let through.
    #[arg(long, value_name = "GATES", value_delimiter = ',', value_parser = gates::parse)]
    fail_on: Vec<Gate>,
    /// Be git's external diff: takes git's arguments, and always ends with 0.
    #[arg(long, conflicts_with_all = ["git", "exit_code", "fail_on"])]
    git_driver: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
}

/// What is printed of a comparison.
struct Compared<'a> {
    /// What the sides are called.
    names: (String, String),
    /// What changed.
    diff: Diff,
    /// The gates that are not passed.
    failed: Vec<Failed>,
    /// Programs that can't be compared, as both sides call them, and why.
    left_out: BTreeMap<String, String>,
    /// The programs of both sides.
    sides: (&'a [Compiled], &'a [Compiled]),
}

/// Prints what changed.
pub(crate) fn run(args: &Args, console: &Console) -> Result<Exit, Failure> {
    if args.git_driver {
        return Ok(driver(args, console));
    }
    let (old, new) = args.trees().map_err(unreadable)?;
    let (mut before, mut after) = compiled((&old, &new), args).map_err(unreadable)?;
    let mut left_out = before.left_out.clone();
    left_out.append(&mut after.left_out);
    for side in [&mut before, &mut after] {
        // What is broken on one side is compared on neither.
        side.programs.retain(|p| !left_out.contains_key(&p.key));
        console.diagnostics(&side.broken.diagnostics, &side.broken.sources);
    }
    let compared = Compared {
        names: (old.name(), new.name()),
        diff: diff((&before.programs, &after.programs), same(&old, &new).as_deref()),
        failed: Vec::new(),
        left_out,
        sides: (&before.programs, &after.programs),
    };
    let compared = Compared { failed: gates::failed(&compared.diff, &args.fail_on), ..compared };
    match args.format {
        Form::Json => console.json(&document::document(&compared))?,
        Form::Markdown => console.answer(&markdown::page(&compared))?,
        Form::Text => console.answer(&text::page(&compared, console))?,
    }
    Ok(ended(&compared, args, console))
}

// 3 is for gates alone: a disk or a git that fails is a side that can't be read.
fn unreadable(failure: Failure) -> Failure {
    match failure {
        Failure::Message { exit: Exit::Outside, message, help } => {
            Failure::Message { exit: Exit::Usage, message, help }
        }
        failure => failure,
    }
}

fn ended(compared: &Compared<'_>, args: &Args, console: &Console) -> Exit {
    if compared.diff.class().is_none() && compared.left_out.is_empty() {
        console.note("no change in meaning");
    }
    for failed in &compared.failed {
        console.say(&format!("gate `{}`: {}", failed.gate, failed.because.join("; ")));
    }
    for (key, reason) in &compared.left_out {
        console.say(&format!("error: `{key}` can't be compared: {reason}"));
    }
    if !compared.left_out.is_empty() {
        return Exit::Usage;
    }
    let differs = compared.diff.class() > Some(Class::Cosmetic);
    match (compared.failed.is_empty(), args.exit_code && differs) {
        (false, _) => Exit::Outside,
        (true, true) => Exit::Failed,
        (true, false) => Exit::Fine,
    }
}

// git shows what is printed, and gives up where this fails: what went wrong is printed as well.
fn driver(args: &Args, console: &Console) -> Exit {
    let said = driven(args, console).unwrap_or_else(|failure| {
        let reason = match failure {
            Failure::Message { message, .. } => message,
            _ => "it does not compile on both sides".to_owned(),
        };
        format!("flowc diff: can't be compared: {reason}\n")
    });
    // Where the pipe is closed there is nobody to tell.
    let _ = console.answer(&said);
    Exit::Fine
}

// `path old-file old-hex old-mode new-file new-hex new-mode [new-path what]`
fn driven(args: &Args, console: &Console) -> Result<String, Failure> {
    let [path, old, _, _, new, _, _, rest @ ..] = args.paths.as_slice() else {
        let n = args.paths.len();
        return Err(Failure::usage(format!(
            "git gives an external diff 7 arguments or 9, and these are {n}"
        )));
    };
    let place = PathBuf::from(rest.first().unwrap_or(path));
    let tree = |file: &OsString, place: &Path| Tree::Handed {
        text: (file != "/dev/null").then(|| PathBuf::from(file)),
        place: place.to_owned(),
    };
    let (old, new) = (tree(old, Path::new(path)), tree(new, &place));
    let name = place.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let (before, after) = (old.compile(&args.models, Some(&name))?, new.compile(&args.models, Some(&name))?);
    if !before.left_out.is_empty() || !after.left_out.is_empty() {
        return Ok(format!("{}: can't be compared: it does not compile on both sides\n", place.display()));
    }
    let compared = Compared {
        names: (old.name(), new.name()),
        diff: diff((&before.programs, &after.programs), Some(&name)),
        failed: Vec::new(),
        left_out: BTreeMap::new(),
        sides: (&before.programs, &after.programs),
    };
    match compared.diff.class() {
        None => Ok(format!("{}: no change in meaning\n", place.display())),
        Some(_) => Ok(text::page(&compared, console)),
    }
}

// Two sides take half the time of one after the other.
fn compiled((old, new): (&Tree, &Tree), args: &Args) -> Result<(Side, Side), Failure> {
    let same = same(old, new);
    std::thread::scope(|scope| {
        let before = scope.spawn(|| old.compile(&args.models, same.as_deref()));
        let after = new.compile(&args.models, same.as_deref())?;
        let before = before.join().map_err(|_| Failure::crashed())?;
        Ok((before?, after))
    })
}

// What two files are called that are the same program.
fn same(old: &Tree, new: &Tree) -> Option<String> {
    match (old, new) {
        (Tree::File(_), Tree::File(path)) => path.file_name().map(|n| n.to_string_lossy().into_owned()),
        _ => None,
    }
}

fn diff((old, new): (&[Compiled], &[Compiled]), same: Option<&str>) -> Diff {
    let bounds = flow_compiler::bounds::Bounds::default();
    compare(&as_programs(old, same, &bounds), &as_programs(new, same, &bounds))
}

fn as_programs<'a>(
    side: &'a [Compiled],
    same: Option<&str>,
    none: &'a flow_compiler::bounds::Bounds,
) -> Vec<Program<'a>> {
    let program = |c: &'a Compiled| Program {
        folder: c.folder.clone(),
        shown: c.shown.clone(),
        root: same.map(str::to_owned),
        plan: &c.priced.plan,
        bounds: c.priced.bounds.as_ref().unwrap_or(none),
        sources: &c.priced.sources,
        hir: &c.priced.hir,
    };
    side.iter().map(program).collect()
}

impl Args {
    // The two sides that are meant.
    fn trees(&self) -> Result<(Tree, Tree), Failure> {
        let paths = self.names()?;
        if let Some(range) = &self.git {
            let (old, new) = git::range(range)?;
            let scope = if paths.is_empty() { vec![String::new()] } else { paths.clone() };
            let old = Revision::open(&old, &scope)?;
            let new = new.map(|new| Revision::open(&new, &scope)).transpose()?;
            // A path that is nowhere would pass every gate.
            let is_there = |path: &str| match &new {
                Some(new) => new.has(path),
                None => Path::new(path).exists(),
            };
            if let Some(path) = paths.iter().find(|p| !old.has(p) && !is_there(p)) {
                return Err(Failure::usage(format!("`{path}` is on neither side"))
                    .help("paths are relative to this folder"));
            }
            let new = new.map_or_else(|| working_tree(&paths), |new| Tree::Revision(Box::new(new)));
            return Ok((Tree::Revision(Box::new(old)), new));
        }
        let here = || Tree::Folder { root: PathBuf::from("."), paths: vec![PathBuf::from(".")] };
        let head = || Revision::open("HEAD", &[String::new()]).map(|r| Tree::Revision(Box::new(r)));
        match paths.as_slice() {
            [] => Ok((head()?, here())),
            [one] if Path::new(one).exists() => {
                let old = Revision::open("HEAD", std::slice::from_ref(one))?;
                Ok((Tree::Revision(Box::new(old)), working_tree(&paths)))
            }
            [one] => Ok((tree(one)?, here())),
            [old, new] => {
                let (old, new) = (tree(old)?, tree(new)?);
                match (&old, &new) {
                    (Tree::File(file), Tree::Folder { root, .. })
                    | (Tree::Folder { root, .. }, Tree::File(file)) => {
                        let (file, folder) = (file.display(), root.display());
                        Err(Failure::usage(format!("`{file}` is a file and `{folder}` is a folder"))
                            .help("compare two files, or two folders"))
                    }
                    _ => Ok((old, new)),
                }
            }
            more => Err(Failure::usage(format!("a comparison has two sides, and these are {}", more.len()))
                .help("with --git RANGE, any number of paths may follow")),
        }
    }

    fn names(&self) -> Result<Vec<String>, Failure> {
        let name = |path: &OsString| match path.to_str() {
            Some(name) => Ok(name.to_owned()),
            None => Err(Failure::usage(format!("`{}` is not UTF-8", path.display()))),
        };
        self.paths.iter().map(name).collect()
    }
}

// What is on the disk of the paths that are meant; one may be gone that a revision has.
fn working_tree(paths: &[String]) -> Tree {
    let paths: Vec<PathBuf> = match paths {
        [] => vec![PathBuf::from(".")],
        paths => paths.iter().map(PathBuf::from).filter(|p| p.exists()).collect(),
    };
    Tree::Folder { root: PathBuf::from("."), paths }
}

// What exists is a file or a folder; anything else has to be a revision.
fn tree(name: &str) -> Result<Tree, Failure> {
    let path = PathBuf::from(name);
    if path.is_dir() {
        return Ok(Tree::Folder { root: path.clone(), paths: vec![path] });
    }
    if path.exists() {
        return Ok(Tree::File(path));
    }
    if git::is_revision(name) {
        return Ok(Tree::Revision(Box::new(Revision::open(name, &[String::new()])?)));
    }
    Err(Failure::usage(format!("`{name}` is not a file, not a folder and not a git revision")))
}
