//! One request to a token endpoint and what its answer says (`HttpJwtRetriever`,
//! `JwtResponseParser`).

use std::error::Error as _;

use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use reqwest::{Client, Response, redirect};
use serde_json::Value;

use super::{TokenEndpoint, TokenError};
use crate::settings::SettingsError;

/// An answer is a token or an error; more than this is neither.
const MAX_ANSWER: usize = 1 << 20;

/// So much of an endpoint's words is shown.
const MAX_WORDS: usize = 500;

pub(super) fn client(endpoint: &TokenEndpoint) -> Result<Client, SettingsError> {
    let builder = Client::builder()
        .connect_timeout(endpoint.connect_timeout)
        .read_timeout(endpoint.read_timeout)
        // The next request is minutes away.
        .pool_max_idle_per_host(0)
        // Credentials go to nobody but the endpoint that was set; nor does Java use these
        // variables of the environment.
        .redirect(redirect::Policy::none())
        .no_proxy();
    let builder = endpoint.tls.apply(builder)?;
    builder.build().map_err(|error| {
        let reason = format!("there is no HTTP client: {}", chain(error));
        SettingsError::unsupported(
            "sasl.oauthbearer.token.endpoint.url",
            &endpoint.shown(),
            reason,
        )
    })
}

/// Asks once.
pub(super) async fn ask(client: &Client, endpoint: &TokenEndpoint) -> Result<String, TokenError> {
    let unreachable = |error: reqwest::Error| TokenError::Unreachable {
        url: endpoint.shown(),
        reason: chain(error),
    };
    let request = client
        .post(endpoint.url.clone())
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, endpoint.credentials.authorization())
        .header(CACHE_CONTROL, "no-cache")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(endpoint.credentials.body());
    let answer = request.send().await.map_err(unreachable)?;
    let status = answer.status().as_u16();
    let body = body(answer).await.map_err(unreachable)?;
    judge(endpoint, status, &body)
}

async fn body(mut answer: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            break;
        }
    }
    Ok(body)
}

fn judge(endpoint: &TokenEndpoint, status: u16, body: &[u8]) -> Result<String, TokenError> {
    if !matches!(status, 200 | 201) {
        return Err(TokenError::Refused {
            url: endpoint.shown(),
            status,
            words: words(&String::from_utf8_lossy(body)),
        });
    }
    token(body).map_err(|reason| TokenError::Answer {
        url: endpoint.shown(),
        reason,
    })
}

/// The token in an answer. The rest of the answer is not told: it may have a token in it too.
fn token(body: &[u8]) -> Result<String, String> {
    let answer: Value =
        serde_json::from_slice(body).map_err(|_| "the answer is not JSON".to_owned())?;
    ["access_token", "id_token"]
        .iter()
        .filter_map(|name| answer.get(name)?.as_str())
        .map(str::trim)
        .find(|token| !token.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| "the answer has neither an access_token nor an id_token".to_owned())
}

/// What an endpoint says of an error: by RFC 6749 5.2, or in the form of some providers, or else
/// as it stands.
fn words(body: &str) -> String {
    let told: Option<Value> = serde_json::from_str(body).ok();
    let field = |name: &str| match told.as_ref()?.get(name)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let pair = |code: &str, description: &str| {
        let code = field(code)?;
        Some(match field(description) {
            Some(text) => format!("{code}: {text}"),
            None => code,
        })
    };
    let words = pair("error", "error_description")
        .or_else(|| pair("errorCode", "errorSummary"))
        .unwrap_or_else(|| body.to_owned());
    let shown: String = words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_WORDS)
        .collect();
    match shown.trim() {
        "" => "nothing more".to_owned(),
        shown => shown.to_owned(),
    }
}

/// An error with its causes, which reqwest leaves out, and without the URL, which it puts in.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_an_answer() {
        for (body, expected) in [
            (r#"{"access_token":" a.b.c ","id_token":"x"}"#, "a.b.c"),
            (r#"{"access_token":"","id_token":"d.e.f"}"#, "d.e.f"),
            (r#"{"access_token":7,"id_token":"d.e.f"}"#, "d.e.f"),
        ] {
            assert_eq!(token(body.as_bytes()).as_deref(), Ok(expected));
        }
        for (body, part) in [
            ("<html>secret</html>", "not JSON"),
            (r#"{"refresh_token":"secret"}"#, "neither"),
        ] {
            let error = token(body.as_bytes()).unwrap_err();
            assert!(error.contains(part) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_endpoints_own_words() {
        for (body, expected) in [
            (
                r#"{"error":"invalid_client","error_description":"no such\nclient"}"#,
                "invalid_client: no such client",
            ),
            (r#"{"error":"invalid_scope"}"#, "invalid_scope"),
            (r#"{"errorCode":"E1","errorSummary":"what"}"#, "E1: what"),
            ("Bad\0 Gateway\n", "Bad  Gateway"),
            ("", "nothing more"),
        ] {
            assert_eq!(words(body), expected);
        }
        assert_eq!(words(&"x".repeat(10_000)).len(), MAX_WORDS);
    }
}
