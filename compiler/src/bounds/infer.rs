//! The type of an expression of the plan with every bound that follows from its parts.
//!
//! The checker types programs and reports what is wrong; here nothing is reported. What comes out is
//! an upper bound: of texts in tokens or characters, of lists and maps in elements, of numbers.

use super::cases::apart;
use crate::ast::StringLit;
use crate::template::{self, Names};
use ecow::EcoString;
use flow_diagnostics::Diagnostics;
use flow_plan::functions::shown_tokens;
use flow_plan::{
    BinaryOp, Bound, EnumType, Expr, Field, Known, Labels, Over, Parts, Plan, RecordType, TemplateId, Type,
    UnaryOp, Value, VarId, functions,
};
use flow_tokens::{JOINT, Measure};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The types of the variables in sight.
#[derive(Clone, Default, PartialEq, Debug)]
pub(crate) struct Env {
    types: FxHashMap<VarId, Type>,
}

impl Env {
    /// Parameters, which are the variables from 0.
    pub(crate) fn of_params(types: impl IntoIterator<Item = Type>) -> Env {
        let types = types.into_iter().enumerate().map(|(i, ty)| (VarId(i as u32), ty)).collect();
        Env { types }
    }

    pub(crate) fn set(&mut self, var: VarId, ty: Type) {
        self.types.insert(var, ty);
    }

    /// Whether nothing is in sight.
    pub(crate) fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Whether there is one.
    pub(crate) fn has(&self, var: VarId) -> bool {
        self.types.contains_key(&var)
    }

    /// The type alone.
    pub(crate) fn get(&self, var: VarId) -> Type {
        self.types.get(&var).map_or(Type::Error, Type::plain)
    }

    /// The type, with what is known beyond it.
    pub(crate) fn full(&self, var: VarId) -> Type {
        self.types.get(&var).cloned().unwrap_or(Type::Error)
    }
}

/// What types are inferred by: the program's templates, and what counts for its models.
#[derive(Clone, Copy)]
pub(crate) struct Inference<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) measures: &'a [Measure],
    /// What a run is held to, where a single case is looked at.
    pub(crate) held: Option<&'a Env>,
}

