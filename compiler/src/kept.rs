//! Results that are kept from one analysis of a program to the next.
//!
//! In: a [`Slot`], which says where a result belongs. Out: the result that was put there, if it was
//! worked out from the same. The one rule: a result is kept beside all that it was worked out from, and
//! taken again only where all of that is equal. So a slot that means something else by now costs time
//! and is never wrong.
//! Not here: what results are, which their owners say; nothing is kept for a single compilation.

use crate::bounds::Requests;
use crate::changes::Changes;
use crate::checker::Sizes;
use crate::labels::Followed;
use crate::template::Checks;
use ecow::EcoString;
use flow_plan::{Parts, TokenizerFile, Type, Value};
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// All that is kept.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// The tokens of texts that were counted.
    pub(crate) counted: Arc<flow_tokens::Memo>,
    /// Checks of templates.
    pub(crate) checks: Checks,
    /// Bounds of requests.
    pub(crate) requests: Requests,
    /// Types of declarations. They are worked out anew; one that is the same shares what it was, so that
    /// whatever compares it is done at once.
    pub(crate) types: Kept<(), Type>,
    /// The files of tokenizers, with what was made of them.
    pub(crate) tokenizers: Kept<(), TokenizerFile>,
    /// What has changed in the program.
    pub(crate) changes: RefCell<Changes>,
    /// Labels of flows.
    pub(crate) followed: Followed,
    /// How large the tables of the program were.
    pub(crate) sizes: Cell<Sizes>,
}

impl Memo {
    /// Begins a round.
    pub(crate) fn begin(&self) {
        self.checks.begin();
        self.types.begin();
        self.tokenizers.begin();
    }

    /// The file of a tokenizer, which is the one before where it says the same.
    pub(crate) fn same_tokenizer(&self, path: EcoString, text: Arc<str>) -> TokenizerFile {
        let slot = (path, 0);
        if let Some(known) = self.tokenizers.get(&slot, |(), known| known.is_of(&text)) {
            return known;
        }
        let file = TokenizerFile::new(text);
        self.tokenizers.put(slot, (), file.clone());
        file
    }

    /// The type of a declaration, which is the one before where it is equal.
    pub(crate) fn same_type(&self, slot: Slot, ty: Type) -> Type {
        if !matches!(ty, Type::Record(_) | Type::Enum(_)) {
            return ty;
        }
        if let Some(known) = self.types.get(&slot, |(), known| *known == ty) {
            return known;
        }
        if is_exact_type(&ty) {
            self.types.put(slot, (), ty.clone());
        }
        ty
    }
}

/// Where a result belongs: the name of a declaration, and the number of the result among its own.
pub(crate) type Slot = (EcoString, u32);

/// Results of one kind, each with what it was worked out from.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    inner: RefCell<Inner<K, V>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    slots: FxHashMap<Slot, Entry<K, V>>,
    round: u32,
}

#[derive(Debug)]
struct Entry<K, V> {
    from: K,
    result: V,
    // The last round in which it was asked for.
    used: u32,
}

/// What was not asked for in so many rounds is forgotten: a declaration that is broken while it is
/// typed comes back.
const ROUNDS: u32 = 32;

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Kept { inner: RefCell::new(Inner { slots: FxHashMap::default(), round: 0 }) }
    }
}

impl<K, V: Clone> Kept<K, V> {
    /// Begins a round, and forgets what no round has asked for in a while.
    pub(crate) fn begin(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.round = inner.round.wrapping_add(1);
        let round = inner.round;
        if round.is_multiple_of(ROUNDS) {
            inner.slots.retain(|_, entry| round.wrapping_sub(entry.used) < ROUNDS);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.inner.borrow_mut().slots.clear();
    }

    /// The result in a slot, if `is_same` says so of what it was worked out from. It may put both where
    /// they belong by now.
    pub(crate) fn get(&self, slot: &Slot, is_same: impl FnOnce(&mut K, &mut V) -> bool) -> Option<V> {
        let inner = &mut *self.inner.borrow_mut();
        let entry = inner.slots.get_mut(slot)?;
        if !is_same(&mut entry.from, &mut entry.result) {
            return None;
        }
        entry.used = inner.round;
        Some(entry.result.clone())
    }

    /// Puts a result into a slot, with what it was worked out from.
    pub(crate) fn put(&self, slot: Slot, from: K, result: V) {
        let inner = &mut *self.inner.borrow_mut();
        inner.slots.insert(slot, Entry { from, result, used: inner.round });
    }
}

/// Whether all that equals a value is written like it: `0.0` equals `-0.0`, and a record one with its
/// fields in another order. What is worked out from other values is not kept.
pub(crate) fn is_exact(value: &Value) -> bool {
    match value {
        Value::Float(number) => *number != 0.0,
        Value::List(items) => items.iter().all(is_exact),
        Value::Record(_) | Value::Json(_) => false,
        _ => true,
    }
}

/// The same of a type.
pub(crate) fn is_exact_type(ty: &Type) -> bool {
    match ty {
        Type::Float(Some((low, high))) => *low != 0.0 && *high != 0.0,
        Type::List(item, _) | Type::Map(item, _) | Type::Optional(item) => is_exact_type(item),
        Type::Record(record) => {
            record.fields.iter().all(|f| is_exact_type(&f.ty) && f.default.as_ref().is_none_or(is_exact))
        }
        Type::Known(known) => {
            is_exact_type(&known.of)
                && match &known.parts {
                    Parts::Constants(values) => values.iter().all(is_exact),
                    Parts::Only(narrower) => is_exact_type(narrower),
                    Parts::Items(items) => items.iter().all(is_exact_type),
                    Parts::Entries(entries) => entries.iter().all(|(_, ty)| is_exact_type(ty)),
                }
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, ROUNDS, Slot};

    #[test]
    fn a_result_is_taken_again_only_where_it_was_worked_out_from_the_same() {
        let kept: Kept<&str, usize> = Kept::default();
        let slot: Slot = ("a".into(), 0);
        kept.put(slot.clone(), "text", 4);
        assert_eq!(kept.get(&slot, |from, _| *from == "text"), Some(4));
        assert_eq!(kept.get(&slot, |from, _| *from == "other"), None);
        assert_eq!(kept.get(&("a".into(), 1), |_, _| true), None);
    }

    #[test]
    fn a_tokenizer_is_made_again_only_where_its_file_has_changed() {
        let memo = super::Memo::default();
        let length = |text: &str| {
            let file = memo.same_tokenizer("t.json".into(), text.into());
            file.made(|text| Ok::<_, ()>(text.len()))
        };
        let first = length("abc");
        let same = length("abc");
        assert!(first.as_ref().ok().zip(same.ok()).is_some_and(|(a, b)| std::sync::Arc::ptr_eq(a, &b)));
        assert_eq!(length("abcd").as_deref(), Ok(&4));
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten() {
        let kept: Kept<(), u8> = Kept::default();
        let (asked, other): (Slot, Slot) = (("a".into(), 0), ("b".into(), 0));
        kept.put(asked.clone(), (), 1);
        kept.put(other.clone(), (), 2);
        for _ in 0..2 * ROUNDS {
            kept.begin();
            assert_eq!(kept.get(&asked, |(), _| true), Some(1));
        }
        assert_eq!(kept.get(&other, |(), _| true), None);
    }
}
