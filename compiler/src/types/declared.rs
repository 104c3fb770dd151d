//! Written types: from syntax to [`Type`], with the labels they are declared with.

use crate::ast::{Expr, ExprKind, Ident, Item, Param, SizeUnit, TypeBody, TypeExpr, TypeExprKind};
use crate::checker::{Checker, Progress};
use crate::resolve::{DeclId, Target};
use flow_diagnostics::{Code, FlowDiagnostic, Span, did_you_mean};
use flow_plan::{Bound, EnumType, Field, Integrity, Labels, RecordType, Type, Value, Variant};
use std::sync::Arc;

/// A type with the labels of its declaration.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) ty: Type,
    pub(crate) labels: Labels,
    /// Whether the labels say `trusted`, where the place is untrusted otherwise.
    pub(crate) trusted: bool,
}

impl Declared {
    pub(crate) fn plain(ty: Type) -> Self {
        Declared { ty, labels: Labels::default(), trusted: false }
    }
}

const BUILTIN: &[(&str, Type)] = &[
    ("text", Type::TEXT),
    ("int", Type::INT),
    ("float", Type::FLOAT),
    ("bool", Type::Bool),
    ("date", Type::Date),
    ("time", Type::Time),
    ("duration", Type::Duration),
    ("money", Type::Money),
    ("json", Type::Json(None)),
    ("image", Type::Image),
];

/// Other languages' names for our types.
const FOREIGN: &[(&str, &str)] = &[
    ("string", "text"),
    ("str", "text"),
    ("integer", "int"),
    ("number", "float"),
    ("double", "float"),
    ("boolean", "bool"),
    ("datetime", "time"),
    ("timestamp", "time"),
    ("object", "json"),
    ("any", "json"),
];

