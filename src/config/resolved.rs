//! Settings with where each comes from: defaults, then the file, then the environment, then
//! flags.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::ProjectPattern;
use crate::layout::paths;

use super::settings::{self, Form, Setting};
use super::yaml::FileSettings;
use super::{
    AccessSettings, Config, Reflection, RoomSettings, ServiceLimits, TlsSettings, WithoutToken,
    duration, size,
};

/// What settings are taken from. Later ones go before earlier ones.
pub struct Sources<'a> {
    /// The file's name and what it sets; none when there is none.
    pub file: Option<(String, FileSettings)>,
    /// Returns a variable of the environment; an empty one counts as none.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Returns the values of a flag by the setting's key; none when it is not there.
    pub flag: &'a dyn Fn(&Setting) -> Option<Vec<String>>,
    /// The user's home; none when it is not known.
    pub home: Option<PathBuf>,
    /// The user's folder for sockets; none when there is none.
    pub runtime_directory: Option<PathBuf>,
}

/// Where the value of a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// This file.
    File(String),
    /// This variable.
    Variable(String),
    /// This flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file) => f.write_str(file),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => write!(f, "--{flag}"),
        }
    }
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum SettingError {
    #[error("the settings in {file} are not valid: {problem}")]
    File { file: String, problem: String },
    #[error("{key} is {value:?} ({origin}): {problem}")]
    Value { key: String, value: String, origin: Origin, problem: String },
    #[error("{0}")]
    Together(String),
}

/// All settings, with where each comes from.
#[derive(Debug, Clone)]
pub struct Resolved {
    values: BTreeMap<&'static str, (Vec<String>, Origin)>,
}

impl Resolved {
    /// Takes each setting from the last source that has it, and the paths that rest on others
    /// from those.
    ///
    /// # Errors
    /// When there is no home to put the root into.
    pub fn of(sources: &Sources<'_>) -> Result<Self, SettingError> {
        let mut resolved = Self::of_defaults();
        for setting in settings::all() {
            if let Some(found) = find(setting, sources) {
                resolved.values.insert(setting.key, found);
            }
        }
        resolved.settle_paths(sources)?;
        Ok(resolved)
    }

    /// Returns the settings that nobody set.
    pub(super) fn of_defaults() -> Self {
        let texts = |setting: &Setting| match setting.default {
            "" => Vec::new(),
            text => vec![text.to_owned()],
        };
        let values =
            settings::all().map(|setting| (setting.key, (texts(setting), Origin::Default)));
        Self { values: values.collect() }
    }

    /// Gives what has no fixed default its place.
    fn settle_paths(&mut self, sources: &Sources<'_>) -> Result<(), SettingError> {
        let root = match self.path("root") {
            Some(root) => root,
            None => sources.home.as_ref().map(|home| home.join("run-agent")).ok_or_else(|| {
                SettingError::Together(
                    "there is no home directory to put the root into; give --root DIR".to_owned(),
                )
            })?,
        };
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let root = absolute(&root);
        self.set("root", &root);
        for (key, default) in [
            ("tokens", root.join(paths::tokens().as_str())),
            ("uds", socket(&root, sources.runtime_directory.as_deref())),
        ] {
            if self.path(key).is_none() && !(key == "uds" && self.switch("no_uds")?) {
                self.set(key, &default);
            }
        }
        Ok(())
    }

    fn set(&mut self, key: &'static str, path: &Path) {
        if let Some((texts, _)) = self.values.get_mut(key) {
            *texts = vec![path.display().to_string()];
        }
    }

    /// Returns each setting with its values and where they come from, in the order of the
    /// table.
    pub fn each(&self) -> impl Iterator<Item = (&'static Setting, &[String], &Origin)> {
        settings::all().map(|setting| {
            let (texts, origin) = &self.values[setting.key];
            (setting, texts.as_slice(), origin)
        })
    }

