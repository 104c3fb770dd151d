//! Lists of records that are written as a table of Markdown.
//!
//! Taken only where the text is the table, or the table behind one line that ends with a colon, and its
//! head names fields of the type.

use super::clean::unmarked;
use super::lines::node_of;
use super::parse::{self, Node, Object, field_of};
use super::said_around;
use flow_plan::RecordType;
use std::borrow::Cow;

/// What the row is called that sums up the others.
const SUMS: [&str; 9] =
    ["total", "totals", "sum", "average", "grand total", "subtotal", "mean", "summe", "durchschnitt"];

/// The records that a table's rows are.
pub(super) fn rows<'t>(text: &'t str, record: &RecordType) -> Option<Vec<Node<'t>>> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    if let Some(first) = lines.next_if(|first| !first.starts_with('|') && first.ends_with(':'))
        && said_around::holds_back(first)
    {
        return None;
    }
    let head: Vec<&str> = cells(lines.next()?)?.map(unmarked).collect();
    let fields: Vec<usize> = head.iter().map(|name| field_of(record, name)).collect::<Option<_>>()?;
    let is_once = fields.iter().enumerate().all(|(i, at)| !fields[..i].contains(at));
    let is_rule = |cell: &str| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':'));
    if !is_once || !cells(lines.next()?)?.all(is_rule) {
        return None;
    }
    let mut rows = Vec::new();
    for line in lines {
        let cells: Vec<&str> = cells(line)?.collect();
        // What sums the others up is none of them.
        let is_sum = |cell: &&str| SUMS.iter().any(|sum| unmarked(cell).eq_ignore_ascii_case(sum));
        let is_rest = cells.first().is_some_and(|cell| parse::is_rest(cell) || cell.starts_with("~~"));
        if cells.len() != fields.len() || cells.iter().any(is_sum) || is_rest {
            return None;
        }
        let mut object = Object::default();
        for ((name, at), cell) in head.iter().zip(&fields).zip(cells) {
            // An empty cell says nothing of the field.
            if !cell.is_empty() {
                let node = node_of(unmarked(cell), &record.fields[*at].ty)?;
                object.entries.push((Cow::Borrowed(*name), node));
            }
        }
        rows.push(Node::Object(object));
    }
    (!rows.is_empty()).then_some(rows)
}

// What stands between the bars of a line. A bar that is escaped may be part of a cell.
fn cells(line: &str) -> Option<impl Iterator<Item = &str>> {
    let inside = line.strip_prefix('|')?.strip_suffix('|')?;
    (!inside.contains('\\')).then(|| inside.split('|').map(str::trim))
}
