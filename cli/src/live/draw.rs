//! The tree as lines of a terminal, never wider or higher than it.

use super::tree::{End, Row, Tree};
use crate::console::Paint;
use flow_plan::{Cost, Millis};
use flow_runtime::StepStatus;
use flow_runtime::hundredths;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Where is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Columns.
    pub(crate) width: usize,
    /// Rows.
    pub(crate) height: usize,
    /// Whether to colour.
    pub(crate) colour: bool,
    /// The number of the drawing, for what moves.
    pub(crate) frame: usize,
}

const MOVING: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// The whole tree at this time of the run.
pub(crate) fn lines(tree: &Tree, now: Millis, place: Place) -> Vec<String> {
    let mut out = vec![heading(tree, now, place)];
    // One row stays free: a terminal scrolls when its last row ends with a newline.
    let room = place.height.saturating_sub(out.len() + 1).max(1);
    let shown = chosen(&tree.rows, room);
    let hidden = tree.rows.len() - shown.len();
    let name_width = shown.iter().map(|r| 2 * r.depth + r.label.width()).max().unwrap_or(0).min(40);
    out.extend(shown.iter().map(|row| step(row, now, name_width, place)));
    if hidden > 0 {
        out.push(Paint::Dim.on(place.colour, &format!("  … {hidden} more")));
    }
    out
}

/// A step that has ended, as a line for logs.
pub(crate) fn line(path: &str, end: &End) -> String {
    let mut parts = vec![format!("{path}: {}", word(end.status)), time(end.took)];
    if let Some(model) = &end.model {
        parts.push(model.clone());
        parts.push(format!("{} in, {} out", end.spent.input.0, end.spent.output.0));
        parts.push(dollars(end.spent.usd));
    }
    if end.attempts > 1 {
        parts.push(format!("{} attempts", end.attempts));
    }
    if end.repaired {
        parts.push("repaired".to_owned());
    }
    parts.extend(end.similar.map(similar));
    parts.join(", ")
}

/// How near the words were of whose answer it is.
fn similar(similarity: f64) -> String {
    format!("similar {}", hundredths(similarity))
}

/// An amount as people compare it: four digits that matter, at least cents.
pub(crate) fn dollars(cost: Cost) -> String {
    let amount = cost.dollars();
    let decimals = match amount.abs() {
        a if a == 0.0 || a >= 1.0 => 2,
        a => (3 - a.log10().floor() as i32).clamp(2, 9) as usize,
    };
    let text = format!("{amount:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    format!("${whole}.{fraction:0<2}")
}

fn heading(tree: &Tree, now: Millis, place: Place) -> String {
    let at = tree.end.map_or(now, |(_, at)| at);
    let budget = tree.budget.map(|b| format!(" of {}", dollars(b))).unwrap_or_default();
    let mark = match tree.end {
        None => moving(place),
        Some((status, _)) => mark(status, place.colour),
    };
    let figures = format!("{}  {}{budget}", time(at), dollars(tree.spent));
    let name = cut(&tree.name, place.width.saturating_sub(figures.width() + 6));
    format!("{mark} {}  {}", Paint::Strong.on(place.colour, &name), Paint::Dim.on(place.colour, &figures))
}

fn step(row: &Row, now: Millis, name_width: usize, place: Place) -> String {
    let mark = match row {
        r if r.running > 0 => moving(place),
        r if r.count(StepStatus::Failed) > 0 => mark(StepStatus::Failed, place.colour),
        r if r.count(StepStatus::Waiting) > 0 => mark(StepStatus::Waiting, place.colour),
        r if r.count(StepStatus::Ok) > 0 => mark(StepStatus::Ok, place.colour),
        r if r.count(StepStatus::Cached) > 0 => mark(StepStatus::Cached, place.colour),
        _ => mark(StepStatus::Skipped, place.colour),
    };
    let took = if row.running > 0 { Millis(now.0.saturating_sub(row.since.0)) } else { row.took };
    let mut figures = vec![format!("{:>6}", time(took))];
    if row.counted {
        let known = row.done() + row.running;
        figures.push(format!("{}/{known}", row.done()));
    }
    if let Some(model) = &row.model {
        if row.spent.output.0 > 0 || row.spent.input.0 > 0 {
            let tokens = format!("{} in, {} out", row.spent.input.0, row.spent.output.0);
            figures.extend([tokens, dollars(row.spent.usd)]);
        }
        figures.push(model.clone());
    }
    if row.count(StepStatus::Cached) > 0 {
        figures.push(row.similar.map_or_else(|| "cached".to_owned(), |s| format!("cached ({})", similar(s))));
    }
    if let Some(model) = &row.not_asked {
        figures.push(format!("{model} not asked"));
    }
    if row.repaired {
        figures.push("repaired".to_owned());
    }
    if row.counted && row.count(StepStatus::Failed) > 0 {
        figures.push(format!("{} failed", row.count(StepStatus::Failed)));
    }
    let name = format!("{}{}", "  ".repeat(row.depth), row.label);
    let name = cut(&name, name_width.max(1));
    let pad = " ".repeat(name_width.saturating_sub(name.width()));
    let room = place.width.saturating_sub(name_width + 7);
    let figures = cut(&figures.join("  "), room);
    format!("  {mark} {name}{pad}  {}", Paint::Dim.on(place.colour, &figures))
}

// Where not all rows fit, what runs or failed is shown before what is done, and late before early.
fn chosen(rows: &[Row], room: usize) -> Vec<&Row> {
    if rows.len() <= room {
        return rows.iter().collect();
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|i| {
        let urgent = rows[*i].running > 0 || rows[*i].count(StepStatus::Failed) > 0;
        (std::cmp::Reverse(urgent), std::cmp::Reverse(*i))
    });
    // The last row says how many are left out.
    order.truncate(room.saturating_sub(1));
    order.sort_unstable();
    order.into_iter().map(|i| &rows[i]).collect()
}

fn moving(place: Place) -> String {
    Paint::Strong.on(place.colour, MOVING[place.frame % MOVING.len()])
}

/// A status as the shapes for programs write it.
fn word(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Ok => "ok",
        StepStatus::Cached => "cached",
        StepStatus::Skipped => "skipped",
        StepStatus::Failed => "failed",
        StepStatus::Waiting => "waiting",
    }
}

