//! Tiles: the immutable files a log is read from (c2sp.org/tlog-tiles).
//!
//! Hash `i` of tile `n` on tile level `l` covers the entries from `(n * 256 + i) * 256^l` up to
//! `(n * 256 + i + 1) * 256^l`, so tile level `l` is binary level `8 * l` of [`crate::merkle`].

use crate::Hash;
use crate::hash::parse_decimal;
use crate::leaf::LEAF_SIZE_BYTES_MAX;
use crate::merkle;

/// The number of hashes or entries of a full tile.
pub const FULL_WIDTH: u16 = 256;

const LEVEL_MAX: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// Tree hashes of this tile level, 32 bytes each.
    Hashes(u8),
    /// The entries themselves, each behind its length.
    Entries,
}

/// The name of a tile.
///
/// # Invariants
///
/// The level is at most 63 and the width from 1 to 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    content: Content,
    index: u64,
    width: u16,
}

impl Tile {
    /// Creates the name of a tile; `None` if the level passes 63 or the width is not from 1 to 256.
    #[must_use]
    pub fn new(content: Content, index: u64, width: u16) -> Option<Tile> {
        let level_valid = !matches!(content, Content::Hashes(level) if level > LEVEL_MAX);
        (level_valid && (1..=FULL_WIDTH).contains(&width)).then_some(Tile { content, index, width })
    }

    /// Returns what the tile holds.
    #[must_use]
    pub const fn content(&self) -> Content {
        self.content
    }

    /// Returns the position of the tile on its level, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Returns the number of hashes or entries, 256 for a full tile.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Says whether the tile is full; only full tiles are kept for ever.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == FULL_WIDTH
    }

    /// Says whether everything in the tile is covered by a published checkpoint of this size.
    ///
    /// A tile beyond it does not exist for readers.
    #[must_use]
    pub fn is_within(&self, size: u64) -> bool {
        self.width <= width_at(self.content, self.index, size)
    }

    /// Writes the path below the log's prefix, without a slash in front: `tile/0/x001/x234/067.p/8`.
    #[must_use]
    pub fn path(&self) -> String {
        let level = match self.content {
            Content::Hashes(level) => level.to_string(),
            Content::Entries => "entries".to_owned(),
        };
        let mut groups = vec![format!("{:03}", self.index % 1_000)];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        groups.reverse();
        let partial = if self.is_full() { String::new() } else { format!(".p/{}", self.width) };
        format!("tile/{level}/{}{partial}", groups.join("/"))
    }

    /// Reads the path that [`Tile::path`] writes; any other spelling is `None`.
    #[must_use]
    pub fn parse_path(path: &str) -> Option<Tile> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let content = match level {
            "entries" => Content::Entries,
            level => Content::Hashes(u8::try_from(parse_decimal(level)?).ok()?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, u16::try_from(parse_decimal(width)?).ok().filter(|w| *w < FULL_WIDTH)?),
            None => (rest, FULL_WIDTH),
        };
        let mut index = 0_u64;
        for group in groups.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        // The index alone decides where the prefix `x` stands and that no group is superfluous.
        Tile::new(content, index, width).filter(|tile| tile.path() == path)
    }
}

/// Returns the number of hashes on a tile level (or of entries) in a log of this size.
#[must_use]
pub fn count_at(content: Content, size: u64) -> u64 {
    match content {
        Content::Entries => size,
        Content::Hashes(level) => size.checked_shr(u32::from(level).saturating_mul(8)).unwrap_or(0),
    }
}

/// Returns the width of a tile in a log of this size, 0 if the tile is empty and must not be served.
#[must_use]
pub fn width_at(content: Content, index: u64, size: u64) -> u16 {
    let start = index.saturating_mul(u64::from(FULL_WIDTH));
    let width = count_at(content, size).saturating_sub(start).min(u64::from(FULL_WIDTH));
    u16::try_from(width).unwrap_or(FULL_WIDTH)
}

/// Names all tiles of a log of this size with the widths they have then: hash tiles by level, then entries.
pub fn tiles_of(size: u64) -> impl Iterator<Item = Tile> {
    let levels = (0..=7).map(Content::Hashes).chain([Content::Entries]);
    levels.flat_map(move |content| {
        let tiles = count_at(content, size).div_ceil(u64::from(FULL_WIDTH));
        (0..tiles).filter_map(move |index| Tile::new(content, index, width_at(content, index, size)))
    })
}

/// Takes a hash tile: its name and its hashes.
pub type TileSink<'a, E> = dyn FnMut(Tile, &[Hash]) -> Result<(), E> + 'a;

/// Cuts the leaf hashes of a log, as they come, into the hash tiles of all levels.
///
/// Each tile is handed out once: when it is full, or with the width it has at the end. Holds at most 255 hashes a level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiler {
    /// By level: the index of the tile that is being filled, and its hashes.
    levels: Vec<(u64, Vec<Hash>)>,
}

