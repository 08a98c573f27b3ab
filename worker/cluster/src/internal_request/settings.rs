//! How requests between workers are signed (`inter.worker.*`).

use std::time::Duration;

use connect_api::config::{ConfigDef, Settings};
use connect_api::{Error, ErrorKind, Props, Result};
use openssl::rand::rand_bytes;

use super::{MacAlgorithm, RequestSignature, SessionKey};
use crate::distributed::keys;

/// The least size of a key that Java's generators take.
const SMALLEST_KEY_BITS: i32 = 40;

/// Parsed `inter.worker.*` settings.
#[derive(Debug, Clone)]
pub struct InterWorkerSettings {
    /// How long a session key is used. The leader then makes another one.
    pub key_ttl: Duration,
    /// How this worker signs.
    pub signature: MacAlgorithm,
    key_algorithm: MacAlgorithm,
    key_bytes: usize,
    verification: Vec<MacAlgorithm>,
}

impl InterWorkerSettings {
    /// Parses the settings of any worker; those of other rooms are passed over.
    pub fn parse(props: &Props) -> Result<Self> {
        let settings = ConfigDef::new()
            .with(&keys::INTER_WORKER_KEY_TTL)
            .with(&keys::INTER_WORKER_KEY_ALGORITHM)
            .with(&keys::INTER_WORKER_KEY_SIZE)
            .with(&keys::INTER_WORKER_SIGNATURE)
            .with(&keys::INTER_WORKER_VERIFICATION)
            .parse(props)?;
        let ttl: i32 = settings.get(&keys::INTER_WORKER_KEY_TTL)?;
        let key_algorithm = algorithm(&settings.get(&keys::INTER_WORKER_KEY_ALGORITHM)?)?;
        let signature = algorithm(&settings.get(&keys::INTER_WORKER_SIGNATURE)?)?;
        Ok(Self {
            key_ttl: Duration::from_millis(u64::from(ttl.unsigned_abs())),
            signature,
            key_algorithm,
            key_bytes: key_bytes(&settings, key_algorithm)?,
            verification: verification(&settings, signature)?,
        })
    }

    /// A new key. `now_ms` is the time, in milliseconds since 1970.
    pub fn new_key(&self, now_ms: i64) -> Result<SessionKey> {
        let mut key = vec![0; self.key_bytes];
        rand_bytes(&mut key).map_err(|error| {
            Error::internal("making a session key: no random bytes").caused_by(error)
        })?;
        Ok(SessionKey {
            algorithm: self.key_algorithm.name().to_owned(),
            key,
            created: now_ms,
        })
    }

    /// When the leader has to put another key in the place of `key`, in
    /// milliseconds since 1970: at once where it is not of these settings.
    pub fn key_expires_ms(&self, key: &SessionKey) -> i64 {
        if key.algorithm != self.key_algorithm.name() || key.key.len() != self.key_bytes {
            return i64::MIN;
        }
        let ttl = i64::try_from(self.key_ttl.as_millis()).unwrap_or(i64::MAX);
        key.created.saturating_add(ttl)
    }

    /// Judges an internal request as `DistributedHerder` does
    /// (`requestNotSignedProperly`); `key` is the present session key, if there
    /// is one yet.
    ///
    /// The kind of an error tells REST's status: `Config` 400, `Unsupported`
    /// 403, `Stopped` 503.
    pub fn verify(
        &self,
        signature: Option<&RequestSignature>,
        body: &[u8],
        key: Option<&SessionKey>,
    ) -> Result<()> {
        let Some(signature) = signature else {
            return Err(Error::config("Internal request missing required signature"));
        };
        if !self.verification.contains(&signature.algorithm) {
            return Err(Error::config(format!(
                "This worker does not support the '{}' key signing algorithm used by other workers. This worker is currently configured to use: [{}]. Check that all workers' configuration files permit the same set of signature algorithms, and correct any misconfigured worker and restart it.",
                signature.algorithm.name(),
                self.verification_names().join(", ")
            )));
        }
        let Some(key) = key else {
            return Err(Error::new(
                ErrorKind::Stopped,
                "This worker is still starting up and has not been able to read a session key from the config topic yet",
            ));
        };
        let is_valid = signature
            .algorithm
            .verifies(&key.key, body, &signature.signature);
        if is_valid {
            Ok(())
        } else {
            Err(Error::new(
                ErrorKind::Unsupported,
                "Internal request contained invalid signature.",
            ))
        }
    }

    fn verification_names(&self) -> Vec<&'static str> {
        self.verification
            .iter()
            .map(|algorithm| algorithm.name())
            .collect()
    }
}

/// The keys' checks have let none but known names through.
fn algorithm(name: &str) -> Result<MacAlgorithm> {
    MacAlgorithm::from_name(name)
        .ok_or_else(|| Error::config(format!("the algorithm {name} is not known")))
}

fn key_bytes(settings: &Settings, algorithm: MacAlgorithm) -> Result<usize> {
    let Some(bits) = settings.get(&keys::INTER_WORKER_KEY_SIZE)? else {
        return Ok(algorithm.default_key_bytes());
    };
    if bits < SMALLEST_KEY_BITS {
        return Err(Error::config(format!(
            "Invalid value {bits} for configuration {}: Unable to create key generator with algorithm {} and key size {bits}: Key length must be at least {SMALLEST_KEY_BITS} bits",
            keys::INTER_WORKER_KEY_SIZE.name(),
            algorithm.name()
        )));
    }
    Ok(bits.unsigned_abs().div_ceil(8) as usize)
}

