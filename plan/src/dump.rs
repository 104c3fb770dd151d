//! Plans as stable text.
