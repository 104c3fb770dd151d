//! Completion and signature help in the protocol's terms.

use crate::ide::complete::{self, Around, Candidate, Kind};
use crate::ide::signature::Signature;
use crate::state::Client;
use crate::text::Text;
use tower_lsp_server::ls_types::*;

/// What may stand at the cursor.
pub(crate) fn of(around: &Around<'_>, text: &Text, client: Client) -> CompletionResponse {
    let (range, found) = complete::at(around);
    let range = text.range(range, client.encoding);
    let items = found.into_iter().enumerate().map(|(i, c)| item(c, (i, range), text, client)).collect();
    // What comes first is what is nearest; the client sorts by the number it is given.
    CompletionResponse::List(CompletionList { is_incomplete: false, items })
}

fn item(candidate: Candidate, (order, range): (usize, Range), text: &Text, client: Client) -> CompletionItem {
    let is_snippet = candidate.insert.contains(['$', '\\']);
    let insert = if client.snippets { candidate.insert } else { plain(&candidate.insert) };
    let import = candidate.import.map(|(at, inserted)| {
        let place = text.position(at, client.encoding);
        vec![TextEdit::new(Range::new(place, place), inserted)]
    });
    CompletionItem {
        label: candidate.label,
        kind: Some(kind(candidate.kind)),
        detail: (!candidate.detail.is_empty()).then_some(candidate.detail),
        documentation: (!candidate.doc.is_empty()).then_some(Documentation::MarkupContent(MarkupContent {
            kind: MarkupKind::Markdown,
            value: candidate.doc,
        })),
        sort_text: Some(format!("{order:04}")),
        insert_text_format: Some(if client.snippets && is_snippet {
            InsertTextFormat::SNIPPET
        } else {
            InsertTextFormat::PLAIN_TEXT
        }),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, insert))),
        additional_text_edits: import,
        ..CompletionItem::default()
    }
}

fn kind(kind: Kind) -> CompletionItemKind {
    match kind {
        Kind::Keyword => CompletionItemKind::KEYWORD,
        Kind::Setting => CompletionItemKind::PROPERTY,
        Kind::Value => CompletionItemKind::VALUE,
        Kind::Type => CompletionItemKind::STRUCT,
        Kind::Variant => CompletionItemKind::ENUM_MEMBER,
        Kind::Field => CompletionItemKind::FIELD,
        Kind::Variable => CompletionItemKind::VARIABLE,
        Kind::Function | Kind::Guard => CompletionItemKind::FUNCTION,
        Kind::Model => CompletionItemKind::MODULE,
        Kind::File => CompletionItemKind::FILE,
    }
}

// A snippet for a client that has none: what its places hold, without the places.
fn plain(snippet: &str) -> String {
    let mut out = String::new();
    let mut chars = snippet.chars().peekable();
    let mut inside = 0;
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            '$' if chars.peek() == Some(&'{') => {
                chars.next();
                while chars.next_if(char::is_ascii_digit).is_some() {}
                chars.next_if_eq(&':');
                inside += 1;
            }
            '$' => while chars.next_if(char::is_ascii_digit).is_some() {},
            '}' if inside > 0 => inside -= 1,
            c => out.push(c),
        }
    }
    out
}

/// The call around the cursor.
pub(crate) fn signature(signature: Signature) -> SignatureHelp {
    let active = u32::try_from(signature.active).ok();
    let markdown = |value: String| {
        (!value.is_empty())
            .then_some(Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value }))
    };
    let params = signature.params.into_iter().map(|(label, doc)| ParameterInformation {
        label: ParameterLabel::Simple(label),
        documentation: markdown(doc),
    });
    SignatureHelp {
        signatures: vec![SignatureInformation {
            label: signature.label,
            documentation: markdown(signature.doc),
            parameters: Some(params.collect()),
            active_parameter: active,
        }],
        active_signature: Some(0),
        active_parameter: active,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_snippet_without_its_places_is_what_they_hold() {
        assert_eq!(plain("answer($1)"), "answer()");
        assert_eq!(plain("if ${1:a} %}$0{% endif"), "if a %}{% endif");
        assert_eq!(plain("budget: ${1:\\$0.10}"), "budget: $0.10");
        assert_eq!(plain("user: \"{{ q \\}\\} }\""), "user: \"{{ q }} }\"");
    }
}
