//! The scripts of `tests/corpus/cli` and the programs of `tests/corpus/cost`, run by the real binary;
//! `tests/README.md` says how to add one.

use flow_tests::cases::{cases, compare_all};
use flow_tests::console;
use std::path::Path;

#[test]
fn every_program_costs_what_its_snapshot_says() {
    compare_all(&cases("cost", "flow"), |case| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        console::costs(case, Path::new(env!("CARGO_BIN_EXE_flowc")), folder.path())
    });
}

#[test]
fn every_script_prints_what_its_snapshot_says() {
    compare_all(&cases("cli", "console"), |case| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        console::run(case, Path::new(env!("CARGO_BIN_EXE_flowc")), folder.path())
    });
}
