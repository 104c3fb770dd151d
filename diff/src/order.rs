//! Messages and examples of a prompt in another order: the one order that models read.

use crate::names::Names;
use crate::report::{Change, Class};
use flow_plan::{Prompt, Role};

/// Adds what is only in another order; what changed otherwise has been told.
pub(crate) fn of_prompts(
    (old, before): (&Prompt, &Names<'_>),
    (new, after): (&Prompt, &Names<'_>),
    changes: &mut Vec<Change>,
) {
    let messages = |prompt: &Prompt, names: &Names<'_>| -> Vec<String> {
        prompt.messages.iter().map(|(role, t)| format!("{} {:?}", word(*role), names.template(*t))).collect()
    };
    let examples = |prompt: &Prompt| -> Vec<String> {
        prompt.examples.iter().map(|e| format!("{:?} {:?}", e.input, e.output)).collect()
    };
    for (what, a, b) in [
        ("order of messages", messages(old, before), messages(new, after)),
        ("order of examples", examples(old), examples(new)),
    ] {
        changes.extend(reordered(what, &a, &b));
    }
}

/// The keyword of a role.
pub(crate) fn word(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

// The places that things had, in the order that they have: `1, 2, 3` and `3, 1, 2`.
fn reordered(what: &str, old: &[String], new: &[String]) -> Option<Change> {
    let mut places: Vec<usize> = Vec::new();
    for thing in new {
        places.push((0..old.len()).find(|at| old[*at] == *thing && !places.contains(at))?);
    }
    if old.len() != new.len() || places.is_sorted() {
        return None;
    }
    let shown = |places: &[usize]| {
        let shown: Vec<String> = places.iter().map(|at| (at + 1).to_string()).collect();
        Some(shown.join(", "))
    };
    let before: Vec<usize> = (0..old.len()).collect();
    Some(Change {
        what: what.to_owned(),
        before: shown(&before),
        after: shown(&places),
        class: Class::Behaviour,
        notes: Vec::new(),
        words: None,
        lost: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_change_where_nothing_else_is() {
        let all = |words: &str| -> Vec<String> { words.split(' ').map(str::to_owned).collect() };
        let found = reordered("order", &all("a b a c"), &all("c a b a")).expect("they are the same things");
        assert_eq!(
            (found.before.as_deref(), found.after.as_deref()),
            (Some("1, 2, 3, 4"), Some("4, 1, 2, 3"))
        );
        assert!(reordered("order", &all("a b"), &all("a b")).is_none());
        assert!(reordered("order", &all("a b"), &all("b c")).is_none());
        assert!(reordered("order", &all("a b"), &all("b")).is_none());
    }
}
