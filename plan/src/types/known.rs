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
    /// The keys and values of a map; some of them may be missing.
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

    /// The elements of a list, all as one type, with what is known of them; `join` holds the values of
    /// two.
    pub fn any_item(&self, join: &dyn Fn(&Type, &Type) -> Type) -> Option<Type> {
        match self {
            Type::List(item, _) => Some((**item).clone()),
            Type::Known(known) => match &known.parts {
                Parts::Items(items) => {
                    let joined = items.iter().cloned().reduce(|a, b| join(&a, &b));
                    joined.or_else(|| known.of.any_item(join))
                }
                _ => known.of.any_item(join),
            },
            _ => None,
        }
    }
}

/// What holds the values of two types.
type Join<'a> = &'a dyn Fn(&Type, &Type) -> Option<Type>;

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
            // Nor of fewer entries.
            (Parts::Entries(a), Parts::Entries(b)) => {
                let find = |all: &[(EcoString, Type)], key: &EcoString| {
                    all.iter().position(|(other, _)| *other == *key)
                };
                let of = |(key, a): &(EcoString, Type)| match find(b, key) {
                    Some(same) => Some((key.clone(), join(a, &b[same].1)?)),
                    None => Some((key.clone(), a.clone())),
                };
                let mut all = a.iter().map(of).collect::<Option<Vec<_>>>()?;
                all.extend(b.iter().filter(|(key, _)| find(a, key).is_none()).cloned());
                (all.len() <= MOST_PARTS).then_some(Parts::Entries(all))?
            }
            _ => return None,
        };
        Some(Type::Known(Arc::new(Known { of: of.plain(), parts })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(n: i64) -> Type {
        Type::constant(Type::INT, Value::Int(n))
    }

    #[test]
    fn what_is_one_or_the_other_keeps_what_is_known_of_both() {
        let known = |ty: Type| match ty {
            Type::Known(known) => known,
            other => panic!("nothing is known of {other}"),
        };
        let list = Type::List(Box::new(Type::INT), Some(2));
        let (one, two) = (vec![int(1)], vec![int(1), int(3)]);
        let (one, two) = (known(Type::of_items(list.clone(), one)), known(Type::of_items(list.clone(), two)));
        let same = |a: &Type, b: &Type| (a == b).then(|| a.clone());
        let both = known(one.either(&two, list.clone(), &same).expect("the first elements are the same"));
        assert_eq!(both.parts, Parts::Items(vec![int(1), int(3)]));
        let map = Type::Map(Box::new(Type::INT), Some(2));
        let (one, two) = (vec![("a".into(), int(1))], vec![("b".into(), int(2)), ("a".into(), int(1))]);
        let (one, two) =
            (known(Type::of_entries(map.clone(), one)), known(Type::of_entries(map.clone(), two)));
        let both = known(one.either(&two, map, &same).expect("what stands under `a` is the same"));
        assert_eq!(both.parts, Parts::Entries(vec![("a".into(), int(1)), ("b".into(), int(2))]));
        let (one, two) = (known(int(1)), known(int(2)));
        let both = known(one.either(&two, Type::INT, &same).expect("both are constants"));
        assert_eq!(both.parts, Parts::Constants(vec![Value::Int(1), Value::Int(2)]));
    }

    #[test]
    fn a_common_type_knows_nothing() {
        let joined = int(1).join(&int(2));
        assert_eq!(joined, Some(Type::INT));
        assert_eq!(Type::Optional(Box::new(int(1))).plain(), Type::Optional(Box::new(Type::INT)));
    }
}
