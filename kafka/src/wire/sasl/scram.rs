//! SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677), without channel binding, as Kafka's
//! `ScramSaslClient` speaks it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::{MessageDigest, hash};
use openssl::memcmp;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::rand::rand_bytes;
use openssl::sign::Signer;

/// `ScramMechanism`: what a broker asks less than is no protection.
const MIN_ITERATIONS: usize = 4096;
/// Kafka lets no more be configured than 16384; a hundred thousand still take only milliseconds.
const MAX_ITERATIONS: usize = 100_000;

/// Which hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wire) enum Scram {
    Sha256,
    Sha512,
}

impl Scram {
    pub(super) fn mechanism(self) -> &'static str {
        match self {
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    fn digest(self) -> MessageDigest {
        match self {
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }

    fn length(self) -> usize {
        self.digest().size()
    }

    fn hmac(self, key: &[u8], text: &[u8]) -> Result<Vec<u8>, String> {
        let sign = || {
            let key = PKey::hmac(key)?;
            let mut signer = Signer::new(self.digest(), &key)?;
            signer.update(text)?;
            signer.sign_to_vec()
        };
        sign().map_err(|error| format!("HMAC failed: {error}"))
    }
}

/// A random text that no other login uses.
pub(super) fn nonce() -> Result<String, String> {
    let mut bytes = [0_u8; 24];
    rand_bytes(&mut bytes).map_err(|error| format!("there is no randomness: {error}"))?;
    Ok(STANDARD.encode(bytes))
}

/// The first message of the client.
pub(super) struct ClientFirst {
    bare: String,
    nonce: String,
}

impl ClientFirst {
    pub(super) fn new(user: &str, nonce: &str) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self {
            bare: format!("n={user},r={nonce}"),
            nonce: nonce.to_owned(),
        }
    }

    pub(super) fn message(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// The answer to the server's first message.
    pub(super) fn answer(
        &self,
        scram: Scram,
        password: &str,
        server_first: &[u8],
    ) -> Result<ClientLast, String> {
        let server_first = std::str::from_utf8(server_first)
            .map_err(|_| "the broker's SCRAM challenge is not text".to_owned())?;
        let challenge = Challenge::parse(server_first)?;
        if !challenge.nonce.starts_with(&self.nonce) || challenge.nonce == self.nonce {
            return Err("the broker's SCRAM nonce does not continue ours".to_owned());
        }
        let mut salted = vec![0; scram.length()];
        pbkdf2_hmac(
            password.as_bytes(),
            &challenge.salt,
            challenge.iterations,
            scram.digest(),
            &mut salted,
        )
        .map_err(|error| format!("PBKDF2 failed: {error}"))?;
        // "biws" is "n,,": no channel binding.
        let without_proof = format!("c=biws,r={}", challenge.nonce);
        let signed = format!("{},{server_first},{without_proof}", self.bare);
        let client_key = scram.hmac(&salted, b"Client Key")?;
        let stored_key = hash(scram.digest(), &client_key)
            .map_err(|error| format!("hashing failed: {error}"))?;
        let signature = scram.hmac(&stored_key, signed.as_bytes())?;
        let proof: Vec<u8> = client_key
            .iter()
            .zip(&signature)
            .map(|(a, b)| a ^ b)
            .collect();
        let server_key = scram.hmac(&salted, b"Server Key")?;
        Ok(ClientLast {
            message: format!("{without_proof},p={}", STANDARD.encode(proof)),
            server_signature: scram.hmac(&server_key, signed.as_bytes())?,
        })
    }
}

/// `r=…,s=…,i=…`
struct Challenge {
    nonce: String,
    salt: Vec<u8>,
    iterations: usize,
}

impl Challenge {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "the broker's SCRAM challenge is not of the form r=…,s=…,i=…".to_owned();
        let mut parts = text.split(',');
        let mut part = |name: &str| {
            parts
                .next()
                .and_then(|part| part.strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(wrong)
        };
        let nonce = part("r")?.to_owned();
        let salt = STANDARD.decode(part("s")?).map_err(|_| wrong())?;
        let iterations: usize = part("i")?.parse().map_err(|_| wrong())?;
        if !(MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations) {
            return Err(format!(
                "the broker wants {iterations} SCRAM iterations; {MIN_ITERATIONS} to \
                 {MAX_ITERATIONS} are accepted"
            ));
        }
        Ok(Self {
            nonce,
            salt,
            iterations,
        })
    }
}

/// The last message of the client, and what the server must answer.
pub(super) struct ClientLast {
    pub(super) message: String,
    server_signature: Vec<u8>,
}

impl ClientLast {
    pub(super) fn verify(&self, server_final: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(server_final);
        if let Some(error) = text.strip_prefix("e=") {
            return Err(error.to_owned());
        }
        let signature = text
            .strip_prefix("v=")
            .and_then(|rest| STANDARD.decode(rest.split(',').next()?).ok())
            .ok_or_else(|| "the broker's last SCRAM message is not of the form v=…".to_owned())?;
        let same = signature.len() == self.server_signature.len()
            && memcmp::eq(&signature, &self.server_signature);
        if same {
            Ok(())
        } else {
            Err("the broker does not know the password itself: it may be an impostor".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677, section 3.
    #[test]
    fn the_example_of_the_standard() {
        let first = ClientFirst::new("user", "rOprNGfwEbeRWgbNEkqO");
        assert_eq!(first.message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let last = first
            .answer(
                Scram::Sha256,
                "pencil",
                b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                  s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            )
            .unwrap();
        assert_eq!(
            last.message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        last.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
            .unwrap();
        let impostor = last.verify(b"v=AAriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        assert!(impostor.unwrap_err().contains("impostor"));
        let refused = last.verify(b"e=unknown-user").unwrap_err();
        assert_eq!(refused, "unknown-user");
    }

    #[test]
    fn challenges_that_would_weaken_the_login_are_refused() {
        let first = ClientFirst::new("a=b,c", "mine");
        assert_eq!(first.message(), "n,,n=a=3Db=2Cc,r=mine");
        for (challenge, part) in [
            ("r=other,s=QUJD,i=4096", "nonce"),
            ("r=mine,s=QUJD,i=4096", "nonce"),
            ("r=mine1,s=QUJD,i=1", "1 SCRAM iterations"),
            ("r=mine1,s=QUJD,i=1000000000", "1000000000 SCRAM iterations"),
            ("r=mine1,s=?,i=4096", "of the form"),
            ("s=QUJD,r=mine1,i=4096", "of the form"),
            ("", "of the form"),
        ] {
            let answer = first.answer(Scram::Sha512, "pw", challenge.as_bytes());
            let error = answer.err().unwrap();
            assert!(error.contains(part), "{challenge}: {error}");
        }
        assert_ne!(nonce().unwrap(), nonce().unwrap());
    }
}
