//! The runners: each file runs one kind of case. `tests/README.md` says how to add one.

mod again;
mod architecture;
mod book;
mod bounds;
mod budgets;
mod check;
mod expected;
mod fmt;
mod graph;
mod hostile;
mod mutations;
mod pages;
mod run;
mod seen;
mod syntax;
