//! Style sheet, scripts and icon, built into the program.
//!
//! Each has a name that contains the hash of its content, so that it may be kept for ever, and an integrity value
//! for the page that loads it. Nothing is ever asked from another origin.

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha384};
use std::sync::LazyLock;

/// One embedded file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Path below the root of the node, for example `/assets/console-1f3a….css`.
    pub(crate) path: String,
    /// Value for the `integrity` attribute (Subresource Integrity, SHA-384).
    pub(crate) integrity: String,
    /// Media type.
    pub(crate) media_type: &'static str,
    /// Content.
    pub(crate) bytes: &'static [u8],
}

/// All embedded files by use.
#[derive(Debug)]
pub(crate) struct Assets {
    /// The style sheet of every page.
    pub(crate) style: Asset,
    /// Our own module: keyboard, copy buttons, reader's local time.
    pub(crate) script: Asset,
    /// The module that recomputes proofs, for the pages of the ledger.
    pub(crate) proof: Asset,
    /// htmx, unchanged from its package.
    pub(crate) htmx: Asset,
    /// The icon of the tab.
    pub(crate) icon: Asset,
}

impl Assets {
    /// Returns the file at a path, if there is one.
    pub(crate) fn find(&self, path: &str) -> Option<&Asset> {
        [&self.style, &self.script, &self.proof, &self.htmx, &self.icon].into_iter().find(|asset| asset.path == path)
    }
}

impl Asset {
    /// Returns the content without copying it.
    pub(crate) fn body(&self) -> Bytes {
        Bytes::from_static(self.bytes)
    }
}

/// The embedded files; the hashes are computed once.
pub(crate) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    style: asset("console", "css", "text/css; charset=utf-8", include_bytes!("../assets/console.css")),
    script: asset("console", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/console.js")),
    proof: asset("proof", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/proof.js")),
    htmx: asset("htmx", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/vendor/htmx.min.js")),
    icon: asset("icon", "svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
});

fn asset(stem: &str, extension: &str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    let digest = Sha256::digest(bytes);
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Asset {
        path: format!("/assets/{stem}-{name}.{extension}"),
        integrity: format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes))),
        media_type,
        bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn names_carry_the_hash_of_the_content() {
        let path = &ASSETS.htmx.path;
        // The beginning of the SHA-256 recorded in `vendor.toml`.
        assert_eq!(path, "/assets/htmx-a0abb04f2f45a1f8.js");
        assert!(ASSETS.find(path).is_some());
        assert!(ASSETS.find("/assets/htmx.js").is_none());
    }

    #[test]
    fn own_scripts_and_styles_use_nothing_the_policy_forbids() {
        for asset in [&ASSETS.script, &ASSETS.proof] {
            let script = std::str::from_utf8(asset.bytes).unwrap();
            for word in ["eval(", "new Function", "innerHTML", "document.write", ".style.", "http://", "https://"] {
                assert!(!script.contains(word), "{}: {word}", asset.path);
            }
        }
        let style = std::str::from_utf8(ASSETS.style.bytes).unwrap();
        for word in ["@import", "url(http", "left:", "right:", "-left", "-right", "expression("] {
            assert!(!style.contains(word), "{word}");
        }
    }

    #[test]
    fn the_page_stays_light() {
        // LIMIT: 15 KB of style after gzip and 25 KB of own modules are the budget; 60 KB raw is well inside it.
        assert!(ASSETS.style.bytes.len() < 60_000);
        assert!(ASSETS.script.bytes.len() + ASSETS.proof.bytes.len() < 20_000);
    }
}
