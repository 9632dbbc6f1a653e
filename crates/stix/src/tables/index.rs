//! A look-up by name that costs one multiplication and, nearly always, one comparison.

/// Positions of names in a list, by a hash of length and three bytes; collisions go to the next free slot.
///
/// A slot holds the position plus one, zero is free.
///
/// # Invariants
///
/// `N` is a power of two of at most 256 and larger than the number of names, so that every search meets a free slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Index<const N: usize>([u8; N]);

impl<const N: usize> Index<N> {
    pub(super) const fn new() -> Self {
        assert!(N.is_power_of_two() && N <= 256, "the number of slots is a power of two");
        Self([0; N])
    }

    /// Adds the next name; `position` counts from zero.
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler only; `slot` is below N")]
    pub(super) const fn with(mut self, name: &str, position: u8) -> Self {
        assert!((position as usize) + 1 < N, "a slot stays free");
        let mut slot = Self::slot(name);
        while self.0[slot] != 0 {
            slot = (slot + 1) % N;
        }
        self.0[slot] = position + 1;
        self
    }

    /// Returns the positions at which `name` may stand.
    pub(super) fn candidates(&self, name: &str) -> impl Iterator<Item = usize> {
        let first = Self::slot(name);
        (0..N)
            .map_while(move |step| self.0.get(first.wrapping_add(step) % N).copied())
            .map_while(|position| usize::from(position).checked_sub(1))
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the empty name returned before, so every position is below the length"
    )]
    const fn slot(name: &str) -> usize {
        let bytes = name.as_bytes();
        let length = bytes.len();
        if length == 0 {
            return 0;
        }
        // Widening and reducing casts: `From` cannot be called where the compiler evaluates.
        let [first, middle, last] = [bytes[0] as u32, bytes[length / 2] as u32, bytes[length - 1] as u32];
        let mixed = ((length as u32) ^ (first << 8) ^ (middle << 16) ^ (last << 24)).wrapping_mul(0x9e37_79b1);
        (mixed >> 24) as usize % N
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_hash_are_all_found() {
        // Same length, first, middle and last byte.
        let index = Index::<8>::new().with("axbxc", 0).with("aybxc", 1).with("aybyc", 2);
        assert_eq!(index.candidates("axbxc").collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(index.candidates("azbzc").collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(Index::<8>::new().candidates("axbxc").next(), None);
    }
}
