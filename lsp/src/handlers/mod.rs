//! Between the protocol and `ide/`: what a request asks, and the answer in its terms.

pub(crate) mod capabilities;
pub(crate) mod fixes;
