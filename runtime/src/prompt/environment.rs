//! The environment of every template: exactly the filters, tests and functions of the tables.

use super::hole;
use super::value::{paste, shown, value};
use flow_plan::filters::{self, ByField, Does};
use flow_plan::functions::Function;
use flow_plan::{EvalError, Value};
use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value as Shown};

/// The work one rendering may do: about two million instructions or 128 MB of text, whichever comes
/// first. The largest context windows take some 5 MB.
const FUEL: u64 = 2_000_000;

/// An environment without templates.
pub(super) fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    // Only odd delimiters make this fail, and these are the usual ones.
    env.set_syntax(hole::syntax().unwrap_or_default());
    env.set_fuel(Some(FUEL));
    // Values of the run would be copied into errors.
    env.set_debug(false);
    // What a map lacks counts as null. Names and fields that do not exist are refused before.
    env.set_undefined_behavior(UndefinedBehavior::Lenient);
    env.set_formatter(|out, _, value| paste(out, value));
    for filter in filters::all() {
        match filter.does {
            Does::Function(function) => env.add_filter(filter.name, caller(function)),
            Does::ByField(by) => env
                .add_filter(filter.name, move |args: Rest<Shown>, named: Kwargs| by_field(by, &args, &named)),
            // What `fence` does is the hole's: it stands last.
            Does::List | Does::Fence => env.add_filter(filter.name, |value: Shown, _: Rest<Shown>| value),
            Does::Items => env.add_filter(filter.name, |map: Shown| items(&map)),
        }
    }
    env.add_filter(hole::FILTER, hole::filter);
    for test in filters::TESTS {
        let name = test.name;
        env.add_test(name, move |args: Rest<Shown>| -> Result<bool, Error> {
            let args = args.iter().map(value).collect::<Result<Vec<_>, _>>()?;
            let asked = args.first().unwrap_or(&Value::Null);
            filters::ask(name, asked, args.get(1)).map_err(failed)
        });
    }
    for function in filters::template_functions() {
        env.add_function(function.spec.name, caller(function));
    }
    env.add_function("range", minijinja::functions::range);
    env
}

fn caller(
    function: &'static Function,
) -> impl Fn(Rest<Shown>, Kwargs) -> Result<Shown, Error> + Send + Sync + 'static {
    move |args: Rest<Shown>, named: Kwargs| {
        let mut values = args.iter().map(value).collect::<Result<Vec<_>, _>>()?;
        for param in function.spec.params.iter().skip(values.len()) {
            if !named.has(param.name) {
                break;
            }
            values.push(value(&named.get::<Shown>(param.name)?)?);
        }
        named.assert_all_used()?;
        function.call(&values).map(|v| shown(&v)).map_err(failed)
    }
}

fn by_field(by: ByField, args: &[Shown], named: &Kwargs) -> Result<Shown, Error> {
    let list = value(args.first().unwrap_or(&Shown::UNDEFINED))?;
    let field: Option<String> = match args.get(1) {
        Some(field) => field.as_str().map(str::to_owned),
        None => named.get("attribute")?,
    };
    let reverse: Option<bool> = named.get("reverse")?;
    named.assert_all_used()?;
    let result = by.run(&list, field.as_deref(), reverse.unwrap_or(false));
    result.map(|v| shown(&v)).map_err(failed)
}

fn items(map: &Shown) -> Result<Shown, Error> {
    match value(map)? {
        Value::Record(entries) => Ok(entries
            .iter()
            .map(|(key, value)| Shown::from(vec![Shown::from(key.as_str()), shown(value)]))
            .collect()),
        other => {
            let message = format!("`items` expects a map, found {}", flow_plan::kind(&other));
            Err(Error::new(ErrorKind::InvalidOperation, message))
        }
    }
}

fn failed(error: EvalError) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    // The checker passes what the tables list; whatever else were registered could not be reached,
    // and whatever were missing would fail in a run.
    #[test]
    fn the_environment_has_what_the_tables_list() {
        let env = environment();
        let debug = format!("{env:?}");
        for filter in filters::all() {
            assert!(debug.contains(&format!("\"{}\"", filter.name)), "{}", filter.name);
        }
        let registered: BTreeSet<&str> = env.globals().map(|(name, _)| name).collect();
        let listed: BTreeSet<&str> =
            filters::template_functions().map(|f| f.spec.name).chain(["range"]).collect();
        assert_eq!(registered, listed);
        assert_eq!(
            names_in(&debug, "filters"),
            filters::all().map(|f| f.name).chain([hole::FILTER]).map(str::to_owned).collect()
        );
        assert_eq!(names_in(&debug, "tests"), filters::TESTS.iter().map(|t| t.name.to_owned()).collect());
    }

    // The environment shows its names nowhere but in its debug form: `filters: {"a", "b"}`.
    fn names_in(debug: &str, field: &str) -> BTreeSet<String> {
        let start = debug.find(&format!("{field}: ")).map_or(0, |at| at + field.len() + 2);
        let list = debug[start..].split(['}', ']']).next().unwrap_or_default();
        list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    }
}
