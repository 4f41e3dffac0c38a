//! The connection of a client command to its server.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use callboard_client::{
    Address, Builder, Call, Client, DEFAULT_ADDRESS, Error, Interruption, Transport,
};
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use tonic::{Response, Status};

use crate::grpc::pb::message_bus_client::MessageBusClient;
use crate::grpc::pb::storage_client::StorageClient;

use super::failure::{self, Failure};
use super::output;
use super::place::Place;
use super::run_environment::{TlsFiles, absolute_path};

/// How long one call may take. The server answers or gives up long before.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a call that is safe to repeat is repeated, from its first failure on.
const RETRY_FOR: Duration = Duration::from_secs(5);

/// The flags that say where the server is. A token, which others could read among the
/// arguments of a process, comes from the environment only.
#[derive(Debug, Clone, Args)]
pub(super) struct Connection {
    /// The server: HOST:PORT, http://HOST:PORT, https://HOST:PORT or unix:PATH
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "CALLBOARD_ADDR",
        default_value = DEFAULT_ADDRESS,
        hide_env_values = true,
        help_heading = "Connection"
    )]
    addr: Address,
    /// With https://, trust the certificates of this PEM file and no others
    #[arg(
        long,
        value_name = "FILE",
        env = "CALLBOARD_CA",
        value_parser = OsStringValueParser::new().map(PathBuf::from),
        hide_env_values = true,
        help_heading = "Connection"
    )]
    ca_file: Option<PathBuf>,
    // Clap would take each of the two from the environment by itself.
    /// With https://, show the server the certificate of this PEM file [env: CALLBOARD_CERT]
    #[arg(
        long,
        value_name = "FILE",
        value_parser = OsStringValueParser::new().map(PathBuf::from),
        help_heading = "Connection"
    )]
    cert_file: Option<PathBuf>,
    /// The PEM file with the private key of that certificate [env: CALLBOARD_KEY]
    #[arg(
        long,
        value_name = "FILE",
        value_parser = OsStringValueParser::new().map(PathBuf::from),
        help_heading = "Connection"
    )]
    key_file: Option<PathBuf>,
}

impl Connection {
    /// Returns where the server is.
    pub(super) fn address(&self) -> &Address {
        &self.addr
    }

    /// Returns the files of TLS, so that they mean the same in every folder: a certificate and its
    /// key, or neither. Who is handed one of them could find another's beside it.
    pub(super) fn tls_files(&self) -> Result<TlsFiles, Failure> {
        self.tls_files_in(|name| env::var_os(name))
    }

    fn tls_files_in(
        &self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<TlsFiles, Failure> {
        let absolute = |file: Option<PathBuf>| {
            let given = file.filter(|path| !path.as_os_str().is_empty());
            given.as_deref().map(absolute_path).transpose()
        };
        // As the client takes them.
        let [cert, key] = match (&self.cert_file, &self.key_file) {
            (None, None) => {
                ["CALLBOARD_CERT", "CALLBOARD_KEY"].map(|name| variable(name).map(PathBuf::from))
            }
            (cert, key) => [cert.clone(), key.clone()],
        };
        let pair = absolute(cert)?.zip(absolute(key)?);
        let (cert, key) = pair.unzip();
        Ok(TlsFiles { ca: absolute(self.ca_file.clone())?, cert, key })
    }

    /// Connects to the server. What outlives its connection says so on stderr.
    pub(super) async fn client(&self) -> Result<Client, Failure> {
        let address = self.addr.clone();
        let tell = move |what: &Interruption<'_>| match what {
            Interruption::Began(error) => output::note(&format!(
                "lost the connection to {address} ({}); connecting again",
                failure::short_of_error(error)
            )),
            Interruption::Ended => output::note("connected again"),
            _ => {}
        };
        self.connect(self.builder().on_interruption(tell)).await
    }

    /// As [`Connection::client`], for a caller who shows breaks by itself.
    pub(super) async fn silent_client(&self) -> Result<Client, Failure> {
        self.connect(self.builder().on_interruption(|_| {})).await
    }

    /// As [`Connection::client`], for one place.
    pub(super) async fn client_at(&self, place: Place) -> Result<Client, Failure> {
        let client = self.client().await?;
        Ok(client.with_project(place.project).with_task(place.task).with_run(place.run))
    }

