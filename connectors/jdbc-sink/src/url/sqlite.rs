//! sqlite-jdbc's URLs: `jdbc:sqlite:path?name=value`.

use super::{JdbcUrl, Parsed, parameters};
use crate::dialect::Database;

/// Settings of a connection that are pragmas of the same name.
const PRAGMAS: &[&str] = &[
    "busy_timeout",
    "cache_size",
    "foreign_keys",
    "journal_mode",
    "journal_size_limit",
    "locking_mode",
    "mmap_size",
    "synchronous",
    "temp_store",
];

pub(super) fn parse(rest: &str, driver: &[(String, String)]) -> Parsed<JdbcUrl> {
    let mut url = JdbcUrl::new(Database::Sqlite);
    let (file, query) = rest.split_once('?').unwrap_or((rest, ""));
    if file.is_empty() {
        return Err("a file should follow jdbc:sqlite:".to_owned());
    }
    let of_url = parameters(query, &['&'])?;
    for (name, value) in driver.iter().cloned().chain(of_url) {
        let simple = !value.is_empty()
            && value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if PRAGMAS.contains(&name.as_str()) && simple {
            url.setup.push(format!("PRAGMA {name}={value}"));
        } else {
            url.ignores(&name);
        }
    }
    url.name = Some(file.to_owned());
    Ok(url)
}
