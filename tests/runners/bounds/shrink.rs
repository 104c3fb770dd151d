//! Makes a program that shows a fault smaller for people to read: whole declarations and blocks first,
//! then line by line.

/// How many smaller programs are looked at.
const TRIES: usize = 3000;

/// The smallest program that was found in which `fails` still holds.
pub(super) fn smallest(program: &str, fails: &dyn Fn(&str) -> bool) -> String {
    let mut lines: Vec<&str> = program.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut tries = 0;
    loop {
        let before = lines.len();
        let mut at = 0;
        while at < lines.len() && tries < TRIES {
            let end = parts(&lines, at).into_iter().find(|end| {
                tries += 1;
                fails(&[&lines[..at], &lines[*end..]].concat().join("\n"))
            });
            match end {
                Some(end) => drop(lines.drain(at..end)),
                None => at += 1,
            }
        }
        // What was taken out may free something before it.
        if lines.len() == before || tries >= TRIES {
            return lines.join("\n");
        }
    }
}

// Where what begins on a line may end, the longest first: a block with its braces, or the line alone.
fn parts(lines: &[&str], at: usize) -> Vec<usize> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut ends = vec![at + 1];
    if lines[at].ends_with(['{', '"']) {
        let within = lines[at + 1..].iter().take_while(|line| indent(line) > indent(lines[at])).count();
        ends.insert(0, (at + within + 2).min(lines.len()));
    }
    ends
}

#[test]
fn only_what_matters_is_left() {
    let program = "flow a {\n  b\n  c\n}\n\nflow d {\n  if e {\n    f\n  }\n  g\n}\n";
    let fails = |text: &str| {
        text.contains("  c\n") && text.contains('f') && text.matches('{').count() == text.matches('}').count()
    };
    assert_eq!(smallest(program, &fails), "flow a {\n  c\n}");
}
