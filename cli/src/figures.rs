//! Shares of a whole, beside the figures of [`flow_plan::figures`]: in percent and as a bar.

pub(crate) use flow_plan::figures::{Round, count, dollars, seconds};

/// How much of the whole it is, in whole percent: more than nothing is never 0 %, and more than the
/// whole never 100 %.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let hundredfold = u128::from(part) * 100;
    let share = match part > whole {
        true => hundredfold.div_ceil(u128::from(whole)),
        false => hundredfold / u128::from(whole),
    };
    match share {
        0 if part > 0 => "<1 %".to_owned(),
        share => format!("{} %", count(u64::try_from(share).unwrap_or(u64::MAX))),
    }
}

/// How much of the whole it is, as a bar of so many cells; what is more than the whole fills them.
pub(crate) fn bar(part: u64, whole: u64, cells: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if whole == 0 {
        return String::new();
    }
    let most = cells as u128 * 8;
    let filled = (u128::from(part) * most).div_ceil(u128::from(whole)).min(most) as usize;
    format!("{}{}", "█".repeat(filled / 8), EIGHTHS[filled % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fill_a_bar() {
        assert_eq!(
            [bar(1, 2, 4), bar(1, 16, 4), bar(5, 4, 4), bar(0, 4, 4), bar(1, 0, 4)],
            ["██", "▎", "████", "", ""]
        );
        assert_eq!(
            [percent(1, 3), percent(1, 1000), percent(1001, 1000), percent(0, 2), percent(1, 0)],
            ["33 %", "<1 %", "101 %", "0 %", ""]
        );
    }
}
