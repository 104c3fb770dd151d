//! Numbers with their suffixes and units.

use super::Lower;
use crate::ast::{Expr, ExprKind, SizeUnit};
use flow_diagnostics::Span;
use flow_grammar::Node;
use flow_plan::{Cost, Millis};

impl Lower<'_> {
    /// `12`, `2k`, `40%`, `5s`, `300 tokens`.
    pub(super) fn number(&mut self, node: Node<'_>, unit: Option<Node<'_>>) -> Expr {
        let span = self.span(node);
        let text = self.of(node).replace('_', "");
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (digits, suffix) = text.split_at(split);
        let kind = match unit {
            Some(unit) => {
                let unit_kind = match self.of(unit) {
                    "tokens" | "token" => SizeUnit::Tokens,
                    "bits" | "bit" => SizeUnit::Bits,
                    _ => SizeUnit::Chars,
                };
                let size = scaled(digits, suffix).and_then(|n| u64::try_from(n).ok());
                let span = span.to(self.span(unit));
                return match size {
                    Some(size) => Expr { kind: ExprKind::Size(size, unit_kind), span },
                    None => self.bad_number(span, "a size is a whole number, with `k` or `M` if it is large"),
                };
            }
            None => plain(digits, suffix),
        };
        match kind {
            Some(kind) => Expr { kind, span },
            None if digits.is_empty() => Expr { kind: ExprKind::Error, span },
            None if known(suffix) => self.bad_number(span, "the number is too large"),
            None => {
                let message = format!("`{suffix}` is not a unit");
                let help =
                    "the units are `k`, `M`, `%`, `ms`, `s`, `m`, `h`, `d`, ` tokens`, ` chars` and ` bits`";
                let diagnostic = self.error(span, message).help(help);
                self.out.push(diagnostic);
                Expr { kind: ExprKind::Error, span }
            }
        }
    }

    /// `$0.02`, `$1600`, `$2k`.
    pub(super) fn money(&mut self, node: Node<'_>) -> Expr {
        let span = self.span(node);
        let text = self.of(node).trim_start_matches('$').replace('_', "");
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (digits, suffix) = text.split_at(split);
        let factor = match suffix {
            "" => Some(1),
            "k" => Some(1_000),
            "M" => Some(1_000_000),
            _ => None,
        };
        let cost = Cost::parse_dollars(digits).zip(factor).and_then(|(c, f)| c.0.checked_mul(f));
        match cost {
            Some(nanos) => Expr { kind: ExprKind::Money(Cost(nanos)), span },
            None => {
                self.bad_number(span, "an amount of money has at most nine decimals: `$0.02`, `$1600`, `$2k`")
            }
        }
    }

    fn bad_number(&mut self, span: Span, message: &str) -> Expr {
        let diagnostic = self.error(span, message);
        self.out.push(diagnostic);
        Expr { kind: ExprKind::Error, span }
    }
}

fn known(suffix: &str) -> bool {
    matches!(suffix, "" | "k" | "M" | "%" | "ms" | "s" | "m" | "h" | "d")
}

fn plain(digits: &str, suffix: &str) -> Option<ExprKind> {
    let millis = |unit: f64| {
        let millis = digits.parse::<f64>().ok()? * unit;
        (millis.is_finite() && millis < 1e15).then(|| ExprKind::Duration(Millis(millis.round() as u64)))
    };
    match suffix {
        "" if digits.contains('.') => digits.parse().ok().map(ExprKind::Float),
        "" => digits.parse().ok().map(ExprKind::Int),
        "k" | "M" => scaled(digits, suffix).map(ExprKind::Int),
        "%" => digits.parse::<f64>().ok().map(|p| ExprKind::Percent(p / 100.0)),
        "ms" => millis(1.0),
        "s" => millis(1e3),
        "m" => millis(6e4),
        "h" => millis(3.6e6),
        "d" => millis(8.64e7),
        _ => None,
    }
}

// `2k`, `1.5M`: exact, and whole or nothing.
fn scaled(digits: &str, suffix: &str) -> Option<i64> {
    let factor = match suffix {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        _ => return None,
    };
    // Dollars are read exactly with nine decimals, which serves here too.
    let nanos = i128::from(Cost::parse_dollars(digits)?.0) * factor;
    (nanos % 1_000_000_000 == 0).then(|| i64::try_from(nanos / 1_000_000_000).ok())?
}

#[cfg(test)]
mod tests {
    use super::scaled;

    #[test]
    fn suffixes_scale_exactly() {
        assert_eq!(scaled("2", "k"), Some(2_000));
        assert_eq!(scaled("1.5", "M"), Some(1_500_000));
        assert_eq!(scaled("0.0001", "k"), None);
        assert_eq!(scaled("7", "x"), None);
    }
}
