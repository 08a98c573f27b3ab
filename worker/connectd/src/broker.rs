//! Runs the embedded broker as a process of its own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use connect_api::{Error, Result};
use connect_broker::{Broker, Security, Settings, Tls};
use tokio::runtime::Builder;
use tracing::info;

use crate::stop::StopSignals;

/// What the broker is started with.
#[derive(Debug, Args)]
pub(crate) struct BrokerArgs {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    listen: String,
    /// The data folder, created when it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where clients are told to connect to, when it is not the address above.
    #[arg(long, value_name = "HOST:PORT", value_parser = host_port)]
    advertise: Option<(String, u16)>,
    /// The partitions of a topic that does not say how many.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    partitions: i32,
    /// Topics are not created by being asked for.
    #[arg(long)]
    no_auto_create_topics: bool,
    /// The shortest session that a member of a group may ask for, in milliseconds
    /// (`group.min.session.timeout.ms`).
    #[arg(long, value_name = "MS", default_value_t = 6000)]
    group_min_session_timeout_ms: u64,
    /// A file with the users of SASL/PLAIN, one NAME=PASSWORD a line. Without it nobody has to
    /// authenticate.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,
    /// The listener's certificate chain (PEM). Without it there is no TLS.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
}

/// Runs until a signal.
pub(crate) fn run(args: BrokerArgs) -> Result<ExitCode> {
    let settings = settings(args)?;
    let waiting = Builder::new_current_thread().enable_all().build();
    let waiting = waiting.map_err(|error| Error::internal("starting").caused_by(error))?;
    waiting.block_on(async {
        // From here on a signal is an orderly stop, also while the logs are being recovered.
        let mut stop = StopSignals::listen()?;
        let broker = Broker::start(settings)
            .map_err(|error| Error::config("starting the broker").caused_by(error))?;
        info!(
            bootstrap = broker.bootstrap(),
            cluster_id = broker.cluster_id(),
            "the broker is ready"
        );
        stop.received().await;
        info!("stopping");
        broker.stop();
        info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
}

fn settings(args: BrokerArgs) -> Result<Settings> {
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificates: read(certificate)?,
            key: read(key)?,
        }),
        _ => None,
    };
    let users = match &args.users {
        Some(file) => users(file)?,
        None => Vec::new(),
    };
    Ok(Settings {
        advertised: args.advertise,
        security: Security { users, tls },
        auto_create_topics: !args.no_auto_create_topics,
        default_partitions: args.partitions,
        group_min_session_timeout: Duration::from_millis(args.group_min_session_timeout_ms),
        ..Settings::new(args.listen, args.data)
    })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file)
        .map_err(|error| Error::config(format!("reading {}", file.display())).caused_by(error))
}

fn users(file: &Path) -> Result<Vec<(String, String)>> {
    let text = String::from_utf8(read(file)?)
        .map_err(|error| Error::config(format!("reading {}", file.display())).caused_by(error))?;
    let mut users = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let user = line.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, password) = user.ok_or_else(|| {
            Error::config(format!(
                "{}: line {number} is not NAME=PASSWORD",
                file.display()
            ))
        })?;
        users.push((name.to_owned(), password.to_owned()));
    }
    if users.is_empty() {
        return Err(Error::config(format!(
            "{} has no users: nobody could connect; leave the option out if everybody may",
            file.display()
        )));
    }
    Ok(users)
}

fn host_port(text: &str) -> std::result::Result<(String, u16), String> {
    text.rsplit_once(':')
        .filter(|(host, _)| !host.is_empty())
        .and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)))
        .ok_or_else(|| format!("'{text}' is not HOST:PORT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        assert_eq!(host_port("a.b:9092"), Ok(("a.b".to_owned(), 9092)));
        for text in ["a.b", ":9092", "a.b:", "a.b:99999"] {
            assert!(host_port(text).unwrap_err().contains(text));
        }
    }

    #[test]
    fn users_are_read_and_their_mistakes_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users");
        std::fs::write(&file, "alice=a=b\n\nbob=\n").unwrap();
        let both = vec![
            ("alice".to_owned(), "a=b".to_owned()),
            ("bob".to_owned(), String::new()),
        ];
        assert_eq!(users(&file).unwrap(), both);
        std::fs::write(&file, "alice=a\nbob\n").unwrap();
        let error = users(&file).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        std::fs::write(&file, "\n").unwrap();
        assert!(users(&file).is_err());
    }
}
