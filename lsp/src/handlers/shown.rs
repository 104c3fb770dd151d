//! Hover in the protocol's terms.

use crate::host::Host;
use crate::ide::hover;
use crate::snapshot::Snapshot;
use tower_lsp_server::ls_types::*;

/// What is known of what stands at an offset.
pub(crate) fn hover(snapshot: &Snapshot, offset: usize, host: &dyn Host) -> Option<Hover> {
    let shown = hover::at(snapshot, offset, host)?;
    Some(Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: shown.markdown }),
        range: Some(snapshot.here(shown.range)),
    })
}
