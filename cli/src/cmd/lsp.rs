//! `flowc lsp`: the language server, for editors.

use crate::config;
use crate::exit::{Exit, Failure};
use crate::today;
use flow_diagnostics::Code;
use flow_lsp::{Configured, Host, Message, Rendered, Rendering};
use flow_plan::CapabilitySpec;
use flow_runtime::Shown;
use flow_tokens::Cut;
use jiff::civil::Date;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The arguments.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "An editor starts it and speaks the Language Server Protocol with it over its standard streams.
docs/editors.md says what it does and how editors are told of it."
)]
pub(crate) struct Args {
    /// Taken for the sake of clients that name the streams; there is no other way.
    #[arg(long)]
    stdio: bool,
}

/// Serves an editor until it is gone.
pub(crate) fn run(_: &Args) -> Result<Exit, Failure> {
    flow_lsp::serve(Arc::new(Disk::default()))
        .map_err(|e| Failure::outside(format!("no threads can be started: {e}")))?;
    Ok(Exit::Fine)
}

/// The configuration as it lies on the disk, read again when one of its files has changed.
#[derive(Default)]
struct Disk {
    known: Mutex<HashMap<PathBuf, Known>>,
}

/// What was read, and when its files were last written.
type Known = (Stamp, Result<Configured, String>);

/// When each file of the configuration was last written; nothing for one that is not there.
type Stamp = Vec<(PathBuf, Option<SystemTime>)>;

impl Host for Disk {
    fn capabilities(&self) -> Vec<&'static CapabilitySpec> {
        flow_runtime::capabilities()
    }

    fn configured(&self, folder: &Path) -> Result<Configured, String> {
        let stamp = stamp(folder);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then, configured)) = known.get(folder)
            && *then == stamp
        {
            return configured.clone();
        }
        let configured = match config::load(folder, None) {
            Ok((config, _)) => Ok(Configured { catalog: Arc::new(config.catalog), models: config.models }),
            Err(failure) => Err(said(&failure)),
        };
        known.insert(folder.to_owned(), (stamp, configured.clone()));
        configured
    }

    fn today(&self) -> Option<Date> {
        today::today()
    }

    fn explained(&self, code: Code) -> Option<PathBuf> {
        let path = pages()?.join(format!("{}.md", code.short()));
        if !path.is_file() {
            std::fs::create_dir_all(path.parent()?).ok()?;
            std::fs::write(&path, code.page().text).ok()?;
        }
        Some(path)
    }

    fn rendered(&self, asked: Rendering<'_>) -> Result<Rendered, String> {
        rendered(asked)
    }
}

fn rendered(asked: Rendering<'_>) -> Result<Rendered, String> {
    let preview = flow_runtime::preview(asked.plan, asked.prompt, asked.args, asked.step);
    let preview = preview.map_err(|error| error.message)?;
    let cut = |cut: &Cut| {
        format!("`{}` was cut at {} tokens: {} bytes are left out", cut.what, cut.most, cut.bytes)
    };
    let message = |m: Shown| Message { role: m.role, text: m.text, tokens: m.tokens };
    Ok(Rendered {
        tokens: preview.tokens,
        most: preview.most,
        cuts: preview.cuts.iter().map(cut).collect(),
        messages: preview.messages.into_iter().map(message).collect(),
    })
}

// Where the pages of codes are put for editors to open: where this version's may stay.
fn pages() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    let home = || std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
    let cache = cache.or_else(|| Some(home()?.join(".cache")))?;
    Some(cache.join("flowc").join(env!("CARGO_PKG_VERSION")).join("errors"))
}

fn stamp(folder: &Path) -> Stamp {
    let project = config::project_folder(folder);
    let files =
        [project.join("flow.toml"), project.join(config::PRICES), project.join(".env"), folder.join(".env")];
    let written = |path: &PathBuf| std::fs::metadata(path).and_then(|m| m.modified()).ok();
    files.into_iter().map(|path| (path.clone(), written(&path))).collect()
}

fn said(failure: &Failure) -> String {
    match failure {
        Failure::Message { message, help: Some(help), .. } => format!("{message}; {help}"),
        Failure::Message { message, .. } => message.clone(),
        Failure::Diagnostics { diagnostics, sources, .. } => {
            let first = diagnostics.iter().next();
            first.map_or_else(String::new, |d| {
                let file = sources.file(d.span().file);
                let line = file.position(d.span().start as usize).line;
                format!("{}, line {line}: {}", file.name(), d.message)
            })
        }
        Failure::PipeClosed => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read_again_when_it_has_changed() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        std::fs::create_dir(dir.path().join(".git"))?;
        let disk = Disk::default();
        let write = |text: &str| std::fs::write(dir.path().join("flow.toml"), text);
        assert!(disk.configured(dir.path()).is_ok_and(|c| c.models.is_empty()));
        write("[models]\nfast = \"sim/text\"\n")?;
        let models = disk.configured(dir.path()).map(|c| c.models);
        assert_eq!(models.map(|m| m.get("fast").cloned()), Ok(Some("sim/text".to_owned())));
        write("[models\n")?;
        let reason = disk.configured(dir.path()).err().unwrap_or_default();
        assert!(reason.contains("line 1"), "{reason}");
        Ok(())
    }
}
