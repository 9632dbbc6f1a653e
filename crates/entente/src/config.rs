//! The node's configuration: one TOML file, overridden by `ENTENTE_…` variables, overridden by flags.

use std::fs;
use std::path::{Path, PathBuf};

use entente_exchange::node::{Band, Home, Node};
use entente_exchange::{Exchange, system_clock};
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, exit};

/// The file `entente.toml`. Unknown keys are errors.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Who runs the node.
    pub(crate) node: NodeSection,
    /// How it serves.
    #[serde(default)]
    pub(crate) serve: ServeSection,
    /// How commands print.
    #[serde(default)]
    pub(crate) output: OutputSection,
}

/// `[node]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeSection {
    /// Party id.
    pub(crate) name: String,
    /// Name of the organisation.
    pub(crate) title: String,
    /// Role word of an agreement.
    pub(crate) role: String,
    /// Country code, or `INT`.
    pub(crate) country: String,
    /// Host name by which agreements and checkpoints call the node.
    pub(crate) host: String,
    /// Kind of node.
    #[serde(default)]
    pub(crate) band: Band,
}

/// `[serve]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServeSection {
    /// Address to listen on.
    pub(crate) listen: String,
    /// Base address other nodes call; `http://<listen>` when empty.
    pub(crate) public_url: String,
    /// Seconds between exchanges with other nodes; 0 switches the schedule off.
    pub(crate) sync_every_s: u64,
    /// Whether a proxy in front ends TLS; without it only loopback addresses are accepted.
    pub(crate) behind_proxy: bool,
}

impl Default for ServeSection {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8440".to_owned(), public_url: String::new(), sync_every_s: 5, behind_proxy: false }
    }
}

/// `[output]`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OutputSection {
    /// Whether tables show values defanged.
    pub(crate) defang: bool,
}

/// A configuration and where it was read.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// The home directory.
    pub(crate) home: PathBuf,
    /// The configuration.
    pub(crate) config: Config,
}

/// Name of the file in a node's home.
pub(crate) const FILE: &str = "entente.toml";

/// The home directory: the one named, else `ENTENTE_HOME`, else the working directory.
#[must_use]
pub(crate) fn home_of(named: Option<&Path>) -> PathBuf {
    match named {
        Some(home) => home.to_path_buf(),
        None => std::env::var_os("ENTENTE_HOME").map_or_else(|| PathBuf::from("."), PathBuf::from),
    }
}

/// Whether the node's configuration asks for defanged tables; no when there is none that can be read.
#[must_use]
pub(crate) fn defangs(named: Option<&Path>) -> bool {
    Loaded::read(named).is_ok_and(|loaded| loaded.config.output.defang)
}

impl Loaded {
    /// Reads the configuration of the node in `home`, or of `ENTENTE_HOME`, or of the working directory.
    ///
    /// # Errors
    /// `config.missing` with the command that creates one, `config.unsafe` when others could write the file, `config.invalid` with
    /// line and key, `config.variable` with the variable.
    pub(crate) fn read(home: Option<&Path>) -> Result<Self, Failure> {
        let home = home_of(home);
        let path = home.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| {
            Failure::new(exit::FAILURE, "config.missing", format!("no configuration at `{}`: {error}", path.display()))
                .hint("entente init --party ID --name NAME --role ROLE --country CC --host HOST")
        })?;
        check_owner(&path)?;
        let config: Config = toml::from_str(&text).map_err(|error| {
            let line = error
                .span()
                .map_or(0, |span| text.get(..span.start).map_or(0, |before| before.matches('\n').count() + 1));
            Failure::new(
                exit::USAGE,
                "config.invalid",
                format!("`{}` line {line}: {}", path.display(), error.message()),
            )
        })?;
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(PREFIX) && name.contains("__"));
        Ok(Self { home, config: overridden(config, variables)? })
    }

    /// Who runs the node.
    #[must_use]
    pub(crate) fn node(&self) -> Node {
        let section = &self.config.node;
        Node {
            party: section.name.clone(),
            name: section.title.clone(),
            role: section.role.clone(),
            country: section.country.clone(),
            host: section.host.clone(),
            url: self.public_url(),
            band: section.band,
        }
    }

    /// The base address other nodes call.
    #[must_use]
    pub(crate) fn public_url(&self) -> String {
        let serve = &self.config.serve;
        if serve.public_url.is_empty() { format!("http://{}", serve.listen) } else { serve.public_url.clone() }
    }

    /// Opens the node.
    ///
    /// # Errors
    /// Those of [`Exchange::open`].
    pub(crate) fn open(&self) -> Result<Exchange, Failure> {
        Ok(Exchange::open(Home::at(&self.home), self.node(), system_clock())?)
    }
}

