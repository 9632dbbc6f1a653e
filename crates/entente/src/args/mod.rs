//! The grammar of the command line: `entente <noun> <verb>`, with a few verbs at the top for daily work.

mod agreement;
mod ledger;
mod recall;
mod reciprocity;
mod review;
mod simulate;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use entente_agreement::plain::Language;

pub(crate) use agreement::{AgreementAmend, AgreementLife, Consenting};
pub(crate) use ledger::Ledger;
pub(crate) use recall::{Recall, RecallCommand};
pub(crate) use reciprocity::{PartyAffiliate, PartyProfile, Reciprocity, ReciprocityCommand};
pub(crate) use review::{Review, ReviewAct};
pub(crate) use simulate::SimulateArgs;

/// Threat-intelligence exchange under agreement.
#[derive(Debug, Parser)]
#[command(
    name = "entente",
    version,
    about = "Threat-intelligence exchange under agreement",
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Directory of the node; else ENTENTE_HOME, else the working directory
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE, display_order = 100)]
    pub(crate) home: Option<PathBuf>,
    /// Print exactly one JSON document; errors are one JSON line on stderr
    #[arg(long, global = true, conflicts_with = "jsonl", help_heading = EVERYWHERE, display_order = 101)]
    pub(crate) json: bool,
    /// Print one JSON object per line, the last one a summary
    #[arg(long, global = true, help_heading = EVERYWHERE, display_order = 102)]
    pub(crate) jsonl: bool,
    /// Print only data, no notes
    #[arg(long, short, global = true, help_heading = EVERYWHERE, display_order = 103)]
    pub(crate) quiet: bool,
    /// Show values defanged in tables
    #[arg(long, global = true, help_heading = EVERYWHERE, display_order = 104)]
    pub(crate) defang: bool,
    /// Begin tab-separated output with a header line
    #[arg(long, global = true, help_heading = EVERYWHERE, display_order = 105)]
    pub(crate) header: bool,
}

/// Heading of the flags that every command has.
const EVERYWHERE: &str = "Flags of every command";

/// Commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a node: its directory, configuration and keys
    Init(Init),
    /// Run the node: TAXII, REST and console, and the exchange with other nodes
    Serve(Serve),
    /// Play the whole story on real nodes with built-in synthetic data, or on a corpus
    Demo(Demo),
    /// Know other parties
    #[command(subcommand)]
    Party(Party),
    /// Draft, sign, verify, suspend agreements
    #[command(subcommand)]
    Agreement(AgreementCommand),
    /// Hand objects to the node; the format is detected
    Admit(Admit),
    /// What is known about these values, from whom, and who may see it
    Check(Check),
    /// One object or value with its provenance
    Show {
        /// Id of an object, or a value, defanged or not
        object: String,
    },
    /// Why, or why not, may a party have an object
    Explain(Explain),
    /// Record that a text was read, a legal hold or an embargo
    Review(Review),
    /// What was released
    #[command(subcommand)]
    Release(Release),
    /// Take released objects back, and follow how far it is
    Recall(Recall),
    /// Write the proof of a release or of a received object to files
    #[command(subcommand)]
    Receipt(Receipt),
    /// Check receipts, agreements and checkpoints offline
    Verify(Verify),
    /// Exchange with other nodes now
    Sync {
        /// Only with this party
        party: Option<String>,
    },
    /// Read a collection of any TAXII 2.1 server
    Pull(Pull),
    /// Add objects to a collection of any TAXII 2.1 server
    Push(Push),
    /// Write what is held, or what a party may have, to a file
    Export(Export),
    /// The transparency log: sizes, checkpoints, tree check
    #[command(subcommand)]
    Ledger(Ledger),
    /// What a party gave and received, by usefulness; information only
    Reciprocity(Reciprocity),
    /// Tokens for other parties and for programs
    #[command(subcommand)]
    Token(Token),
    /// Validate and identify STIX objects, offline
    #[command(subcommand)]
    Stix(Stix),
    /// Check, match and compare STIX patterns, offline
    #[command(subcommand)]
    Pattern(PatternCommand),
    /// Write objects of one version of STIX in another, offline
    Convert(Convert),
    /// Formats that `admit` reads and `export` writes
    Formats,
    /// Check the node and say how to mend it
    Doctor {
        /// Exit with 6 when there are findings of this level
        #[arg(long, value_name = "LEVEL", value_parser = ["warning"])]
        fail_on: Option<String>,
    },
}

