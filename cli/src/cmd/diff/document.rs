//! A comparison for programs. The names are a promise: more may be added, none goes.

use super::Compared;
use flow_diff::{Change, FlowCost, FlowWorst, Item, LabelChange, Lost, Piece, Place, Status, Words};
use flow_plan::{Cost, Millis};
use serde_json::{Value, json};

/// The document of a comparison.
pub(super) fn document(compared: &Compared<'_>) -> Value {
    let diff = &compared.diff;
    let by = |status| diff.count(status);
    json!({
        "schema_version": 1,
        "old": compared.names.0,
        "new": compared.names.1,
        "class": diff.class().map_or("none", |c| c.word()),
        "changed": by(Status::Changed),
        "added": by(Status::Added),
        "removed": by(Status::Removed),
        "breaking": diff.breaking(),
        "guards_removed": diff.guards_removed().into_iter().map(lost).collect::<Vec<_>>(),
        "items": diff.items.iter().map(item).collect::<Vec<_>>(),
        "flows": diff.flows.iter().map(flow).collect::<Vec<_>>(),
        "labels": diff.labels.iter().map(label).collect::<Vec<_>>(),
        "gates_failed": compared.failed.iter()
            .map(|f| json!({"gate": f.gate, "because": f.because})).collect::<Vec<_>>(),
        "not_compared": compared.left_out.keys().collect::<Vec<_>>(),
    })
}

fn item(item: &Item) -> Value {
    json!({
        "kind": item.kind.word(),
        "name": item.name,
        "owner": item.owner,
        "does": item.does,
        "was": item.was,
        "moved_from": item.moved_from,
        "status": item.status.word(),
        "class": item.class.word(),
        "old": item.old.as_ref().map(place),
        "new": item.new.as_ref().map(place),
        "changes": item.changes.iter().map(change).collect::<Vec<_>>(),
        "worst_usd": item.cost.map(|(a, b)| json!({"before": decimal(a), "after": decimal(b)})),
        "guards_removed": item.lost.iter().map(lost).collect::<Vec<_>>(),
    })
}

fn change(change: &Change) -> Value {
    json!({
        "what": change.what,
        "before": change.before,
        "after": change.after,
        "class": change.class.word(),
        "notes": change.notes,
        "words": change.words.as_ref().map(words),
        "guard_removed": change.lost.as_ref().map(lost),
    })
}

fn words(words: &Words) -> Value {
    let piece = |(piece, text): &(Piece, String)| {
        let what = match piece {
            Piece::Same => "same",
            Piece::Added => "added",
            Piece::Removed => "removed",
        };
        json!([what, text])
    };
    json!({
        "pieces": words.pieces.iter().map(piece).collect::<Vec<_>>(),
        "lines_changed": words.lines.0,
        "lines": words.lines.1,
        "holes_added": words.holes.0,
        "holes_removed": words.holes.1,
        "tokens": words.tokens,
    })
}

fn lost(lost: &Lost) -> Value {
    json!({"guard": lost.guard, "owner": lost.owner})
}

fn place(place: &Place) -> Value {
    json!({
        "file": place.file,
        "range": {
            "start": {"line": place.line, "column": place.column, "offset": place.offset},
            "end": {"line": place.end_line, "column": place.end_column, "offset": place.end_offset},
        },
    })
}

fn flow(flow: &FlowCost) -> Value {
    json!({
        "name": flow.name,
        "file": flow.file,
        "before": flow.before.as_ref().map(worst),
        "after": flow.after.as_ref().map(worst),
    })
}

fn label(change: &LabelChange) -> Value {
    let (gained, lost) = change.words();
    json!({
        "owner": change.owner,
        "step": change.step,
        "gained": gained,
        "lost": lost,
        "new": place(&change.place),
    })
}

fn worst(flow: &FlowWorst) -> Value {
    json!({
        "usd": decimal(flow.worst.usd),
        "calls": flow.worst.calls,
        "input_tokens": flow.worst.input.0,
        "output_tokens": flow.worst.output.0,
        "seconds": seconds(flow.worst.time),
        "budget_usd": flow.budget.map(decimal),
        "deadline_s": flow.deadline.map(seconds),
    })
}

// Exact, without a sign for dollars or thousands: `0.00313`.
fn decimal(cost: Cost) -> String {
    cost.to_string().replace(['$', ','], "")
}

fn seconds(time: Millis) -> f64 {
    time.0 as f64 / 1000.0
}
