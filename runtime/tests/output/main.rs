//! The suite of sloppy replies: what models write, and the value that it is, or that it is refused.
//!
//! The cases stand in `cases/*.txt`, one kind of sloppiness a file. A case is a line `### name | Type`,
//! the reply as it is, and `=> ` with the value as JSON or `=> refused`. The types stand in
//! `types.json`.

#![expect(clippy::unwrap_used, reason = "a failing test should panic")]

mod broken;
mod cases;
mod mutated;
mod types;

use flow_runtime::output::{self, Repair};

#[test]
fn every_reply_gives_its_value_or_is_refused() {
    let cases = cases::all();
    assert!(cases.len() >= 300, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let read = output::read(&case.ty, &case.reply);
        let found = match &read {
            Ok(read) => Some(read.value.to_json()),
            Err(_) => None,
        };
        if found != case.wanted {
            let found = match read {
                Ok(read) => format!("{} by {:?}", read.value.to_json(), read.repairs),
                Err(error) => format!("refused: {}", error.message),
            };
            let wanted = case.wanted.as_ref().map_or("refused".to_owned(), ToString::to_string);
            wrong.push(format!("{}:\n  found  {found}\n  wanted {wanted}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn what_needs_no_mending_reports_none_and_what_does_says_which() {
    for case in cases::all() {
        let Ok(read) = output::read(&case.ty, &case.reply) else { continue };
        let strict = serde_json::from_str::<serde_json::Value>(case.reply.trim()).ok();
        let is_as_it_should_be = strict.is_some_and(|json| case.ty.read(&json).is_ok());
        if is_as_it_should_be && read.repairs != [Repair::KeyTwice] {
            assert_eq!(read.repairs, [], "{}", case.name);
        }
        assert!(read.repairs.windows(2).all(|pair| pair[0] < pair[1]), "{}", case.name);
        // Small values may stand bare.
        let is_bare = case.ty.read(&case.reply.trim().into()).is_ok();
        if !is_as_it_should_be && !is_bare {
            assert!(!read.repairs.is_empty(), "{}: mended and not said", case.name);
        }
    }
}

#[test]
fn an_error_is_one_line_that_shows_the_reply() {
    for case in cases::all() {
        let Err(error) = output::read(&case.ty, &case.reply) else { continue };
        assert!(!error.message.contains('\n'), "{}", case.name);
        assert!(error.message.contains("; the reply: \""), "{}: {}", case.name, error.message);
        assert!(error.message.chars().count() < 700, "{}: {}", case.name, error.message);
    }
}