impl Inference<'_> {
    /// The type of an expression.
    pub(crate) fn ty(&self, expr: &Expr, env: &Env) -> Type {
        match expr {
            Expr::Literal(value) => self.literal(value),
            Expr::Var(var) => env.get(*var),
            Expr::Field(of, name) => field(&self.ty(of, env), name),
            Expr::Index(of, _) => match self.ty(of, env) {
                Type::List(item, _) => *item,
                Type::Map(item, _) => optional(*item),
                Type::Json(bound) => Type::Json(bound),
                _ => Type::Error,
            },
            Expr::Unary(UnaryOp::Not, _) => Type::Bool,
            Expr::Unary(UnaryOp::Negate, of) => match self.ty(of, env) {
                Type::Int(Some((low, high))) => Type::Int(high.checked_neg().zip(low.checked_neg())),
                Type::Float(Some((low, high))) => Type::Float(Some((-high, -low))),
                ty => ty,
            },
            Expr::Binary(op, left, right) => binary(*op, &self.ty(left, env), &self.ty(right, env)),
            Expr::Call(name, args) => {
                let types: Vec<Type> = args.iter().map(|a| self.ty(a, env)).collect();
                self.call(name, &types)
            }
            Expr::Over(over, list, var, body) => {
                let Type::List(item, most) = self.ty(list, env) else { return Type::Error };
                match over {
                    Over::Filter | Over::SortBy => Type::List(item, most),
                    Over::Map => {
                        let mut inner = env.clone();
                        inner.set(*var, *item);
                        Type::List(Box::new(self.ty(body, &inner)), most)
                    }
                }
            }
            Expr::List(items) => {
                let types = items.iter().map(|i| self.ty(i, env));
                let item = types.reduce(|a, b| widest(&a, &b)).unwrap_or(Type::Null);
                Type::List(Box::new(item), Some(items.len() as u64))
            }
            Expr::Record(entries) => {
                record(entries.iter().map(|(name, expr)| (name.clone(), self.ty(expr, env))))
            }
            Expr::Template(id) => Type::Text { bound: self.template(*id, env), truncate: false },
            // What has not the type is refused when the value is there.
            Expr::Cast(of, ty) => match narrowest(ty, &self.ty(of, env)) {
                Type::List(item, most) => Type::List(item, counted(ty).or(most)),
                Type::Map(item, most) => Type::Map(item, counted(ty).or(most)),
                other => other,
            },
        }
    }

    /// The same, with what is known beyond the type: constants, elements, entries.
    pub(crate) fn full(&self, expr: &Expr, env: &Env) -> Type {
        match self.held.filter(|_| is_computed(expr)) {
            // A part that is cut where it is pasted is cut at what holds in all cases: what is computed
            // from it is no less in one of them.
            Some(held) => {
                let all = Inference { held: None, ..*self };
                apart(&all.of_parts(expr, env), &all.of_parts(expr, held))
            }
            None => self.of_parts(expr, env),
        }
    }

    fn of_parts(&self, expr: &Expr, env: &Env) -> Type {
        match expr {
            Expr::Literal(value) => self.constant(value),
            Expr::Var(var) => env.full(*var),
            Expr::Field(of, name) => match self.full(of, env) {
                Type::Record(record) => record.field(name).map_or(Type::Error, |f| f.ty.clone()),
                _ => self.ty(expr, env),
            },
            Expr::List(items) => {
                Type::of_items(self.ty(expr, env), items.iter().map(|i| self.full(i, env)).collect())
            }
            Expr::Record(entries) => {
                record(entries.iter().map(|(name, expr)| (name.clone(), self.full(expr, env))))
            }
            Expr::Cast(of, ty) => match self.full(of, env) {
                full if full.knows() && counted(ty).is_none() => narrowest(ty, &full),
                _ => self.ty(expr, env),
            },
            Expr::Call(name, args) if name == "text" && args.len() == 1 => match self.full(&args[0], env) {
                text @ Type::Known(_) if matches!(text.plain(), Type::Text { .. }) => text,
                Type::Known(known) => self.shown(&known).unwrap_or_else(|| self.ty(expr, env)),
                Type::Enum(of) => self.named(&of),
                _ => self.ty(expr, env),
            },
            _ => self.ty(expr, env),
        }
    }

    // Constants as texts.
    fn shown(&self, known: &Known) -> Option<Type> {
        let Parts::Constants(values) = &known.parts else { return None };
        let text = |value: &Value| match value {
            Value::Null => None,
            value => Some(self.constant(&Value::Text(ecow::eco_format!("{value}")))),
        };
        let texts = values.iter().map(text).collect::<Option<Vec<_>>>()?;
        texts.into_iter().reduce(|a, b| widest(&a, &b))
    }

    fn constant(&self, value: &Value) -> Type {
        match value {
            // Data that looks like the end of a fence is not pasted as it is.
            Value::Text(text) if text.contains("</") => self.literal(value),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) => {
                Type::constant(self.literal(value), value.clone())
            }
            Value::Money(_) | Value::Duration(_) | Value::Date(_) | Value::Time(_) => {
                Type::constant(self.literal(value), value.clone())
            }
            Value::List(items) => {
                Type::of_items(self.literal(value), items.iter().map(|i| self.constant(i)).collect())
            }
            Value::Record(entries) => record(entries.iter().map(|(n, v)| (n.clone(), self.constant(v)))),
            Value::Null | Value::Json(_) | Value::Image(_) => self.literal(value),
        }
    }

    fn literal(&self, value: &Value) -> Type {
        match value {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Int(i) => Type::Int(Some((*i, *i))),
            Value::Float(f) => Type::Float(Some((*f, *f))),
            Value::Text(text) => Type::Text { bound: Some(Bound::Tokens(self.count(text))), truncate: false },
            Value::Money(_) => Type::Money,
            Value::Duration(_) => Type::Duration,
            Value::Date(_) => Type::Date,
            Value::Time(_) => Type::Time,
            Value::List(items) => {
                let item = items.iter().map(|i| self.literal(i)).reduce(|a, b| widest(&a, &b));
                Type::List(Box::new(item.unwrap_or(Type::Null)), Some(items.len() as u64))
            }
            Value::Record(entries) => record(entries.iter().map(|(n, v)| (n.clone(), self.literal(v)))),
            Value::Json(json) => Type::Json(Some(Bound::Tokens(self.count(&json.to_string())))),
            Value::Image(_) => Type::Image,
        }
    }

    /// How many tokens a text has for the model that needs most.
    pub(crate) fn count(&self, text: &str) -> u64 {
        self.measures.iter().map(|m| m.count(text)).max().unwrap_or(text.len() as u64)
    }

    fn call(&self, name: &str, types: &[Type]) -> Type {
        if let ("text", [Type::Enum(of)]) = (name, types) {
            return self.named(of).plain();
        }
        let Some(function) = functions::find(name) else { return Type::Error };
        // A sum may carry its zero behind its arguments.
        let most = function.arity().1.unwrap_or(types.len()).min(types.len());
        function.check(&types[..most]).unwrap_or(Type::Error)
    }

    /// The most tokens of a template, for the model that needs most.
    pub(crate) fn template(&self, id: TemplateId, env: &Env) -> Option<Bound> {
        let template = self.plan.templates.get(id.0 as usize)?;
        let names = TemplateNames::of(self, &template.vars, env);
        let check =
            template::check(&literal(&template.source, template.span), &names, &mut Diagnostics::default());
        let counts =
            self.measures.iter().map(|m| super::prompt::shape(&check, m).ok().map(|shape| shape.tokens(m)));
        counts.collect::<Option<Vec<u64>>>()?.into_iter().max().map(Bound::Tokens)
    }
}

