//! What it prints when everything is ready.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::folder::DataFolder;

/// Where everything is, and what to try.
pub(super) struct Greeting<'a> {
    /// Since the process began.
    pub(super) took: Duration,
    /// The URL of the worker's REST API.
    pub(super) rest: &'a str,
    pub(super) bootstrap: &'a str,
    pub(super) registry: Option<SocketAddr>,
    pub(super) folder: &'a DataFolder,
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.rest;
        writeln!(f, "connectd is ready after {} ms.\n", self.took.as_millis())?;
        writeln!(f, "  REST API         {rest}")?;
        writeln!(f, "  Kafka            {}", self.bootstrap)?;
        if let Some(registry) = self.registry {
            writeln!(f, "  Schema registry  http://{registry}")?;
        }
        match self.folder {
            DataFolder::Kept(path) => writeln!(f, "  Data             {}", path.display())?,
            DataFolder::Ephemeral(_) => writeln!(f, "  Data             kept until it stops")?,
        }
        writeln!(f, "\nTry in another terminal:\n")?;
        writeln!(f, "  curl {rest}/connector-plugins")?;
        writeln!(
            f,
            "  curl {rest}/connectors -H 'Content-Type: application/json' -d \
             '{{\"name\": \"hello\", \"config\": {{\"connector.class\": \"FileStreamSource\", \
             \"file\": \"/etc/os-release\", \"topic\": \"hello\"}}}}'"
        )?;
        writeln!(f, "  curl {rest}/connectors/hello/status\n")?;
        writeln!(f, "Ctrl-C stops it. RUST_LOG=info shows what it does.\n")
    }
}
