//! How a command ends: its exit code, and what is said when it could not do its work.
//!
//! The four codes are a promise to scripts: 0 fine, 1 the program or the run failed, 2 wrong usage
//! or configuration, 3 something outside failed (provider, disk, network).

use flow_diagnostics::{Diagnostics, Sources};
use flow_runtime::RunError;
use std::path::Path;
use std::process::ExitCode;

/// An exit code with a meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// Done.
    Fine = 0,
    /// The program has errors, or the run, a test or a check failed.
    Failed = 1,
    /// The command line, the inputs or the configuration are wrong.
    Usage = 2,
    /// A provider, the disk or the network failed.
    Outside = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// One line in lower case, with what to do about it.
    Message {
        /// The code the process ends with.
        exit: Exit,
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// A file has mistakes that have places.
    Diagnostics {
        /// The code the process ends with.
        exit: Exit,
        /// The mistakes.
        diagnostics: Diagnostics,
        /// The files they are in.
        sources: Sources,
    },
    /// Whoever read the answer has closed the pipe: nothing is wrong, and nobody is listening.
    PipeClosed,
}

impl From<RunError> for Failure {
    /// A journal that can't be read or written, or that refuses.
    fn from(error: RunError) -> Failure {
        let exit = if error.is_outside { Exit::Outside } else { Exit::Usage };
        Failure::Message { exit, message: error.message, help: error.help }
    }
}

impl Failure {
    /// The command line, an input or the configuration is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::Message { exit: Exit::Usage, message: message.into(), help: None }
    }

    /// Something outside failed.
    pub(crate) fn outside(message: impl Into<String>) -> Failure {
        Failure::Message { exit: Exit::Outside, message: message.into(), help: None }
    }

    /// The run panicked; the hook for panics has said what there is to say.
    pub(crate) fn crashed() -> Failure {
        let message = "the run was given up".to_owned();
        Failure::Message { exit: Exit::Failed, message, help: None }
    }

    /// A file or folder named by the user cannot be read: wrong usage where it is not there,
    /// the disk's failure otherwise.
    pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
        let shown = path.display();
        match error.kind() {
            std::io::ErrorKind::NotFound => Failure::usage(format!("`{shown}` does not exist")),
            std::io::ErrorKind::PermissionDenied => {
                Failure::outside(format!("`{shown}` may not be read")).help("check the file's permissions")
            }
            std::io::ErrorKind::IsADirectory => Failure::usage(format!("`{shown}` is a folder, not a file")),
            std::io::ErrorKind::InvalidData => Failure::usage(format!("`{shown}` is not UTF-8 text")),
            _ => Failure::outside(format!("`{shown}` cannot be read: {error}")),
        }
    }

    /// A file or folder cannot be written.
    pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
        Failure::outside(format!("`{}` cannot be written: {error}", path.display()))
    }

    /// Says what to do.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Failure {
        if let Failure::Message { help, .. } = &mut self {
            *help = Some(text.into());
        }
        self
    }

    /// Says what to do, where there is something to say.
    pub(crate) fn maybe_help(self, text: Option<String>) -> Failure {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }

    /// The code the process ends with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Message { exit, .. } | Failure::Diagnostics { exit, .. } => *exit,
            Failure::PipeClosed => Exit::Fine,
        }
    }
}