/// `init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Party id: lower-case letters, digits and hyphens
    #[arg(long)]
    pub(crate) party: String,
    /// Name of the organisation
    #[arg(long)]
    pub(crate) name: String,
    /// private, police, cert, regulator, isac or other
    #[arg(long)]
    pub(crate) role: String,
    /// ISO 3166-1 alpha-2 code, or INT for an international body
    #[arg(long)]
    pub(crate) country: String,
    /// Host name by which agreements and checkpoints call the node
    #[arg(long)]
    pub(crate) host: String,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:8440")]
    pub(crate) listen: String,
    /// Base address other nodes call, when it differs from the address listened on
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) url: String,
    /// Kind of node; demo admits documentation addresses
    #[arg(long, default_value = "production", value_parser = ["production", "test", "demo"])]
    pub(crate) band: String,
}

/// `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address to listen on, in place of the configured one
    #[arg(long)]
    pub(crate) listen: Option<String>,
    /// Print a one-time link to the console even when stderr is not a terminal
    #[arg(long)]
    pub(crate) link: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Corpus of contributions in place of the synthetic one: a directory with `parties/*.csv.gz`
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Countries of the synthetic corpus
    #[arg(long, value_delimiter = ',', default_value = "SG,MT,BH,MU,LU,IS,CY,LI")]
    pub(crate) countries: Vec<String>,
    /// Keep the nodes in this new directory
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Leave the nodes and their consoles running until interrupted
    #[arg(long)]
    pub(crate) serve: bool,
}

/// `party …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Party {
    /// Add a party by its card, and how to call its node
    Add {
        /// The card it gave you
        card: PathBuf,
        /// Token id it issued for this node
        #[arg(long, requires = "token_file")]
        token: Option<String>,
        /// File (mode 0600) with the token's secret
        #[arg(long, value_name = "FILE")]
        token_file: Option<PathBuf>,
        /// Base address of its node, when it differs from the card's
        #[arg(long)]
        url: Option<String>,
        /// Take another key than the one known without asking
        #[arg(long)]
        yes: bool,
    },
    /// Parties this node knows
    List,
    /// One party, or this node's own card to give to others
    Show {
        /// Party id; this node's own card when left out
        party: Option<String>,
    },
    /// Where a party stands on the five stages, with every number it follows from
    Profile(PartyProfile),
    /// Declare two parties affiliated, so that neither confirms what the other gives
    Affiliate(PartyAffiliate),
}

/// `agreement …`.
#[derive(Debug, Subcommand)]
pub(crate) enum AgreementCommand {
    /// Draft an agreement with a known party
    New(AgreementNew),
    /// Check a draft: its faults with their lines, or its terms in plain words
    Check {
        /// The text or note
        file: PathBuf,
        /// Language of the plain words: en, fr, es, ar or it
        #[arg(long, value_name = "TAG", default_value = "en", value_parser = language)]
        lang: Language,
    },
    /// Sign a draft or countersign a note; installs it once every party has signed
    Sign {
        /// The text or note; the signature is added to this file
        file: PathBuf,
    },
    /// Check all signatures of a note, offline
    Verify {
        /// The note
        file: PathBuf,
    },
    /// Where the first text is broader or narrower than the second, with examples
    Compare {
        /// A text or note, or the id of an agreement of this node
        a: String,
        /// What it is compared with
        b: String,
    },
    /// What a draft would release and withhold of past admissions, before anyone signs
    Simulate(SimulateArgs),
    /// Agreements of this node
    List,
    /// One agreement in plain words
    Show {
        /// Agreement id, or a file
        agreement: String,
        /// Language of the plain words: en, fr, es, ar or it
        #[arg(long, value_name = "TAG", default_value = "en", value_parser = language)]
        lang: Language,
        /// Print the signed note itself
        #[arg(long)]
        note: bool,
    },
    /// Suspend: no release and no delivery from now on
    Suspend {
        /// Agreement id
        id: String,
        /// Why, in a few words; the other parties read it
        #[arg(long)]
        reason: String,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
    /// Lift this party's suspension
    Resume {
        /// Agreement id
        id: String,
    },
    /// What leads to an agreement, changes it and ends it
    #[command(flatten)]
    Life(AgreementLife),
}

/// `agreement new`.
#[derive(Debug, Args)]
pub(crate) struct AgreementNew {
    /// Template: telco-police, cert-community, isp-isp or operation
    #[arg(long, default_value = "telco-police")]
    pub(crate) template: String,
    /// The other parties: ids of parties that are known, or files with their cards; several for more than two parties
    #[arg(long, value_name = "CARD", visible_alias = "partner", num_args = 1.., required = true)]
    pub(crate) with: Vec<String>,
    /// Agreement id
    #[arg(long, default_value = "agr-1")]
    pub(crate) id: String,
    /// Days it is valid from now
    #[arg(long, default_value_t = 365)]
    pub(crate) valid_days: u16,
    /// Highest TLP either way: clear, green, amber, amber+strict
    #[arg(long, default_value = "amber")]
    pub(crate) tlp_max: String,
    /// Highest age of what is exchanged, in days
    #[arg(long, default_value_t = 180)]
    pub(crate) max_age_days: u16,
    /// To whom GREEN data may go on: role:ROLE or party:ID
    #[arg(long, value_delimiter = ',', default_value = "role:police,role:cert")]
    pub(crate) community: Vec<String>,
    /// Legal instrument it rests on, such as the reference of a memorandum
    #[arg(long, value_name = "TEXT")]
    pub(crate) instrument: Option<String>,
    /// Text of that instrument, to be named by its SHA-256
    #[arg(long, value_name = "FILE", requires = "instrument")]
    pub(crate) instrument_file: Option<PathBuf>,
    /// File to write; stdout when left out
    #[arg(long, short)]
    pub(crate) out: Option<PathBuf>,
}

/// `admit`.
#[derive(Debug, Args)]
pub(crate) struct Admit {
    /// Files, or `-` for stdin
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Format, when it cannot be detected; see `entente formats`
    #[arg(long)]
    pub(crate) format: Option<String>,
    /// Marking of what carries none: clear, green, amber, amber+strict, red
    #[arg(long)]
    pub(crate) tlp: Option<String>,
    /// Confidence of what states none, 0-100
    #[arg(long, default_value_t = 50)]
    pub(crate) confidence: u8,
    /// Whom it is about, when the format does not say: infrastructure, victim, suspect, other-person
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// What the values are, when the format does not say: c2, phishing, compromised, malware-distribution, scanner
    #[arg(long)]
    pub(crate) role: Option<String>,
    /// Column mapping of a CSV (TOML); not needed when its columns are called value, type, role, country …
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Only admit; release later with the node's own schedule
    #[arg(long)]
    pub(crate) no_release: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// File with one value a line, or `-` for stdin
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// Exit with 6 when a value is at least this: attackers' with a score of 70, scored 30, known at all
    #[arg(long, value_name = "LEVEL", value_parser = ["malicious", "suspicious", "known", "any"])]
    pub(crate) fail_on: Option<String>,
}

/// `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Id of an object, a value, or a code such as `agreement.state` or `STIX-E-301`
    pub(crate) object: String,
    /// The party that would receive it
    #[arg(long = "for", value_name = "PARTY")]
    pub(crate) party: Option<String>,
    /// The instant to decide for, RFC 3339
    #[arg(long)]
    pub(crate) at: Option<String>,
}

