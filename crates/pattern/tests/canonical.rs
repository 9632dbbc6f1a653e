//! Parse, print and canonical form on generated patterns.

mod support;

use entente_pattern::parse;
use proptest::prelude::*;
use support::observations;

proptest! {
    #[test]
    fn printing_a_generated_pattern_keeps_its_tree(observation in observations()) {
        let pattern = parse(&observation.to_string()).unwrap();
        prop_assert_eq!(parse(&pattern.to_string()), Ok(pattern));
    }
}
