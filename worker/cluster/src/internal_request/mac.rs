//! Message authentication codes, by the names that Java gives them.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

/// An algorithm that signs requests between workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacAlgorithm {
    /// HMAC with SHA-1.
    HmacSha1,
    /// HMAC with SHA-224.
    HmacSha224,
    /// HMAC with SHA-256: the default.
    HmacSha256,
    /// HMAC with SHA-384.
    HmacSha384,
    /// HMAC with SHA-512.
    HmacSha512,
}

impl MacAlgorithm {
    /// Java's names of all of them.
    pub(crate) const NAMES: &'static [&'static str] = &[
        "HmacSHA1",
        "HmacSHA224",
        "HmacSHA256",
        "HmacSHA384",
        "HmacSHA512",
    ];

    const ALL: [Self; 5] = [
        Self::HmacSha1,
        Self::HmacSha224,
        Self::HmacSha256,
        Self::HmacSha384,
        Self::HmacSha512,
    ];

    /// The algorithm that Java calls so; none where it is not one of these.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// Java's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HmacSHA1",
            Self::HmacSha224 => "HmacSHA224",
            Self::HmacSha256 => "HmacSHA256",
            Self::HmacSha384 => "HmacSHA384",
            Self::HmacSha512 => "HmacSHA512",
        }
    }

    /// How many bytes a key has that `javax.crypto.KeyGenerator` makes where no
    /// size is asked for. That of HMAC-SHA1 is a block of SHA-1, the others'
    /// are the digest.
    pub(crate) fn default_key_bytes(self) -> usize {
        match self {
            Self::HmacSha224 => 28,
            Self::HmacSha256 => 32,
            Self::HmacSha384 => 48,
            Self::HmacSha1 | Self::HmacSha512 => 64,
        }
    }

    /// Signs `body`.
    pub fn sign(self, key: &[u8], body: &[u8]) -> Vec<u8> {
        match self {
            Self::HmacSha1 => sign::<Hmac<Sha1>>(key, body),
            Self::HmacSha224 => sign::<Hmac<Sha224>>(key, body),
            Self::HmacSha256 => sign::<Hmac<Sha256>>(key, body),
            Self::HmacSha384 => sign::<Hmac<Sha384>>(key, body),
            Self::HmacSha512 => sign::<Hmac<Sha512>>(key, body),
        }
    }

    /// True if `signature` is that of `body`; takes the same time whichever of
    /// its bytes is wrong.
    pub fn verifies(self, key: &[u8], body: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::HmacSha1 => verifies::<Hmac<Sha1>>(key, body, signature),
            Self::HmacSha224 => verifies::<Hmac<Sha224>>(key, body, signature),
            Self::HmacSha256 => verifies::<Hmac<Sha256>>(key, body, signature),
            Self::HmacSha384 => verifies::<Hmac<Sha384>>(key, body, signature),
            Self::HmacSha512 => verifies::<Hmac<Sha512>>(key, body, signature),
        }
    }
}

fn sign<M: Mac + KeyInit>(key: &[u8], body: &[u8]) -> Vec<u8> {
    let mut mac = keyed::<M>(key);
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn verifies<M: Mac + KeyInit>(key: &[u8], body: &[u8], signature: &[u8]) -> bool {
    let mut mac = keyed::<M>(key);
    mac.update(body);
    mac.verify_slice(signature).is_ok()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed<M: Mac + KeyInit>(key: &[u8]) -> M {
    <M as KeyInit>::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231 (SHA-2) and RFC 2202 (SHA-1), their test case 2.
    #[test]
    fn signatures_are_those_of_the_standards() {
        let body = b"what do ya want for nothing?";
        for (algorithm, expected) in [
            (
                MacAlgorithm::HmacSha1,
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                MacAlgorithm::HmacSha224,
                "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
            ),
            (
                MacAlgorithm::HmacSha256,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                MacAlgorithm::HmacSha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                MacAlgorithm::HmacSha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
        ] {
            let mut signature = algorithm.sign(b"Jefe", body);
            assert_eq!(hex(&signature), expected, "{}", algorithm.name());
            assert!(algorithm.verifies(b"Jefe", body, &signature));
            assert!(!algorithm.verifies(b"jefe", body, &signature));
            assert!(!algorithm.verifies(b"Jefe", body, &signature[1..]));
            signature[0] ^= 1;
            assert!(!algorithm.verifies(b"Jefe", body, &signature));
        }
    }

    #[test]
    fn names_are_javas() {
        for name in MacAlgorithm::NAMES {
            assert_eq!(MacAlgorithm::from_name(name).unwrap().name(), *name);
        }
        assert_eq!(MacAlgorithm::from_name("HmacMD5"), None);
    }
}