/// The names of a template and their types.
pub(crate) struct TemplateNames {
    types: Vec<(EcoString, Type)>,
}

impl TemplateNames {
    pub(crate) fn of(inference: &Inference<'_>, vars: &[(EcoString, Expr)], env: &Env) -> TemplateNames {
        let types = vars.iter().map(|(name, expr)| (name.clone(), inference.full(expr, env))).collect();
        TemplateNames { types }
    }
}

impl Names for TemplateNames {
    fn ty(&self, name: &str) -> Option<Type> {
        self.types.iter().find(|(n, _)| n == name).map(|(_, ty)| ty.clone())
    }

    fn candidates(&self) -> Vec<EcoString> {
        Vec::new()
    }
}

/// A template's source as the literal that the template checker takes.
pub(crate) fn literal(source: &EcoString, span: flow_diagnostics::Span) -> StringLit {
    StringLit { value: source.clone(), pieces: Vec::new(), span }
}

/// A type that holds values of any size.
pub(crate) fn opened(ty: &Type) -> Type {
    match ty {
        Type::Text { truncate, .. } => Type::Text { bound: None, truncate: *truncate },
        Type::Json(_) => Type::Json(None),
        Type::Int(_) => Type::INT,
        Type::List(item, _) => Type::List(Box::new(opened(item)), None),
        Type::Map(item, _) => Type::Map(Box::new(opened(item)), None),
        Type::Optional(inner) => optional(opened(inner)),
        Type::Record(record) => {
            let fields = record.fields.iter().map(|f| Field { ty: opened(&f.ty), ..f.clone() }).collect();
            let (name, doc) = (record.name.clone(), record.doc.clone());
            Type::Record(Arc::new(RecordType { name, doc, fields }))
        }
        other => other.clone(),
    }
}

