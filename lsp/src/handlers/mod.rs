//! Between the protocol and `ide/`: what a request asks, and the answer in its terms.

pub(crate) mod capabilities;
pub(crate) mod code_actions;
pub(crate) mod completion;
pub(crate) mod fixes;
pub(crate) mod hierarchy;
pub(crate) mod lenses;
pub(crate) mod names;
pub(crate) mod outline;
pub(crate) mod panels;
pub(crate) mod shown;
pub(crate) mod tokens;
