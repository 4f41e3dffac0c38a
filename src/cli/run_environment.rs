//! What a command is told of its run: the variables that it finds.

use std::path::{Path, PathBuf};

use callboard_client::Address;

use crate::domain::BusId;
use crate::layout::paths;

use super::failure::Failure;

/// A run, as far as its command is told of it; or as much of its place as is known. What
/// is not known is empty.
pub(super) struct Place<'a> {
    /// The project.
    pub(super) project: &'a str,
    /// The task.
    pub(super) task: &'a str,
    /// The run.
    pub(super) run: &'a str,
    /// The run that started it; empty means none.
    pub(super) parent: &'a str,
    /// The run's folder, relative to the root.
    pub(super) run_path: &'a str,
    /// The root; none when it is on another host.
    pub(super) root: Option<&'a Path>,
    /// Where the server is, so that it means the same in every folder.
    pub(super) address: &'a str,
    /// The files of TLS.
    pub(super) tls: &'a TlsFiles,
}

/// The files of TLS, as absolute paths.
#[derive(Debug, Default)]
pub(super) struct TlsFiles {
    /// Whose certificates are trusted; none means the system's.
    pub(super) ca: Option<PathBuf>,
    /// The certificate that the server is shown; none means none.
    pub(super) cert: Option<PathBuf>,
    /// Its private key.
    pub(super) key: Option<PathBuf>,
}

/// A variable, and its value; none means that it is removed.
pub(super) type Variable = (&'static str, Option<String>);

/// Returns the variables to set and to remove. Those of folders are absolute paths, and
/// removed when the folders are on another host: what an outer run has set would be
/// wrong.
pub(super) fn variables(place: &Place<'_>) -> Vec<Variable> {
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let below_root = |path: &str| Some(place.root?.join(path).display().to_string());
    let bus = BusId::parse(place.project, place.task).ok();
    let bus = bus.as_ref();
    let task = bus.filter(|bus| bus.task.is_some());
    let mut variables = vec![
        ("JRUN_PROJECT_ID", known(place.project)),
        ("JRUN_TASK_ID", known(place.task)),
        ("JRUN_ID", known(place.run)),
        ("JRUN_PARENT_ID", known(place.parent)),
        ("JRUN_TASK_FOLDER", task.and_then(|bus| below_root(paths::bus_folder(bus).as_str()))),
        ("JRUN_RUN_FOLDER", known(place.run_path).and_then(|path| below_root(&path))),
        ("JRUN_MESSAGE_BUS", bus.and_then(|bus| below_root(paths::bus_file(bus).as_str()))),
        ("CALLBOARD_ADDR", Some(place.address.to_owned())),
    ];
    let TlsFiles { ca, cert, key } = place.tls;
    for (name, file) in [("CALLBOARD_CA", ca), ("CALLBOARD_CERT", cert), ("CALLBOARD_KEY", key)] {
        // One that is not used here is removed: half of a pair would be refused there.
        variables.push((name, file.as_ref().map(|file| file.display().to_string())));
    }
    if let Some(root) = place.root {
        variables.push(("CALLBOARD_ROOT", Some(root.display().to_string())));
    }
    variables
}

/// Returns the address so that it means the same in every folder.
pub(super) fn absolute_address(address: &Address) -> Result<String, Failure> {
    Ok(match address {
        Address::Tcp(_) | Address::Tls(_) => address.to_string(),
        Address::Unix(path) => Address::Unix(absolute_path(path)?).to_string(),
    })
}

/// Returns the path so that it means the same in every folder.
pub(super) fn absolute_path(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|source| Failure::own(&format!("find {}", path.display()), &source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'a>(parent: &'a str, root: Option<&'a Path>, tls: &'a TlsFiles) -> Place<'a> {
        Place {
            project: "p",
            task: "t",
            run: "r",
            parent,
            run_path: "p/t/runs/r",
            root,
            address: "unix:/s",
            tls,
        }
    }

    fn value<'a>(variables: &'a [Variable], name: &str) -> Option<&'a str> {
        let (_, value) = variables.iter().find(|(found, _)| *found == name).expect(name);
        value.as_deref()
    }

    #[test]
    fn folders_are_absolute_paths_below_the_root() {
        let file = |path: &str| Some(PathBuf::from(path));
        let tls = TlsFiles { ca: file("/ca.pem"), cert: file("/cert.pem"), key: file("/key.pem") };
        let variables = variables(&place("q", Some(Path::new("/tree")), &tls));
        assert_eq!(value(&variables, "JRUN_ID"), Some("r"));
        assert_eq!(value(&variables, "JRUN_PARENT_ID"), Some("q"));
        assert_eq!(value(&variables, "JRUN_TASK_FOLDER"), Some("/tree/p/t"));
        assert_eq!(value(&variables, "JRUN_RUN_FOLDER"), Some("/tree/p/t/runs/r"));
        let bus = value(&variables, "JRUN_MESSAGE_BUS").expect("set");
        assert_eq!(Path::new(bus).parent(), Some(Path::new("/tree/p/t")));
        assert_eq!(value(&variables, "CALLBOARD_ROOT"), Some("/tree"));
        assert_eq!(value(&variables, "CALLBOARD_ADDR"), Some("unix:/s"));
        assert_eq!(value(&variables, "CALLBOARD_CA"), Some("/ca.pem"));
        assert_eq!(value(&variables, "CALLBOARD_CERT"), Some("/cert.pem"));
        assert_eq!(value(&variables, "CALLBOARD_KEY"), Some("/key.pem"));
    }

    #[test]
    fn what_an_outer_run_has_set_is_removed_when_it_would_be_wrong() {
        let variables = variables(&place("", None, &TlsFiles::default()));
        for name in ["JRUN_PARENT_ID", "JRUN_TASK_FOLDER", "JRUN_RUN_FOLDER", "JRUN_MESSAGE_BUS"] {
            assert_eq!(value(&variables, name), None);
        }
        for name in ["CALLBOARD_CA", "CALLBOARD_CERT", "CALLBOARD_KEY"] {
            assert_eq!(value(&variables, name), None);
        }
        // A root of the caller's own says where the caller works, not where the run is.
        assert!(!variables.iter().any(|(name, _)| *name == "CALLBOARD_ROOT"));
    }

    #[test]
    fn an_address_means_the_same_in_every_folder() {
        let address = absolute_address(&Address::Unix("socket".into())).expect("absolute");
        let here = std::env::current_dir().expect("a folder");
        assert_eq!(address, format!("unix:{}/socket", here.display()));
        let tcp = "localhost:1".parse().expect("an address");
        assert_eq!(absolute_address(&tcp), Ok("localhost:1".into()));
    }
}
