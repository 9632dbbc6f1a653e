//! Everything through which a node reaches outside itself: clock, random source, the way to other nodes, and its disk.
//!
//! The defaults are the system's. Whoever gives others can run several nodes in one process, from one seed, and see the same run
//! again.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use entente_stix::Timestamp;

use crate::error::{ExchangeError, Result};
use crate::wire::{Http, Wire};

/// Where the time comes from; tests and the demonstration set their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Fills bytes with random ones. Salts, tokens and the node's secrets are made of them.
pub type Random = Arc<dyn Fn(&mut [u8]) -> Result<()> + Send + Sync>;

/// What a node is given to reach outside itself.
#[derive(Clone)]
pub struct Ports {
    /// Where the time comes from.
    pub clock: Clock,
    /// Where random bytes come from.
    pub random: Random,
    /// How requests reach other nodes.
    pub wire: Arc<dyn Wire>,
    /// How the store is opened.
    pub store: entente_store::Options,
}

impl Ports {
    /// The system's random source, HTTP, and a store that waits for the disk, with the clock that is given.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        Self { clock, random: system_random(), wire: Arc::new(Http), store: entente_store::Options::default() }
    }
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").field("store", &self.store).finish_non_exhaustive()
    }
}

/// The system's clock in UTC.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    })
}

/// Random bytes from the operating system.
#[must_use]
pub fn system_random() -> Random {
    Arc::new(|bytes| getrandom::fill(bytes).map_err(|_| ExchangeError::Random))
}

/// `N` random bytes from a source.
pub(crate) fn random<const N: usize>(source: &Random) -> Result<[u8; N]> {
    let mut bytes = [0_u8; N];
    source(&mut bytes)?;
    Ok(bytes)
}
