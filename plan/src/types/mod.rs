//! Types with their bounds: what fits where, what two have in common, how each is written.
//! Reading values by them is in [`read`], their JSON schema in [`schema`].

mod instruction;
mod known;
mod read;
mod schema;

#[cfg(test)]
mod tests;

pub use known::{Known, Parts};
pub use read::Mismatch;

use crate::{Labels, Value};
use ecow::EcoString;
use std::fmt;
use std::sync::Arc;

/// A type.
#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    /// Text, with the most it may hold. `truncate`: longer text is cut instead of refused.
    Text {
        /// The most it may hold; `None` where it takes the bound of what is passed.
        bound: Option<Bound>,
        /// Whether longer text is cut.
        truncate: bool,
    },
    /// A whole number, within both ends.
    Int(Option<(i64, i64)>),
    /// A number, within both ends.
    Float(Option<(f64, f64)>),
    /// `true` or `false`.
    Bool,
    /// A day.
    Date,
    /// A moment.
    Time,
    /// A length of time.
    Duration,
    /// Money.
    Money,
    /// Any JSON, with the most text it may be.
    Json(Option<Bound>),
    /// An image.
    Image,
    /// One of some names.
    Enum(Arc<EnumType>),
    /// A record.
    Record(Arc<RecordType>),
    /// A list, with the most elements it may have.
    List(Box<Type>, Option<u64>),
    /// A map from text, with the most entries it may have.
    Map(Box<Type>, Option<u64>),
    /// The type or `null`.
    Optional(Box<Type>),
    /// The type of `null`.
    Null,
    /// More is known of it than its type: in bounds alone.
    Known(Arc<Known>),
    /// What could not be typed; it fits everything, so that one mistake costs one message.
    Error,
}

/// The most a text may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// Tokens, in the tokenizer of the model that reads it.
    Tokens(u64),
    /// Unicode characters.
    Chars(u64),
}

impl Bound {
    /// The most tokens under it: a character has four bytes at most, and a byte is a token at most.
    pub fn tokens(self) -> u64 {
        match self {
            Bound::Tokens(n) => n,
            Bound::Chars(n) => n.saturating_mul(4),
        }
    }
}

/// A declared enum.
#[derive(Debug)]
pub struct EnumType {
    /// Its name.
    pub name: EcoString,
    /// What it is for.
    pub doc: EcoString,
    /// Its variants in their order.
    pub variants: Vec<Variant>,
}

/// A variant of an enum.
#[derive(Clone, PartialEq, Debug)]
pub struct Variant {
    /// Its name, which is also its value.
    pub name: EcoString,
    /// What it stands for.
    pub doc: EcoString,
}

/// A record type; without a name where a literal made it.
#[derive(Debug)]
pub struct RecordType {
    /// Its name.
    pub name: Option<EcoString>,
    /// What it is for.
    pub doc: EcoString,
    /// Its fields in their order.
    pub fields: Vec<Field>,
}

/// A field of a record.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Its name.
    pub name: EcoString,
    /// Its type.
    pub ty: Type,
    /// What it is for.
    pub doc: EcoString,
    /// The labels it is declared with.
    pub labels: Labels,
    /// What it is when it is missing.
    pub default: Option<Value>,
}

// One that is shared is not looked through.
impl PartialEq for EnumType {
    fn eq(&self, other: &EnumType) -> bool {
        let EnumType { name, doc, variants } = self;
        std::ptr::eq(self, other) || *name == other.name && *variants == other.variants && *doc == other.doc
    }
}

impl PartialEq for RecordType {
    fn eq(&self, other: &RecordType) -> bool {
        let RecordType { name, doc, fields } = self;
        std::ptr::eq(self, other) || *name == other.name && *fields == other.fields && *doc == other.doc
    }
}

impl RecordType {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    // Two records without a name have a common type where they have the same fields.
    fn join(&self, other: &RecordType) -> Option<Type> {
        if self.fields.len() != other.fields.len() {
            return None;
        }
        let joined = self.fields.iter().map(|f| {
            let ty = f.ty.join(&other.field(&f.name)?.ty)?;
            Some(Field { ty, ..f.clone() })
        });
        let fields = joined.collect::<Option<Vec<_>>>()?;
        Some(Type::Record(Arc::new(RecordType { name: None, doc: self.doc.clone(), fields })))
    }
}

