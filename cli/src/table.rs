//! Columns of text, aligned by what they look like on a terminal.

use unicode_width::UnicodeWidthStr;

/// On which side a column is aligned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Lines of cells, two spaces apart, without spaces at the ends of lines.
pub(crate) fn render(columns: &[Align], rows: &[Vec<String>]) -> String {
    let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate().take(columns.len()) {
            let pad = " ".repeat(widths[i] - cell.width());
            if i > 0 {
                line.push_str("  ");
            }
            match columns[i] {
                Align::Left => line.extend([cell.as_str(), &pad]),
                Align::Right => line.extend([pad.as_str(), cell]),
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Align, render};

    #[test]
    fn columns_align_by_width_on_screen() {
        let rows = [["名", "1"], ["ab", "22"], ["c", ""]].map(|r| r.map(str::to_owned).to_vec());
        assert_eq!(render(&[Align::Left, Align::Right], &rows), "名   1\nab  22\nc\n");
    }
}