    /// Returns what they add up to.
    ///
    /// # Errors
    /// The first value that is none, or settings that do not go together.
    pub fn config(&self, runtime_directory: Option<&Path>) -> Result<Config, SettingError> {
        for (setting, _, _) in self.each() {
            self.check(setting)?;
        }
        let root = self.path("root").unwrap_or_default();
        let uds = self.path("uds");
        if self.switch("no_uds")? && uds.is_some() {
            return Err(SettingError::Together("no_uds is set, and uds too: unset one".into()));
        }
        // A second server of the same user, with another root, must find a place too.
        let is_default = self.values["uds"].1 == Origin::Default;
        let second = || runtime_directory.map(|_| root.join(paths::socket().as_str()));
        Ok(Config {
            listen: self.text("listen").unwrap_or_default(),
            uds_fallback: uds.as_ref().filter(|_| is_default).and_then(|_| second()),
            uds,
            web_origins: self.values["web_origin"].0.clone(),
            web_hosts: self.values["web_host"].0.clone(),
            tls: self.tls()?,
            access: self.access()?,
            http: self.text("http"),
            audit_log: self.path("audit_log"),
            access_log: self.switch("access_log")?,
            room: self.room()?,
            limits: ServiceLimits::take(self)?,
            drain_timeout: self.time("drain_timeout")?,
            root,
        })
    }

    fn tls(&self) -> Result<Option<TlsSettings>, SettingError> {
        let missing = |there: &str, missing: &str| {
            SettingError::Together(format!("{there} is set and {missing} is not: TLS needs both"))
        };
        let client_authority = self.path("tls_client_ca");
        match (self.path("tls_cert"), self.path("tls_key")) {
            (Some(certificate), Some(key)) => {
                Ok(Some(TlsSettings { certificate, key, client_authority }))
            }
            (Some(_), None) => Err(missing("tls_cert", "tls_key")),
            (None, Some(_)) => Err(missing("tls_key", "tls_cert")),
            (None, None) if client_authority.is_some() => {
                Err(missing("tls_client_ca", "tls_cert with tls_key"))
            }
            (None, None) => Ok(None),
        }
    }

    fn access(&self) -> Result<AccessSettings, SettingError> {
        let without_token = match (self.switch("require_token")?, self.switch("allow_local_users")?)
        {
            (true, true) => {
                return Err(SettingError::Together(
                    "require_token and allow_local_users exclude each other".into(),
                ));
            }
            (true, false) => WithoutToken::Nobody,
            (false, true) => WithoutToken::LocalUsers,
            (false, false) => WithoutToken::Owner,
        };
        let reflection = match self.text("reflection").as_deref() {
            Some("open") => Reflection::Open,
            Some("off") => Reflection::Off,
            _ => Reflection::Authenticated,
        };
        let tokens = self.path("tokens").unwrap_or_default();
        Ok(AccessSettings { tokens, without_token, reflection })
    }

    fn room(&self) -> Result<RoomSettings, SettingError> {
        let quotas = self.values["project_quota"].0.iter();
        let quotas = quotas.map(|text| {
            quota(text).map_err(|problem| self.refused("project_quota", text, problem))
        });
        Ok(RoomSettings {
            quotas: quotas.collect::<Result<_, _>>()?,
            free_bytes_min: self.number("free_bytes_min")?,
        })
    }

    /// Says what is wrong with a value of a setting, and where that comes from.
    pub fn refused(&self, key: &str, value: &str, problem: impl Into<String>) -> SettingError {
        let origin = self.values.get(key).map_or(Origin::Default, |(_, origin)| origin.clone());
        let (key, value) = (key.to_owned(), value.to_owned());
        SettingError::Value { key, value, origin, problem: problem.into() }
    }