/// `release …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Release {
    /// Rows of the manifests, newest first
    List {
        /// Only this agreement
        #[arg(long)]
        agreement: Option<String>,
        /// Rows at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
}

/// `receipt …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Receipt {
    /// Write object, receipt and policy files for `entente verify`
    Show {
        /// Id of a received object; or the manifest position with --agreement and --to
        object: String,
        /// Agreement of a release of this node
        #[arg(long, requires = "to")]
        agreement: Option<String>,
        /// Recipient of a release of this node
        #[arg(long, requires = "agreement")]
        to: Option<String>,
        /// Directory for the three files
        #[arg(long, short, default_value = ".")]
        out: PathBuf,
    },
}

/// `verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Receipts (`.tlog-proof`, with the object in the `.json` beside it), agreements, checkpoints
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Policy file (tlog-policy); else the `.policy` file beside each receipt
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Signed agreement the receipts must belong to
    #[arg(long, value_name = "FILE")]
    pub(crate) agreement: Option<PathBuf>,
}

/// `pull`.
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// Address of a collection (`…/collections/<id>/`)
    pub(crate) url: String,
    /// User name or token id
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// File with password or token secret
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// File that remembers how far the collection was read
    #[arg(long, value_name = "FILE")]
    pub(crate) cursor_file: Option<PathBuf>,
    /// Write objects here as JSON lines, in place of stdout
    #[arg(long, short)]
    pub(crate) out: Option<PathBuf>,
}

/// `push`.
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// STIX bundle, envelope, list, object or JSON lines
    pub(crate) file: PathBuf,
    /// Address of a collection (`…/collections/<id>/`)
    #[arg(long)]
    pub(crate) to: String,
    /// User name or token id
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// File with password or token secret
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
}

/// `export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// csv, list or stix
    pub(crate) format: String,
    /// Only what this party may have through the door `export`; else everything, for use in the house
    #[arg(long = "for", value_name = "PARTY")]
    pub(crate) party: Option<String>,
    /// File to write; stdout when left out
    #[arg(long, short)]
    pub(crate) out: Option<PathBuf>,
}

/// `token …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Issue a token; the secret is shown once
    New {
        /// Party it speaks for; `own` for this organisation's programs
        party: String,
        /// Write the secret to this new file (mode 0600) in place of stdout
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
    },
    /// Tokens issued
    List,
    /// A link that opens the console once, within 15 minutes
    Link,
    /// End a token at once
    Revoke {
        /// Token id
        id: String,
    },
}

