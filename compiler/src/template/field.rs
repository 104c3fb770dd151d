//! Fields: of records, maps and JSON, and of `loop`.

use super::expr::{listed, optional};
use super::presence::path;
use super::{Checker, Seen, SeenAs};
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{RecordType, Type};
use minijinja::machinery::ast;

impl Checker<'_> {
    pub(super) fn attribute(&mut self, whole: &ast::Expr<'_>, attr: &ast::GetAttr<'_>) -> Type {
        let at = self.trailing_name(whole.span(), attr.name);
        if let Some(ty) = self.loop_field(attr, at) {
            return ty;
        }
        let of = self.expr(&attr.expr);
        let ty = self.field(&of, attr.name, at, &attr.expr);
        match path(whole) {
            Some(path) => self.narrowed(ty, &path),
            None => ty,
        }
    }

    pub(super) fn field(&mut self, of: &Type, name: &str, at: Span, owner: &ast::Expr<'_>) -> Type {
        match of {
            Type::Error => Type::Error,
            // A part of JSON is no larger than the whole.
            Type::Json(bound) => Type::Json(*bound),
            Type::Record(record) => match record.field(name) {
                Some(field) => {
                    let what = SeenAs::Field(record.name.clone());
                    self.seen.push(Seen { span: at, name: name.into(), ty: field.ty.clone(), what });
                    field.ty.clone()
                }
                None => self.unknown_field(record, name, at),
            },
            Type::Map(value, _) => optional(value),
            Type::Optional(inner) => {
                let owner = self.source_of(owner);
                let message = format!("`{owner}` may be null, so it may have no `{name}`");
                let found = FlowDiagnostic::new(Code::E0201, at, message)
                    .help(format!("put this into `{{% if {owner} %}} … {{% endif %}}`"));
                self.report(found);
                // The rest is checked as if it were there.
                match &**inner {
                    Type::Record(record) => record.field(name).map_or(Type::Error, |f| f.ty.clone()),
                    _ => Type::Error,
                }
            }
            other => {
                let message = format!("`{}` has no field `{name}`", other.unbounded());
                let found = FlowDiagnostic::new(Code::E0204, at, message);
                let help = match other {
                    Type::List(..) => Some("go through the list with `{% for item in … %}`"),
                    _ => None,
                };
                self.report(found.maybe_help(help.map(str::to_owned)))
            }
        }
    }

    /// Reports a field that a record lacks.
    pub(super) fn unknown_field(&mut self, record: &RecordType, name: &str, at: Span) -> Type {
        let of = record.name.as_ref().map_or("the record".to_owned(), |n| format!("`{n}`"));
        let found = FlowDiagnostic::new(Code::E0204, at, format!("{of} has no field `{name}`"));
        let fields = format!("the fields are {}", record.names());
        let found = match did_you_mean(name, record.fields.iter().map(|f| f.name.as_str())) {
            Some(near) => found.help(format!("did you mean `{near}`? {fields}")).fix(
                format!("change it to `{near}`"),
                at,
                near,
            ),
            None => found.help(fields),
        };
        self.report(found)
    }

    fn loop_field(&mut self, attr: &ast::GetAttr<'_>, at: Span) -> Option<Type> {
        let ast::Expr::Var(var) = &attr.expr else { return None };
        if var.id != "loop" || self.bindings.get("loop").is_some() {
            return None;
        }
        let Some(around) = self.bindings.innermost_loop().cloned() else {
            let message = "`loop` is only there inside `{% for … %}`";
            return Some(self.report(FlowDiagnostic::new(Code::E0204, self.place(var.span()), message)));
        };
        let most = around.most.and_then(|n| i64::try_from(n).ok());
        let counts = |from: i64| Type::Int(most.map(|n| (from, n)));
        Some(match attr.name {
            "index" | "revindex" | "length" => counts(1),
            "index0" | "revindex0" => counts(0),
            "depth" => Type::Int(Some((1, 1))),
            "depth0" => Type::Int(Some((0, 0))),
            "first" | "last" => Type::Bool,
            "previtem" | "nextitem" => optional(&around.item),
            name => {
                let found = FlowDiagnostic::new(Code::E0204, at, format!("`loop` has no field `{name}`"));
                let help = match did_you_mean(name, LOOP_FIELDS.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its fields are {}", listed(LOOP_FIELDS.iter().copied())),
                };
                self.report(found.help(help))
            }
        })
    }
}

const LOOP_FIELDS: &[&str] = &[
    "index",
    "index0",
    "revindex",
    "revindex0",
    "first",
    "last",
    "length",
    "previtem",
    "nextitem",
    "depth",
    "depth0",
];
