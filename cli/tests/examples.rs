//! The examples, run by the real binary as their READMEs say: they compile without a word, their tests
//! pass, and offline they print what stands in `expected.json`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

// Each example with the arguments of `flowc run main.flow`.
const EXAMPLES: [(&str, &[&str]); 4] = [
    ("support", &["question=How long is an answer kept in the cache?"]),
    ("outreach", &["--input", "customers/ada.json"]),
    ("code-docs", &["path=src/*.py"]),
    ("product-copy", &["--input", "product.json"]),
];

#[test]
fn every_example_is_run_here() {
    let mut found: Vec<String> = std::fs::read_dir(folder("").as_path())
        .expect("there are examples")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    let mut listed: Vec<&str> = EXAMPLES.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

#[test]
fn examples_compile_without_a_word_and_pass_their_tests() {
    for (name, _) in EXAMPLES {
        for profile in ["offline", "live"] {
            let done = flowc(
                &folder(name),
                &["check", "main.flow", "--format", "json"],
                &[("FLOW_PROFILE", profile)],
            );
            let said: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON is printed");
            assert_eq!((&said["errors"], &said["warnings"]), (&0.into(), &0.into()), "{name}: {said}");
        }
        let done = flowc(&folder(name), &["test", "main.flow"], &[]);
        assert!(done.status.success(), "{name}: {done:?}");
    }
}

#[test]
fn examples_print_what_is_expected_of_them() {
    for (name, args) in EXAMPLES {
        let copy = tempfile::tempdir().expect("a folder can be made");
        copy_folder(&folder(name), copy.path());
        let args: Vec<&str> = ["run", "main.flow"].iter().chain(args).copied().collect();
        let done = flowc(copy.path(), &args, &[]);
        assert!(done.status.success(), "{name}: {done:?}");
        let said = String::from_utf8(done.stdout).expect("text is printed");
        let expected = folder(name).join("expected.json");
        if std::env::var_os("UPDATE_EXAMPLES").is_some() {
            std::fs::write(&expected, &said).expect("expected.json can be written");
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(said, expected, "{name}: run this test with UPDATE_EXAMPLES=1");
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)
}

// An environment without keys: nothing but the simulated models can answer.
fn flowc(folder: &Path, args: &[&str], vars: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowc"));
    let state = tempfile::tempdir().expect("a folder can be made");
    command.args(args).current_dir(folder).env_clear().env("FLOW_STATE_DIR", state.path());
    command.envs(vars.iter().copied()).output().expect("flowc starts")
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the folder is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder can be made");
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
