//! What a client has to know of a token: whose it is and how long.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Claims of a JSON web token. The signature is for the broker to check.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) subject: String,
    /// Milliseconds since 1970.
    pub(super) expires: i64,
    pub(super) issued: Option<i64>,
}

impl Claims {
    /// Reads what Java wants to be there too (`ClientJwtValidator`): `exp`, and the subject in the
    /// claim that `sasl.oauthbearer.sub.claim.name` names. The errors tell nothing of the token.
    pub(super) fn of(token: &str, subject_claim: &str) -> Result<Self, String> {
        let claims = payload(token)?;
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        let expires = time("exp").ok_or("it has no claim 'exp' that is a number")?;
        let subject = claims.get(subject_claim).and_then(Value::as_str);
        let subject = subject.map(str::trim).filter(|subject| !subject.is_empty());
        let subject = subject.ok_or_else(|| {
            format!(
                "it has no claim '{subject_claim}' with a name (sasl.oauthbearer.sub.claim.name \
                 says which claim)"
            )
        })?;
        Ok(Self {
            subject: subject.to_owned(),
            expires: millis(expires),
            issued: time("iat").map(millis),
        })
    }
}

fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

fn payload(token: &str) -> Result<Map<String, Value>, String> {
    // Anything else could end the token within the message that it is sent in (RFC 7628 3.1).
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it has characters in it that no token has".to_owned());
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [_, payload, _] = parts.as_slice() else {
        return Err("it is not a JSON web token of three parts".to_owned());
    };
    let decoded = URL_SAFE_NO_PAD
        .decode(payload.trim_end_matches('='))
        .map_err(|_| "the claims of the JSON web token are not in base64")?;
    match serde_json::from_slice(&decoded) {
        Ok(Value::Object(claims)) => Ok(claims),
        _ => Err("the claims of the JSON web token are not a JSON object".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_are_read() {
        let read = Claims::of(&token(r#"{"sub":"al","exp":12.5,"iat":3}"#), "sub");
        let expected = Claims {
            subject: "al".to_owned(),
            expires: 12_500,
            issued: Some(3000),
        };
        assert_eq!(read, Ok(expected));
        let named = Claims::of(&token(r#"{"client_id":"c","exp":1}"#), "client_id").unwrap();
        assert_eq!((named.subject.as_str(), named.issued), ("c", None));
    }

    #[test]
    fn what_is_missing_is_named_and_the_token_is_not_told() {
        for (text, part) in [
            ("opaque".to_owned(), "three parts"),
            ("a.!.c".to_owned(), "base64"),
            ("a.b.c\u{1}pool=x".to_owned(), "characters"),
            (token("[]"), "JSON object"),
            (token(r#"{"sub":"al"}"#), "'exp'"),
            (token(r#"{"exp":1}"#), "'sub'"),
            (token(r#"{"exp":1,"sub":" "}"#), "'sub'"),
        ] {
            let error = Claims::of(&text, "sub").unwrap_err();
            assert!(error.contains(part), "{error}");
            assert!(!error.contains(&text), "{error}");
        }
    }
}
