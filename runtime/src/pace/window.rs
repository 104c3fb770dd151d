//! How much was taken within the last minute, so that no minute holds more than its limit.
//!
//! Kept in slots of a tenth of a second, each of which counts until its last moment is a minute old: a
//! window takes the same room whatever its limit is, and errs by one slot, on the safe side.

use std::collections::VecDeque;

/// Slots a second.
pub(super) const SLOTS: u64 = 10;
const MINUTE: u64 = 60 * SLOTS + 1;

/// What was taken within the last minute.
#[derive(Debug)]
pub(super) struct Window {
    limit: u64,
    // INVARIANT: the sum of the amounts in `slots`.
    used: u64,
    // Slot and amount, oldest first.
    slots: VecDeque<(u64, u64)>,
}

impl Window {
    /// An empty one.
    pub(super) fn new(limit: u64) -> Window {
        Window { limit, used: 0, slots: VecDeque::new() }
    }

    /// From which slot on this amount, at most the limit, is free; now, or later.
    pub(super) fn free_at(&mut self, amount: u64, now: u64) -> u64 {
        while let Some((slot, taken)) = self.slots.front().copied()
            && slot + MINUTE <= now
        {
            self.used -= taken;
            self.slots.pop_front();
        }
        let mut over = (self.used + amount).saturating_sub(self.limit);
        if over == 0 {
            return now;
        }
        for (slot, taken) in &self.slots {
            over = over.saturating_sub(*taken);
            if over == 0 {
                return slot + MINUTE;
            }
        }
        now + MINUTE
    }

    /// Takes an amount that is free now.
    pub(super) fn take(&mut self, amount: u64, now: u64) {
        self.used += amount;
        match self.slots.back_mut() {
            // The clock of slots never goes back.
            Some((slot, taken)) if *slot >= now => *taken += amount,
            _ => self.slots.push_back((now, amount)),
        }
    }

    /// Gives back what was taken in this slot and not used.
    pub(super) fn give_back(&mut self, amount: u64, slot: u64) {
        if let Ok(at) = self.slots.binary_search_by_key(&slot, |(slot, _)| *slot) {
            let back = amount.min(self.slots[at].1);
            self.slots[at].1 -= back;
            self.used -= back;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_than_the_limit() {
        let mut window = Window::new(10);
        let mut taken: Vec<(u64, u64)> = Vec::new();
        let mut now = 0;
        for amount in [3, 4, 5, 1, 10, 2, 9, 1, 1, 7].into_iter().cycle().take(500) {
            now = window.free_at(amount, now + amount % 3);
            window.take(amount, now);
            taken.push((now, amount));
            // What is a minute old to the very moment may have come at the end of its slot.
            let recent = taken.iter().filter(|(at, _)| at + 60 * SLOTS >= now).map(|(_, a)| a).sum::<u64>();
            assert!(recent <= 10, "{recent} at {now}");
        }
        assert!(window.slots.len() <= 10);
    }

    #[test]
    fn what_was_not_used_is_free_again() {
        let mut window = Window::new(10);
        window.take(10, 5);
        assert_eq!(window.free_at(1, 6), 5 + MINUTE);
        window.give_back(4, 5);
        assert_eq!((window.free_at(4, 6), window.free_at(5, 6)), (6, 5 + MINUTE));
        // What is gone from the window is not given back to it.
        assert_eq!(window.free_at(10, 5 + MINUTE), 5 + MINUTE);
        window.give_back(6, 5);
        assert_eq!(window.used, 0);
    }
}