    /// Returns a single value, when there is one.
    pub fn text(&self, key: &str) -> Option<String> {
        let (texts, _) = self.values.get(key)?;
        texts.last().filter(|text| !text.is_empty()).cloned()
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    fn switch(&self, key: &str) -> Result<bool, SettingError> {
        let text = self.text(key).unwrap_or_default();
        match text.as_str() {
            "true" | "1" | "yes" => Ok(true),
            "" | "false" | "0" | "no" => Ok(false),
            _ => Err(self.refused(key, &text, "write true or false")),
        }
    }

    /// Returns a number, of bytes or of something else.
    pub(super) fn number(&self, key: &str) -> Result<u64, SettingError> {
        let text = self.text(key).unwrap_or_default();
        let refused = |problem: String| self.refused(key, &text, problem);
        let (number, min, max) = match settings::find(key).map(|setting| setting.form) {
            Some(Form::Bytes(min, max)) => {
                let bytes = size::parse(&text).map_err(refused)?;
                (u64::try_from(bytes).unwrap_or_default(), min, max)
            }
            Some(Form::Count(min, max)) => {
                let number = text.parse().map_err(|_| refused("write a number".into()))?;
                (number, min, max)
            }
            _ => return Err(refused("it is no number".into())),
        };
        if (min..=max).contains(&number) {
            return Ok(number);
        }
        Err(refused(format!("it is to be from {min} to {max}")))
    }

    /// Returns a time.
    pub(super) fn time(&self, key: &str) -> Result<Duration, SettingError> {
        let text = self.text(key).unwrap_or_default();
        let refused = |problem: String| self.refused(key, &text, problem);
        let time = duration::parse(&text).map_err(refused)?;
        let Some(Form::Time(min, max)) = settings::find(key).map(|setting| setting.form) else {
            return Err(refused("it is no time".into()));
        };
        let (min, max) = (Duration::from_millis(min), Duration::from_millis(max));
        if (min..=max).contains(&time) {
            return Ok(time);
        }
        let (min, max) = (duration::text(min), duration::text(max));
        Err(refused(format!("it is to be from {min} to {max}")))
    }

    /// Refuses a value that is none.
    fn check(&self, setting: &Setting) -> Result<(), SettingError> {
        let key = setting.key;
        match setting.form {
            Form::Switch => self.switch(key).map(drop),
            Form::Count(..) | Form::Bytes(..) => self.number(key).map(drop),
            Form::Time(..) => self.time(key).map(drop),
            Form::Word(words) => match self.text(key) {
                Some(text) if !words.contains(&text.as_str()) => {
                    Err(self.refused(key, &text, format!("it is one of {}", words.join(", "))))
                }
                _ => Ok(()),
            },
            Form::Text | Form::Path | Form::List => Ok(()),
        }
    }
}

fn find(setting: &Setting, sources: &Sources<'_>) -> Option<(Vec<String>, Origin)> {
    if let Some(texts) = (sources.flag)(setting) {
        return Some((texts, Origin::Flag(setting.flag())));
    }
    let variable = setting.variable();
    if let Some(text) = (sources.variable)(&variable).filter(|text| !text.is_empty()) {
        let texts = match setting.form {
            Form::List => text.split(',').map(|text| text.trim().to_owned()).collect(),
            _ => vec![text],
        };
        return Some((texts, Origin::Variable(variable)));
    }
    let (file, settings) = sources.file.as_ref()?;
    Some((settings.get(setting.key)?.clone(), Origin::File(file.clone())))
}

/// Returns the socket's path when none is given.
fn socket(root: &Path, runtime_directory: Option<&Path>) -> PathBuf {
    // The XDG rules: a relative path counts as none.
    match runtime_directory.filter(|directory| directory.is_absolute()) {
        Some(directory) => directory.join("callboard.sock"),
        None => root.join(paths::socket().as_str()),
    }
}

fn quota(text: &str) -> Result<(ProjectPattern, u64), String> {
    let (pattern, bytes) = text.split_once('=').ok_or("write PATTERN=SIZE, as in swarm*=10GiB")?;
    let pattern = ProjectPattern::parse(pattern).map_err(|error| error.to_string())?;
    let bytes = size::parse(bytes)?;
    Ok((pattern, u64::try_from(bytes).unwrap_or_default()))
}