/// `convert`.
#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// A file of the old version, plain, gzip or zstd; `-` for stdin
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// What the file holds
    #[arg(long, value_name = "FORMAT", value_parser = ["stix20"])]
    pub(crate) from: String,
    /// What to write
    #[arg(long, value_name = "FORMAT", value_parser = ["stix21"])]
    pub(crate) to: String,
    /// Say `is_family` of malware, which STIX 2.0 does not tell
    #[arg(long)]
    pub(crate) malware_is_family: bool,
}

/// `stix …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Stix {
    /// Hold objects against every rule of STIX 2.1
    Validate(StixValidate),
    /// The deterministic id of observables, or why there is none
    Id {
        /// Files as for `stix validate`, or `-`; none with --jsonl: one request a line on stdin
        files: Vec<PathBuf>,
    },
}

/// `stix validate`.
#[derive(Debug, Args)]
pub(crate) struct StixValidate {
    /// Bundles, envelopes, lists, objects or JSON lines, plain, gzip or zstd; `-` for stdin; none with --jsonl: one
    /// request a line on stdin
    pub(crate) files: Vec<PathBuf>,
    /// standard; strict: a broken SHOULD is an error; lenient: only what makes an object unfit to hold is an error
    #[arg(long, default_value = "standard", value_parser = ["standard", "strict", "lenient"])]
    pub(crate) profile: String,
    /// Resolve references within each file: note what is not in it, and hold translations and custom properties against
    /// what they are about
    #[arg(long)]
    pub(crate) refs: bool,
    /// Findings listed at most, the worst first; all are counted [default: 100, or 10000 with --json and --jsonl]
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    /// Exit with 6 when there are findings of this severity or worse
    #[arg(long, value_name = "SEVERITY", value_parser = ["error", "warning"])]
    pub(crate) fail_on: Option<String>,
}

/// `pattern …`.
#[derive(Debug, Subcommand)]
pub(crate) enum PatternCommand {
    /// Read patterns: `valid`, or where each breaks the grammar
    Check(PatternCheck),
    /// Match observations against a pattern
    Match(PatternMatch),
    /// Print patterns in their canonical form
    Canonical {
        /// Patterns; else one a line on stdin
        patterns: Vec<String>,
        /// Print the SHA-256 of the canonical text in its place
        #[arg(long)]
        digest: bool,
        /// Version of the grammar
        #[arg(long, default_value = "2.1", value_parser = ["2.0", "2.1"])]
        stix_version: String,
    },
    /// Whether two patterns match the same observations: `true` or `false`
    Equivalent {
        /// A pattern
        a: Option<String>,
        /// Another pattern
        #[arg(requires = "a")]
        b: Option<String>,
        /// Version of the grammar
        #[arg(long, default_value = "2.1", value_parser = ["2.0", "2.1"])]
        stix_version: String,
    },
    /// The values whose presence a pattern looks for
    Keys {
        /// Patterns; else one a line on stdin
        patterns: Vec<String>,
        /// Version of the grammar
        #[arg(long, default_value = "2.1", value_parser = ["2.0", "2.1"])]
        stix_version: String,
    },
}

/// `pattern check`.
#[derive(Debug, Args)]
pub(crate) struct PatternCheck {
    /// Patterns; else one a line on stdin
    pub(crate) patterns: Vec<String>,
    /// Hold types, properties, operators and literals against each other as well
    #[arg(long)]
    pub(crate) types: bool,
    /// Version of the grammar
    #[arg(long, default_value = "2.1", value_parser = ["2.0", "2.1"])]
    pub(crate) stix_version: String,
    /// Exit with 6 when a pattern is invalid
    #[arg(long, value_name = "VERDICT", value_parser = ["invalid"])]
    pub(crate) fail_on: Option<String>,
}

/// `pattern match`.
#[derive(Debug, Args)]
pub(crate) struct PatternMatch {
    /// The pattern; left out with --jsonl: one request a line on stdin
    pub(crate) pattern: Option<String>,
    /// Files with observed-data and their observables; `-` for stdin
    #[arg(requires = "pattern")]
    pub(crate) files: Vec<PathBuf>,
    /// Match each observation by itself, not all of them as one history
    #[arg(long)]
    pub(crate) each: bool,
    /// Version of the grammar
    #[arg(long, default_value = "2.1", value_parser = ["2.0", "2.1"])]
    pub(crate) stix_version: String,
    /// Exit with 6 when nothing matches
    #[arg(long, value_name = "VERDICT", value_parser = ["no-match"])]
    pub(crate) fail_on: Option<String>,
}

/// Reads the tag of a language of plain words.
fn language(tag: &str) -> Result<Language, String> {
    let known = || Language::ALL.map(Language::tag).join(", ");
    Language::parse(tag).ok_or_else(|| format!("plain words are in {}", known()))
}
