//! W0702: types are written `UpperCamel`, everything else `snake_case`.

use crate::ast::{Ident, Item, Param, Step, TypeBody};
use crate::checker::Checker;
use flow_diagnostics::{Code, FlowDiagnostic};

pub(super) fn check(checker: &mut Checker<'_>) {
    let Some(root) = checker.program.files.first() else { return };
    for item in root.ast.items() {
        match item {
            Item::Type(decl) => {
                upper(checker, &decl.name);
                if let TypeBody::Record(fields) = &decl.body {
                    params(checker, fields);
                }
            }
            Item::Enum(decl) => {
                upper(checker, &decl.name);
                decl.variants.iter().for_each(|(name, _)| snake(checker, name));
            }
            Item::Prompt(decl) => {
                snake(checker, &decl.name);
                params(checker, &decl.params);
            }
            Item::Lookup(decl) | Item::Guard(decl) | Item::Action(decl) => {
                snake(checker, &decl.name);
                params(checker, &decl.params);
            }
            Item::Flow(decl) => {
                snake(checker, &decl.name);
                params(checker, &decl.params);
                steps(checker, &decl.body.steps);
            }
            other => other.name().into_iter().for_each(|name| snake(checker, name)),
        }
    }
}

fn params(checker: &mut Checker<'_>, params: &[Param]) {
    params.iter().for_each(|p| snake(checker, &p.name));
}

fn steps(checker: &mut Checker<'_>, steps: &[Step]) {
    steps.iter().filter_map(|s| s.name.as_ref()).for_each(|name| snake(checker, name));
}

fn upper(checker: &mut Checker<'_>, name: &Ident) {
    let fits = name.name.starts_with(char::is_uppercase) && !name.name.contains('_');
    report(checker, name, fits, ("a type", camel));
}

fn snake(checker: &mut Checker<'_>, name: &Ident) {
    let fits = match name.name.is_ascii() {
        true => !name.name.bytes().any(|b| b.is_ascii_uppercase()),
        false => !name.name.contains(char::is_uppercase),
    };
    report(checker, name, fits, ("a name", snaked));
}

fn report(checker: &mut Checker<'_>, name: &Ident, fits: bool, (what, written): (&str, fn(&str) -> String)) {
    if !fits {
        let better = written(&name.name);
        let message = format!("{what} is written `{better}`, not `{}`", name.name);
        checker.report(FlowDiagnostic::new(Code::W0702, name.span, message));
    }
}

fn camel(name: &str) -> String {
    name.split('_')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let mut chars = part.chars();
            chars.next().map(|c| c.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
        })
        .collect()
}

fn snaked(name: &str) -> String {
    let mut out = String::new();
    let mut before_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && before_lower {
            out.push('_');
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{camel, snaked};

    #[test]
    fn names_are_turned_into_their_style() {
        assert_eq!(camel("order_line"), "OrderLine");
        assert_eq!(snaked("orderLine"), "order_line");
        assert_eq!(snaked("HTTPUrl"), "httpurl");
    }
}
