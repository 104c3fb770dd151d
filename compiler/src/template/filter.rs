//! Filters and tests: `{{ passages | length }}`, `{% if n is odd %}`.

use super::Checker;
use super::expr::listed;
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::Type;
use flow_plan::filters::{self, ByField, Does, Tested};
use flow_plan::functions::{self, Function};
use minijinja::machinery::{Span as Place, ast};

impl Checker<'_> {
    pub(super) fn filter(&mut self, filter: &ast::Filter<'_>, place: Place) -> Type {
        let at = self.leading_name(place, filter.name);
        let Some(input) = &filter.expr else {
            self.unsupported(at, "a filter without a value", "write `value | filter`");
            return Type::Error;
        };
        let ty = self.expr(input);
        let Some(known) = filters::find(filter.name) else {
            self.args(&filter.args);
            return self.unknown_filter(filter.name, at);
        };
        match known.does {
            Does::Function(function) => {
                let called = Called { function, at, piped: Some((ty, input)) };
                self.function(called, &filter.args)
            }
            Does::ByField(by) => self.by_field(by, (ty, input), filter, at),
            Does::List => match self.no_args(filter, at) {
                true => self
                    .as_list(ty, input, "list")
                    .map_or(Type::Error, |(item, most)| Type::List(Box::new(item), most)),
                false => Type::Error,
            },
            Does::Fence => {
                self.args(&filter.args);
                let found = FlowDiagnostic::new(Code::E0203, at, "`fence` stands last in a hole");
                self.report(found.help("write the other filters before it: `{{ text | trim | fence }}`"))
            }
            Does::Items => {
                let message = "`items` belongs into the head of a loop";
                let found = FlowDiagnostic::new(Code::E0201, at, message);
                self.report(found.help("write `{% for key, value in map | items %}`"))
            }
        }
    }

    fn unknown_filter(&mut self, name: &str, at: Span) -> Type {
        let found = FlowDiagnostic::new(Code::E0205, at, format!("unknown filter `{name}`"));
        let near = functions::meant(name)
            .filter(|n| filters::find(n).is_some())
            .or_else(|| did_you_mean(name, filters::all().map(|f| f.name)));
        let found = match near {
            Some(near) => {
                found.help(format!("did you mean `{near}`?")).fix(format!("change it to `{near}`"), at, near)
            }
            None if name == "safe" || name == "escape" || name == "e" => {
                found.help("leave it out: text is pasted as it is")
            }
            None => found.help(format!("the filters are {}", listed(sorted_names().iter().copied()))),
        };
        self.report(found)
    }

    fn by_field(
        &mut self,
        by: ByField,
        (ty, input): (Type, &ast::Expr<'_>),
        filter: &ast::Filter<'_>,
        at: Span,
    ) -> Type {
        let name = filter.name;
        let mut field = None;
        for arg in &filter.args {
            match arg {
                ast::CallArg::Kwarg("attribute", e) if matches!(by, ByField::Map | ByField::Sort) => {
                    field = Some(e)
                }
                ast::CallArg::Kwarg("reverse", ast::Expr::Const(_)) if by == ByField::Sort => {}
                ast::CallArg::Pos(e)
                    if matches!(by, ByField::Select | ByField::Reject) && field.is_none() =>
                {
                    field = Some(e)
                }
                _ => return self.misused(by, name, at),
            }
        }
        if field.is_none() && by != ByField::Sort {
            return self.misused(by, name, at);
        }
        let Some((item, most)) = self.as_list(ty, input, name) else { return Type::Error };
        let key = match field {
            None => None,
            Some(expr) => match self.field_by_text(&item, expr) {
                Some(ty) => Some(ty),
                None => return Type::Error,
            },
        };
        match by.check(&item, most, key.as_ref()) {
            Ok(ty) => ty,
            Err(message) => self.report(FlowDiagnostic::new(Code::E0201, at, message)),
        }
    }

    fn misused(&mut self, by: ByField, name: &str, at: Span) -> Type {
        let usage = match by {
            ByField::Map => "map(attribute=\"title\")",
            ByField::Sort => "sort(attribute=\"title\", reverse=true)",
            ByField::Select => "selectattr(\"urgent\")",
            ByField::Reject => "rejectattr(\"urgent\")",
        };
        let found = FlowDiagnostic::new(Code::E0203, at, format!("`{name}` goes by a field of the elements"));
        self.report(found.help(format!("write `{usage}`")))
    }

    // The type of the field that a text in quotes names, at the end of a way such as `author.name`.
    fn field_by_text(&mut self, item: &Type, expr: &ast::Expr<'_>) -> Option<Type> {
        let name = match expr {
            ast::Expr::Const(c) => c.value.as_str().map(str::to_owned),
            _ => None,
        };
        let Some(name) = name else {
            let found = self.wrong(Code::E0203, expr, "the field is a text in quotes");
            self.report(found);
            return None;
        };
        let at = self.span_of(expr);
        let mut ty = item.clone();
        for part in name.split('.') {
            ty = match &ty {
                Type::Error => return Some(Type::Error),
                Type::Json(bound) => Type::Json(*bound),
                Type::Map(value, _) => (**value).clone(),
                Type::Record(record) => match record.field(part) {
                    Some(field) => field.ty.clone(),
                    None => {
                        self.unknown_field(record, part, inside_quotes(at));
                        return None;
                    }
                },
                other => {
                    let message =
                        format!("the elements are `{}`, which has no field `{part}`", other.unbounded());
                    self.report(FlowDiagnostic::new(Code::E0204, at, message));
                    return None;
                }
            };
        }
        Some(ty)
    }

    fn as_list(&mut self, ty: Type, input: &ast::Expr<'_>, filter: &str) -> Option<(Type, Option<u64>)> {
        match ty {
            Type::List(item, most) => Some((*item, most)),
            Type::Error => Some((Type::Error, None)),
            Type::Json(bound) => Some((Type::Json(bound), None)),
            other => {
                let found = self.wrong(
                    Code::E0201,
                    input,
                    format!("`{filter}` expects a list, found `{}`", other.unbounded()),
                );
                let found = found.maybe_help(self.may_be_null(&other, input));
                self.report(found);
                None
            }
        }
    }

    fn no_args(&mut self, filter: &ast::Filter<'_>, at: Span) -> bool {
        if !filter.args.is_empty() {
            let message = format!("`{}` takes no arguments", filter.name);
            self.report(FlowDiagnostic::new(Code::E0203, at, message));
        }
        filter.args.is_empty()
    }

    /// What to do about a value that may be null.
    pub(super) fn may_be_null(&self, ty: &Type, expr: &ast::Expr<'_>) -> Option<String> {
        matches!(ty, Type::Optional(_)).then(|| {
            let name = self.source_of(expr);
            format!("put this into `{{% if {name} %}}`, or give it a value: `{name} | default(…)`")
        })
    }

    pub(super) fn test(&mut self, test: &ast::Test<'_>, place: Place) -> Type {
        let at = self.leading_name(place, test.name);
        // Asking whether a name is there is no use of it that could fail.
        let ty = self.expr(&test.expr);
        let args = self.args(&test.args);
        let Some(known) = filters::test(test.name) else {
            let found = FlowDiagnostic::new(Code::E0205, at, format!("unknown test `{}`", test.name));
            let help = match did_you_mean(test.name, filters::TESTS.iter().map(|t| t.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the tests are {}", listed(filters::TESTS.iter().map(|t| t.name))),
            };
            self.report(found.help(help));
            return Type::Bool;
        };
        if args.len() != known.args {
            let message = match known.args {
                0 => format!("`is {}` takes nothing after it", known.name),
                _ => format!("`is {}` needs what to ask with", known.name),
            };
            self.report(FlowDiagnostic::new(Code::E0203, at, message));
            return Type::Bool;
        }
        let wanted = match known.of {
            Tested::Anything => return Type::Bool,
            Tested::Int => Type::INT,
            Tested::Text => Type::TEXT,
        };
        for (ty, expr) in std::iter::once((ty, &test.expr)).chain(args) {
            if !wanted.accepts(&ty) && !matches!(ty, Type::Json(_)) {
                let message =
                    format!("`is {}` asks of {}, found `{}`", known.name, wanted.described(), ty.unbounded());
                let found = self.wrong(Code::E0201, expr, message).maybe_help(self.may_be_null(&ty, expr));
                self.report(found);
            }
        }
        Type::Bool
    }

    /// Checks arguments that go nowhere.
    pub(super) fn args<'e, 's>(&mut self, args: &'e [ast::CallArg<'s>]) -> Vec<(Type, &'e ast::Expr<'s>)> {
        args.iter()
            .map(|arg| match arg {
                ast::CallArg::Pos(e)
                | ast::CallArg::Kwarg(_, e)
                | ast::CallArg::PosSplat(e)
                | ast::CallArg::KwargSplat(e) => (self.expr(e), e),
            })
            .collect()
    }
}

/// A call of a function, as a filter or by its name.
pub(super) struct Called<'e, 's> {
    pub(super) function: &'static Function,
    /// Its name.
    pub(super) at: Span,
    /// What is piped into it.
    pub(super) piped: Option<(Type, &'e ast::Expr<'s>)>,
}

fn sorted_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = filters::all().map(|f| f.name).collect();
    names.sort_unstable();
    names
}

// The place of a text literal without its quotes.
fn inside_quotes(at: Span) -> Span {
    if at.end - at.start >= 2 { Span { start: at.start + 1, end: at.end - 1, ..at } } else { at }
}
