//! What tokens cost: the only place where tokens become money.
//!
//! In: tokens. Out: [`Cost`]. [`Price::worst`] bounds a call before it is made, [`Price::billed`]
//! computes what it cost afterwards.
//! Not here: which model has which price (the catalogue), and what may be spent (the runtime).

use crate::{Cost, Tokens};

/// Prices per million tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Price {
    /// Input.
    pub input: Cost,
    /// Input that the provider had in its prompt cache, where it is cheaper.
    pub cached_input: Option<Cost>,
    /// Input that is written to the provider's prompt cache, where it is dearer.
    pub cache_write: Option<Cost>,
    /// Output, reasoning included.
    pub output: Cost,
    /// Input of a call in a batch, where batches have a price of their own.
    pub batch_input: Option<Cost>,
    /// Output of a call in a batch.
    pub batch_output: Option<Cost>,
    /// What calls with a long input cost instead.
    pub long: Option<LongPrice>,
}

/// Prices per million tokens of a call whose input is long: all of the call is billed at these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LongPrice {
    /// The longest input that still has the ordinary price.
    pub above: Tokens,
    /// Input.
    pub input: Cost,
    /// Input from the provider's prompt cache; as other input where it is not given.
    pub cached_input: Option<Cost>,
    /// Input that is written to the provider's prompt cache; as other input where it is not given.
    pub cache_write: Option<Cost>,
    /// Output.
    pub output: Cost,
}

/// The tokens of a call, as the provider reports them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Input, with what came from the provider's cache and what was written to it.
    pub input: Tokens,
    /// The part of the input that came from the provider's cache.
    pub cached_input: Tokens,
    /// The part of the input that was written to the provider's cache.
    pub cache_write: Tokens,
    /// Output, reasoning included.
    pub output: Tokens,
}

impl Price {
    /// The most that a call with at most this input and this output can cost, however much of the
    /// input is read from the provider's cache or written to it.
    pub fn worst(&self, input: Tokens, output: Tokens) -> Cost {
        let plain = self.rates();
        match self.long {
            Some(long) if input > long.above => {
                plain.worst(long.above, output).max(long.rates().worst(input, output))
            }
            _ => plain.worst(input, output),
        }
    }

    /// What a call cost. Never more than [`Price::worst`] of its input and output.
    pub fn billed(&self, used: &Used) -> Cost {
        match self.long {
            Some(long) if used.input > long.above => long.rates().billed(used),
            _ => self.rates().billed(used),
        }
    }

    fn rates(&self) -> Rates {
        Rates::new(self.input, self.cached_input, self.cache_write, self.output)
    }
}

impl LongPrice {
    fn rates(&self) -> Rates {
        Rates::new(self.input, self.cached_input, self.cache_write, self.output)
    }
}

// The prices of one tier, with nothing left open.
#[derive(Clone, Copy)]
struct Rates {
    input: Cost,
    cached: Cost,
    write: Cost,
    output: Cost,
}

impl Rates {
    fn new(input: Cost, cached: Option<Cost>, write: Option<Cost>, output: Cost) -> Rates {
        Rates { input, cached: cached.unwrap_or(input), write: write.unwrap_or(input), output }
    }

    fn worst(self, input: Tokens, output: Tokens) -> Cost {
        let dearest = self.input.max(self.cached).max(self.write);
        total(&[(dearest, input.0), (self.output, output.0)])
    }

    fn billed(self, used: &Used) -> Cost {
        // A provider that reports more parts than there is input is not believed.
        let cached = used.cached_input.0.min(used.input.0);
        let write = used.cache_write.0.min(used.input.0 - cached);
        let plain = used.input.0 - cached - write;
        total(&[
            (self.input, plain),
            (self.cached, cached),
            (self.write, write),
            (self.output, used.output.0),
        ])
    }
}