// Whether it makes anything of its parts but puts them together or takes one of them.
fn is_computed(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) | Expr::Var(_) => false,
        Expr::Field(of, _) | Expr::Cast(of, _) => is_computed(of),
        Expr::Record(entries) => entries.iter().any(|(_, expr)| is_computed(expr)),
        _ => true,
    }
}

fn optional(ty: Type) -> Type {
    match ty {
        Type::Optional(_) | Type::Null | Type::Error => ty,
        ty => Type::Optional(Box::new(ty)),
    }
}

fn field(of: &Type, name: &str) -> Type {
    match of {
        Type::Record(record) => record.field(name).map_or(Type::Error, |f| f.ty.clone()),
        Type::Map(item, _) => optional((**item).clone()),
        Type::Json(bound) => Type::Json(*bound),
        _ => Type::Error,
    }
}

fn record(entries: impl Iterator<Item = (EcoString, Type)>) -> Type {
    let fields = entries.map(|(name, ty)| Field {
        name,
        ty,
        doc: EcoString::new(),
        labels: Labels::default(),
        default: None,
    });
    Type::Record(Arc::new(RecordType { name: None, doc: EcoString::new(), fields: fields.collect() }))
}

fn binary(op: BinaryOp, a: &Type, b: &Type) -> Type {
    use BinaryOp::{Add, Default, Divide, Multiply, Remainder, Subtract};
    match op {
        Default => widest(a.present(), b),
        Add | Subtract | Multiply | Divide | Remainder => arithmetic(op, a, b),
        _ => Type::Bool,
    }
}

fn arithmetic(op: BinaryOp, a: &Type, b: &Type) -> Type {
    match (op, a, b) {
        (BinaryOp::Add, Type::Text { .. } | Type::Enum(_), Type::Text { .. } | Type::Enum(_)) => {
            let sum =
                shown_tokens(a).zip(shown_tokens(b)).map(|(a, b)| a.saturating_add(b).saturating_add(JOINT));
            Type::Text { bound: sum.map(Bound::Tokens), truncate: false }
        }
        (BinaryOp::Add, Type::List(x, m), Type::List(y, n)) => {
            Type::List(Box::new(widest(x, y)), m.zip(*n).map(|(m, n)| m.saturating_add(n)))
        }
        (BinaryOp::Divide, Type::Int(_), Type::Int(_)) => Type::FLOAT,
        (_, Type::Int(Some(x)), Type::Int(Some(y))) => Type::Int(int_range(op, *x, *y)),
        (_, Type::Int(_), Type::Int(_)) => Type::INT,
        (_, Type::Int(_) | Type::Float(_), Type::Int(_) | Type::Float(_)) => Type::FLOAT,
        (BinaryOp::Multiply, Type::Int(_), Type::Money) => Type::Money,
        (_, Type::Money | Type::Duration, _) => a.clone(),
        _ => Type::Error,
    }
}

fn int_range(op: BinaryOp, (a, b): (i64, i64), (c, d): (i64, i64)) -> Option<(i64, i64)> {
    let ends = |f: fn(i64, i64) -> Option<i64>| {
        let all = [f(a, c), f(a, d), f(b, c), f(b, d)].into_iter().collect::<Option<Vec<i64>>>()?;
        Some((*all.iter().min()?, *all.iter().max()?))
    };
    match op {
        BinaryOp::Add => ends(i64::checked_add),
        BinaryOp::Subtract => ends(i64::checked_sub),
        BinaryOp::Multiply => ends(i64::checked_mul),
        _ => None,
    }
}

