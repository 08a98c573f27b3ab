//! Which resource a path means, and which methods it takes.

use axum::http::Method;

/// A REST resource, with the names from its path, percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    Root,
    Health,
    Connectors,
    Connector(String),
    ConnectorConfig(String),
    ConnectorStatus(String),
    ConnectorRestart(String),
    ConnectorPause(String),
    ConnectorResume(String),
    ConnectorStop(String),
    ConnectorTopics(String),
    ConnectorTopicsReset(String),
    ConnectorOffsets(String),
    /// Ours: the original has none.
    ConnectorLag(String),
    ConnectorFence(String),
    Tasks(String),
    TaskStatus(String, usize),
    TaskRestart(String, usize),
    Plugins,
    PluginConfig(String),
    PluginValidate(String),
    Loggers,
    Logger(String),
}

/// The resource of a raw path, with or without a trailing slash; none where
/// there is none.
pub(crate) fn resource(path: &str) -> Option<Resource> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Resource::Root);
    }
    let segments = path
        .split('/')
        .map(decode)
        .collect::<Option<Vec<String>>>()?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    Some(match segments[..] {
        ["health"] => Resource::Health,
        ["connectors"] => Resource::Connectors,
        ["connectors", name, ref rest @ ..] if !name.is_empty() => {
            return of_connector(name.to_owned(), rest);
        }
        ["connector-plugins"] => Resource::Plugins,
        ["connector-plugins", plugin, "config"] => Resource::PluginConfig(plugin.to_owned()),
        ["connector-plugins", plugin, "config", "validate"] => {
            Resource::PluginValidate(plugin.to_owned())
        }
        ["admin", "loggers"] => Resource::Loggers,
        ["admin", "loggers", logger] => Resource::Logger(logger.to_owned()),
        _ => return None,
    })
}

fn of_connector(name: String, rest: &[&str]) -> Option<Resource> {
    Some(match *rest {
        [] => Resource::Connector(name),
        ["config"] => Resource::ConnectorConfig(name),
        ["status"] => Resource::ConnectorStatus(name),
        ["restart"] => Resource::ConnectorRestart(name),
        ["pause"] => Resource::ConnectorPause(name),
        ["resume"] => Resource::ConnectorResume(name),
        ["stop"] => Resource::ConnectorStop(name),
        ["topics"] => Resource::ConnectorTopics(name),
        ["topics", "reset"] => Resource::ConnectorTopicsReset(name),
        ["offsets"] => Resource::ConnectorOffsets(name),
        ["lag"] => Resource::ConnectorLag(name),
        ["fence"] => Resource::ConnectorFence(name),
        ["tasks"] => Resource::Tasks(name),
        ["tasks", task, "status"] => Resource::TaskStatus(name, task.parse().ok()?),
        ["tasks", task, "restart"] => Resource::TaskRestart(name, task.parse().ok()?),
        _ => return None,
    })
}

/// Percent-decodes a path segment; none where that gives no UTF-8.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

impl Resource {
    /// The methods that the resource takes, in the order of the real one's
    /// `Allow` header, without `HEAD` and `OPTIONS`, which go with `GET` and all.
    fn methods(&self) -> &'static [Method] {
        match self {
            Resource::Connectors => &[Method::POST, Method::GET],
            Resource::Connector(_) => &[Method::DELETE, Method::GET],
            Resource::ConnectorConfig(_) => &[Method::GET, Method::PUT, Method::PATCH],
            Resource::ConnectorOffsets(_) => &[Method::DELETE, Method::GET, Method::PATCH],
            Resource::Tasks(_) => &[Method::POST, Method::GET],
            Resource::ConnectorRestart(_) | Resource::TaskRestart(..) => &[Method::POST],
            Resource::ConnectorPause(_)
            | Resource::ConnectorResume(_)
            | Resource::ConnectorStop(_)
            | Resource::ConnectorTopicsReset(_)
            | Resource::ConnectorFence(_)
            | Resource::PluginValidate(_) => &[Method::PUT],
            Resource::Logger(_) => &[Method::GET, Method::PUT],
            _ => &[Method::GET],
        }
    }

    /// True if the resource takes `method`.
    pub(crate) fn takes(&self, method: &Method) -> bool {
        method == Method::OPTIONS
            || self.methods().contains(method)
            || (method == Method::HEAD && self.methods().contains(&Method::GET))
    }

    /// The names of all methods it takes, in the order of the `Allow` header.
    pub(crate) fn allowed(&self) -> Vec<&'static str> {
        const ORDER: [(Method, &str); 7] = [
            (Method::HEAD, "HEAD"),
            (Method::DELETE, "DELETE"),
            (Method::POST, "POST"),
            (Method::GET, "GET"),
            (Method::OPTIONS, "OPTIONS"),
            (Method::PUT, "PUT"),
            (Method::PATCH, "PATCH"),
        ];
        ORDER
            .iter()
            .filter(|(method, _)| self.takes(method))
            .map(|(_, name)| *name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_changes_nothing() {
        let name = || "tour".to_owned();
        for (path, expected) in [
            ("", Resource::Root),
            ("/", Resource::Root),
            ("/connectors", Resource::Connectors),
            ("/connectors/tour", Resource::Connector(name())),
            (
                "/connectors/tour/tasks/0/status",
                Resource::TaskStatus(name(), 0),
            ),
            ("/connectors/tour/lag", Resource::ConnectorLag(name())),
            (
                "/connectors/tour/topics/reset",
                Resource::ConnectorTopicsReset(name()),
            ),
            (
                "/connectors/a%2Fb%20c%3F%C3%A9",
                Resource::Connector("a/b c?é".to_owned()),
            ),
            ("/admin/loggers/a.b", Resource::Logger("a.b".to_owned())),
        ] {
            assert_eq!(resource(path), Some(expected.clone()), "{path}");
            assert_eq!(
                resource(&format!("{}/", path.trim_end_matches('/'))),
                Some(expected),
                "{path}/"
            );
        }
    }

    // golden: 007, 090, 093, 094, 097 of the recorded tour.
    #[test]
    fn other_paths_mean_nothing() {
        for path in [
            "/nope",
            "//connectors",
            "/connectors/tour/tasks/0",
            "/connectors/tour/tasks/abc/status",
            "/connectors/tour/tasks-config",
            "/connectors/%zz",
            "/connectors/%ff",
        ] {
            assert_eq!(resource(path), None, "{path}");
        }
    }

    // golden: 004, 005, 157, 158 of the recorded tour.
    #[test]
    fn allow_lists_the_methods_in_the_real_ones_order() {
        let allow = |path| resource(path).unwrap().allowed().join(",");
        assert_eq!(allow("/"), "HEAD,GET,OPTIONS");
        assert_eq!(allow("/connectors"), "HEAD,POST,GET,OPTIONS");
        assert_eq!(allow("/connectors/tour"), "HEAD,DELETE,GET,OPTIONS");
        assert_eq!(
            allow("/connectors/tour/config"),
            "HEAD,GET,OPTIONS,PUT,PATCH"
        );
        assert!(!resource("/connectors").unwrap().takes(&Method::PATCH));
        assert!(!resource("/connectors").unwrap().takes(&Method::TRACE));
    }
}
