//! Programs from outside of Rust that tests hold ours against, installed where they are missing.

use crate::repository;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the programs of `tests/checkers.sh`.
///
/// # Panics
/// Where they can't be installed: a test without them would show nothing.
pub fn checkers() -> PathBuf {
    said("checkers.sh")
}

/// Chromium.
///
/// # Panics
/// Where it can't be installed.
pub fn browser() -> PathBuf {
    said("browser.sh")
}

/// Mermaid, which draws the flowcharts of comments in a browser, as one script.
///
/// # Panics
/// Where it can't be installed.
pub fn mermaid() -> PathBuf {
    let python = checkers().join("python");
    let found = Command::new(&python)
        .args(["-c", "import importlib.util as i; print(i.find_spec('mmdc').submodule_search_locations[0])"])
        .output();
    let found = found.unwrap_or_else(|e| panic!("{} can't be run: {e}", python.display()));
    assert!(found.status.success(), "mmdc is missing: {}", String::from_utf8_lossy(&found.stderr));
    Path::new(String::from_utf8_lossy(&found.stdout).trim()).join("assets/mermaid.js")
}

/// What a page is once it is loaded, as Chromium sees it in light or in the dark.
///
/// # Panics
/// Where the browser fails.
pub fn seen(browser: &Path, page: &Path, dark: bool) -> String {
    let scheme = if dark { 0 } else { 1 };
    let profile = page.with_extension(if dark { "dark" } else { "light" });
    let done = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900", "--dump-dom"])
        // Until what a page does of itself is done.
        .arg("--virtual-time-budget=30000")
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .stderr(Stdio::piped())
        .output();
    let done = done.unwrap_or_else(|e| panic!("{} can't be started: {e}", browser.display()));
    assert!(done.status.success(), "{}: {}", page.display(), String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

// The last line that a script of this folder prints.
fn said(script: &str) -> PathBuf {
    let script = repository().join("tests").join(script);
    let done = Command::new(&script).stderr(Stdio::inherit()).output();
    let done = done.unwrap_or_else(|e| panic!("{} can't be run: {e}", script.display()));
    assert!(done.status.success(), "{} failed", script.display());
    let said = String::from_utf8_lossy(&done.stdout);
    PathBuf::from(said.lines().last().unwrap_or_default())
}