impl Checker<'_> {
    /// The type of a `type` or `enum` declaration.
    pub(crate) fn declared_type(&mut self, id: DeclId) -> Declared {
        match self.types.get(&id) {
            Some(Progress::Done(declared)) => return declared.clone(),
            Some(Progress::Running) => {
                self.report_type_circle(id);
                return Declared::plain(Type::Error);
            }
            None => {}
        }
        self.types.insert(id, Progress::Running);
        let mut declared =
            self.deeper(id, |checker| checker.work_out_type(id)).unwrap_or(Declared::plain(Type::Error));
        if let (Some(memo), Some(name)) = (self.memo, self.program.item(id).name()) {
            declared.ty = memo.same_type((name.name.clone(), id.file as u32), declared.ty);
        }
        self.types.insert(id, Progress::Done(declared.clone()));
        declared
    }

    fn work_out_type(&mut self, id: DeclId) -> Declared {
        match self.program.item(id) {
            Item::Enum(decl) => {
                let mut variants: Vec<Variant> = Vec::new();
                let mut seen: Vec<&Ident> = Vec::new();
                for (name, doc) in &decl.variants {
                    if let Some(first) = seen.iter().find(|s| s.name == name.name) {
                        self.report(crate::resolve::defined_twice(&name.name, name.span, first.span));
                        continue;
                    }
                    seen.push(name);
                    variants.push(Variant { name: name.name.clone(), doc: doc.clone() });
                }
                let ty = EnumType { name: decl.name.name.clone(), doc: decl.doc.clone(), variants };
                Declared::plain(Type::Enum(Arc::new(ty)))
            }
            Item::Type(decl) => match &decl.body {
                TypeBody::Alias(alias) => self.type_expr(id.file, alias),
                TypeBody::Record(params) => {
                    let fields = self.fields(id.file, params);
                    let record =
                        RecordType { name: Some(decl.name.name.clone()), doc: decl.doc.clone(), fields };
                    Declared::plain(Type::Record(Arc::new(record)))
                }
            },
            _ => Declared::plain(Type::Error),
        }
    }

    fn fields(&mut self, file: usize, params: &[Param]) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for (i, param) in params.iter().enumerate() {
            if let Some(first) = params[..i].iter().find(|p| p.name.name == param.name.name) {
                self.report(crate::resolve::defined_twice(
                    &param.name.name,
                    param.name.span,
                    first.name.span,
                ));
                continue;
            }
            let Declared { ty, labels, .. } = self.type_expr(file, &param.ty);
            let default = param.default.as_ref().and_then(|d| self.constant_of(file, d, &ty));
            fields.push(Field { name: param.name.name.clone(), ty, doc: param.doc.clone(), labels, default });
        }
        fields
    }

    /// A type where it is written in a file.
    pub(crate) fn type_expr(&mut self, file: usize, written: &TypeExpr) -> Declared {
        match &written.kind {
            TypeExprKind::Named(name) => self.named_type(file, name),
            TypeExprKind::List(item) => self.wrap(file, item, |t| Type::List(Box::new(t), None)),
            TypeExprKind::Map(item) => self.wrap(file, item, |t| Type::Map(Box::new(t), None)),
            TypeExprKind::Optional(inner) => self.wrap(file, inner, |t| match t {
                Type::Optional(_) | Type::Error => t,
                t => Type::Optional(Box::new(t)),
            }),
            TypeExprKind::Bounded { inner, bound, truncate } => {
                let mut declared = self.type_expr(file, inner);
                declared.ty = self.bounded(file, declared.ty, bound, *truncate);
                declared
            }
            TypeExprKind::Range { inner, low, high } => {
                let mut declared = self.type_expr(file, inner);
                declared.ty = self.ranged(file, declared.ty, (low, high), written.span);
                declared
            }
            TypeExprKind::Labelled { labels, inner } => {
                let mut declared = self.type_expr(file, inner);
                for label in labels {
                    self.apply_label(&mut declared, label);
                }
                declared
            }
            TypeExprKind::Error => Declared::plain(Type::Error),
        }
    }

    fn wrap(&mut self, file: usize, inner: &TypeExpr, make: impl FnOnce(Type) -> Type) -> Declared {
        let declared = self.type_expr(file, inner);
        Declared { ty: make(declared.ty), ..declared }
    }

    fn apply_label(&mut self, declared: &mut Declared, label: &Ident) {
        match label.name.as_str() {
            "private" => declared.labels.private = true,
            "secret" => declared.labels.secret = true,
            "untrusted" => declared.labels.integrity = Integrity::Untrusted,
            "trusted" => declared.trusted = true,
            other => {
                let known = ["private", "trusted", "untrusted"];
                let help = match did_you_mean(other, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "the labels are `private`, `trusted` and `untrusted`".to_owned(),
                };
                let message = format!("`{other}` is not a label");
                self.report(FlowDiagnostic::new(Code::E0101, label.span, message).help(help));
            }
        }
    }

    fn named_type(&mut self, file: usize, name: &Ident) -> Declared {
        if let Some((_, ty)) = BUILTIN.iter().find(|(n, _)| *n == name.name) {
            return Declared::plain(ty.clone());
        }
        match self.global(file, &name.name, name.span) {
            Some(Target::Decl(id)) if matches!(self.program.item(id), Item::Type(_) | Item::Enum(_)) => {
                self.declared_type(id)
            }
            Some(Target::Poison) => Declared::plain(Type::Error),
            Some(target) => {
                let what = self.describe_target(target);
                let message = format!("`{}` is {what}, not a type", name.name);
                self.report(FlowDiagnostic::new(Code::E0201, name.span, message));
                Declared::plain(Type::Error)
            }
            None => {
                self.report_unknown_type(file, name);
                Declared::plain(Type::Error)
            }
        }
    }

    fn report_unknown_type(&mut self, file: usize, name: &Ident) {
        let is_type = |id: DeclId| matches!(self.program.item(id), Item::Type(_) | Item::Enum(_));
        let declared = self.program.files[file].scope.iter().filter_map(|(n, s)| match s.target {
            Target::Decl(id) if is_type(id) => Some(n.as_str()),
            _ => None,
        });
        let foreign = FOREIGN.iter().find(|(f, _)| name.name.eq_ignore_ascii_case(f)).map(|(_, ours)| *ours);
        let known = declared.chain(BUILTIN.iter().map(|(n, _)| *n));
        let near = foreign.or_else(|| self.near(&name.name, known));
        let mut diagnostic =
            FlowDiagnostic::new(Code::E0101, name.span, format!("unknown type `{}`", name.name));
        diagnostic = match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("change it to `{near}`"),
                name.span,
                near,
            ),
            None => diagnostic.help(format!("declare it: `type {} {{ … }}`", name.name)),
        };
        self.report(diagnostic);
    }

    fn bounded(&mut self, file: usize, ty: Type, bound: &Expr, truncate: bool) -> Type {
        let size = match &bound.kind {
            ExprKind::Size(n, SizeUnit::Tokens) => Size::Text(Bound::Tokens(*n)),
            ExprKind::Size(n, SizeUnit::Chars) => Size::Text(Bound::Chars(*n)),
            ExprKind::Size(_, SizeUnit::Bits) => {
                let message = "bits are how much may decide what an action does, and no bound of a type";
                self.report(
                    FlowDiagnostic::new(Code::E0201, bound.span, message)
                        .help("write `text <= 300 tokens` or `text <= 2k chars`"),
                );
                return ty;
            }
            ExprKind::Error => return ty,
            _ => match self.constant_of(file, bound, &Type::INT) {
                Some(Value::Int(n)) if n >= 0 => Size::Count(n as u64),
                Some(_) => {
                    self.report(FlowDiagnostic::new(Code::E0201, bound.span, "a bound cannot be negative"));
                    return ty;
                }
                None => return ty,
            },
        };
        match (ty, size) {
            (Type::Text { .. }, Size::Text(b)) => Type::Text { bound: Some(b), truncate },
            (Type::Json(_), Size::Text(b)) => Type::Json(Some(b)),
            (Type::List(t, _), Size::Count(n)) => Type::List(t, Some(n)),
            (Type::Map(t, _), Size::Count(n)) => Type::Map(t, Some(n)),
            (Type::Optional(inner), size) => {
                let inner = match (*inner, size) {
                    (Type::Text { .. }, Size::Text(b)) => Type::Text { bound: Some(b), truncate },
                    (Type::Json(_), Size::Text(b)) => Type::Json(Some(b)),
                    (Type::List(t, _), Size::Count(n)) => Type::List(t, Some(n)),
                    (Type::Map(t, _), Size::Count(n)) => Type::Map(t, Some(n)),
                    (inner, _) => {
                        self.report_bad_bound(&inner, bound);
                        inner
                    }
                };
                Type::Optional(Box::new(inner))
            }
            (Type::Error, _) => Type::Error,
            (ty, _) => {
                self.report_bad_bound(&ty, bound);
                ty
            }
        }
    }

    fn report_bad_bound(&mut self, ty: &Type, bound: &Expr) {
        let help = match ty {
            Type::Text { .. } | Type::Json(_) => "say what it counts: `<= 300 tokens` or `<= 2k chars`",
            Type::List(..) | Type::Map(..) => "the bound of a list is a plain number of elements: `<= 5`",
            Type::Int(_) | Type::Float(_) => "a number has a range: `int 1..10`",
            _ => "only text, json, lists and maps have a bound",
        };
        let diagnostic =
            FlowDiagnostic::new(Code::E0201, bound.span, format!("this is not a bound of `{ty}`"));
        let diagnostic = match (&bound.kind, ty) {
            (ExprKind::Int(_), Type::Text { .. }) => {
                diagnostic.fix("count tokens", bound.span.after(), " tokens")
            }
            _ => diagnostic,
        };
        self.report(diagnostic.help(help));
    }

    fn ranged(&mut self, file: usize, ty: Type, (low, high): (&Expr, &Expr), span: Span) -> Type {
        let wanted = if matches!(ty, Type::Float(_)) { Type::FLOAT } else { Type::INT };
        let (Some(a), Some(b)) =
            (self.constant_of(file, low, &wanted), self.constant_of(file, high, &wanted))
        else {
            return ty;
        };
        let ordered = a.as_number() <= b.as_number();
        if !ordered {
            self.report(
                FlowDiagnostic::new(Code::E0201, span, "this range is empty")
                    .help("the least value comes first: `int 1..10`"),
            );
        }
        match (&ty, &a, &b) {
            (Type::Int(_), Value::Int(a), Value::Int(b)) if ordered => Type::Int(Some((*a, *b))),
            (Type::Float(_), a, b) if ordered => Type::Float(a.as_number().zip(b.as_number())),
            (Type::Int(_) | Type::Float(_) | Type::Error, ..) => ty,
            _ => {
                self.report(
                    FlowDiagnostic::new(Code::E0201, span, format!("`{ty}` cannot have a range"))
                        .help("only `int` and `float` have ranges"),
                );
                ty
            }
        }
    }

    fn report_type_circle(&mut self, id: DeclId) {
        let Some(name) = self.program.item(id).name() else { return };
        self.report(
            FlowDiagnostic::new(Code::E0601, name.span, format!("the type `{}` contains itself", name.name))
                .help("a value of it could never be finished; take the field out that leads back"),
        );
    }

    /// What a top-level name stands for, in words: "a prompt".
    pub(crate) fn describe_target(&self, target: Target) -> String {
        match target {
            Target::Decl(id) => match self.program.item(id).keyword() {
                word @ ("action" | "enum" | "eval") => format!("an {word}"),
                "const" => "a constant".to_owned(),
                word => format!("a {word}"),
            },
            Target::Builtin(_) => "a guard".to_owned(),
            Target::Poison => "unknown".to_owned(),
        }
    }
}

enum Size {
    Text(Bound),
    Count(u64),
}
