//! `corpus/check`: whole programs, compiled. The marks in the source say which codes are expected on
//! which lines, the snapshot holds the drawing.

use flow_tests::cases::{Case, cases, compare_all};
use flow_tests::expectation::{drawing, found, marks, mended};
use flow_tests::world::FolderWorld;

#[test]
fn every_program_gives_the_diagnostics_it_is_marked_with() {
    compare_all(&cases("check", "flow"), |case| {
        let outcome = world(case).compile(&case.file_name());
        let drawn = drawing(&outcome.diagnostics, &outcome.sources);
        assert_eq!(
            marks(&case.text),
            found(&outcome.diagnostics, &outcome.sources),
            "marked, found:\n{drawn}"
        );
        assert_eq!(
            outcome.plan.is_some(),
            !outcome.diagnostics.has_errors(),
            "a plan exactly without errors"
        );
        drawn
    });
}

// What is listed there is known to be wrong today; the marks say what would be right.
#[test]
fn what_is_known_to_be_wrong_still_is() {
    let right = |case: &Case| {
        let outcome = world(case).compile(&case.file_name());
        marks(&case.text) == found(&outcome.diagnostics, &outcome.sources)
    };
    let mended: Vec<String> =
        cases("fixme/check", "flow").into_iter().filter(right).map(|c| c.name).collect();
    assert!(mended.is_empty(), "these are right now, move them to corpus/check:\n  {}", mended.join("\n  "));
}

#[test]
fn every_fix_mends_what_it_is_offered_for() {
    for case in cases("check", "flow") {
        let outcome = world(&case).compile(&case.file_name());
        for diagnostic in outcome.diagnostics.iter() {
            for fix in &diagnostic.fixes {
                let text = mended(fix, &outcome.sources);
                let after = world(&case).with(&case.file_name(), &text).compile(&case.file_name());
                let same = |d: &&flow_diagnostics::FlowDiagnostic| {
                    (d.code, &d.message) == (diagnostic.code, &diagnostic.message)
                };
                let (was, is) = (
                    outcome.diagnostics.iter().filter(same).count(),
                    after.diagnostics.iter().filter(same).count(),
                );
                assert!(is < was, "{}: `{}` does not mend `{}`", case.name, fix.title, diagnostic.message);
            }
        }
    }
}

fn world(case: &Case) -> FolderWorld {
    FolderWorld::at(case.folder())
}
