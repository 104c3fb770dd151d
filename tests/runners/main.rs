//! The runners: each file runs one kind of case. `tests/README.md` says how to add one.

mod architecture;
mod check;
mod hostile;
mod syntax;