// Rounded up once, over all parts: parts that were rounded on their own could come to more than a
// bound on the whole.
fn total(parts: &[(Cost, u64)]) -> Cost {
    let nanos = parts
        .iter()
        .map(|(price, tokens)| i128::from(price.0) * i128::from(*tokens))
        .fold(0_i128, i128::saturating_add);
    let rounded = nanos.saturating_add(999_999).div_euclid(1_000_000);
    Cost(i64::try_from(rounded).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONG: LongPrice = LongPrice {
        above: Tokens(2000),
        input: Cost(2_000_000),
        cached_input: Some(Cost(200_000)),
        cache_write: None,
        output: Cost(6_000_000),
    };

    const PRICE: Price = Price {
        input: Cost(1_000_000),
        cached_input: Some(Cost(100_000)),
        cache_write: Some(Cost(1_250_000)),
        output: Cost(4_000_000),
        batch_input: None,
        batch_output: None,
        long: Some(LONG),
    };

    fn used(input: u64, cached: u64, write: u64, output: u64) -> Used {
        Used {
            input: Tokens(input),
            cached_input: Tokens(cached),
            cache_write: Tokens(write),
            output: Tokens(output),
        }
    }

    #[test]
    fn each_part_of_a_call_has_its_price() {
        assert_eq!(PRICE.billed(&used(1000, 400, 200, 100)), Cost(400 + 40 + 250 + 400));
        assert_eq!(PRICE.worst(Tokens(1000), Tokens(100)), Cost(1250 + 400));
    }

    #[test]
    fn a_long_input_changes_the_price_of_the_whole_call() {
        assert_eq!(PRICE.billed(&used(2000, 0, 0, 100)), Cost(2000 + 400));
        assert_eq!(PRICE.billed(&used(2001, 0, 1, 100)), Cost(4002 + 600));
        // Were the long price the cheaper one, a shorter input would still cost what it costs.
        let long = LongPrice { input: Cost(1), output: Cost(1), ..LONG };
        let odd = Price { long: Some(long), ..PRICE };
        assert_eq!(odd.worst(Tokens(2001), Tokens(100)), Cost(2500 + 400));
    }

    #[test]
    fn more_parts_than_input_and_more_money_than_there_is_do_no_harm() {
        assert_eq!(PRICE.billed(&used(10, 400, 400, 0)), Cost(1));
        assert_eq!(PRICE.worst(Tokens(u64::MAX), Tokens(u64::MAX)), Cost(i64::MAX));
    }

    #[test]
    fn what_is_rounded_is_the_whole() {
        let thousandth = Price { input: Cost(1), output: Cost(1), ..Price::default() };
        assert_eq!(thousandth.billed(&used(3, 1, 1, 1)), Cost(1));
    }

    fn cost() -> impl Strategy<Value = Cost> {
        prop_oneof![0..3_i64, 0..200_000_000_000_i64].prop_map(Cost)
    }

    fn tokens() -> impl Strategy<Value = Tokens> {
        prop_oneof![0..5_u64, 0..3_000_000_u64].prop_map(Tokens)
    }

    fn price() -> impl Strategy<Value = Price> {
        let some = || proptest::option::of(cost());
        let long = (tokens(), cost(), some(), some(), cost()).prop_map(
            |(above, input, cached_input, cache_write, output)| LongPrice {
                above,
                input,
                cached_input,
                cache_write,
                output,
            },
        );
        (cost(), some(), some(), cost(), proptest::option::of(long)).prop_map(
            |(input, cached_input, cache_write, output, long)| Price {
                input,
                cached_input,
                cache_write,
                output,
                long,
                ..Price::default()
            },
        )
    }

    proptest! {
        #[test]
        fn no_call_is_billed_more_than_its_worst_case(
            price in price(), input in tokens(), cached_input in tokens(), cache_write in tokens(),
            output in tokens(), more in (tokens(), tokens()),
        ) {
            let used = Used { input, cached_input, cache_write, output };
            let billed = price.billed(&used);
            prop_assert!(billed <= price.worst(input, output));
            // And no more than the worst case of a call that could have been larger.
            let larger = price.worst(Tokens(input.0 + more.0.0), Tokens(output.0 + more.1.0));
            prop_assert!(billed <= larger);
        }
    }
}
