//! Where it keeps its data.

use std::path::{Path, PathBuf};

use connect_api::{Error, Result};
use tempfile::TempDir;

/// A data folder; an ephemeral one is deleted with this.
pub(super) enum DataFolder {
    Kept(PathBuf),
    Ephemeral(TempDir),
}

impl DataFolder {
    pub(super) fn new(path: PathBuf, ephemeral: bool) -> Result<Self> {
        if !ephemeral {
            return Ok(Self::Kept(path));
        }
        let folder = tempfile::Builder::new().prefix("connectd-").tempdir();
        folder.map(Self::Ephemeral).map_err(|error| {
            Error::config("making a folder for ephemeral data (TMPDIR says where)").caused_by(error)
        })
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Ephemeral(folder) => folder.path(),
        }
    }
}