impl Type {
    /// Text without a bound.
    pub const TEXT: Type = Type::Text { bound: None, truncate: false };
    /// A whole number of any size.
    pub const INT: Type = Type::Int(None);
    /// A number of any size.
    pub const FLOAT: Type = Type::Float(None);

    /// Whether a value of `other` may stand where this type is wanted.
    ///
    /// Bounds do not decide: what is over its bound is refused where it enters.
    pub fn accepts(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Known(known), other) => known.of.accepts(other),
            (ty, Type::Known(known)) => ty.accepts(&known.of),
            (Type::Error, _) | (_, Type::Error) | (Type::Json(_), _) => true,
            (Type::Optional(_), Type::Null) => true,
            (Type::Optional(a), Type::Optional(b)) => a.accepts(b),
            (Type::Optional(a), b) => a.accepts(b),
            (Type::Text { .. }, Type::Text { .. } | Type::Enum(_)) => true,
            (Type::Float(_), Type::Int(_) | Type::Float(_)) => true,
            (Type::Int(_), Type::Int(_)) => true,
            (Type::Image, Type::Text { .. }) => true,
            (Type::Enum(a), Type::Enum(b)) => a.name == b.name,
            (Type::Record(a), Type::Record(b)) => match (&a.name, &b.name) {
                (Some(x), Some(y)) => x == y,
                _ => {
                    // Reading by the type refuses what it does not know, so nothing more may come.
                    b.fields.iter().all(|g| a.field(&g.name).is_some())
                        && a.fields.iter().all(|f| match b.field(&f.name) {
                            Some(g) => f.ty.accepts(&g.ty),
                            None => f.default.is_some() || matches!(f.ty, Type::Optional(_)),
                        })
                }
            },
            (Type::List(a, _), Type::List(b, _)) | (Type::Map(a, _), Type::Map(b, _)) => a.accepts(b),
            (Type::Map(a, _), Type::Record(r)) => {
                r.name.is_none() && r.fields.iter().all(|f| a.accepts(&f.ty))
            }
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }

    /// The type that both fit into, if there is one: branches of an `if`, elements of a list.
    /// Bounds widen to the larger side; a missing bound stays missing.
    pub fn join(&self, other: &Type) -> Option<Type> {
        Some(match (self, other) {
            (a, b) if a == b => a.clone(),
            // What is known of one holds of neither, since a common type does not look at bounds.
            (a, b) if a.knows() || b.knows() => a.plain().join(&b.plain())?,
            (Type::Error, t) | (t, Type::Error) => t.clone(),
            (Type::Null, Type::Null) => Type::Null,
            (Type::Null, Type::Optional(t)) | (Type::Optional(t), Type::Null) => Type::Optional(t.clone()),
            (Type::Null, t) | (t, Type::Null) => Type::Optional(Box::new(t.clone())),
            (Type::Optional(a), Type::Optional(b)) => Type::Optional(Box::new(a.join(b)?)),
            (Type::Optional(a), b) | (b, Type::Optional(a)) => Type::Optional(Box::new(a.join(b)?)),
            (Type::Text { bound: a, truncate: s }, Type::Text { bound: b, truncate: t }) => {
                Type::Text { bound: wider(*a, *b), truncate: *s && *t }
            }
            (Type::Enum(a), Type::Enum(b)) if a.name == b.name => self.clone(),
            // Values of two enums are never the same thing.
            (Type::Enum(_), Type::Enum(_)) => return None,
            (Type::Enum(_) | Type::Text { .. }, Type::Enum(_) | Type::Text { .. }) => {
                Type::Text { bound: wider(self.text_bound(), other.text_bound()), truncate: false }
            }
            (Type::Int(a), Type::Int(b)) => Type::Int(a.zip(*b).map(|(a, b)| (a.0.min(b.0), a.1.max(b.1)))),
            (Type::Float(a), Type::Float(b)) => {
                Type::Float(a.zip(*b).map(|(a, b)| (a.0.min(b.0), a.1.max(b.1))))
            }
            (Type::Int(_), Type::Float(_)) | (Type::Float(_), Type::Int(_)) => Type::FLOAT,
            (Type::List(a, m), Type::List(b, n)) => {
                Type::List(Box::new(a.join(b)?), m.zip(*n).map(|(m, n)| m.max(n)))
            }
            (Type::Map(a, m), Type::Map(b, n)) => {
                Type::Map(Box::new(a.join(b)?), m.zip(*n).map(|(m, n)| m.max(n)))
            }
            (Type::Json(a), Type::Json(b)) => Type::Json(wider(*a, *b)),
            (Type::Json(_), _) | (_, Type::Json(_)) => Type::Json(None),
            (Type::Record(a), Type::Record(b)) if a.name.is_none() && b.name.is_none() => a.join(b)?,
            (Type::Map(item, most), Type::Record(r)) | (Type::Record(r), Type::Map(item, most))
                if r.name.is_none() =>
            {
                let item = r.fields.iter().try_fold((**item).clone(), |so_far, f| so_far.join(&f.ty))?;
                Type::Map(Box::new(item), most.map(|n| n.max(r.fields.len() as u64)))
            }
            // Of one name, but each perhaps with narrower bounds than it is declared with.
            (Type::Record(a), Type::Record(b)) if a.name.is_some() && a.name == b.name => {
                let joined = |f: &Field| Some(Field { ty: f.ty.join(&b.field(&f.name)?.ty)?, ..f.clone() });
                let fields = a.fields.iter().map(joined).collect::<Option<Vec<_>>>()?;
                Type::Record(Arc::new(RecordType { name: a.name.clone(), doc: a.doc.clone(), fields }))
            }
            (Type::Record(a), Type::Record(b)) if a.name.is_none() && other.accepts(self) => {
                Type::Record(b.clone())
            }
            (a, b) if a.accepts(b) => a.clone(),
            (a, b) if b.accepts(a) => b.clone(),
            _ => return None,
        })
    }

    /// The type with the bounds that `known` has where it has none, or larger ones in tokens, for text
    /// and lists of text.
    pub(crate) fn within(self, known: &Type) -> Type {
        match (self, known) {
            (Type::Text { bound, truncate }, Type::Text { bound: Some(known), .. }) => {
                let kept = |b: &Bound| matches!(b, Bound::Chars(_)) || b.tokens() <= known.tokens();
                Type::Text { bound: bound.filter(kept).or(Some(*known)), truncate }
            }
            (Type::List(item, most), Type::List(known, known_most)) => {
                Type::List(Box::new(item.within(known)), most.or(*known_most))
            }
            (Type::Optional(inner), known) => Type::Optional(Box::new(inner.within(known))),
            (ty, _) => ty,
        }
    }

    // The most text that a text or the name of a variant is.
    fn text_bound(&self) -> Option<Bound> {
        match self {
            Type::Text { bound, .. } => *bound,
            Type::Enum(e) => e.variants.iter().map(|v| v.name.chars().count() as u64).max().map(Bound::Chars),
            _ => None,
        }
    }

    /// The type without `null`.
    pub fn present(&self) -> &Type {
        match self {
            Type::Optional(t) => t.present(),
            t => t,
        }
    }

    /// The type without its bounds and ranges, for messages in which they do not matter.
    pub fn unbounded(&self) -> Type {
        match self {
            Type::Text { .. } => Type::TEXT,
            Type::Int(_) => Type::INT,
            Type::Float(_) => Type::FLOAT,
            Type::Json(_) => Type::Json(None),
            Type::List(item, _) => Type::List(Box::new(item.unbounded()), None),
            Type::Map(item, _) => Type::Map(Box::new(item.unbounded()), None),
            Type::Optional(inner) => Type::Optional(Box::new(inner.unbounded())),
            other => other.clone(),
        }
    }

    /// Whether comparing with `<` makes sense.
    pub fn is_ordered(&self) -> bool {
        matches!(
            self,
            Type::Int(_)
                | Type::Float(_)
                | Type::Text { .. }
                | Type::Date
                | Type::Time
                | Type::Duration
                | Type::Money
                | Type::Error
        )
    }

    /// In words, for messages: "a list of text", "a record `Answer`".
    pub fn described(&self) -> String {
        match self {
            Type::Text { .. } => "text".into(),
            Type::Int(_) => "a whole number".into(),
            Type::Float(_) => "a number".into(),
            Type::Bool => "true or false".into(),
            Type::Date => "a date".into(),
            Type::Time => "a time".into(),
            Type::Duration => "a number of seconds".into(),
            Type::Money => "an amount in dollars".into(),
            Type::Json(_) | Type::Error => "JSON".into(),
            Type::Image => "an image".into(),
            Type::Enum(e) => format!("one of {}", e.names()),
            Type::Record(r) => match &r.name {
                Some(name) => format!("a record `{name}`"),
                None => "a record".into(),
            },
            Type::List(..) => "a list".into(),
            Type::Map(..) => "a map".into(),
            Type::Optional(t) => format!("{} or null", t.described()),
            Type::Null => "null".into(),
            Type::Known(known) => known.of.described(),
        }
    }
}

