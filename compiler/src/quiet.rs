//! One mistake, one message: takes out what only follows from a mistake that is reported already.
//!
//! In: everything found in a program. Out: the same without echoes.
//! - In a declaration that is not understood, only the syntax error counts; a declaration that uses
//!   such a one, directly or through others, is not judged by what may be missing in it.
//! - Where a declaration lost its name, nobody is blamed for not finding it.
//! - The same thing said at several places is said once, with the other places as labels.
//! - Nothing is called unused while something is wrong: the missing use may be the mistake.

use crate::ast::Item;
use crate::hir::Hir;
use crate::resolve::Program;
use flow_diagnostics::{Code, Diagnostics, FlowDiagnostic, Span};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// How many other places a diagnostic names.
const OTHER_PLACES: usize = 8;

/// Takes out the echoes.
pub(crate) fn quiet(program: &Program, hir: &Hir, diagnostics: &mut Diagnostics) {
    if !diagnostics.has_errors() {
        return;
    }
    let items: Vec<&Item> = program.decls().map(|(_, item)| item).collect();
    let spans: Vec<Span> = items.iter().map(|item| item.span()).collect();
    let syntax: Vec<Span> = diagnostics.iter().filter(|d| d.code == Code::E0001).map(|d| d.span()).collect();
    let tainted = tainted(&spans, hir, &syntax);
    let nameless = items.iter().any(|item| match item {
        Item::Error(_) => true,
        item => item.name().is_some_and(|n| n.name.is_empty()),
    });
    diagnostics.retain(|d| {
        let echo = match d.code {
            Code::E0001 | Code::E0103 | Code::E0104 => false,
            Code::W0701 => true,
            Code::E0101 if nameless => true,
            _ => syntax.iter().any(|s| s.file == d.span().file) && inside(&spans, &tainted, d.span()),
        };
        !echo
    });
    merge(diagnostics);
}

// Which declarations hold a syntax error or use one that does, directly or through others.
fn tainted(spans: &[Span], hir: &Hir, syntax: &[Span]) -> Vec<bool> {
    let holds = |outer: &Span, inner: Span| {
        outer.file == inner.file && outer.start <= inner.start && inner.start <= outer.end
    };
    let mut tainted: Vec<bool> = spans.iter().map(|span| syntax.iter().any(|s| holds(span, *s))).collect();
    if !tainted.contains(&true) {
        return tainted;
    }
    let item_of = |place: Span| spans.iter().position(|span| holds(span, place));
    let mut uses: Vec<(usize, usize)> =
        hir.uses.iter().filter_map(|(at, declared)| Some((item_of(*at)?, item_of(*declared)?))).collect();
    uses.sort_unstable();
    uses.dedup();
    loop {
        let before = tainted.iter().filter(|t| **t).count();
        for (user, used) in &uses {
            tainted[*user] |= tainted[*used];
        }
        if tainted.iter().filter(|t| **t).count() == before {
            return tainted;
        }
    }
}

fn inside(spans: &[Span], tainted: &[bool], place: Span) -> bool {
    spans.iter().zip(tainted).any(|(span, tainted)| {
        *tainted && span.file == place.file && span.start <= place.start && place.start <= span.end
    })
}

// Equal messages become one, at the first place.
fn merge(diagnostics: &mut Diagnostics) {
    diagnostics.sort();
    let mut kept: Vec<FlowDiagnostic> = Vec::new();
    let mut said: HashMap<(Code, String), usize> = HashMap::new();
    for diagnostic in diagnostics.iter() {
        let unknown =
            matches!(diagnostic.code, Code::E0101 | Code::E0202 | Code::E0204 | Code::E0205 | Code::E0401);
        match said.entry((diagnostic.code, diagnostic.message.clone())) {
            Entry::Occupied(first) if unknown => {
                let first = &mut kept[*first.get()];
                if first.labels.len() <= OTHER_PLACES {
                    *first = first.clone().label(diagnostic.span(), "and here");
                }
            }
            Entry::Occupied(_) => kept.push(diagnostic.clone()),
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(diagnostic.clone());
            }
        }
    }
    diagnostics.truncate(0);
    kept.into_iter().for_each(|d| diagnostics.push(d));
}
