//! The country of an address, by the delegation files of the five regional Internet registries.
//!
//! The table (1.3 MB) comes with the crate `iptocc`, MIT or Apache-2.0. It says for which country a registry delegated
//! the block to its *holder*, not where the machine stands, nor what the holder's own records say about a part of the
//! block. On 9,134 reported addresses of South-East Asia it agrees with those records for 98 % in Viet Nam and 90 % in
//! Malaysia, where carriers hold their own blocks, and for 43 % in Singapore, where foreign cloud providers do.
//!
//! GAP: a country from this table is therefore a last resort: what a source states wins, and whoever shows the answer
//! shows its basis.

use crate::{Kind, Observable};

/// Returns the ISO 3166-1 alpha-2 code of an address, upper case.
///
/// A network has a country only if its first and last address agree. Other kinds, and addresses that no registry
/// delegated to a country, have none.
///
/// ```
/// use entente_observable::{Kind, country, normalise};
///
/// let private = normalise("10.0.0.1", Some(Kind::Ipv4Addr))?.observable;
/// assert_eq!(country::of_address(&private), None);
/// # Ok::<(), entente_observable::ObservableError>(())
/// ```
#[must_use]
pub fn of_address(observable: &Observable) -> Option<[u8; 2]> {
    match observable.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => code(&observable.value),
        Kind::Network => {
            let (first, last) = crate::address::bounds(&observable.value)?;
            code(&first.to_string()).filter(|country| code(&last.to_string()) == Some(*country))
        }
        _ => None,
    }
}

fn code(address: &str) -> Option<[u8; 2]> {
    let text = iptocc::country_code(address)?;
    let code: [u8; 2] = text.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_uppercase).then_some(code)
}
