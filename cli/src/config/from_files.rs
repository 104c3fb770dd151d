//! Variables whose value stands in a file: `OPENAI_API_KEY_FILE=/run/secrets/openai` is
//! `OPENAI_API_KEY`, as containers are given their secrets.
//!
//! A variable that is set itself wins. Which variables a program needs is not known yet, so every
//! `…_FILE` that names a small text is read; that a file is not there is an error for the variables
//! of providers alone, and told by whoever misses another.

use crate::exit::Failure;
use crate::paths;
use flow_runtime::{Environment, provider};
use std::path::Path;

/// The largest file that is taken for a secret, in bytes.
const LARGEST: u64 = 65_536;

/// Reads what stands in files. No message shows what is in them.
pub(crate) fn read(env: &mut Environment) -> Result<(), Failure> {
    let known = |name: &str| {
        let services = provider::builtin().into_iter().filter_map(|p| p.spec().service);
        services.into_iter().any(|s| s.keys.contains(&name) || s.bases.contains(&name))
    };
    let files: Vec<(String, String)> = env
        .vars
        .iter()
        .filter_map(|(variable, path)| {
            let name = variable.strip_suffix("_FILE").filter(|name| !name.is_empty())?;
            (!path.is_empty() && env.get(name).is_none()).then(|| (name.to_owned(), path.clone()))
        })
        .collect();
    for (name, path) in files {
        match text(Path::new(&path)) {
            Ok(text) => drop(env.vars.insert(name, text)),
            Err(reason) if known(&name) => {
                let shown = paths::shown(Path::new(&path));
                return Err(Failure::usage(format!("{name}_FILE names `{shown}`, {reason}"))
                    .help(format!("write the key into that file, or set {name}")));
            }
            Err(_) => {}
        }
    }
    Ok(())
}

// A line break at the end belongs to the file and not to the secret.
fn text(path: &Path) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|e| format!("which can't be read: {e}"))?;
    if !about.is_file() {
        return Err("which is no file".to_owned());
    }
    if about.len() > LARGEST {
        return Err("which is too large for a secret".to_owned());
    }
    let text = std::fs::read_to_string(path).map_err(|e| format!("which can't be read: {e}"))?;
    match text.trim_end_matches(['\n', '\r']) {
        "" => Err("which is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}