fn verification(settings: &Settings, signature: MacAlgorithm) -> Result<Vec<MacAlgorithm>> {
    let name = keys::INTER_WORKER_VERIFICATION.name();
    let allowed = settings
        .get(&keys::INTER_WORKER_VERIFICATION)?
        .iter()
        .map(|name| algorithm(name))
        .collect::<Result<Vec<MacAlgorithm>>>()?;
    if allowed.is_empty() {
        return Err(Error::config(format!(
            "Invalid value [] for configuration {name}: At least one signature verification algorithm must be provided"
        )));
    }
    if !allowed.contains(&signature) {
        return Err(Error::config(format!(
            "Invalid value {} for configuration {}: Signature algorithm must be present in {name} list",
            signature.name(),
            keys::INTER_WORKER_SIGNATURE.name()
        )));
    }
    Ok(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<InterWorkerSettings> {
        InterWorkerSettings::parse(
            &pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn defaults_are_those_of_the_original() {
        let settings = parse(&[("group.id", "g")]).unwrap();
        assert_eq!(settings.key_ttl, Duration::from_secs(3600));
        assert_eq!(settings.signature, MacAlgorithm::HmacSha256);
        let key = settings.new_key(1000).unwrap();
        assert_eq!((key.algorithm.as_str(), key.key.len()), ("HmacSHA256", 32));
        assert_ne!(key.key, settings.new_key(1000).unwrap().key);
        assert_eq!(settings.key_expires_ms(&key), 3_601_000);
    }

    #[test]
    fn a_key_of_other_settings_has_expired() {
        let key = parse(&[]).unwrap().new_key(1000).unwrap();
        for other in [
            ("inter.worker.key.size", "512"),
            ("inter.worker.key.generation.algorithm", "HmacSHA1"),
        ] {
            let settings = parse(&[other]).unwrap();
            assert_eq!(settings.key_expires_ms(&key), i64::MIN, "{other:?}");
            let own = settings.new_key(7).unwrap();
            assert_eq!(own.key.len(), 64);
            assert_eq!(settings.key_expires_ms(&own), 3_600_007);
        }
    }

    #[test]
    fn bad_settings_are_named() {
        for (pairs, expected) in [
            (
                &[("inter.worker.signature.algorithm", "HmacMD5")][..],
                "inter.worker.signature.algorithm",
            ),
            (
                &[("inter.worker.key.generation.algorithm", "AES")],
                "inter.worker.key.generation.algorithm",
            ),
            (
                &[("inter.worker.verification.algorithms", "HmacSHA256,Foo")],
                "inter.worker.verification.algorithms",
            ),
            (
                &[("inter.worker.verification.algorithms", "")],
                "At least one signature verification algorithm must be provided",
            ),
            (
                &[("inter.worker.signature.algorithm", "HmacSHA512")],
                "Signature algorithm must be present in inter.worker.verification.algorithms list",
            ),
            (&[("inter.worker.key.size", "8")], "at least 40 bits"),
        ] {
            let error = parse(pairs).unwrap_err().to_string();
            assert!(error.contains(expected), "{pairs:?}: {error}");
        }
        parse(&[
            ("inter.worker.signature.algorithm", "HmacSHA512"),
            (
                "inter.worker.verification.algorithms",
                "HmacSHA256,HmacSHA512",
            ),
        ])
        .unwrap();
    }

    #[test]
    fn requests_are_judged_in_the_originals_order_and_words() {
        let settings = parse(&[]).unwrap();
        let key = settings.new_key(0).unwrap();
        let verify = |signature: Option<&RequestSignature>, key: Option<&SessionKey>| {
            settings
                .verify(signature, b"[]", key)
                .map_err(|error| (error.kind(), error.message().to_owned()))
        };
        let signed = RequestSignature::sign(MacAlgorithm::HmacSha256, &key, b"[]");
        assert_eq!(verify(Some(&signed), Some(&key)), Ok(()));

        let (kind, message) = verify(None, None).unwrap_err();
        assert_eq!(kind, ErrorKind::Config);
        assert_eq!(message, "Internal request missing required signature");

        let other = RequestSignature::sign(MacAlgorithm::HmacSha512, &key, b"[]");
        let (kind, message) = verify(Some(&other), None).unwrap_err();
        assert_eq!(kind, ErrorKind::Config);
        assert!(message.starts_with("This worker does not support the 'HmacSHA512' key signing algorithm used by other workers. This worker is currently configured to use: [HmacSHA256]. Check"), "{message}");

        let (kind, message) = verify(Some(&signed), None).unwrap_err();
        assert_eq!(kind, ErrorKind::Stopped);
        assert!(message.ends_with("read a session key from the config topic yet"));

        let stale = settings.new_key(0).unwrap();
        let (kind, message) = verify(Some(&signed), Some(&stale)).unwrap_err();
        assert_eq!(kind, ErrorKind::Unsupported);
        assert_eq!(message, "Internal request contained invalid signature.");
    }
}