impl Config {
    /// Writes the file into a home that has none.
    ///
    /// # Errors
    /// `config.exists`, or a file error.
    pub(crate) fn create(&self, home: &Path) -> Result<(), Failure> {
        let path = home.join(FILE);
        if path.exists() {
            let message = format!("`{}` exists already; a node is created once", path.display());
            return Err(Failure::new(exit::USAGE, "config.exists", message).hint("entente doctor"));
        }
        create_private(home).map_err(|e| Failure::file("create", home, &e))?;
        let text = toml::to_string(self).map_err(|e| Failure::new(exit::FAILURE, "config.invalid", e.to_string()))?;
        // Readable by its owner alone, and in no case writable by a group, whatever the umask.
        Ok(entente_exchange::node::write_secret(&path, &text)?)
    }
}

const PREFIX: &str = "ENTENTE_";

/// Lays variables such as `ENTENTE_SERVE__LISTEN` over the file.
fn overridden(config: Config, variables: impl Iterator<Item = (String, String)>) -> Result<Config, Failure> {
    let mut variables = variables.peekable();
    if variables.peek().is_none() {
        return Ok(config);
    }
    let invalid = |message: String| Failure::new(exit::USAGE, "config.variable", message);
    let mut table = toml::Table::try_from(&config).map_err(|e| invalid(e.to_string()))?;
    for (name, value) in variables {
        let unknown = || invalid(format!("variable `{name}` names no key of the configuration"));
        let lower = name.trim_start_matches(PREFIX).to_ascii_lowercase();
        let (section, key) = lower.split_once("__").ok_or_else(unknown)?;
        let held = table.get_mut(section).and_then(|section| section.get_mut(key)).ok_or_else(unknown)?;
        *held = match held {
            toml::Value::Boolean(_) => value.parse().map(toml::Value::Boolean).ok(),
            toml::Value::Integer(_) => value.parse().map(toml::Value::Integer).ok(),
            _ => Some(toml::Value::String(value.clone())),
        }
        .ok_or_else(|| invalid(format!("variable `{name}`: `{value}` does not fit")))?;
    }
    table.try_into().map_err(|e: toml::de::Error| invalid(format!("variables of the environment: {}", e.message())))
}

/// A configuration that another user could write is refused, as is one that belongs to a third user (`config.unsafe`).
#[cfg(unix)]
fn check_owner(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let held = fs::metadata(path).map_err(|e| Failure::file("read", path, &e))?;
    // The kernel says who this process is; where it does not, only the mode is looked at.
    let own = fs::metadata("/proc/self").map_or(held.uid(), |process| process.uid());
    if held.mode() & 0o022 == 0 && (held.uid() == own || held.uid() == 0) {
        return Ok(());
    }
    let problem = format!("`{}` may be changed by others than its user", path.display());
    Err(Failure::new(exit::FAILURE, "config.unsafe", problem).hint(format!("chmod go-w {}", path.display())))
}

#[cfg(not(unix))]
fn check_owner(_path: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Makes a new directory that only its owner may enter; one that exists stays as it is.
fn create_private(home: &Path) -> std::io::Result<()> {
    if home.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(home)
}

#[cfg(test)]
mod tests {
    use super::{Config, overridden};

    fn config() -> Config {
        toml::from_str(
            "[node]\nname = \"northtel\"\ntitle = \"Northtel\"\nrole = \"private\"\ncountry = \"XN\"\nhost = \"northtel.example\"\n",
        )
        .unwrap()
    }

    fn with(name: &str, value: &str) -> Result<Config, crate::failure::Failure> {
        overridden(config(), [(name.to_owned(), value.to_owned())].into_iter())
    }

    #[test]
    fn variables_override_the_file_by_section_and_key() {
        // Would break: a container that sets its port by a variable listens on the port of the file.
        assert_eq!(with("ENTENTE_SERVE__LISTEN", "127.0.0.1:9").unwrap().serve.listen, "127.0.0.1:9");
        assert_eq!(with("ENTENTE_SERVE__SYNC_EVERY_S", "0").unwrap().serve.sync_every_s, 0);
        assert!(with("ENTENTE_OUTPUT__DEFANG", "true").unwrap().output.defang);
    }

    #[test]
    fn a_variable_that_fits_no_key_is_an_error() {
        // Would break: a misspelt variable is ignored, and the node runs as nobody meant it to.
        for (name, value) in [
            ("ENTENTE_SERVE__LISTN", "127.0.0.1:9"),
            ("ENTENTE_SERV__LISTEN", "127.0.0.1:9"),
            ("ENTENTE_SERVE__SYNC_EVERY_S", "soon"),
            ("ENTENTE_NODE__BAND", "festive"),
        ] {
            assert_eq!(with(name, value).unwrap_err().code, "config.variable", "{name}");
        }
    }
}
