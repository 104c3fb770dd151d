//! The two streams of the process: the answer goes to standard output and nothing else does;
//! notes, progress and diagnostics go to standard error.
//!
//! Colour is decided here, once, for each stream. Not here: what is said.

use crate::exit::{Exit, Failure};
use clap::ValueEnum;
use flow_diagnostics::{Diagnostics, Sources, terminal};
use std::io::{self, IsTerminal, Write};

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always, into files and pipes too.
    Always,
    /// Never.
    Never,
}

/// A colour or weight, by what it says rather than how it looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Paint {
    /// Done, passed.
    Good,
    /// Failed.
    Bad,
    /// Worth a look.
    Warn,
    /// Running, and headings.
    Strong,
    /// Figures and asides.
    Dim,
}

impl Paint {
    /// The text in this paint, where colours are on.
    pub(crate) fn on(self, colour: bool, text: &str) -> String {
        let code = match self {
            Paint::Good => "32",
            Paint::Bad => "31;1",
            Paint::Warn => "33",
            Paint::Strong => "1",
            Paint::Dim => "2",
        };
        if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// What is known of the two streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// Whether standard output is a terminal.
    pub(crate) out_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub(crate) err_is_terminal: bool,
    /// Whether to colour standard output.
    pub(crate) out_colour: bool,
    /// Whether to colour standard error.
    pub(crate) err_colour: bool,
    /// Whether notes are left out.
    pub(crate) quiet: bool,
}

/// Diagnostics that are drawn at once: nobody reads further before mending the first.
const MOST_DRAWN: usize = 100;

impl Console {
    /// Looks at the streams and the environment.
    pub(crate) fn new(colour: Colour, quiet: bool) -> Console {
        let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let plain = set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        let wanted = |terminal: bool| match colour {
            Colour::Auto => terminal && !plain,
            Colour::Always => true,
            Colour::Never => false,
        };
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Console {
            out_is_terminal: out,
            err_is_terminal: err,
            out_colour: wanted(out),
            err_colour: wanted(err),
            quiet,
        }
    }

    /// Prints the answer, and a newline where it does not end with one.
    pub(crate) fn answer(&self, text: &str) -> Result<(), Failure> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.piece(text).and_then(|()| self.piece(end))
    }

    /// Prints a part of the answer as it is, at once.
    pub(crate) fn piece(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Err(Failure::PipeClosed),
            Err(e) => Err(Failure::outside(format!("the answer cannot be written: {e}"))),
        }
    }

    /// Prints a JSON document as the answer.
    pub(crate) fn json(&self, document: &serde_json::Value) -> Result<(), Failure> {
        self.answer(&format!("{document:#}"))
    }

    /// Says something beside the answer.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// On a terminal, says what is under way, in place of what was said so before; an empty text takes
    /// it away.
    pub(crate) fn progress(&self, text: &str) {
        if self.err_is_terminal && !self.quiet {
            // When standard error is gone there is nobody to tell.
            let _ = write!(io::stderr().lock(), "\r\x1b[2K{text}");
        }
    }

    /// Says something that must be heard even when notes are left out.
    pub(crate) fn say(&self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        // When standard error is gone there is nowhere left to report that to.
        let _ = write!(io::stderr().lock(), "{text}{end}");
    }

    /// Says why the command could not do its work.
    pub(crate) fn failure(&self, failure: &Failure) {
        match failure {
            Failure::Message { message, help, .. } => {
                self.say(&format!("{} {message}", Paint::Bad.on(self.err_colour, "error:")));
                if let Some(help) = help {
                    // A second line, such as the usage of a flow, stands below the first.
                    let help = help.replace('\n', "\n ");
                    self.say(&format!(" {} {help}", Paint::Strong.on(self.err_colour, "help:")));
                }
            }
            Failure::Diagnostics { diagnostics, sources, .. } => self.diagnostics(diagnostics, sources),
            Failure::PipeClosed => {}
        }
    }

    /// Draws diagnostics with the source around their places.
    pub(crate) fn diagnostics(&self, diagnostics: &Diagnostics, sources: &Sources) {
        let style = terminal::Style { colour: self.err_colour, width: self.width() };
        for diagnostic in diagnostics.iter().take(MOST_DRAWN) {
            self.say(&terminal::render(diagnostic, sources, style));
        }
        if diagnostics.len() > MOST_DRAWN {
            let more = diagnostics.len() - MOST_DRAWN;
            self.say(&format!("{more} more are not drawn; `flowc check --format json` lists them all"));
        }
    }

    /// Columns of the terminal, 100 where there is none; never more than 120, for reading's sake.
    pub(crate) fn width(&self) -> usize {
        self.size().map_or(100, |(columns, _)| columns.clamp(40, 120))
    }

    /// Columns and rows of the terminal behind standard error.
    pub(crate) fn size(&self) -> Option<(usize, usize)> {
        let (columns, rows) = terminal_size::terminal_size_of(io::stderr())?;
        Some((usize::from(columns.0), usize::from(rows.0)))
    }
}

/// "1 error", "2 errors".
pub(crate) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Installs the message that is shown for our own bugs, in place of a backtrace.
pub(crate) fn explain_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("no message");
        // Nothing more can be done where standard error is gone.
        let _ = writeln!(
            io::stderr().lock(),
            "error: flowc {} has a bug: {what}{place}\n help: please report this line with the program that caused it",
            env!("CARGO_PKG_VERSION"),
        );
    }));
}

/// The code a panic ends with: the run failed, and it is our fault.
pub(crate) const PANICKED: Exit = Exit::Failed;
