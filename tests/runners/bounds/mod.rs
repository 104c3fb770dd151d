//! Random programs against their bounds: each is compiled, run against a world that does its worst,
//! and held to what was derived of it.
//!
//! `FLOW_BOUND_CASES=20000 cargo test --release -p flow-tests bounds -- --nocapture` is the long run;
//! `FLOW_BOUND_SEED=7` with it looks at that one program alone and prints it.
//!
//! [`program`] writes programs, [`values`] what goes into them, [`replies`] and [`outside`] are the
//! world, [`play`] is one run and the laws it keeps, [`shrink`] makes a program that breaks one smaller.

mod count;
mod exact;
mod outside;
mod play;
mod program;
mod replies;
mod shrink;
mod tally;
mod values;
mod witness;

use flow_compiler::Outcome as Compiled;
use flow_compiler::bounds::Amount;
use flow_plan::{Cost, FlowId, Millis, Tokens};
use flow_tests::expectation::drawing;
use flow_tests::world::FolderWorld;
use play::{Fault, Played, Reached, laws, play, shown, within};
use program::{Wishes, program};
use replies::{Policy, World};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tally::Tally;

/// The most that one run of a flow may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Worst {
    usd: Cost,
    calls: u64,
    input: Tokens,
    output: Tokens,
    // In and out together.
    tokens: Tokens,
    time: Millis,
}

/// The bound that the compiler derives of a flow; nothing where it derives none.
fn bound(compiled: &Compiled, flow: FlowId) -> Option<Worst> {
    let worst = compiled.bounds.as_ref()?.flows.iter().find(|f| f.flow == flow)?.worst;
    let Amount { usd, calls, input, output, tokens, time } = worst;
    Some(Worst { usd, calls, input, output, tokens, time })
}

/// What a world that does its worst has shown of one program.
enum Verdict {
    /// It does not compile, and should: the diagnostics.
    Invalid(String),
    /// It may exceed a limit, says the compiler: the code.
    TooMuch(String),
    /// It ran: how each run ended with how many calls, and the nearest that one came to the bound, if
    /// there is one.
    Ran(Vec<(String, u64)>, Option<Reached>),
}

#[test]
fn random_programs_keep_within_their_bounds() {
    let tally = all(Wishes::default());
    tally.show("programs without limits");
    assert!(tally.invalid * 100 <= tally.programs, "{} of {} do not compile", tally.invalid, tally.programs);
    assert!(tally.runs >= 2 * (tally.programs - tally.invalid - tally.too_much), "most programs run");
}

#[test]
fn random_programs_keep_within_their_limits() {
    let tally = all(Wishes { limits: true, ..Wishes::default() });
    tally.show("programs with a budget and a deadline");
    assert!(tally.invalid * 100 <= tally.programs, "{} of {} do not compile", tally.invalid, tally.programs);
}

#[test]
fn random_programs_with_fences_come_near_their_bounds() {
    if flow_plan::filters::find("fence").is_none() {
        return;
    }
    let tally = all(Wishes { fenced: true, ..Wishes::default() });
    tally.show("programs with fences");
    assert!(tally.invalid * 100 <= tally.programs, "{} of {} do not compile", tally.invalid, tally.programs);
    let (least, seed) = tally.least_tokens().expect("some programs have a bound");
    assert!(least >= LEAST_TOKENS, "of seed {seed}, only {least:.4} of the bound in tokens is reached");
    let exact = tally.exact_in_dollars();
    assert!(exact >= LEAST_EXACT || tally.programs == 1, "only {exact:.4} of all programs reach their bound");
}

// What the witness of every program with fences reaches of its bound in tokens.
const LEAST_TOKENS: f64 = 0.95;
// The share of programs with fences whose witness costs exactly the bound.
const LEAST_EXACT: f64 = 0.93;

/// Looks at as many programs as are wanted, on every core. A fault ends the test.
fn all(wishes: Wishes) -> Tally {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let (first, many) = match number("FLOW_BOUND_SEED") {
        Some(seed) => (seed, 1),
        // Each with fences is run a hundred times.
        None => (0, number("FLOW_BOUND_CASES").unwrap_or(300).div_ceil(if wishes.fenced { 10 } else { 1 })),
    };
    let next = AtomicU64::new(first);
    let tally = Mutex::new(Tally::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + many || tally.lock().is_ok_and(|t| t.fault.is_some()) {
                return;
            }
            let text = program(seed, wishes);
            if many == 1 {
                show(&text);
            }
            let verdict = looked_at(&text, seed, wishes);
            let mut tally = tally.lock().expect("nobody panics with it");
            match verdict {
                Ok(verdict) => tally.add(seed, verdict),
                Err(fault) => tally.fault = Some((seed, fault)),
            }
        }
    };
    std::thread::scope(|scope| {
        (0..std::thread::available_parallelism().map_or(1, usize::from)).for_each(|_| {
            scope.spawn(work);
        });
    });
    let tally = tally.into_inner().expect("nobody panics with it");
    if let Some((seed, fault)) = &tally.fault {
        panic!("{}", told(*seed, wishes, fault));
    }
    tally
}

