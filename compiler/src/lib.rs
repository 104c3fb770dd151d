//! From `.flow` text to a checked plan. Pure: no disk, network, clock or environment.

pub mod ast;
