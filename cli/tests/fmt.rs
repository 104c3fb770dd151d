//! `flowc fmt`: files, folders, standard input.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod sandbox;

use sandbox::Sandbox;

const GOOD: &str = "//! Greets.

model fast = \"sim/text\"

prompt greet(name: text) -> text <= 40 tokens {
  user: \"Greet {{ name }}.\"
}

flow hello(name: text <= 20 tokens) -> text {
  made = greet(name)
  return made
}
";

#[test]
fn formatting_writes_checks_and_pipes() {
    let ugly = GOOD.replace("  made = greet(name)", "made   =   greet( name )");
    let sandbox = Sandbox::with(&[("a/ugly.flow", &ugly), ("good.flow", GOOD)]);
    let done = sandbox.flowc(&["fmt", "--check"]);
    assert_eq!((done.code, done.out.as_str()), (1, "a/ugly.flow\n"), "{done:?}");
    assert_eq!(sandbox.read("a/ugly.flow"), ugly, "checking changes nothing");
    assert_eq!(sandbox.flowc(&["fmt"]).is_fine().out, "");
    assert_eq!(sandbox.read("a/ugly.flow"), GOOD);
    assert_eq!(sandbox.flowc(&["fmt", "--check"]).is_fine().out, "");
    assert_eq!(sandbox.flowc_on(&["fmt", "-"], &ugly).is_fine().out, GOOD);
    assert_eq!(sandbox.flowc_on(&["fmt", "--check", "-"], &ugly).code, 1);
    assert_eq!(sandbox.flowc_on(&["fmt", "--check", "-"], GOOD).code, 0);
    sandbox.flowc(&["fmt", "-", "good.flow"]).fails(2, "`-` stands alone");
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("bytes.flow"), b"\xff\xfe").unwrap();
    sandbox.flowc(&["fmt"]).fails(3, "it is not UTF-8 text");
    assert_eq!(std::fs::read(sandbox.path("bytes.flow")).unwrap(), b"\xff\xfe");
    sandbox.flowc(&["fmt", "none.flow"]).fails(2, "`none.flow` does not exist");
}

#[test]
fn a_new_project_is_formatted() {
    let sandbox = Sandbox::new();
    sandbox.flowc(&["new", "desk"]).is_fine();
    assert_eq!(sandbox.flowc(&["fmt", "--check", "desk"]).is_fine().out, "", "the template is formatted");
}
