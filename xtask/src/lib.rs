//! The project's own chores, run as `cargo xtask …`.
//!
//! | Command | What it does |
//! |---|---|
//! | `check` | everything a machine can judge without running the program: format, layers, licences, vendored files, lints, clippy, docs |
//! | `test` | installs what tests need beyond Rust, runs all of them, prints one closing line |
//! | `bench` | runs every benchmark and prints one table beside the physical limits measured in the same run |
//! | `vendor` | holds vendored files against their digests, or fetches them anew |
//! | `codes` | brings `docs/errors.md` up to the codes of the sources |
//! | `registries` | writes the lists of registered names anew from unpacked packages |
//! | `fuzz` | runs each fuzz target for a while |
//!
//! A check is a function from the tree to a list of complaints; an empty list is a pass. What could not be checked is
//! said aloud and never counted as a pass. Nothing here is shipped, and nothing here is needed to build the program.

#![forbid(unsafe_code)]

pub mod bench;
pub mod check;
pub mod codes;
pub mod fuzz;
pub mod layers;
pub mod licence;
pub mod limits;
pub mod lint;
pub mod place;
pub mod process;
pub mod registries;
pub mod supply;
pub mod tally;
pub mod test;
pub mod tools;
pub mod vendor;
