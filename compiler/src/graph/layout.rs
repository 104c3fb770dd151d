//! Where the boxes of a picture stand: steps in layers from top to bottom, each below what it needs, and
//! blocks inside the box of their step.
//!
//! The layers are those of Sugiyama, Tagawa and Toda (1981): longest paths, orders by barycentres, and a
//! place in each layer for edges that pass it. Texts are set in a monospaced face, so that what they
//! take is known without one.

use super::{Group, Node};
use std::collections::HashMap;

/// The size of the letters of names, in pixels.
pub(super) const NAME: f64 = 14.0;
/// The size of all other letters, in pixels.
pub(super) const SMALL: f64 = 12.0;
/// What a letter takes of its size: a little more than in the widest of the usual monospaced faces.
pub(super) const ADVANCE: f64 = 0.61;
/// From one line to the next.
pub(super) const LINE: f64 = 18.0;
/// Around texts and blocks inside a box.
pub(super) const PAD: f64 = 12.0;

const GAP: f64 = 28.0;
const RISE: f64 = 44.0;
// Letters in a line.
const WIDEST: usize = 36;
// Beyond that a layer goes on in another row.
const ROW: f64 = 1_400.0;

/// A block, laid out from its upper left corner.
pub(super) struct Laid<'a> {
    pub(super) boxes: Vec<Placed<'a>>,
    /// Edges as the points that they go through, from top to bottom.
    pub(super) edges: Vec<Vec<(f64, f64)>>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A step with its box.
pub(super) struct Placed<'a> {
    pub(super) node: &'a Node,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// The lines of its name, and those below.
    pub(super) lines: (Vec<String>, Vec<String>),
    pub(super) groups: Vec<Inner<'a>>,
}

/// A block inside a box, with its place in that.
pub(super) struct Inner<'a> {
    pub(super) title: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) laid: Laid<'a>,
}

/// Lays out a block; the labels are lines of their steps where they are wanted.
pub(super) fn laid<'a>(nodes: &'a [Node], edges: &[(String, String)], labels: bool) -> Laid<'a> {
    let mut boxes: Vec<Placed<'a>> = nodes.iter().map(|n| sized(n, labels)).collect();
    let index: HashMap<&str, usize> = nodes.iter().enumerate().map(|(i, n)| (n.id.as_str(), i)).collect();
    let edges: Vec<(usize, usize)> =
        edges.iter().filter_map(|(a, b)| Some((*index.get(a.as_str())?, *index.get(b.as_str())?))).collect();
    let rows = rows(&boxes, &edges);
    let mut grid = Grid::new(&boxes, &edges, &rows);
    grid.order();
    grid.place();
    let mut y = 0.0;
    let mut tops = Vec::new();
    for row in &grid.rows {
        let tallest = row.iter().filter_map(|s| s.node).map(|i| boxes[i].height).fold(0.0, f64::max);
        for slot in row.iter().filter(|s| s.node.is_some()) {
            if let Some(placed) = slot.node.map(|i| &mut boxes[i]) {
                (placed.x, placed.y) = (slot.x, y);
            }
        }
        tops.push((y, y + tallest));
        y += tallest + RISE;
    }
    let paths = grid.paths(&boxes, &edges, &tops);
    let right = grid.rows.iter().flatten().map(|s| s.x + s.width).fold(0.0, f64::max);
    Laid { boxes, edges: paths, width: right, height: (y - RISE).max(0.0) }
}

/// What a line takes, in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let cells: usize = text.chars().map(|c| if c.is_ascii() || c == '·' { 1 } else { 2 }).sum();
    cells as f64 * size * ADVANCE
}

fn sized(node: &Node, labels: bool) -> Placed<'_> {
    let name = wrapped(&node.name);
    let mut small = wrapped(&node.what);
    let shown = super::names(node.labels);
    if labels && !shown.is_empty() {
        small.push(shown.join(", "));
    }
    small.extend(node.note.clone());
    let text = name.iter().map(|l| width(l, NAME)).chain(small.iter().map(|l| width(l, SMALL)));
    let mut wide = text.fold(0.0, f64::max) + 2.0 * PAD;
    let mut tall = (name.len() + small.len()) as f64 * LINE + 2.0 * PAD;
    let mut groups: Vec<Inner<'_>> = Vec::new();
    let (mut x, mut below) = (PAD, tall);
    for Group { title, nodes, edges } in &node.inner {
        let laid = laid(nodes, edges, labels);
        let title = wrapped(title).join(" ");
        let own = laid.width.max(width(&title, SMALL)) + 2.0 * PAD;
        let height = laid.height + 2.0 * PAD + LINE;
        if x > PAD && x + own > ROW {
            (x, below) = (PAD, tall);
        }
        groups.push(Inner { title, x, y: below, width: own, height, laid });
        x += own + PAD;
        wide = wide.max(x);
        tall = tall.max(below + height + PAD);
    }
    Placed { node, x: 0.0, y: 0.0, width: wide, height: tall, lines: (name, small), groups }
}

