//! Formatting keeps the program, is stable, and looks as it should.

use flow_compiler::format::format;

mod tree;

const PROGRAMS: [&str; 3] = [
    include_str!("../../grammar/tests/programs/support.flow"),
    include_str!("../../grammar/tests/programs/pieces.flow"),
    include_str!("../../grammar/tests/programs/everything.flow"),
];

#[test]
fn programs_keep_their_tree_and_are_stable() {
    for text in PROGRAMS {
        let once = format(text);
        assert_eq!(format(&once), once);
        assert_eq!(tree::of(&once), tree::of(text));
    }
}

#[test]
fn the_first_file_is_in_the_one_style() {
    let text = PROGRAMS[0];
    // It lines up one comment, which the style does not.
    assert_eq!(format(text), text.replace("tokens        ///", "tokens  ///"));
}