impl Tiler {
    /// Takes the next leaf hash and hands out the tiles that it fills, lowest level first.
    ///
    /// # Errors
    ///
    /// What `each` returns; the tiler is of no use then.
    pub fn push<E>(&mut self, leaf: Hash, each: &mut TileSink<'_, E>) -> Result<(), E> {
        let mut hash = leaf;
        for level in 0..=LEVEL_MAX {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push((0, Vec::new()));
            }
            let Some((index, hashes)) = self.levels.get_mut(at) else { break };
            hashes.push(hash);
            if hashes.len() < usize::from(FULL_WIDTH) {
                break;
            }
            each(Tile { content: Content::Hashes(level), index: *index, width: FULL_WIDTH }, hashes)?;
            hash = merkle::root(hashes);
            *index = index.saturating_add(1);
            hashes.clear();
        }
        Ok(())
    }

    /// Hands out the tiles that are not full.
    ///
    /// # Errors
    ///
    /// What `each` returns.
    pub fn finish<E>(self, each: &mut TileSink<'_, E>) -> Result<(), E> {
        for (level, (index, hashes)) in (0..=LEVEL_MAX).zip(&self.levels).filter(|(_, (_, hashes))| !hashes.is_empty())
        {
            let width = u16::try_from(hashes.len()).unwrap_or(FULL_WIDTH);
            each(Tile { content: Content::Hashes(level), index: *index, width }, hashes)?;
        }
        Ok(())
    }
}

/// Reads the content of a hash tile; `None` if its length is not `width` hashes.
#[must_use]
pub fn parse_hashes(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == usize::from(width)).then(|| hashes.iter().copied().map(Hash).collect())
}

/// Writes the content of a hash tile.
#[must_use]
pub fn encode_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Writes the content of an entry tile: each entry behind its length in two bytes, big-endian.
///
/// `None` if an entry is longer than [`LEAF_SIZE_BYTES_MAX`].
#[must_use]
pub fn encode_entries<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).ok().filter(|_| entry.len() <= LEAF_SIZE_BYTES_MAX)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Some(bytes)
}

/// Reads the content of an entry tile; `None` if it does not hold exactly `width` entries.
///
/// Entries of foreign logs may be up to 65,535 bytes.
#[must_use]
pub fn parse_entries(bytes: &[u8], width: u16) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::with_capacity(usize::from(width.min(FULL_WIDTH)));
    let mut rest = bytes;
    for _ in 0..width {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    rest.is_empty().then_some(entries)
}