    fn builder(&self) -> Builder {
        let builder = Client::builder().address(self.addr.to_string()).timeout(CALL_TIMEOUT);
        let mut builder = builder.retry_for(RETRY_FOR);
        if let Some(path) = &self.ca_file {
            builder = builder.ca_file(path);
        }
        if let Some(path) = &self.cert_file {
            builder = builder.cert_file(path);
        }
        if let Some(path) = &self.key_file {
            builder = builder.key_file(path);
        }
        builder
    }

    async fn connect(&self, builder: Builder) -> Result<Client, Failure> {
        builder.connect_now().await.map_err(|error| match error.status() {
            Some(status) => Failure::unreachable(&self.addr, &failure::detail(status)),
            None => self.failure(&error),
        })
    }

    /// Makes a call; again for a while when the server was there and cannot take it for the
    /// moment, if its request id makes that safe.
    pub(super) async fn call<R: Call>(
        &self,
        client: &Client,
        request: R,
    ) -> Result<R::Answer, Failure> {
        client.call(request).await.map_err(|error| self.failure(&error))
    }

    /// Makes a failure of the client's error.
    pub(super) fn failure(&self, error: &Error) -> Failure {
        Failure::of_error(&self.addr, error)
    }

    /// Connects to the message buses of the server.
    pub(super) async fn message_bus(&self) -> Result<MessageBusClient<Transport>, Failure> {
        Ok(self.client().await?.bus())
    }

    /// Connects to the storage of the server.
    pub(super) async fn storage(&self) -> Result<StorageClient<Transport>, Failure> {
        Ok(self.client().await?.storage())
    }

    /// Waits for the answer of a unary call, though not for ever.
    pub(super) async fn answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        match self.try_answer(call).await {
            Ok(answer) => answer.map_err(|status| Failure::of_status(&self.addr, &status)),
            Err(failure) => Err(failure),
        }
    }

    /// As [`Connection::answer`], for a call that may take as long as it needs: a server that
    /// is gone is noticed by the connection itself.
    pub(super) async fn long_answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        let answer = call.await.map_err(|status| Failure::of_status(&self.addr, &status))?;
        Ok(answer.into_inner())
    }

    /// As [`Connection::answer`], but hands the server's refusal to the caller.
    pub(super) async fn try_answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<Result<T, Status>, Failure> {
        match tokio::time::timeout(CALL_TIMEOUT, call).await {
            Ok(answer) => Ok(answer.map(Response::into_inner)),
            Err(_) => Err(Failure::no_answer(&self.addr)),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        connection: Connection,
    }

    fn connection(flags: &[&str]) -> Connection {
        let all = ["callboard", "--addr=https://localhost:1"].iter().chain(flags);
        Flags::try_parse_from(all).expect("flags").connection
    }

    /// The names of the certificate and the key that a command of a run is told of.
    fn told(flags: &[&str], variables: &[(&str, &str)]) -> Option<(String, String)> {
        let variable = |name: &str| {
            let (_, value) = variables.iter().find(|(found, _)| *found == name)?;
            Some(OsString::from(value))
        };
        let files = connection(flags).tls_files_in(variable).expect("files");
        let name = |path: PathBuf| {
            assert!(path.is_absolute(), "{}", path.display());
            path.file_name().expect("a name").to_string_lossy().into_owned()
        };
        assert_eq!(files.cert.is_some(), files.key.is_some());
        files.cert.map(name).zip(files.key.map(name))
    }

    #[test]
    fn a_certificate_and_its_key_are_of_the_flags_or_of_the_environment() {
        let variables = [("CALLBOARD_CERT", "c"), ("CALLBOARD_KEY", "k")];
        let pair = |cert: &str, key: &str| Some((cert.to_owned(), key.to_owned()));
        assert_eq!(told(&[], &variables), pair("c", "k"));
        assert_eq!(told(&["--cert-file=a", "--key-file=b"], &variables), pair("a", "b"));
        for half in ["--cert-file=a", "--key-file=b", "--cert-file="] {
            assert_eq!(told(&[half], &variables), None, "{half}");
        }
        assert_eq!(told(&[], &variables[..1]), None);
        assert_eq!(told(&[], &[("CALLBOARD_CERT", ""), variables[1]]), None);
    }

    #[test]
    fn no_flag_of_the_two_is_filled_in_by_clap() {
        let command = Flags::command();
        for name in ["cert_file", "key_file"] {
            let argument = command.get_arguments().find(|argument| argument.get_id() == name);
            assert_eq!(argument.expect(name).get_env(), None, "{name}");
        }
    }
}