/// A type that holds the values of both; bounds widen to the larger side.
pub(crate) fn widest(a: &Type, b: &Type) -> Type {
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (Type::Known(a), Type::Known(b)) => {
            let of = widest(&a.of, &b.of);
            a.either(b, of.clone(), &|a, b| Some(widest(a, b))).unwrap_or(of)
        }
        (Type::Known(known), ty) | (ty, Type::Known(known)) => widest(&known.of, &ty.plain()),
        (Type::Null, t) | (t, Type::Null) => optional(t.clone()),
        (Type::Optional(a), b) | (b, Type::Optional(a)) => optional(widest(a, b.present())),
        (Type::Enum(x), Type::Enum(y)) if x.name == y.name => {
            let more = y.variants.iter().filter(|v| !x.variants.contains(v));
            let variants = x.variants.iter().chain(more).cloned().collect();
            Type::Enum(Arc::new(EnumType { name: x.name.clone(), doc: x.doc.clone(), variants }))
        }
        (Type::Text { .. } | Type::Enum(_), Type::Text { .. } | Type::Enum(_)) if a != b => {
            let both = shown_tokens(a).zip(shown_tokens(b)).map(|(a, b)| Bound::Tokens(a.max(b)));
            Type::Text { bound: both, truncate: false }
        }
        (Type::List(x, m), Type::List(y, n)) => {
            let item = if *m == Some(0) {
                (**y).clone()
            } else if *n == Some(0) {
                (**x).clone()
            } else {
                widest(x, y)
            };
            Type::List(Box::new(item), m.zip(*n).map(|(m, n)| m.max(n)))
        }
        (Type::Map(x, m), Type::Map(y, n)) => {
            Type::Map(Box::new(widest(x, y)), m.zip(*n).map(|(m, n)| m.max(n)))
        }
        (Type::Record(x), Type::Record(y)) => {
            let mut fields = x.fields.clone();
            for field in &mut fields {
                match y.field(&field.name) {
                    Some(other) => field.ty = widest(&field.ty, &other.ty),
                    None => field.ty = optional(field.ty.clone()),
                }
            }
            let missing = y.fields.iter().filter(|f| x.field(&f.name).is_none());
            fields.extend(missing.map(|f| Field { ty: optional(f.ty.clone()), ..f.clone() }));
            let name = if x.name == y.name { x.name.clone() } else { x.name.clone().or(y.name.clone()) };
            Type::Record(Arc::new(RecordType { name, doc: x.doc.clone(), fields }))
        }
        _ => a.join(b).unwrap_or(Type::Error),
    }
}