// Lines at spaces; a word that is longer than a line is cut into several.
fn wrapped(text: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        for (i, part) in letters.chunks(WIDEST).enumerate() {
            let part: String = part.iter().collect();
            match out.last_mut() {
                Some(last) if last.is_empty() => last.push_str(&part),
                Some(last) if i == 0 && last.chars().count() + 1 + part.chars().count() <= WIDEST => {
                    last.push(' ');
                    last.push_str(&part);
                }
                _ => out.push(part),
            }
        }
    }
    out
}

// The row of each box: below everything it needs; long layers go on in further rows.
fn rows(boxes: &[Placed<'_>], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; boxes.len()];
    // Nodes are in a topological order, so one pass finds the longest paths.
    let mut sorted = edges.to_vec();
    sorted.sort_unstable();
    for (from, to) in sorted {
        layer[to] = layer[to].max(layer[from] + 1);
    }
    let layers = layer.iter().max().map_or(0, |most| most + 1);
    let (mut row, mut next) = (vec![0; boxes.len()], 0);
    for at in 0..layers {
        let mut wide = 0.0;
        for i in (0..boxes.len()).filter(|i| layer[*i] == at) {
            if wide > 0.0 && wide + boxes[i].width > ROW {
                (next, wide) = (next + 1, 0.0);
            }
            row[i] = next;
            wide += boxes[i].width + GAP;
        }
        next += 1;
    }
    row
}

/// A place in a row: of a box, or of an edge that passes the row.
#[derive(Clone)]
struct Slot {
    node: Option<usize>,
    width: f64,
    x: f64,
    // Places in the row above and in the row below that it is joined to, by their identity.
    up: Vec<usize>,
    down: Vec<usize>,
    id: usize,
}

impl Slot {
    // What it is joined to in the row above, or in the one below. A way that has begun goes on straight,
    // whatever comes to it from the sides; and a box is not drawn to a way that others share.
    fn joined(&self, above: bool, boxes: usize) -> impl Iterator<Item = usize> {
        let all = if above { &self.up } else { &self.down };
        let is_way = self.node.is_none();
        let goes_on = is_way && all.iter().any(|id| *id >= boxes);
        all.iter().copied().filter(move |id| match (is_way, above) {
            (true, _) => !goes_on || *id >= boxes,
            (false, above) => above || *id < boxes,
        })
    }
}

struct Grid {
    rows: Vec<Vec<Slot>>,
    // How many boxes there are: places with a higher identity are those of edges.
    boxes: usize,
    // Of each edge, the identities of its places from top to bottom.
    ways: Vec<Vec<usize>>,
}

// What an edge takes that passes a row, and what is between two of them.
const LANE: f64 = 6.0;
const LANES: f64 = 4.0;
// So many sweeps settle the order and the places.
const SWEEPS: usize = 8;

impl Grid {
    fn new(boxes: &[Placed<'_>], edges: &[(usize, usize)], row: &[usize]) -> Grid {
        let count = row.iter().max().map_or(0, |most| most + 1);
        let mut rows: Vec<Vec<Slot>> = vec![Vec::new(); count];
        let slot = |id, node, width| Slot { node, width, x: 0.0, up: Vec::new(), down: Vec::new(), id };
        for (i, placed) in boxes.iter().enumerate() {
            rows[row[i]].push(slot(i, Some(i), placed.width));
        }
        let mut next = boxes.len();
        let mut ways = Vec::new();
        // Edges to one box go through the same places, so that a step that needs a hundred others is no
        // bundle of a hundred lines.
        let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
        for &(from, to) in edges {
            let mut way = vec![from];
            for (at, passed) in rows.iter_mut().enumerate().take(row[to]).skip(row[from] + 1) {
                let id = *shared.entry((to, at)).or_insert_with(|| {
                    next += 1;
                    passed.push(slot(next - 1, None, LANE));
                    next - 1
                });
                way.push(id);
            }
            way.push(to);
            ways.push(way);
        }
        let mut joins: HashMap<usize, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for pair in ways.iter().flat_map(|way| way.windows(2)) {
            joins.entry(pair[0]).or_default().1.push(pair[1]);
            joins.entry(pair[1]).or_default().0.push(pair[0]);
        }
        for slot in rows.iter_mut().flatten() {
            (slot.up, slot.down) = joins.remove(&slot.id).unwrap_or_default();
        }
        Grid { rows, boxes: boxes.len(), ways }
    }

    // Down and up again, each row by the mean place of what it is joined to.
    fn order(&mut self) {
        let boxes = self.boxes;
        let mut at: HashMap<usize, f64> = HashMap::new();
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            let order: Vec<usize> =
                if down { (0..self.rows.len()).collect() } else { (0..self.rows.len()).rev().collect() };
            for row in order {
                let row = &mut self.rows[row];
                let most = row.len().max(1) as f64;
                // As shares, so that short rows and long ones can be compared.
                let share = |i: usize| (i as f64 + 0.5) / most;
                let mut keyed: Vec<(f64, Slot)> = std::mem::take(row)
                    .into_iter()
                    .enumerate()
                    .map(|(i, slot)| {
                        let joined = slot.joined(down, boxes);
                        (mean(joined.filter_map(|id| at.get(&id).copied())).unwrap_or(share(i)), slot)
                    })
                    .collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                *row = keyed.into_iter().map(|(_, slot)| slot).collect();
                at.extend(row.iter().enumerate().map(|(i, slot)| (slot.id, share(i))));
            }
        }
    }

    // Each box as near to the middle of what it is joined to as its neighbours let it.
    fn place(&mut self) {
        let boxes = self.boxes;
        let mut middle: HashMap<usize, f64> = HashMap::new();
        for row in &mut self.rows {
            let mut x = 0.0;
            for slot in row.iter_mut() {
                slot.x = x;
                x += slot.width + if slot.node.is_some() { GAP } else { LANES };
                middle.insert(slot.id, slot.x + slot.width / 2.0);
            }
        }
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            let count = self.rows.len();
            for at in 0..count {
                let row = &mut self.rows[if down { at } else { count - 1 - at }];
                let wanted: Vec<f64> = row
                    .iter()
                    .map(|slot| {
                        let joined = slot.joined(down, boxes);
                        let mean = mean(joined.filter_map(|id| middle.get(&id).copied()));
                        mean.map_or(slot.x, |m| m - slot.width / 2.0)
                    })
                    .collect();
                spread(row, &wanted);
                middle.extend(row.iter().map(|s| (s.id, s.x + s.width / 2.0)));
            }
        }
        let left = self.rows.iter().flatten().map(|s| s.x).fold(f64::INFINITY, f64::min);
        self.rows.iter_mut().flatten().for_each(|s| s.x -= left);
    }

    fn paths(
        &self,
        boxes: &[Placed<'_>],
        edges: &[(usize, usize)],
        tops: &[(f64, f64)],
    ) -> Vec<Vec<(f64, f64)>> {
        let slots = self
            .rows
            .iter()
            .enumerate()
            .flat_map(|(row, slots)| slots.iter().map(move |s| (s.id, (row, s.x))));
        let lanes: HashMap<usize, (usize, f64)> = slots.collect();
        let mut out = Vec::new();
        for (way, (from, to)) in self.ways.iter().zip(edges) {
            let (a, b) = (&boxes[*from], &boxes[*to]);
            let mut points = vec![(a.x + a.width / 2.0, a.y + a.height)];
            // Beside a taller box an edge goes straight down, so as not to pass behind it.
            if let Some((row, _)) = lanes.get(from) {
                points.push((a.x + a.width / 2.0, tops[*row].1));
            }
            for id in way.iter().skip(1).take(way.len().saturating_sub(2)) {
                let Some((row, x)) = lanes.get(id) else { continue };
                let (top, bottom) = tops[*row];
                points.extend([(x + LANE / 2.0, top), (x + LANE / 2.0, bottom)]);
            }
            points.push((b.x + b.width / 2.0, b.y));
            out.push(points);
        }
        out
    }
}

fn mean(of: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u32);
    for value in of {
        (sum, count) = (sum + value, count + 1);
    }
    (count > 0).then(|| sum / f64::from(count))
}

