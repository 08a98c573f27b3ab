//! What a broker is started with.

use std::path::PathBuf;

/// A broker's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on; port 0 takes a free one.
    pub listen: String,
    /// The data folder, created when it is not there.
    pub data: PathBuf,
}
