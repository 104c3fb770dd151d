//! Whole programs that use all of the language are understood without an error.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

const PROGRAMS: [(&str, &str); 3] = [
    ("support", include_str!("programs/support.flow")),
    ("pieces", include_str!("programs/pieces.flow")),
    ("everything", include_str!("programs/everything.flow")),
];

#[test]
fn valid_programs_have_no_errors() {
    for (name, text) in PROGRAMS {
        let parse = flow_grammar::parse(text);
        assert_eq!(parse.errors, [], "{name}");
        assert_eq!(parse.cst, flow_grammar::parse_as_written(text), "{name}");
    }
}

#[test]
fn windows_line_ends_are_understood() {
    for (name, text) in PROGRAMS {
        let parse = flow_grammar::parse(&text.replace('\n', "\r\n"));
        assert_eq!(parse.errors, [], "{name}");
    }
}

#[test]
fn the_last_line_needs_no_line_end() {
    let parse = flow_grammar::parse("const a = 1\nconst b = 2");
    assert_eq!(parse.errors, []);
    assert_eq!(parse.cst.root().children().count(), 2);
    let last = parse.cst.root().children().last().unwrap();
    assert_eq!(last.range(), 12..23);
}
