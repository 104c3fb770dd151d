//! The steps of a run as they happen, on standard error: a tree that is drawn again and again on a
//! terminal, plain lines elsewhere.
//!
//! In: what happens to each step ([`Tree`]). Out: lines. Not here: where events come from.

mod draw;
mod tree;

pub(crate) use draw::dollars;
pub(crate) use tree::{End, Tree};

use crate::console::Console;
use flow_plan::Millis;
use std::fmt::Write as _;

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Show {
    /// Not at all.
    Nothing,
    /// One plain line for each step that ends.
    Lines,
    /// A tree that is drawn again and again.
    Tree,
}

/// The view of one run.
pub(crate) struct Live {
    /// What is known of the run.
    pub(crate) tree: Tree,
    show: Show,
    console: Console,
    /// Rows of the terminal that the last drawing took.
    drawn: usize,
    frame: usize,
}

impl Live {
    /// A view that has shown nothing yet.
    pub(crate) fn new(tree: Tree, show: Show, console: Console) -> Live {
        Live { tree, show, console, drawn: 0, frame: 0 }
    }

    /// Says that a step has ended, where lines are shown.
    pub(crate) fn ended(&self, path: &str, end: &End) {
        if self.show == Show::Lines {
            self.console.say(&draw::line(path, end));
        }
    }

    /// Draws the tree as it is now, over the last drawing.
    pub(crate) fn draw(&mut self, now: Millis) {
        if self.show != Show::Tree {
            return;
        }
        let (width, height) = self.console.size().unwrap_or((80, 24));
        let place = draw::Place { width, height, colour: self.console.err_colour, frame: self.frame };
        let lines = draw::lines(&self.tree, now, place);
        let mut out = self.erased();
        for line in &lines {
            // Writing to a text cannot fail.
            let _ = writeln!(out, "{line}");
        }
        self.drawn = lines.len();
        self.frame += 1;
        self.put(&out);
    }

    /// Takes the drawing away, so that something else can be printed there.
    pub(crate) fn clear(&mut self) {
        let out = self.erased();
        self.drawn = 0;
        self.put(&out);
    }

    /// The first line alone, for where an answer stands in the tree's place.
    pub(crate) fn heading(&self, now: Millis) -> Option<String> {
        let place = draw::Place { width: 80, height: 24, colour: self.console.err_colour, frame: self.frame };
        let first = draw::lines(&self.tree, now, place).into_iter().next();
        first.filter(|_| self.show == Show::Tree)
    }

    // Up to the first row of the last drawing, and nothing below.
    fn erased(&self) -> String {
        if self.drawn == 0 { String::new() } else { format!("\x1b[{}A\r\x1b[J", self.drawn) }
    }

    fn put(&self, text: &str) {
        use std::io::Write as _;
        // A terminal that is gone needs no drawing.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}