/// Computes the complete node `(level, index)` of [`merkle`] from the tiles of a log of this size.
///
/// `read` returns the hashes of a tile (it may return more than the width asked for, as a full tile does in place of a
/// partial one). `None` if the node is not in the log or a tile is missing. Cost: one tile and at most 255 hashes.
pub fn node(level: u8, index: u64, size: u64, read: &mut dyn FnMut(Tile) -> Option<Vec<Hash>>) -> Option<Hash> {
    let (tile_level, height) = (level / 8, u32::from(level % 8));
    let content = Content::Hashes(tile_level);
    let first = index.checked_shl(height).filter(|first| *first >> height == index)?;
    let (tile_index, offset) = (first / u64::from(FULL_WIDTH), usize::try_from(first % u64::from(FULL_WIDTH)).ok()?);
    let tile = Tile::new(content, tile_index, width_at(content, tile_index, size))?;
    let end = offset.checked_add(1_usize.checked_shl(height)?)?;
    if end > usize::from(tile.width) {
        return None;
    }
    Some(merkle::root(read(tile)?.get(offset..end)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(size: u64, content: Content) -> Vec<(u64, u16)> {
        let tiles: Vec<Tile> = tiles_of(size).filter(|tile| tile.content == content).collect();
        let full = tiles.iter().filter(|tile| tile.is_full()).count() as u64;
        let partial = tiles.iter().filter(|tile| !tile.is_full()).map(|tile| (tile.index, tile.width));
        std::iter::once((full, FULL_WIDTH)).filter(|(count, _)| *count > 0).chain(partial).collect()
    }

    #[test]
    fn a_growing_log_is_cut_into_the_tiles_of_its_size() {
        let leaves: Vec<Hash> = (0..66_000_u32).map(|number| merkle::leaf_hash(&number.to_be_bytes())).collect();
        for size in [0, 1, 255, 256, 257, 512, 65_535, 65_536, 66_000] {
            let mut cut: Vec<(Tile, Vec<Hash>)> = Vec::new();
            let mut tiler = Tiler::default();
            let mut keep = |tile: Tile, hashes: &[Hash]| {
                cut.push((tile, hashes.to_vec()));
                Ok::<(), ()>(())
            };
            for leaf in &leaves[..size] {
                tiler.push(*leaf, &mut keep).unwrap();
            }
            tiler.finish(&mut keep).unwrap();
            cut.sort();
            let expected: Vec<Tile> =
                tiles_of(size as u64).filter(|tile| matches!(tile.content, Content::Hashes(_))).collect();
            assert_eq!(cut.iter().map(|(tile, _)| *tile).collect::<Vec<_>>(), expected, "size {size}");
            for (tile, hashes) in cut {
                let Content::Hashes(level) = tile.content else { unreachable!() };
                let span = 256_usize.pow(u32::from(level));
                assert_eq!(hashes.len(), usize::from(tile.width));
                for (at, hash) in (usize::try_from(tile.index).unwrap() * 256..).zip(hashes) {
                    assert_eq!(hash, merkle::root(&leaves[at * span..(at + 1) * span]), "{} at {at}", tile.path());
                }
            }
        }
    }

    #[test]
    fn the_tiles_of_a_size_are_those_of_the_table() {
        // Size; then per level the number of full tiles and index and width of the partial one.
        type Row = (u64, [&'static [(u64, u16)]; 3]);
        let table: [Row; 9] = [
            (0, [&[], &[], &[]]),
            (1, [&[(0, 1)], &[], &[]]),
            (2, [&[(0, 2)], &[], &[]]),
            (255, [&[(0, 255)], &[], &[]]),
            (256, [&[(1, 256)], &[(0, 1)], &[]]),
            (257, [&[(1, 256), (1, 1)], &[(0, 1)], &[]]),
            (65_535, [&[(255, 256), (255, 255)], &[(0, 255)], &[]]),
            (65_536, [&[(256, 256)], &[(1, 256)], &[(0, 1)]]),
            (70_000, [&[(273, 256), (273, 112)], &[(1, 256), (1, 17)], &[(0, 1)]]),
        ];
        for (size, levels) in table {
            for (level, expected) in (0..).zip(levels) {
                assert_eq!(shape(size, Content::Hashes(level)), expected, "size {size}, level {level}");
            }
            assert_eq!(shape(size, Content::Entries), levels[0], "size {size}, entries");
        }
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |content, index, width| Tile::new(content, index, width).unwrap().path();
        assert_eq!(path(Content::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Content::Hashes(63), 0, 1), "tile/63/000.p/1");
        assert_eq!(path(Content::Entries, 1_000, 255), "tile/entries/x001/000.p/255");
        assert_eq!(Tile::new(Content::Hashes(64), 0, 1), None);
        assert_eq!(Tile::new(Content::Entries, 0, 257), None);
    }

    #[test]
    fn other_spellings_of_a_path_are_refused() {
        for path in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/x001/x000",
            "tile/0/001/000",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/",
            "tile/0/000.p",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/٠٠٠",
            "tile/data/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/../000",
        ] {
            assert_eq!(Tile::parse_path(path), None, "{path:?}");
        }
    }

    #[test]
    fn nothing_beyond_the_published_size_is_within_it() {
        let tile = |width| Tile::new(Content::Hashes(0), 1, width).unwrap();
        assert!(tile(44).is_within(300));
        assert!(!tile(45).is_within(300));
        assert!(!tile(256).is_within(511));
        assert!(tile(256).is_within(512));
    }

    #[test]
    fn entries_are_read_back_and_a_damaged_tile_is_refused() {
        let entries: [&[u8]; 3] = [b"one", b"", &[7; 1_024]];
        let bytes = encode_entries(entries).unwrap();
        assert_eq!(parse_entries(&bytes, 3).unwrap(), entries);
        assert_eq!(parse_entries(&bytes, 2), None);
        assert_eq!(parse_entries(&bytes, 4), None);
        assert_eq!(parse_entries(&bytes[..bytes.len() - 1], 3), None);
        assert_eq!(encode_entries([&[0_u8; 1_025][..]]), None);
    }

    #[test]
    fn proofs_made_from_tiles_verify() {
        let leaves: Vec<Hash> = (0..70_000_u32).map(|n| merkle::leaf_hash(&n.to_be_bytes())).collect();
        let mut edge = merkle::Edge::new();
        let mut stored = std::collections::BTreeMap::new();
        for leaf in &leaves {
            for (level, index, hash) in edge.push(*leaf) {
                stored.insert((level, index), hash);
            }
        }
        let size = edge.size();
        let mut read = |tile: Tile| {
            let Content::Hashes(level) = tile.content() else { return None };
            let start = tile.index() * 256;
            (start..start + u64::from(tile.width())).map(|i| stored.get(&(level * 8, i)).copied()).collect()
        };
        for index in [0, 255, 65_536, 69_999] {
            let proof = merkle::inclusion_proof(index, size, &mut |l, i| node(l, i, size, &mut read)).unwrap();
            let leaf = leaves[usize::try_from(index).unwrap()];
            assert_eq!(merkle::verify_inclusion(&leaf, index, size, &proof, &edge.root()), Ok(()));
        }
        assert_eq!(node(0, size, size, &mut read), None);
        assert_eq!(node(63, u64::MAX, size, &mut read), None);
    }

    proptest! {
        #[test]
        fn a_path_is_read_back(level in 0_u8..64, index in any::<u64>(), width in 1_u16..=256, entries in any::<bool>()) {
            let content = if entries { Content::Entries } else { Content::Hashes(level) };
            let tile = Tile::new(content, index, width).unwrap();
            prop_assert_eq!(Tile::parse_path(&tile.path()), Some(tile));
        }

        #[test]
        fn any_text_is_a_path_or_refused(text in "tile/[0-9x./p]{0,30}") {
            if let Some(tile) = Tile::parse_path(&text) {
                prop_assert_eq!(tile.path(), text);
            }
        }
    }
}
