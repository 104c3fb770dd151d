//! The Python environment of `tests/setup.sh`, made where it is missing.

use serde_json::Value as Json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the environment's programs.
pub(crate) fn programs() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup.sh");
    let made = Command::new(&setup).arg(folder).status().unwrap();
    assert!(made.success(), "{} failed", setup.display());
    folder.join("python/bin")
}

/// Runs `clients.py` with this on its standard input, and gives what it says.
pub(crate) fn clients(input: &Json) -> Json {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers/clients.py");
    let mut child = Command::new(programs().join("python"))
        .arg(script)
        // Nothing of the machine's own set-up decides where the clients go.
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "clients.py failed");
    serde_json::from_slice(&done.stdout).unwrap()
}