fn mark(status: StepStatus, colour: bool) -> String {
    match status {
        StepStatus::Ok => Paint::Good.on(colour, "✓"),
        StepStatus::Cached => Paint::Good.on(colour, "="),
        StepStatus::Skipped => Paint::Dim.on(colour, "-"),
        StepStatus::Failed => Paint::Bad.on(colour, "✗"),
        StepStatus::Waiting => Paint::Warn.on(colour, "…"),
    }
}

fn time(t: Millis) -> String {
    match t.0 {
        ms if ms < 1_000 => format!("{ms}ms"),
        ms if ms < 60_000 => format!("{}.{}s", ms / 1_000, ms % 1_000 / 100),
        ms if ms < 3_600_000 => format!("{}m{:02}s", ms / 60_000, ms % 60_000 / 1_000),
        ms => format!("{}h{:02}m", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

// The text in at most so many columns, with an ellipsis where something is left out.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_plan::Tokens;
    use flow_runtime::Spent;

    const PLACE: Place = Place { width: 80, height: 24, colour: false, frame: 0 };

    fn end(status: StepStatus) -> End {
        let spent = Spent { usd: Cost(412_300), input: Tokens(812), output: Tokens(96), ..Spent::default() };
        End {
            status,
            took: Millis(640),
            spent,
            model: Some("openai/gpt-4o-mini".into()),
            attempts: 2,
            repaired: true,
            similar: None,
        }
    }

    #[test]
    fn a_run_reads_from_top_to_bottom() {
        let mut tree = Tree::new("support", Cost::parse_dollars("0.02"));
        tree.started("ask", Millis(0));
        let quick =
            End { spent: Spent::default(), model: None, attempts: 1, repaired: false, ..end(StepStatus::Ok) };
        tree.finished("ask", &quick, Millis(3));
        tree.started("draft", Millis(3));
        tree.finished("draft", &end(StepStatus::Ok), Millis(643));
        for i in 0..4 {
            tree.started(&format!("checks[{i}]"), Millis(643));
        }
        tree.finished("checks[0]", &quick, Millis(650));
        assert_eq!(
            lines(&tree, Millis(1_700), PLACE),
            [
                "⠋ support  1.7s  $0.0004123 of $0.02",
                "  ✓ ask        3ms",
                "  ✓ draft    640ms  812 in, 96 out  $0.0004123  openai/gpt-4o-mini  repaired",
                "  ⠋ checks    1.0s  1/4",
            ]
        );
        assert_eq!(
            line("draft", &end(StepStatus::Ok)),
            "draft: ok, 640ms, openai/gpt-4o-mini, 812 in, 96 out, $0.0004123, 2 attempts, repaired"
        );
    }

    #[test]
    fn the_drawing_is_never_larger_than_the_terminal() {
        let mut tree = Tree::new("a_flow_with_quite_a_long_name", None);
        for i in 0..30 {
            let path = format!("step_with_a_name_that_is_long_{i}");
            tree.started(&path, Millis(0));
            if i != 4 {
                tree.finished(&path, &end(StepStatus::Ok), Millis(1));
            }
        }
        for (width, height) in [(20, 5), (40, 10), (80, 24), (200, 100)] {
            let drawn = lines(&tree, Millis(2), Place { width, height, ..PLACE });
            assert!(drawn.len() < height, "{} rows of {height}", drawn.len());
            if width >= 40 {
                for line in &drawn {
                    assert!(line.width() <= width, "{} columns of {width}: {line}", line.width());
                }
            }
            let runs = drawn.iter().any(|l| l.contains('⠋') && l.contains("step"));
            assert!(runs, "what runs is shown before what is done");
        }
    }

    #[test]
    fn amounts_keep_the_digits_that_matter() {
        let shown = ["0", "0.02", "0.000412345", "12.5", "0.1"]
            .map(|d| Cost::parse_dollars(d).map(dollars).unwrap_or_default());
        assert_eq!(shown, ["$0.00", "$0.02", "$0.0004123", "$12.50", "$0.10"]);
    }
}
