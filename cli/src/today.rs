//! The day it is.
//!
//! `SOURCE_DATE_EPOCH`, the variable that builds use to be repeatable, fixes it: what was found
//! today is then found again in a year.

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// The day in UTC; `None` where `SOURCE_DATE_EPOCH` is set to something that is no time.
pub(crate) fn today() -> Option<Date> {
    let now = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(seconds) => Timestamp::from_second(seconds.trim().parse().ok()?).ok()?,
        Err(_) => Timestamp::now(),
    };
    Some(now.to_zoned(TimeZone::UTC).date())
}
