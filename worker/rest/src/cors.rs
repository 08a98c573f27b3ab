//! Cross-origin requests, as Jetty's `CrossOriginHandler` answers them for
//! Connect (`golden`: exchanges 224–228).

use axum::http::{HeaderMap, HeaderValue, Method, header};

/// Which origins may call, and by which methods.
#[derive(Debug, Clone)]
pub(crate) struct Cors {
    origins: Vec<String>,
    methods: HeaderValue,
}

impl Cors {
    /// CORS for these origins; none turns it off. Methods that are no header
    /// text are left out.
    pub(crate) fn new(origins: Vec<String>, methods: &[String]) -> Self {
        let methods = HeaderValue::from_str(&methods.join(","))
            .unwrap_or(HeaderValue::from_static("GET,POST,HEAD"));
        Self { origins, methods }
    }

    /// Adds the headers for a request of `method` with `request` headers.
    pub(crate) fn apply(&self, method: &Method, request: &HeaderMap, response: &mut HeaderMap) {
        response.insert(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = request.get(header::ORIGIN) else {
            return;
        };
        let Ok(text) = origin.to_str() else { return };
        if !self.origins.iter().any(|pattern| matches(pattern, text)) {
            return;
        }
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let is_preflight = method == Method::OPTIONS
            && request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if is_preflight {
            response.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
            let headers = HeaderValue::from_static("Content-Type");
            response.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
            response.insert(
                header::ACCESS_CONTROL_MAX_AGE,
                HeaderValue::from_static("60"),
            );
        }
    }
}

/// True if `origin` fits `pattern`, in which each `*` stands for any text.
fn matches(pattern: &str, origin: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == origin;
    };
    let Some(mut remaining) = origin.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or("");
    for part in parts {
        let Some(position) = remaining.find(part) else {
            return false;
        };
        remaining = &remaining[position + part.len()..];
    }
    remaining.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(matches("*", "http://ui:8000"));
        assert!(matches("https://*.example.com", "https://a.b.example.com"));
        assert!(!matches(
            "https://*.example.com",
            "https://example.com.evil"
        ));
        assert!(matches("http://app.example", "http://app.example"));
        assert!(!matches("http://app.example", "http://app.example.evil"));
    }

    #[test]
    fn only_allowed_origins_get_headers_and_only_preflights_the_methods() {
        let cors = Cors::new(
            vec!["http://app.example".into()],
            &["GET".into(), "PUT".into()],
        );
        let answer = |method: Method, pairs: &[(&'static str, &'static str)]| {
            let request = pairs
                .iter()
                .map(|(name, value)| {
                    (
                        header::HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    )
                })
                .collect();
            let mut response = HeaderMap::new();
            cors.apply(&method, &request, &mut response);
            response
        };
        let plain = answer(Method::GET, &[("origin", "http://app.example")]);
        assert_eq!(plain["access-control-allow-origin"], "http://app.example");
        assert!(!plain.contains_key("access-control-allow-methods"));
        let evil = answer(Method::GET, &[("origin", "http://evil.example")]);
        assert_eq!(evil.len(), 1);
        let preflight = [
            ("origin", "http://app.example"),
            ("access-control-request-method", "PUT"),
        ];
        let preflight = answer(Method::OPTIONS, &preflight);
        assert_eq!(preflight["access-control-allow-methods"], "GET,PUT");
        assert_eq!(preflight["access-control-max-age"], "60");
    }
}
