//! When things ran, as bars under one another; time in which nothing ran is left out.

use jiff::Timestamp;

/// From when until when something ran.
pub(super) type Time = (Timestamp, Timestamp);

/// A scale for bars.
pub(super) struct Bars {
    // Milliseconds in which something ran, apart from one another and in their order.
    busy: Vec<(i64, i64)>,
}

/// The width of the widest bar, in columns.
const CELLS: i64 = 24;

impl Bars {
    /// A scale over all of these.
    pub(super) fn over(times: impl Iterator<Item = Time>) -> Bars {
        let mut all: Vec<(i64, i64)> =
            times.map(|(from, to)| (from.as_millisecond(), to.as_millisecond())).collect();
        all.sort_unstable();
        let mut busy: Vec<(i64, i64)> = Vec::new();
        for (from, to) in all {
            match busy.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => busy.push((from, to)),
            }
        }
        Bars { busy }
    }

    /// The bar of one of them; as short as it may be, it is seen.
    pub(super) fn bar(&self, (from, to): Time) -> String {
        let whole = self.place(i64::MAX).max(1);
        let cell = |at: Timestamp| self.place(at.as_millisecond()) * CELLS / whole;
        let start = cell(from).min(CELLS - 1);
        let width = (cell(to) - start).max(1);
        format!("{}{}", " ".repeat(start as usize), "█".repeat(width as usize))
    }

    // How long something has run until then, in milliseconds.
    fn place(&self, at: i64) -> i64 {
        self.busy.iter().map(|(from, to)| at.min(*to) - from.min(&at)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_where_things_ran_and_idle_time_is_left_out() {
        let time = |from, to| {
            let at = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
            (at(from), at(to))
        };
        // A run, and an hour later the rest of it.
        let times = [time(0, 100), time(50, 100), time(3_600_000, 3_600_100), time(3_600_100, 3_600_100)];
        let bars = Bars::over(times.into_iter());
        let drawn = times.map(|t| bars.bar(t));
        assert_eq!(drawn[0], "█".repeat(12));
        assert_eq!(drawn[1], format!("{}{}", " ".repeat(6), "█".repeat(6)));
        assert_eq!(drawn[2], format!("{}{}", " ".repeat(12), "█".repeat(12)));
        assert_eq!(drawn[3], format!("{}█", " ".repeat(23)));
    }
}
