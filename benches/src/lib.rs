//! What the benchmarks share: a program made ready to run, a load in a closed loop, a provider that
//! costs next to nothing, and what a process has used.

pub mod load;
pub mod process;
pub mod program;
pub mod provider;

/// Why a benchmark could not measure.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