impl EnumType {
    /// The variants' names for messages: `a`, `b` or `c` with backticks.
    pub fn names(&self) -> String {
        listed(self.variants.iter().map(|v| v.name.as_str()))
    }
}

impl RecordType {
    /// The fields' names for messages.
    pub fn names(&self) -> String {
        listed(self.fields.iter().map(|f| f.name.as_str()))
    }
}

impl fmt::Display for Type {
    /// As it is written in the language.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Text { bound, truncate } => {
                f.write_str("text")?;
                write_bound(f, *bound)?;
                f.write_str(if *truncate { " truncate" } else { "" })
            }
            Type::Int(None) => f.write_str("int"),
            Type::Int(Some((low, high))) => write!(f, "int {low}..{high}"),
            Type::Float(None) => f.write_str("float"),
            Type::Float(Some((low, high))) => write!(f, "float {low}..{high}"),
            Type::Bool => f.write_str("bool"),
            Type::Date => f.write_str("date"),
            Type::Time => f.write_str("time"),
            Type::Duration => f.write_str("duration"),
            Type::Money => f.write_str("money"),
            Type::Json(bound) => {
                f.write_str("json")?;
                write_bound(f, *bound)
            }
            Type::Image => f.write_str("image"),
            Type::Enum(e) => f.write_str(&e.name),
            Type::Record(r) => match &r.name {
                Some(name) => f.write_str(name),
                None => {
                    f.write_str("{ ")?;
                    for (i, field) in r.fields.iter().enumerate() {
                        write!(f, "{}{}: {}", if i > 0 { ", " } else { "" }, field.name, field.ty)?;
                    }
                    f.write_str(" }")
                }
            },
            Type::List(t, None) => write!(f, "[{t}]"),
            Type::List(t, Some(n)) => write!(f, "[{t}] <= {n}"),
            Type::Map(t, None) => write!(f, "{{text: {t}}}"),
            Type::Map(t, Some(n)) => write!(f, "{{text: {t}}} <= {n}"),
            // The bound of a nullable type is written behind the question mark.
            Type::Optional(t) => match &**t {
                Type::Text { bound: Some(_), .. } | Type::List(_, Some(_)) | Type::Map(_, Some(_)) => {
                    write!(f, "({t})?")
                }
                t => write!(f, "{t}?"),
            },
            Type::Null => f.write_str("null"),
            Type::Known(known) => known.of.fmt(f),
            Type::Error => f.write_str("unknown"),
        }
    }
}

fn write_bound(f: &mut fmt::Formatter<'_>, bound: Option<Bound>) -> fmt::Result {
    match bound {
        Some(Bound::Tokens(n)) => write!(f, " <= {n} tokens"),
        Some(Bound::Chars(n)) => write!(f, " <= {n} chars"),
        None => Ok(()),
    }
}

// Of tokens and characters, both keep the larger in tokens.
fn wider(a: Option<Bound>, b: Option<Bound>) -> Option<Bound> {
    match (a?, b?) {
        (Bound::Tokens(a), Bound::Tokens(b)) => Some(Bound::Tokens(a.max(b))),
        (Bound::Chars(a), Bound::Chars(b)) => Some(Bound::Chars(a.max(b))),
        (a, b) => Some(Bound::Tokens(a.tokens().max(b.tokens()))),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "none".into(),
    }
}