// INVARIANT: two neighbours are a gap apart. Boxes have room for the edges between them, and are where
// they want to be as far as other boxes let them: pushed from the left and pushed from the right both keep
// to the gaps, and so does what lies in the middle of the two. Edges go where boxes leave them room, so
// that a picture does not drift away under a long edge.
fn spread(row: &mut [Slot], wanted: &[f64]) {
    let boxes: Vec<usize> = (0..row.len()).filter(|i| row[*i].node.is_some()).collect();
    // From the left side of a box to that of the next one.
    let step = |pair: &[usize]| row[pair[0]].width + room(pair[1] - pair[0] - 1);
    let steps: Vec<f64> = boxes.windows(2).map(step).collect();
    let mut left: Vec<f64> = boxes.iter().map(|i| wanted[*i]).collect();
    let mut right = left.clone();
    for (i, step) in steps.iter().enumerate() {
        left[i + 1] = left[i + 1].max(left[i] + step);
    }
    for (i, step) in steps.iter().enumerate().rev() {
        right[i] = right[i].min(right[i + 1] - step);
    }
    for (i, (a, b)) in boxes.iter().zip(left.into_iter().zip(right)) {
        row[*i].x = f64::midpoint(a, b);
    }
    let mut low = f64::NEG_INFINITY;
    for i in 0..row.len() {
        if row[i].node.is_some() {
            low = row[i].x + row[i].width + GAP / 2.0;
        } else {
            row[i].x = wanted[i].max(low);
            low = row[i].x + LANE + LANES;
        }
    }
    let mut high = f64::INFINITY;
    for slot in row.iter_mut().rev() {
        if slot.node.is_some() {
            high = slot.x - GAP / 2.0 - LANE;
        } else {
            slot.x = slot.x.min(high);
            high = slot.x - LANE - LANES;
        }
    }
}

// What is between two boxes that so many edges pass.
fn room(edges: usize) -> f64 {
    match edges {
        0 => GAP,
        n => GAP + n as f64 * (LANE + LANES) - LANES,
    }
}
