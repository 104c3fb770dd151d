//! What is known of a value beyond its type: that it is a constant, what its elements or entries are.
//!
//! Only bounds know this, and what holds a call to them. A program's own types never say it.

use super::Type;
use crate::Value;
use ecow::EcoString;
use std::sync::Arc;

/// A value of which more is known than its type.
#[derive(PartialEq, Debug)]
pub struct Known {
    /// Its type, by which it is pasted: says nothing of this kind itself.
    pub of: Type,
    /// What is known of it.
    pub parts: Parts,
}

/// What is known of a value.
#[derive(Clone, PartialEq, Debug)]
pub enum Parts {
    /// It is one of these, none of which has parts. A few at most.
    Constants(Vec<Value>),
    /// Its values are those of a narrower type, which has no parts, and are shown as that shows them.
    Only(Type),
    /// The elements of a list, in their order; the last of them may be missing.
    Items(Vec<Type>),
    /// The keys and values of a map.
    Entries(Vec<(EcoString, Type)>),
}

// So many constants are told apart.
const MOST_CONSTANTS: usize = 6;
// So many elements or entries are told apart.
const MOST_PARTS: usize = 32;

impl Type {
    /// A constant, which has no parts, of a type.
    pub fn constant(of: Type, value: Value) -> Type {
        Type::Known(Arc::new(Known { of: of.plain(), parts: Parts::Constants(vec![value]) }))
    }

    /// What is shown as values of a narrower type are, which has no parts.
    pub fn only(of: Type, narrower: Type) -> Type {
        Type::Known(Arc::new(Known { of: of.plain(), parts: Parts::Only(narrower) }))
    }

    /// A list of these elements; the list itself where there are too many to tell apart.
    pub fn of_items(list: Type, items: Vec<Type>) -> Type {
        if items.len() > MOST_PARTS {
            return list;
        }
        Type::Known(Arc::new(Known { of: list.plain(), parts: Parts::Items(items) }))
    }

    /// A map of these entries; the map itself where there are too many to tell apart.
    pub fn of_entries(map: Type, entries: Vec<(EcoString, Type)>) -> Type {
        if entries.len() > MOST_PARTS {
            return map;
        }
        Type::Known(Arc::new(Known { of: map.plain(), parts: Parts::Entries(entries) }))
    }

    /// The type alone, without what is known beyond it.
    pub fn plain(&self) -> Type {
        match self {
            Type::Known(known) => known.of.clone(),
            Type::List(item, most) => Type::List(Box::new(item.plain()), *most),
            Type::Map(item, most) => Type::Map(Box::new(item.plain()), *most),
            Type::Optional(inner) => match inner.plain() {
                optional @ Type::Optional(_) => optional,
                inner => Type::Optional(Box::new(inner)),
            },
            Type::Record(record) if record.fields.iter().any(|f| f.ty.knows()) => {
                let fields = record.fields.iter();
                let fields = fields.map(|f| super::Field { ty: f.ty.plain(), ..f.clone() }).collect();
                let (name, doc) = (record.name.clone(), record.doc.clone());
                Type::Record(Arc::new(super::RecordType { name, doc, fields }))
            }
            other => other.clone(),
        }
    }

    /// Whether anything in it is known beyond its type.
    pub fn knows(&self) -> bool {
        match self {
            Type::Known(_) => true,
            Type::List(inner, _) | Type::Map(inner, _) | Type::Optional(inner) => inner.knows(),
            Type::Record(record) => record.fields.iter().any(|f| f.ty.knows()),
            _ => false,
        }
    }

    /// The elements of a list, all as one type, with what is known of them.
    pub fn any_item(&self) -> Option<Type> {
        match self {
            Type::List(item, _) => Some((**item).clone()),
            Type::Known(known) => match (&known.parts, &known.of) {
                (Parts::Items(items), Type::List(item, _)) => {
                    let mut joined = items.iter().cloned().map(Some).reduce(|a, b| a?.join(&b?));
                    joined = joined.or_else(|| Some(Some((**item).clone())));
                    joined.flatten().or_else(|| Some((**item).clone()))
                }
                (_, of) => of.any_item(),
            },
            _ => None,
        }
    }
}

/// What holds the values of two types.
pub(super) type Join<'a> = &'a dyn Fn(&Type, &Type) -> Option<Type>;

impl Known {
    /// What is one or the other, where that can be said without less being known; `of` is its type.
    pub fn either(&self, other: &Known, of: Type, join: Join<'_>) -> Option<Type> {
        let parts = match (&self.parts, &other.parts) {
            (Parts::Constants(a), Parts::Constants(b)) => {
                let mut all = a.clone();
                all.extend(b.iter().filter(|v| !a.contains(v)).cloned());
                (all.len() <= MOST_CONSTANTS).then_some(Parts::Constants(all))?
            }
            (Parts::Only(a), Parts::Only(b)) if a == b => Parts::Only(a.clone()),
            // Of a shorter list, no more is pasted than of the longer one.
            (Parts::Items(a), Parts::Items(b)) => {
                let both = a.iter().zip(b).map(|(a, b)| join(a, b));
                let more = if a.len() > b.len() { &a[b.len()..] } else { &b[a.len()..] };
                Parts::Items(both.chain(more.iter().cloned().map(Some)).collect::<Option<_>>()?)
            }
            (Parts::Entries(a), Parts::Entries(b)) if a.len() == b.len() => {
                let of = |(key, a): &(EcoString, Type)| {
                    let (_, b) = b.iter().find(|(other, _)| other == key)?;
                    Some((key.clone(), join(a, b)?))
                };
                Parts::Entries(a.iter().map(of).collect::<Option<_>>()?)
            }
            _ => return None,
        };
        Some(Type::Known(Arc::new(Known { of: of.plain(), parts })))
    }
}
