//! The configuration file: what flags and the environment leave open.
//!
//! TOML at `GUICANG_CONFIG`, or `$XDG_CONFIG_HOME/guicang/config.toml` (by default under
//! `~/.config`). Only a file that was named has to exist.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::exit::{Exit, Explain, Failure};
use crate::language::Language;
use crate::texts::failures;

/// The file's settings, each as its flag would have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The branch's file.
    pub db: Option<PathBuf>,
    /// The server's folder.
    pub data: Option<PathBuf>,
    /// The language: `zh` or `en`.
    pub lang: Option<String>,
    /// `table`, `json`, `jsonl`, `csv` or `csv-bom`.
    pub format: Option<String>,
    /// Who works here, where `--user` doesn't say.
    pub user: Option<String>,
    /// What one device may add at the relay in an hour, in bytes.
    pub quota_bytes: Option<NonZeroU64>,
    /// The same, in changes.
    pub quota_changes: Option<NonZeroU64>,
    /// The same, in positions of feeds.
    pub quota_positions: Option<NonZeroU64>,
    /// What one device without a right may have set apart in all, in bytes.
    pub quota_apart_bytes: Option<NonZeroU64>,
}

/// Why the configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("the configuration {path} can't be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file isn't TOML, or has a setting that there isn't.
    #[error("the configuration {path} is wrong: {detail}")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where, what was found and what is wanted.
        detail: String,
    },
}

impl Config {
    /// The configuration that the environment points at; empty when there is none.
    ///
    /// # Errors
    /// [`ConfigError`] when a file is there and can't be used, or a named one isn't there.
    pub fn load(env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name| env(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        if let Some(named) = set("GUICANG_CONFIG") {
            return Self::read(&named);
        }
        let home = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|h| h.join(".config")));
        match home.map(|h| h.join("guicang").join("config.toml")) {
            Some(usual) if usual.exists() => Self::read(&usual),
            _ => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        toml::from_str(&text)
            .map_err(|e| ConfigError::Malformed { path: path.into(), detail: e.to_string().trim().into() })
    }
}

impl Explain for ConfigError {
    fn explain(&self, language: Language, _: &str) -> Failure {
        let (path, message) = match self {
            ConfigError::Read { path, source } => {
                (path, failures::config_unreadable(language, &path.display(), source))
            }
            ConfigError::Malformed { path, detail } => {
                (path, failures::config_malformed(language, &path.display(), detail))
            }
        };
        Failure::new(Exit::Usage, message, failures::config_next(language, &path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A misspelt setting is named: silently passing it over would leave the shop on another file.
    #[test]
    fn a_misspelt_setting_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "lang = \"en\"\nbd = \"shop.guicang\"\n").unwrap();
        let error = Config::load(&|n| (n == "GUICANG_CONFIG").then(|| path.display().to_string()));
        let failure = error.unwrap_err().explain(Language::En, "guicang");
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.contains("bd"), "{}", failure.message);
    }

    #[test]
    fn the_file_is_read_and_may_be_absent() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().display().to_string();
        let env = |n: &str| (n == "XDG_CONFIG_HOME").then(|| home.clone());
        assert_eq!(Config::load(&env).unwrap(), Config::default());
        std::fs::create_dir(folder.path().join("guicang")).unwrap();
        std::fs::write(folder.path().join("guicang/config.toml"), "db = \"a.guicang\"").unwrap();
        assert_eq!(Config::load(&env).unwrap().db, Some("a.guicang".into()));
        let named = Config::load(&|n| (n == "GUICANG_CONFIG").then(|| "/nowhere/at/all".into()));
        assert!(matches!(named, Err(ConfigError::Read { .. })));
    }
}
