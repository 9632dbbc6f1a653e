//! Why a document cannot be read as a whole.

use entente_stix::{JsonError, ParseError};

/// Says why a document cannot be read as a whole; single rows are [`crate::Rejected`] instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The stream failed.
    #[error("the document cannot be read")]
    Io(#[source] std::io::Error),
    /// The compressed document passes a limit of [`crate::Inflation`].
    #[error("the document inflates beyond a limit")]
    Inflation(#[source] std::io::Error),
    /// The document, or what it inflates to, exceeds a limit.
    #[error("{what} exceeds {limit}")]
    Limit {
        /// What is too large, in words.
        what: &'static str,
        /// The bound, in the unit that `what` implies.
        limit: u64,
    },
    /// The compression cannot be undone.
    #[error("compression `{kind}` is not accepted here")]
    Compression {
        /// The compression found: `zip`, or `nested` for a second layer.
        kind: &'static str,
    },
    /// The JSON text is not well formed.
    #[error("the document is not well-formed JSON")]
    Json(#[from] JsonError),
    /// The STIX wrapper is not well formed.
    #[error("the document is not a STIX bundle, envelope or list")]
    Stix(#[from] ParseError),
    /// The JSON text has none of the shapes of the format.
    #[error("the document has none of the shapes of `{format}`")]
    Shape {
        /// The name of the format.
        format: &'static str,
    },
    /// A table is read without a map.
    #[error("a table needs a map of its columns")]
    MapMissing,
    /// The map names a column that the table has not.
    #[error("the table has no column `{column}`")]
    ColumnMissing {
        /// The column, as the map names it.
        column: String,
    },
    /// The map contradicts itself or names an unknown kind or class.
    #[error("the map of columns has an unknown word `{word}`")]
    MapWord {
        /// The word.
        word: String,
    },
}

impl From<std::io::Error> for FormatError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::FileTooLarge { Self::Inflation(error) } else { Self::Io(error) }
    }
}

impl FormatError {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "format.io",
            Self::Inflation(_) | Self::Limit { .. } => "format.limit",
            Self::Compression { .. } => "format.compression",
            Self::Json(error) => error.code(),
            Self::Stix(error) => error.code(),
            Self::Shape { .. } => "format.shape",
            Self::MapMissing => "map.missing",
            Self::ColumnMissing { .. } => "map.column",
            Self::MapWord { .. } => "map.word",
        }
    }
}
