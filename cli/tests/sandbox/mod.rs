//! A folder of its own for each test, and `flowc` run in it with a bare environment.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]
#![allow(dead_code, reason = "each test file uses its own part")]

use flow_tests::console;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A temporary folder.
pub(crate) struct Sandbox {
    dir: tempfile::TempDir,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Sandbox {
    /// An empty folder, made a git root so that nothing above it is found.
    pub(crate) fn new() -> Sandbox {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".git")).unwrap();
        Sandbox { dir }
    }

    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Sandbox {
        let sandbox = Sandbox::new();
        for (name, text) in files {
            sandbox.write(name, text);
        }
        sandbox
    }

    /// Writes a file, and the folders it needs.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The text of a file.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The path of a file.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `flowc` with these arguments, not yet started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_flowc")));
        command.args(args).current_dir(self.dir.path()).env_clear().stdin(Stdio::null());
        command.env("SOURCE_DATE_EPOCH", console::EPOCH);
        // Where a key for private data may be made.
        command.env("XDG_CONFIG_HOME", self.path(".config"));
        command
    }

    /// Runs `flowc` with these arguments.
    pub(crate) fn flowc(&self, args: &[&str]) -> Done {
        Done::from(self.command(args).output().unwrap())
    }

    /// Runs `flowc` with these arguments and variables.
    pub(crate) fn flowc_with(&self, args: &[&str], vars: &[(&str, &str)]) -> Done {
        Done::from(self.command(args).envs(vars.iter().copied()).output().unwrap())
    }

    /// Runs `flowc` with this on its standard input.
    pub(crate) fn flowc_on(&self, args: &[&str], input: &str) -> Done {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Done::from(child.wait_with_output().unwrap())
    }
}

impl Done {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Panics unless the exit code is this one and standard error has the text.
    pub(crate) fn fails(&self, code: i32, text: &str) -> &Done {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains(text), "`{text}` is not in {self:?}");
        self
    }

    /// Panics unless everything is fine.
    pub(crate) fn is_fine(&self) -> &Done {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Done {
        Done {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
