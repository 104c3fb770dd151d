//! Sway: how much what is from outside decides by values that can't carry an instruction.
//!
//! A number, a truth value or a name chosen by text from outside instructs nobody, but it was chosen there.
//! Its influence is the logarithm of how many values it can have, in bits. In: types and places. Out: the
//! bits of a value, those of one source counted once.

use flow_plan::Type;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Hundredths of a bit.
pub(super) type Hundredths = u32;

/// As much as anything.
pub(super) const UNBOUNDED: Hundredths = Hundredths::MAX;

/// A truth value.
pub(super) const ONE_BIT: Hundredths = 100;

/// A number of which no range is known.
pub(super) const NUMBER: Hundredths = 6400;

/// Where influence comes from, with how much of it, in the order of the places.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Sway(Vec<(u64, Hundredths)>);

impl Sway {
    /// One source.
    pub(super) fn of(place: impl Hash, bits: Hundredths) -> Sway {
        if bits == 0 { Sway::default() } else { Sway(vec![(hashed(place), bits)]) }
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// That of both; of one source it counts once.
    pub(super) fn join(&self, other: &Sway) -> Sway {
        if other.is_none() {
            return self.clone();
        }
        let mut all = self.clone();
        for (place, bits) in &other.0 {
            match all.0.binary_search_by_key(place, |(place, _)| *place) {
                Ok(at) => all.0[at].1 = all.0[at].1.max(*bits),
                Err(at) => all.0.insert(at, (*place, *bits)),
            }
        }
        all
    }

    /// All of it together.
    pub(super) fn bits(&self) -> Hundredths {
        self.0.iter().fold(0, |all, (_, bits)| all.saturating_add(*bits))
    }

    /// The same, through something that has no more values than that.
    pub(super) fn at_most(self, place: impl Hash, bits: Hundredths) -> Sway {
        if self.bits() > bits { Sway::of(place, bits) } else { self }
    }

    /// As one source.
    pub(super) fn as_one(&self, place: impl Hash) -> Sway {
        Sway::of(place, self.bits())
    }

    /// That of values of which it is not known how many there are.
    pub(super) fn many(&self) -> Sway {
        Sway(self.0.iter().map(|(place, _)| (*place, UNBOUNDED)).collect())
    }

    /// So many times.
    pub(super) fn times(&self, count: u64) -> Sway {
        let count = Hundredths::try_from(count).unwrap_or(UNBOUNDED);
        Sway(self.0.iter().map(|(place, bits)| (*place, bits.saturating_mul(count))).collect())
    }

    /// As one source, and without bound where it is more than any number has: so that flows that call
    /// flows are told apart by few amounts.
    pub(super) fn coarse(&self, place: impl Hash) -> Sway {
        Sway::of(place, if self.bits() > NUMBER { UNBOUNDED } else { self.bits() })
    }

    /// What tells it from others.
    pub(super) fn signed(&self) -> u64 {
        hashed(&self.0)
    }

    pub(super) fn signature(&self, out: &mut Vec<u64>) {
        self.0.iter().for_each(|(place, bits)| out.extend([*place, u64::from(*bits)]));
    }
}

/// How much a value of a type that carries no text can tell.
pub(super) fn size(ty: &Type) -> Hundredths {
    match ty {
        Type::Null | Type::Error => 0,
        Type::Bool => ONE_BIT,
        Type::Enum(of) => of_count(of.variants.len() as f64),
        Type::Int(Some((least, most))) => of_count(*most as f64 - *least as f64 + 1.0),
        Type::Optional(inner) => size(inner).saturating_add(ONE_BIT),
        // Days of the years 1 to 9999.
        Type::Date => of_count(3_652_059.0),
        Type::Int(None) | Type::Float(_) | Type::Time | Type::Duration | Type::Money => NUMBER,
        Type::Known(known) => size(&known.of),
        Type::List(inner, most) => most.map_or(UNBOUNDED, |most| {
            let count = Hundredths::try_from(most).unwrap_or(UNBOUNDED);
            size(inner).saturating_mul(count).saturating_add(of_count(most as f64 + 1.0))
        }),
        Type::Record(record) => record.fields.iter().fold(0, |all, f| all.saturating_add(size(&f.ty))),
        Type::Text { .. } | Type::Json(_) | Type::Image | Type::Map(..) => UNBOUNDED,
    }
}

/// What a choice among so many decides.
pub(super) fn of_count(count: f64) -> Hundredths {
    if count <= 1.0 { 0 } else { (count.log2() * 100.0).ceil() as Hundredths }
}

fn hashed(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_counts_once_and_a_choice_by_how_many_there_are() {
        let (a, b) = (Sway::of("a", 200), Sway::of("b", 233));
        assert_eq!(a.join(&a).bits(), 200);
        assert_eq!(a.join(&b).bits(), 433);
        assert_eq!(b.join(&a), a.join(&b));
        assert_eq!(a.join(&b).at_most("c", 100).bits(), 100);
        assert_eq!(a.many().join(&b).bits(), UNBOUNDED);
        assert_eq!(size(&Type::Int(Some((1, 5)))), 233);
        assert_eq!(size(&Type::Bool), 100);
        assert_eq!(size(&Type::List(Box::new(Type::Bool), Some(3))), 500);
        assert_eq!(size(&Type::Int(Some((i64::MIN, i64::MAX)))), 6400);
    }
}
