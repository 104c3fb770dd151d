//! A call to compare models by: `32k tokens in, 1k out`.

use flow_plan::{Cost, ModelCard, Tokens};

/// How large a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Call {
    /// Input.
    pub(super) input: Tokens,
    /// The cap on output; nothing for a call that only reads.
    pub(super) output: Tokens,
}

impl Call {
    /// Reads `32k tokens in, 1k out`; the error is for people.
    pub(super) fn parse(text: &str) -> Result<Call, String> {
        let (mut input, mut output) = (None, None);
        for part in text.split(',').map(str::trim) {
            let (size, way) = part.rsplit_once(' ').ok_or_else(|| no_way(part))?;
            let slot = match way {
                "in" => &mut input,
                "out" => &mut output,
                _ => return Err(no_way(part)),
            };
            let size = size.trim_end();
            let size = size.strip_suffix("tokens").or(size.strip_suffix("token")).unwrap_or(size);
            if slot.replace(tokens(size.trim_end())?).is_some() {
                return Err(format!("`{way}` is there twice; {EXAMPLE}"));
            }
        }
        let input = input.ok_or_else(|| format!("it does not say how much goes `in`; {EXAMPLE}"))?;
        Ok(Call { input, output: output.unwrap_or_default() })
    }

    /// Whether the model takes such a call.
    pub(super) fn fits(self, card: &ModelCard) -> bool {
        let all = self.input.0.saturating_add(self.output.0);
        all <= card.context.0 && self.output <= card.max_output
    }

    /// The most that such a call costs.
    pub(super) fn worst(self, card: &ModelCard) -> Cost {
        let output = if self.output == Tokens(0) { self.output } else { card.most_output(self.output) };
        card.price.worst(self.input, output)
    }
}

const EXAMPLE: &str = "write it like `32k tokens in, 1k out`";

fn no_way(part: &str) -> String {
    format!("`{part}` is neither so much `in` nor so much `out`; {EXAMPLE}")
}

/// Reads a number of tokens: `200000`, `200_000`, `200k`, `1.5M`; the error is for people.
pub(in crate::cmd) fn tokens(text: &str) -> Result<Tokens, String> {
    let plain = text.replace('_', "");
    let (number, unit) = match plain.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1e3),
        None => plain.strip_suffix(['m', 'M']).map_or((plain.as_str(), 1.0), |number| (number, 1e6)),
    };
    let is_plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let count = number.parse::<f64>().ok().filter(|_| is_plain).map(|n| n * unit);
    match count {
        // Every whole number up to here is exact.
        Some(count) if count.fract() == 0.0 && count <= 1e15 => Ok(Tokens(count as u64)),
        _ => Err(format!("`{text}` is not a number of tokens, such as `800`, `32k` or `1.5M`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow_plan::Price;

    #[test]
    fn calls_read_as_people_say_them() {
        let read = |text| Call::parse(text).map(|c| (c.input.0, c.output.0));
        assert_eq!(read("32k tokens in, 1k out"), Ok((32_000, 1_000)));
        assert_eq!(read("200 out,1.5M in"), Ok((1_500_000, 200)));
        assert_eq!(read("8_000 tokens in"), Ok((8_000, 0)));
        assert_eq!(read("1 token in, 1 token out"), Ok((1, 1)));
    }

    #[test]
    fn what_is_not_understood_has_an_example() {
        for text in
            ["", "32k", "32k into", "1k out", "32k in, 1k in", "32k in 1k out", "k in", "-1 in", "1e3 in"]
        {
            let error = Call::parse(text).expect_err(text);
            assert!(error.contains("32k"), "{text}: {error}");
        }
        assert_eq!(Call::parse("1k out"), Err(format!("it does not say how much goes `in`; {EXAMPLE}")));
        assert!(tokens("0.5").is_err() && tokens("99999999999999999").is_err());
    }

    #[test]
    fn a_call_fits_where_window_and_cap_hold_it() {
        let price = Price { input: Cost(1_000_000), output: Cost(2_000_000), ..Price::default() };
        let mut card =
            ModelCard { context: Tokens(1000), max_output: Tokens(300), price, ..ModelCard::default() };
        let call = |input, output| Call { input: Tokens(input), output: Tokens(output) };
        assert!(call(700, 300).fits(&card));
        assert!(!call(701, 300).fits(&card) && !call(1, 301).fits(&card));
        assert_eq!(call(700, 100).worst(&card), Cost(700 + 200));
        card.reasoning_beyond_cap = true;
        assert_eq!(call(700, 100).worst(&card), Cost(700 + 600));
    }
}
