//! What is said of the mistakes people make, and what is offered to mend them.

use flow_grammar::{SyntaxError, parse};

// Line, message, and what the line becomes.
fn said(text: &str) -> Vec<String> {
    parse(text).errors.iter().map(|error| one(text, error)).collect()
}

fn one(text: &str, error: &SyntaxError) -> String {
    let line = text[..error.range.start].matches('\n').count();
    let mut said = format!("{}: {}", line + 1, error.message);
    if let Some(help) = &error.help {
        said += &format!(" ({help})");
    }
    if let Some(fix) = &error.fix {
        let mut mended = text.to_owned();
        mended.replace_range(fix.range.clone(), &fix.text);
        let line = text[..fix.range.start].matches('\n').count();
        said += &format!(" => {}", mended.lines().nth(line).unwrap_or("").trim());
    }
    said
}

// In a flow, as its second line.
fn in_flow(line: &str) -> Vec<String> {
    said(&format!("flow a() -> text {{\n  {line}\n  return x\n}}\n"))
}

#[test]
fn signs_that_are_missing_are_put_in() {
    assert_eq!(in_flow("x = f(a, b"), ["2: missing `)` => x = f(a, b)"]);
    assert_eq!(in_flow("x = f a, b)"), ["2: missing `(` => x = f (a, b)"]);
    assert_eq!(in_flow("x = [1, 2"), ["2: missing `]` => x = [1, 2]"]);
    assert_eq!(in_flow("x f(1)"), ["2: missing `=` => x = f(1)"]);
    assert_eq!(said("type A {\n  name text\n}\n"), ["2: missing `:` => name: text"]);
    assert_eq!(said("type A\n  name: text\n}\n"), ["1: missing `{` => type A {"]);
    assert_eq!(said("enum A { a b }\n"), ["1: missing `,` => enum A { a, b }"]);
    assert_eq!(in_flow("each x in xs\n    yield x\n  }"), ["2: missing `{` => each x in xs {"]);
}

#[test]
fn signs_that_are_others_are_changed() {
    assert_eq!(said("model m = \"x\" {\n  context = 1\n}\n"), ["2: expected `:`, found `=` => context : 1"]);
    assert_eq!(in_flow("x == f(1)"), ["2: expected `=`, found `==` => x = f(1)"]);
    assert_eq!(in_flow("x = a && b"), ["2: expected `and`, found `&&` => x = a and b"]);
    assert_eq!(in_flow("x = !b"), ["2: `!` is written `not` => x = not b"]);
    assert_eq!(in_flow("x = 'it'"), ["2: text stands in double quotes => x = \"it\""]);
    assert_eq!(in_flow("# why"), ["2: a comment begins with `//` => // why"]);
    assert_eq!(in_flow("x = f(1);"), ["2: `;` is not needed => x = f(1)"]);
}

#[test]
fn words_that_are_misspelt_are_known() {
    assert_eq!(
        said("promt a(q: text) {\n  user: \"x\"\n}\n"),
        ["1: unknown keyword `promt` (did you mean `prompt`?) => prompt a(q: text) {"]
    );
    assert_eq!(
        said("flow a() {\n  retrun 1\n}\n"),
        ["2: unknown keyword `retrun` (did you mean `return`?) => return 1"]
    );
    assert_eq!(
        said("test \"a\" {\n  expct a == b\n}\n"),
        ["2: unknown keyword `expct` (did you mean `expect`?) => expect a == b"]
    );
    assert_eq!(
        in_flow("for x in xs { yield x }"),
        [
            "2: expected a setting `key: value` or a step `name = …`, found `for` (in Flow this is `each x in list { … }`)"
        ]
    );
}

#[test]
fn values_that_are_missing_are_named() {
    assert_eq!(in_flow("x ="), ["2: expected a value"]);
    assert_eq!(said("type A {\n  name:\n}\n"), ["2: expected a type"]);
    assert_eq!(in_flow("x = f(a,, b)"), ["2: unexpected `,` => x = f(a, b)"]);
}

#[test]
fn what_is_not_closed_ends_before_the_next_declaration() {
    let next = "\nflow b() -> text {\n  return 1\n}\n";
    for (open, expected) in [
        ("flow a() -> text {\n  x = f(1)\n  return x\n", "4: missing `}` => }"),
        ("prompt a(q: text) {\n  user: \"hello\n}\n", "2: missing `\"` => user: \"hello\""),
        ("prompt a(q: text) {\n  user: \"\"\"\n    hello\n}\n", "3: missing `\"\"\"` => hello\"\"\""),
    ] {
        let text = format!("{open}{next}");
        let parsed = parse(&text);
        assert_eq!(said(&text), [expected]);
        let kinds: Vec<_> = parsed.cst.root().children().map(|item| item.kind()).collect();
        assert_eq!(kinds.last(), Some(&flow_grammar::Kind::flow_item), "{text}");
        assert_eq!(kinds.len(), 2, "{text}");
    }
}

#[test]
fn two_mistakes_are_two_errors() {
    let text = "flow a() -> text {\n  x = f(1\n  y = [2\n  return x\n}\n\nconst b == 2\n";
    assert_eq!(
        said(text),
        [
            "2: missing `)` => x = f(1)",
            "3: missing `]` => y = [2]",
            "7: expected `=`, found `==` => const b = 2",
        ]
    );
}
