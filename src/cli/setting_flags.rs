//! The flags of all settings of a server, made of their table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};

use crate::config::settings::{self, Form, Setting};
use crate::config::{self, Config, FileSettings, Resolved, SettingError, Sources};
use crate::disk;

use super::failure::Failure;

/// What the flags say.
#[derive(Debug, Clone, Default)]
pub(super) struct SettingFlags {
    file: Option<PathBuf>,
    values: BTreeMap<&'static str, Vec<String>>,
}

const FILE: &str = "config";
const FILE_VARIABLE: &str = "CALLBOARD_CONFIG";

impl SettingFlags {
    /// Takes flags of another command that mean the same.
    pub(super) fn of<const N: usize>(flags: [(&'static str, &Option<PathBuf>); N]) -> Self {
        let given = flags.into_iter().filter_map(|(key, path)| {
            let path = path.as_ref()?;
            Some((key, vec![path.display().to_string()]))
        });
        let file = std::env::var_os(FILE_VARIABLE).map(PathBuf::from);
        Self { file, values: given.collect() }
    }

    /// Returns all settings with where each comes from.
    pub(super) fn resolve(&self) -> Result<Resolved, Failure> {
        for setting in settings::all() {
            let name = setting.variable();
            if std::env::var_os(&name).is_some_and(|value| value.to_str().is_none()) {
                return Err(Failure::usage(format!("{name} is no UTF-8 text")));
            }
        }
        let variable = |name: &str| std::env::var(name).ok();
        let flag = |setting: &Setting| self.values.get(setting.key).cloned();
        let file = self.file()?;
        let sources = Sources {
            file,
            variable: &variable,
            flag: &flag,
            home: home(),
            runtime_directory: runtime_directory(),
        };
        Resolved::of(&sources).map_err(|error| refused(&error))
    }

    /// Returns what a server is told.
    pub(super) fn config(&self) -> Result<(Config, Resolved), Failure> {
        let resolved = self.resolve()?;
        let config =
            resolved.config(runtime_directory().as_deref()).map_err(|error| refused(&error))?;
        Ok((config, resolved))
    }

    /// Reads the file that is named, else the one in its usual place when there is one.
    fn file(&self) -> Result<Option<(String, FileSettings)>, Failure> {
        let named = self.file.clone().filter(|path| !path.as_os_str().is_empty());
        let is_named = named.is_some();
        let path = match (named, &self.file) {
            (Some(path), _) => path,
            // An empty name asks for none.
            (None, Some(_)) => return Ok(None),
            (None, None) => match usual_file() {
                Some(path) => path,
                None => return Ok(None),
            },
        };
        let name = path.display().to_string();
        let bytes = match disk::read_public(&path) {
            Err(error) if error.is_not_found() && !is_named => return Ok(None),
            read => read.map_err(|error| Failure::usage(error.to_string()))?,
        };
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::usage(format!("the settings in {name} are no UTF-8 text")))?;
        Ok(Some((name.clone(), config::read_file(&text, &name).map_err(|error| refused(&error))?)))
    }
}

fn refused(error: &SettingError) -> Failure {
    Failure::usage(error.to_string())
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

fn runtime_directory() -> Option<PathBuf> {
    std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute())
}

/// The file that is read when none is named, by the XDG rules.
fn usual_file() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder =
        folder.filter(|path| path.is_absolute()).or_else(|| Some(home()?.join(".config")))?;
    Some(folder.join(Path::new("callboard/config.yaml")))
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.file = matches.get_one::<PathBuf>(FILE).cloned();
        for setting in settings::all() {
            if let Some(values) = matches.get_many::<String>(setting.key) {
                self.values.insert(setting.key, values.cloned().collect());
            }
        }
        Ok(())
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(FILE)
            .long(FILE)
            .value_name("FILE")
            .env(FILE_VARIABLE)
            .hide_env_values(true)
            .value_parser(OsStringValueParser::new().map(PathBuf::from))
            .help("The YAML file with settings [default: ~/.config/callboard/config.yaml, when it is there]");
        settings::all().fold(command.arg(file), |command, setting| command.arg(flag(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(setting: &'static Setting) -> Arg {
    let said = setting.help.trim();
    let help = match setting.default {
        "" | "false" => said.to_owned(),
        default => format!("{said} [default: {default}]"),
    };
    let arg = Arg::new(setting.key)
        .long(setting.flag())
        .value_parser(value_parser!(String))
        .help(help)
        .help_heading(setting.heading);
    match setting.form {
        Form::Switch => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL")
            .hide_possible_values(true),
        Form::List => arg.value_name(setting.value_name).action(ArgAction::Append),
        Form::Word(_)
        | Form::Text
        | Form::Path
        | Form::Count(..)
        | Form::Bytes(..)
        | Form::Time(..) => arg.value_name(setting.value_name),
    }
}