/// Prints a program that is looked at alone, with the sum of its bound.
#[expect(clippy::print_stderr, reason = "it is read in the output of a run with --nocapture")]
fn show(text: &str) {
    eprintln!("{text}");
    let compiled = FolderWorld::empty().with("main.flow", text).compile("main.flow");
    let Some(bounds) = &compiled.bounds else { return };
    for line in bounds.flows.last().iter().flat_map(|f| &f.spent_on) {
        let each = line.each;
        eprintln!(
            "{:>5} x {:<24} {:<6} {} in, {} out, {}",
            line.times, line.step, line.what, each.input.0, each.output.0, each.usd
        );
    }
}

/// Compiles a program and runs it under every policy; and where its holes are fenced, in the dearest
/// way that is found.
fn looked_at(text: &str, seed: u64, wishes: Wishes) -> Result<Verdict, Fault> {
    let compiled = catch_unwind(|| FolderWorld::empty().with("main.flow", text).compile("main.flow"));
    let Ok(compiled) = compiled else {
        return Err(Fault { law: "compiling never panics", figures: String::new() });
    };
    if compiled.plan.is_none() {
        let error = compiled.diagnostics.iter().find(|d| !d.code.short().starts_with('W'));
        let code = error.map_or("", |d| d.code.short());
        return Ok(match code {
            "E0301" | "E0302" | "E0303" | "E0304" | "E0305" => Verdict::TooMuch(code.to_owned()),
            _ => Verdict::Invalid(drawing(&compiled.diagnostics, &compiled.sources)),
        });
    }
    let ran = catch_unwind(AssertUnwindSafe(|| all_runs(&compiled, seed, wishes)));
    ran.unwrap_or_else(|_| Err(Fault { law: "running never panics", figures: String::new() }))
}

fn all_runs(compiled: &Compiled, seed: u64, wishes: Wishes) -> Result<Verdict, Fault> {
    let (mut ends, mut nearest) = (vec![], None::<Reached>);
    let Some(plan) = compiled.plan.clone().map(Arc::new) else { return Ok(Verdict::Ran(ends, None)) };
    let Some(flow) = plan.flow("main") else { return Ok(Verdict::Ran(ends, None)) };
    let worst = bound(compiled, flow);
    let mut see = |played: &Played| {
        let with_inputs = |f: Fault| Fault { figures: format!("{}\n{}", f.figures, shown(played)), ..f };
        laws(&plan, flow, played).map_err(with_inputs)?;
        if let Some(worst) = &worst {
            let reached = within(worst, played).map_err(with_inputs)?;
            nearest = Some(nearest.map_or(reached, |before| before.max(reached)));
        }
        let error = played.report.error.as_ref().map_or("", |e| e.code.short());
        let end = format!("{:?} {error}", played.report.status);
        ends.push((end.trim_end().to_owned(), played.books.calls));
        Ok(())
    };
    for (policy, offset) in Policy::ALL.into_iter().zip(0..) {
        for again in 0..if policy == Policy::Mixed { 3 } else { 1 } {
            let world = World { policy, seed: seed * 31 + offset * 7 + again };
            if let Some(played) = play(&plan, flow, &world)? {
                see(&played)?;
            }
        }
    }
    if let (true, Some(worst)) = (wishes.fenced, &worst) {
        nearest = Some(witness::reached(&plan, flow, worst)?);
    }
    Ok(Verdict::Ran(ends, nearest))
}

/// What there is to say of a fault, with the smallest program that shows it.
fn told(seed: u64, wishes: Wishes, fault: &Fault) -> String {
    let fails = |text: &str| looked_at(text, seed, wishes).is_err_and(|f| f.law == fault.law);
    let whole = program(seed, wishes);
    let small = shrink::smallest(&whole, &fails);
    let figures = looked_at(&small, seed, wishes).err().map_or(String::new(), |f| f.figures);
    format!(
        "seed {seed} breaks the law: {}\n  {}\n\n{whole}\nthe smallest program that breaks it:\n\n{small}\n\n  {figures}",
        fault.law, fault.figures
    )
}
