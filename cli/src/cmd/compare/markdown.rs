//! A comparison for a pull request: the same tables, with all cases.

use super::figures::Compared;
use super::text::{answer, row, took};

/// The page.
pub(super) fn page(compared: &Compared) -> String {
    let rows: Vec<_> = compared.models.iter().map(|figures| row(figures, compared)).collect();
    let heading: Vec<&str> = rows.first().into_iter().flatten().map(|(name, _)| *name).collect();
    let mut out = table(&heading, rows.iter().map(|row| row.iter().map(|(_, cell)| cell.clone()).collect()));
    out.push('\n');
    let heading = ["case", "model", "answer", "cost", "time", "in", "out"];
    let cases = compared.lines.iter().zip(&compared.reports);
    let answers = cases.flat_map(|(line, reports)| {
        compared.models.iter().zip(reports).map(move |(figures, report)| {
            let mut cells = vec![line.to_string(), figures.model.clone(), answer(report.as_ref())];
            cells.extend(took(report.as_ref()));
            cells
        })
    });
    out.push_str(&table(&heading, answers));
    out
}

fn table(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = format!("| {} |\n|{}\n", heading.join(" | "), "---|".repeat(heading.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}

// What a model says makes no columns and no HTML.
fn escaped(cell: &str) -> String {
    cell.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}
