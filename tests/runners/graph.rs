//! Pictures of flows: in every example, in programs of the corpus and in generated ones, no two boxes
//! overlap, every text fits into its box, and what is inside a box is inside of it.

use flow_compiler::graph::{html, svg};
use flow_plan::{FlowId, Plan};
use flow_tests::cases::cases;
use flow_tests::repository;
use flow_tests::world::FolderWorld;
use regex::Regex;

#[derive(Clone, Copy, Debug)]
struct Rect {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Rect {
    fn holds(&self, o: &Rect) -> bool {
        self.x <= o.x && self.y <= o.y && self.right() >= o.right() && self.bottom() >= o.bottom()
    }
    fn meets(&self, o: &Rect) -> bool {
        self.x < o.right() && o.x < self.right() && self.y < o.bottom() && o.y < self.bottom()
    }
    fn right(&self) -> f64 {
        self.x + self.width
    }
    fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

#[test]
fn examples_are_drawn_whole() {
    let examples = repository().join("examples");
    let mut count = 0;
    for folder in std::fs::read_dir(examples).expect("there are examples").flatten() {
        let outcome = FolderWorld::at(folder.path()).compile("main.flow");
        count += drawn_whole(&outcome.plan.expect("examples compile"), &folder.path().display().to_string());
    }
    assert!(count >= 4, "{count} flows were drawn");
}

#[test]
fn programs_of_the_corpus_are_drawn_whole() {
    let mut count = 0;
    for case in cases("run", "flow") {
        if let Some(plan) = FolderWorld::at(case.folder()).compile(&case.file_name()).plan {
            count += drawn_whole(&plan, &case.name);
        }
    }
    assert!(count > 50, "{count} flows were drawn");
}

#[test]
fn generated_graphs_are_drawn_whole() {
    let mut random = fastrand::Rng::with_seed(7);
    for steps in [1, 2, 5, 20, 50, 100, 100, 100] {
        let text = generated(steps, &mut random);
        let outcome = FolderWorld::empty().with("main.flow", &text).compile("main.flow");
        let plan = outcome.plan.unwrap_or_else(|| panic!("{:?}\n{text}", outcome.diagnostics));
        drawn_whole(&plan, &text);
        let picture = svg(&plan, FlowId(0), false);
        let width = numbers(&picture, r#"<svg [^>]*width="(\d+)" height="(\d+)""#)[0][0];
        assert!(width < 4_000.0, "{steps} steps are {width} wide");
    }
}

// Each step needs some of those before it; some are loops and branches with steps of their own.
pub(crate) fn generated(steps: usize, random: &mut fastrand::Rng) -> String {
    let mut out = String::from("flow main(n: int 0..9) -> int {\n");
    for i in 0..steps {
        let before = |random: &mut fastrand::Rng| match i {
            0 => "n".to_owned(),
            i => format!("step_{}", random.usize(i.saturating_sub(12)..i)),
        };
        let (a, b) = (before(random), before(random));
        out.push_str(&match random.u32(0..8) {
            0 => format!("  step_{i} = if {a} > {b} {{\n    yield {a}\n  }} else {{\n    inner = {b} + 1\n    yield inner\n  }}\n"),
            1 => format!("  step_{i} = repeat up to 3 from {a} {{\n    yield it + {b}\n  }} until it > 20\n"),
            _ => format!("  step_{i} = {a} + {b}\n"),
        });
    }
    let all: Vec<String> = (0..steps).map(|i| format!("step_{i}")).collect();
    out.push_str(&format!("  return max([{}])\n}}\n", all.join(", ")));
    out
}

fn drawn_whole(plan: &Plan, name: &str) -> usize {
    for flow in 0..plan.flows.len() {
        for labels in [false, true] {
            look(&svg(plan, FlowId(flow as u32), labels), name);
        }
        assert!(html(plan, FlowId(flow as u32), true).contains("prefers-color-scheme: dark"));
    }
    plan.flows.len()
}

fn look(picture: &str, name: &str) {
    let rect = |class: &str| -> Vec<Rect> {
        let pattern = format!(
            r#"<rect class="{class}[^"]*" x="(-?[\d.]+)" y="(-?[\d.]+)" width="([\d.]+)" height="([\d.]+)""#
        );
        numbers(picture, &pattern)
            .iter()
            .map(|n| Rect { x: n[0], y: n[1], width: n[2], height: n[3] })
            .collect()
    };
    let whole = numbers(picture, r#"<svg [^>]*width="(\d+)" height="(\d+)""#)[0].clone();
    let whole = Rect { x: 0.0, y: 0.0, width: whole[0], height: whole[1] };
    let boxes: Vec<Rect> = rect("box").into_iter().chain(rect("block")).collect();
    for (i, a) in boxes.iter().enumerate() {
        assert!(whole.holds(a), "{name}: {a:?} is outside of the picture {whole:?}");
        for b in &boxes[i + 1..] {
            assert!(!a.meets(b) || a.holds(b) || b.holds(a), "{name}: {a:?} overlaps {b:?}");
        }
    }
    let texts =
        Regex::new(r#"<text class="(\w+)" x="([\d.]+)" y="([\d.]+)">([^<]*)</text>"#).expect("a pattern");
    let mut lines: Vec<Rect> = Vec::new();
    for text in texts.captures_iter(picture) {
        let number = |i: usize| text[i].parse::<f64>().expect("a number");
        let size = if &text[1] == "name" { 14.0 } else { 12.0 };
        let shown =
            text[4].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        // DejaVu Sans Mono, the widest of the faces that are asked for, takes 0.602 of its size.
        let width = shown.chars().count() as f64 * size * 0.602;
        let line = Rect { x: number(2), y: number(3) - size * 0.8, width, height: size };
        let around = boxes.iter().filter(|b| b.meets(&line)).min_by(|a, b| a.width.total_cmp(&b.width));
        let around = around.unwrap_or_else(|| panic!("{name}: `{shown}` stands in no box"));
        assert!(around.holds(&line), "{name}: `{shown}` at {line:?} is cut by {around:?}");
        assert!(!lines.iter().any(|l| l.meets(&line)), "{name}: `{shown}` stands on another text");
        lines.push(line);
    }
}

fn numbers(text: &str, pattern: &str) -> Vec<Vec<f64>> {
    let pattern = Regex::new(pattern).expect("a pattern");
    let found = pattern.captures_iter(text);
    found.map(|c| c.iter().skip(1).flatten().filter_map(|m| m.as_str().parse().ok()).collect()).collect()
}