/// The declared type with the bounds of what is known of the value. Of a text, the smaller counts,
/// since a hole cuts it; of a list, what is known, since nothing holds it to what is declared.
pub(crate) fn narrowest(declared: &Type, known: &Type) -> Type {
    match (declared, known) {
        (_, Type::Known(known)) => kept(declared, known),
        (Type::Optional(_), Type::Null) => Type::constant(declared.clone(), Value::Null),
        (_, Type::Error) => declared.clone(),
        (Type::Error, _) => known.clone(),
        (Type::Text { bound, truncate }, Type::Text { .. } | Type::Enum(_)) => {
            Type::Text { bound: smaller(*bound, shown_tokens(known)), truncate: *truncate }
        }
        // A number is the same text as JSON.
        (Type::Json(_), Type::Int(_) | Type::Float(_) | Type::Bool) => {
            Type::only(declared.clone(), known.clone())
        }
        // A text is pasted as it is, also where any JSON may stand.
        (Type::Json(Some(_)), Type::Text { bound: Some(_), .. } | Type::Enum(_)) => {
            Type::only(declared.clone(), known.clone())
        }
        (Type::Json(bound), Type::Json(known)) => Type::Json(bound.or(*known)),
        (Type::Enum(a), Type::Enum(b)) if b.variants.iter().all(|v| a.variants.contains(v)) => known.clone(),
        (Type::Int(a), Type::Int(b)) => Type::Int(match (a, b) {
            (Some(a), Some(b)) if a.0.max(b.0) <= a.1.min(b.1) => Some((a.0.max(b.0), a.1.min(b.1))),
            (a, b) => a.or(*b),
        }),
        (Type::Float(None), Type::Float(known)) => Type::Float(*known),
        // A whole number is pasted as one, also where any number may stand.
        (Type::Float(_), Type::Int(_)) => known.clone(),
        (Type::List(a, m), Type::List(b, n)) => {
            let item = if *n == Some(0) { (**a).clone() } else { narrowest(a, b) };
            Type::List(Box::new(item), n.or(*m))
        }
        (Type::Map(a, m), Type::Map(b, n)) => Type::Map(Box::new(narrowest(a, b)), n.or(*m)),
        (Type::Map(a, m), Type::Record(r)) => {
            let values = r.fields.iter().map(|f| f.ty.clone()).reduce(|a, b| widest(&a, &b));
            let item = values.map_or_else(|| (**a).clone(), |v| narrowest(a, &v));
            let map = Type::Map(Box::new(item), Some(r.fields.len() as u64).or(*m));
            let entries = r.fields.iter().map(|f| (f.name.clone(), narrowest(a, &f.ty)));
            Type::of_entries(map, entries.collect())
        }
        (Type::Record(a), Type::Record(b)) if Arc::ptr_eq(a, b) => known.clone(),
        (Type::Record(a), Type::Record(b)) => {
            let fields = a.fields.iter().map(|f| Field {
                ty: b.field(&f.name).map_or_else(|| f.ty.clone(), |g| narrowest(&f.ty, &g.ty)),
                ..f.clone()
            });
            let fields = fields.collect();
            Type::Record(Arc::new(RecordType { name: a.name.clone(), doc: a.doc.clone(), fields }))
        }
        (Type::Optional(a), b) => optional(narrowest(a, b.present())),
        (a, Type::Optional(b)) => narrowest(a, b),
        _ => declared.clone(),
    }
}

// The same of a value of which more is known.
fn kept(declared: &Type, known: &Arc<Known>) -> Type {
    let of = narrowest(declared, &known.of);
    match (&known.parts, declared.present()) {
        // What is over the declared bound is cut.
        (Parts::Constants(_), Type::Text { .. }) if shown_tokens(&of) < shown_tokens(&known.of) => of,
        // What is cut to its characters is another text.
        (Parts::Constants(_) | Parts::Only(_), Type::Text { truncate: true, .. }) => of,
        (Parts::Constants(values), Type::Json(_))
            if values
                .iter()
                .all(|v| matches!(v, Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_))) =>
        {
            Type::only(declared.clone(), Type::Known(known.clone()))
        }
        (_, Type::Json(_) | Type::Error) => of,
        (Parts::Only(_), Type::Text { .. }) if shown_tokens(&of) < shown_tokens(&known.of) => of,
        (Parts::Only(narrower), _) => Type::only(of, narrower.clone()),
        (Parts::Constants(values), _) => values
            .iter()
            .map(|value| Type::constant(of.clone(), value.clone()))
            .reduce(|a, b| widest(&a, &b))
            .unwrap_or(of),
        (Parts::Items(items), Type::List(item, _)) => {
            Type::of_items(of, items.iter().map(|i| narrowest(item, i)).collect())
        }
        (Parts::Entries(entries), Type::Map(item, _)) => {
            Type::of_entries(of, entries.iter().map(|(k, v)| (k.clone(), narrowest(item, v))).collect())
        }
        _ => of,
    }
}

fn smaller(declared: Option<Bound>, known: Option<u64>) -> Option<Bound> {
    match (declared, known) {
        (Some(bound), Some(known)) if known < bound.tokens() => Some(Bound::Tokens(known)),
        (Some(bound), _) => Some(bound),
        (None, known) => known.map(Bound::Tokens),
    }
}

// The most elements or entries of a type.
fn counted(ty: &Type) -> Option<u64> {
    match ty {
        Type::List(_, most) | Type::Map(_, most) => *most,
        _ => None,
    }
}
