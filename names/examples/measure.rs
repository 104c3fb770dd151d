//! How long it takes: `measure FILE`, in milliseconds for 1,000 words and signs.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for whoever works on the model")]

use flow_names::{find, model::MODEL, words};
use std::time::Instant;

fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let mut all = Vec::new();
    words::cut(&text, 0, usize::MAX, MODEL.common(), &mut all);
    let ends: Vec<usize> = text.match_indices(". ").map(|(at, _)| at + 2).collect();
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(find(&text, &ends));
            start.elapsed().as_secs_f64() * 1e6 / all.len() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{} words and signs: {:.3} ms per 1,000", all.len(), times[3]);
}
