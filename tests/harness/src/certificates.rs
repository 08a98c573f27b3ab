//! An authority of a test's own, and what it signs, by the `openssl` program.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The password of the PKCS #12 stores.
pub const PKCS12_PASSWORD: &str = "store-secret";

/// An authority that nobody trusts who was not told to.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
}

/// A key with its certificate, as files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The key (PKCS #8) and the certificate after it, as PEM.
    pub pem: PathBuf,
    /// Both as PKCS #12, under [`PKCS12_PASSWORD`].
    pub pkcs12: PathBuf,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// If `openssl` cannot make it.
    #[expect(clippy::new_without_default, reason = "it runs a program")]
    pub fn new() -> Self {
        let authority = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        authority.openssl(
            "req -new -x509 -nodes -days 2 -newkey rsa:2048 -subj /CN=connectd-test-authority \
             -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.pem",
        );
        authority
    }

    /// Its certificate.
    pub fn pem(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Signs a certificate for the subject `/CN=<name>` and `alternative`, such as
    /// `IP:127.0.0.1`.
    ///
    /// # Panics
    /// If `openssl` cannot.
    pub fn sign(&self, name: &str, alternative: &str) -> Certificate {
        std::fs::write(
            self.path("extensions"),
            format!("subjectAltName={alternative}"),
        )
        .expect("written");
        for arguments in [
            format!(
                "req -new -nodes -newkey rsa:2048 -subj /CN={name} -keyout {name}.key -out {name}.csr"
            ),
            format!(
                "x509 -req -days 2 -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
                 -extfile extensions -out {name}.crt"
            ),
            format!(
                "pkcs12 -export -passout pass:{PKCS12_PASSWORD} -inkey {name}.key -in {name}.crt \
                 -out {name}.p12"
            ),
        ] {
            self.openssl(&arguments);
        }
        let read = |file: String| std::fs::read(self.path(&file)).expect("a file");
        let both = [read(format!("{name}.key")), read(format!("{name}.crt"))].concat();
        let pem = self.path(&format!("{name}.pem"));
        std::fs::write(&pem, both).expect("written");
        Certificate {
            pem,
            pkcs12: self.path(&format!("{name}.p12")),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn openssl(&self, arguments: &str) {
        let done = Command::new("openssl")
            .current_dir::<&Path>(self.folder.path())
            .args(arguments.split_whitespace())
            .output()
            .expect("openssl runs");
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "openssl {arguments}: {said}");
    }
}
