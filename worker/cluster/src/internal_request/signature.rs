//! The signature in a request's headers (`InternalRequestSignature`).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use connect_api::{Error, Result};

use super::{MacAlgorithm, SessionKey};

/// The header with the signature, in Base64.
pub const SIGNATURE_HEADER: &str = "X-Connect-Authorization";
/// The header with the name of the signature's algorithm.
pub const SIGNATURE_ALGORITHM_HEADER: &str = "X-Connect-Request-Signature-Algorithm";

/// Padded when written; read with padding or without, as Java does.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A request's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSignature {
    /// How it was made.
    pub algorithm: MacAlgorithm,
    /// The signature itself.
    pub signature: Vec<u8>,
}

impl RequestSignature {
    /// The signature of `body`.
    pub fn sign(algorithm: MacAlgorithm, key: &SessionKey, body: &[u8]) -> Self {
        Self {
            algorithm,
            signature: algorithm.sign(&key.key, body),
        }
    }

    /// The signature in the values of [`SIGNATURE_HEADER`] and
    /// [`SIGNATURE_ALGORITHM_HEADER`]; none where one of them is missing. An
    /// error, of the kind `Config`, where they mean nothing.
    pub fn from_headers(signature: Option<&str>, algorithm: Option<&str>) -> Result<Option<Self>> {
        let (Some(signature), Some(algorithm)) = (signature, algorithm) else {
            return Ok(None);
        };
        let algorithm = MacAlgorithm::from_name(algorithm)
            .ok_or_else(|| Error::config(format!("Algorithm {algorithm} not available")))?;
        let signature = BASE64.decode(signature).map_err(|error| {
            Error::config(format!(
                "the header {SIGNATURE_HEADER} is not Base64: {error}"
            ))
        })?;
        Ok(Some(Self {
            algorithm,
            signature,
        }))
    }

    /// Both headers with their values.
    pub fn headers(&self) -> [(&'static str, String); 2] {
        [
            (SIGNATURE_HEADER, BASE64.encode(&self.signature)),
            (SIGNATURE_ALGORITHM_HEADER, self.algorithm.name().to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SessionKey {
        SessionKey {
            algorithm: "HmacSHA256".to_owned(),
            key: b"Jefe".to_vec(),
            created: 0,
        }
    }

    #[test]
    fn headers_are_read_as_they_are_written() {
        let body = b"what do ya want for nothing?";
        let signed = RequestSignature::sign(MacAlgorithm::HmacSha256, &key(), body);
        let [(_, signature), (_, algorithm)] = signed.headers();
        assert_eq!(signature, "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        assert_eq!(algorithm, "HmacSHA256");
        for text in [signature.as_str(), signature.trim_end_matches('=')] {
            let read = RequestSignature::from_headers(Some(text), Some(&algorithm)).unwrap();
            assert_eq!(read.as_ref(), Some(&signed));
        }
    }

    #[test]
    fn one_header_alone_is_no_signature_and_a_bad_one_is_refused() {
        let none = RequestSignature::from_headers(Some("AAAA"), None).unwrap();
        assert_eq!(none, None);
        let none = RequestSignature::from_headers(None, Some("HmacSHA256")).unwrap();
        assert_eq!(none, None);
        let bad = RequestSignature::from_headers(Some("AAAA"), Some("HmacFoo")).unwrap_err();
        assert_eq!(bad.message(), "Algorithm HmacFoo not available");
        let bad = RequestSignature::from_headers(Some("!!"), Some("HmacSHA256")).unwrap_err();
        assert!(bad.message().contains(SIGNATURE_HEADER), "{bad}");
    }
}
