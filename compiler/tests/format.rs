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

fn formatted(text: &str, expected: &str) {
    assert_eq!(format(text), expected);
    assert_eq!(format(expected), expected);
}

#[test]
fn lists_open_where_they_do_not_fit_or_the_author_opened_them() {
    formatted("const a = [1,2 ,3,]", "const a = [1, 2, 3]\n");
    formatted("const a = [\n1,2 ,3]", "const a = [\n  1,\n  2,\n  3,\n]\n");
    formatted("const a = f(b(1,\n2), c: {d:1})", "const a = f(b(1, 2), c: { d: 1 })\n");
    let long = "const words = [\"one word after another\", \"one word after another\", \"one word after another\", \"the end\"]\n";
    formatted(
        long,
        "const words = [\n  \"one word after another\",\n  \"one word after another\",\n  \"one word after another\",\n  \"the end\",\n]\n",
    );
    // One element that is in brackets itself opens with those around it.
    formatted("const a = f([\n1])", "const a = f([\n  1,\n])\n");
}

#[test]
fn a_byte_order_mark_between_words_is_a_blank() {
    let text = "action note(to: private\u{feff} text) {\n  channel:\u{feff}file(\"a\")\n}\n";
    formatted(text, "action note(to: private text) {\n  channel: file(\"a\")\n}\n");
    assert_eq!(tree::of(&format(text)), tree::of(text));
}

#[test]
fn signs_are_not_put_together_to_other_signs() {
    formatted("type A {\n  a: text? ?= null\n}\n", "type A {\n  a: text? ? = null\n}\n");
}

#[test]
fn comments_stay_where_they_are_said() {
    formatted(
        "type A { // first\n a: text // second\n\n\n // third\n b: text /// fourth\n }// last\n",
        "type A {  // first\n  a: text  // second\n\n  // third\n  b: text  /// fourth\n}  // last\n",
    );
    formatted("const a = 1 + // why\n 2\n", "const a = 1 +  // why\n  2\n");
    formatted("const a = [ // why\n 1 // one\n , 2 ]\n", "const a = [  // why\n  1,  // one\n  2,\n]\n");
    formatted(
        "// about a\nconst a = 1\n// about b\nconst b = 2\n",
        "// about a\nconst a = 1\n// about b\nconst b = 2\n",
    );
}

#[test]
fn declarations_stand_apart() {
    formatted(
        "import a from std.guards\nimport b from std.guards\n\n\nconst c = 1\nconst d = 2\ntype A = text\ntype B = text",
        "import a from std.guards\nimport b from std.guards\n\nconst c = 1\nconst d = 2\n\ntype A = text\n\ntype B = text\n",
    );
}

#[test]
fn blocks_open_and_close_together() {
    formatted(
        "flow a() { x = if b { yield 1 } else {\n yield 2 } }",
        "flow a() {\n  x = if b {\n    yield 1\n  } else {\n    yield 2\n  }\n}\n",
    );
    formatted(
        "flow a() {\n x = if b { yield 1 }\n else { yield 2 }\n}",
        "flow a() {\n  x = if b { yield 1 } else { yield 2 }\n}\n",
    );
    formatted(
        "flow a() {\n x = f(1)\n else stop \"no\"\n y = f(1) {model:m,retry:1} else g( 2 )\n}",
        "flow a() {\n  x = f(1)\n    else stop \"no\"\n  y = f(1) { model: m, retry: 1 } else g(2)\n}\n",
    );
}

#[test]
fn signs_have_the_blanks_they_need() {
    formatted("const a = -  1+b*- 2 -(3 ) /c[0] .d", "const a = -1 + b * -2 - (3) / c[0].d\n");
    formatted("const a = not b==c  and d not  in e??f", "const a = not b == c and d not in e ?? f\n");
    formatted("model m=\"x\" {\n rate : 200 / s\n}", "model m = \"x\" {\n  rate: 200/s\n}\n");
    formatted("type A = { text:int 1 .. 10 } ?", "type A = {text: int 1..10}?\n");
}

#[test]
fn text_blocks_move_with_their_key_and_say_the_same() {
    formatted(
        "prompt a() {\nuser: \"\"\"\n        one\n          two\n        \"\"\"\n}",
        "prompt a() {\n  user: \"\"\"\n    one\n      two\n    \"\"\"\n}\n",
    );
    formatted(
        "prompt a() {\nuser: \"\"\"one\n    two  \n\"\"\"\n}",
        "prompt a() {\n  user: \"\"\"one\n    two  \n\"\"\"\n}\n",
    );
}

#[test]
fn what_is_broken_is_left_alone() {
    let broken = "type A {\n      x   text\n }";
    assert_eq!(
        format(&format!("const   a=1\n{broken}\nconst   b=2\n")),
        format!("const a = 1\n{broken}\nconst b = 2\n")
    );
}

#[test]
fn line_ends_are_those_of_the_first_line() {
    assert_eq!(format("const a=1\r\nconst b=2\n"), "const a = 1\r\nconst b = 2\r\n");
    assert_eq!(format("const a=1\nconst b=2\r\n"), "const a = 1\nconst b = 2\n");
}
