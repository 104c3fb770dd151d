//! `prices.toml`: the project's own models and prices, laid over the embedded catalogue.
//!
//! In: the folder of `flow.toml`. Out: the models that are known. The file has the shape of the
//! catalogue, and an entry replaces the catalogue's as a whole.
//! Not here: writing it, which `flowc models import` does.

use crate::exit::{Exit, Failure};
use crate::paths;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Sources, Span};
use flow_plan::Catalog;
use std::path::Path;

/// The name of the file.
pub(crate) const PRICES: &str = "prices.toml";

/// The models known to a project in this folder.
pub(super) fn catalog(folder: &Path) -> Result<Catalog, Failure> {
    let mut catalog = flow_stdlib::catalog();
    catalog.lay_over(own_models(&folder.join(PRICES))?);
    Ok(catalog)
}

/// The models in a file of prices; none where there is no file.
pub(crate) fn own_models(path: &Path) -> Result<Catalog, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Catalog::default()),
        Err(e) => return Err(Failure::unreadable(path, &e)),
    };
    flow_stdlib::read_catalog(&text).map_err(|error| {
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let file = sources.add(paths::shown(path), text.as_str());
        let at = error.at.unwrap_or(0..0);
        diagnostics.push(
            FlowDiagnostic::new(Code::E0810, Span::new(file, at.start, at.end), error.message)
                .help("`flowc models import` writes such a file; its format is that of the catalogue"),
        );
        Failure::Diagnostics { exit: Exit::Usage, diagnostics, sources }
    })
}
