//! Config providers: `${provider:path:key}` in configurations, resolved when
//! they are used and stored unresolved (KIP-297, `ConfigTransformer`).

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::{env, fs};

use connect_api::regex::JavaRegex;
use connect_api::{Error, Props, Result};
use tracing::warn;

use crate::properties;

const NAMES: &str = "config.providers";
const FILE: &str = "org.apache.kafka.common.config.provider.FileConfigProvider";
const DIRECTORY: &str = "org.apache.kafka.common.config.provider.DirectoryConfigProvider";
const ENVIRONMENT: &str = "org.apache.kafka.common.config.provider.EnvVarConfigProvider";

#[derive(Debug, Clone)]
enum Provider {
    /// The properties of a file.
    File(AllowedPaths),
    /// The files of a directory, each a value.
    Directory(AllowedPaths),
    /// The environment, as far as names match.
    Environment(Option<Box<JavaRegex>>),
}

/// The providers that a worker has.
#[derive(Debug, Clone, Default)]
pub struct ConfigProviders {
    providers: HashMap<String, Provider>,
}

impl ConfigProviders {
    /// The providers that a worker's configuration declares.
    pub fn from_worker(props: &Props) -> Result<Self> {
        let names = props.get(NAMES).map(String::as_str).unwrap_or_default();
        let mut providers = HashMap::new();
        for name in names
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            providers.insert(name.to_owned(), provider(name, props)?);
        }
        Ok(Self { providers })
    }

    /// The configuration with its placeholders replaced. One whose provider is
    /// not there, or whose key is not, stays as it is, as in Connect.
    pub fn resolve(&self, props: &Props) -> Result<Props> {
        if self.providers.is_empty() {
            return Ok(props.clone());
        }
        let mut files = HashMap::new();
        props
            .iter()
            .map(|(name, value)| {
                let value = self.replace(value, &mut files).map_err(|error| {
                    error.while_doing(format!("replacing the placeholder in setting '{name}'"))
                })?;
                Ok((name.clone(), value))
            })
            .collect()
    }

    fn replace(&self, value: &str, files: &mut HashMap<String, Props>) -> Result<String> {
        let mut replaced = String::with_capacity(value.len());
        let mut rest = value;
        while let Some((before, variable, after)) = next_variable(rest) {
            let placeholder = &rest[before.len()..rest.len() - after.len()];
            replaced.push_str(before);
            match self.look_up(&variable, files)? {
                Some(found) => replaced.push_str(&found),
                None => {
                    warn!(
                        placeholder,
                        "nothing is known for a placeholder: it stays as it is"
                    );
                    replaced.push_str(placeholder);
                }
            }
            rest = after;
        }
        replaced.push_str(rest);
        Ok(replaced)
    }

    fn look_up(
        &self,
        variable: &Variable<'_>,
        files: &mut HashMap<String, Props>,
    ) -> Result<Option<String>> {
        let Some(provider) = self.providers.get(variable.provider) else {
            return Ok(None);
        };
        match provider {
            Provider::File(_) | Provider::Directory(_) if variable.path.is_empty() => Ok(None),
            Provider::File(allowed) => {
                let Some(path) = allowed.permit(variable.path) else {
                    return Ok(None);
                };
                if !files.contains_key(variable.path) {
                    files.insert(variable.path.to_owned(), read_properties(&path)?);
                }
                Ok(files[variable.path].get(variable.key).cloned())
            }
            Provider::Directory(allowed) => match allowed.permit(variable.path) {
                Some(path) if path.is_dir() => read_value(&path, variable.key),
                Some(_) => {
                    warn!(path = variable.path, "the path is not a directory");
                    Ok(None)
                }
                None => Ok(None),
            },
            Provider::Environment(_) if !variable.path.is_empty() => Err(Error::config(format!(
                "Path is not supported for EnvVarConfigProvider, invalid value '{}'",
                variable.path
            ))),
            Provider::Environment(allowed) => {
                let is_allowed = allowed
                    .as_ref()
                    .map_or(Ok(true), |pattern| pattern.matches(variable.key))?;
                Ok(env::var(variable.key).ok().filter(|_| is_allowed))
            }
        }
    }
}

/// The keys whose values hold a placeholder of any provider
/// (`AbstractHerder.keysWithVariableValues`).
pub(crate) fn has_variable(value: &str) -> bool {
    next_variable(value).is_some()
}

struct Variable<'v> {
    provider: &'v str,
    path: &'v str,
    key: &'v str,
}

/// The next `${provider:[path:]key}`, with what stands before and after it
/// (`ConfigTransformer.DEFAULT_PATTERN`: the path goes to the first colon).
fn next_variable(text: &str) -> Option<(&str, Variable<'_>, &str)> {
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|found| from + found) {
        let inside = &text[start + 2..];
        let end = inside.find('}')?;
        let (inside, after) = (&inside[..end], &inside[end + 1..]);
        if let Some((provider, rest)) = inside.split_once(':') {
            let (path, key) = rest.split_once(':').unwrap_or(("", rest));
            let variable = Variable {
                provider,
                path,
                key,
            };
            return Some((&text[..start], variable, after));
        }
        from = start + 2;
    }
    None
}

fn provider(name: &str, props: &Props) -> Result<Provider> {
    let setting = format!("{NAMES}.{name}.class");
    let class = props.get(&setting).map(|class| class.trim()).ok_or_else(|| {
        Error::config(format!(
            "Missing required configuration \"{setting}\": '{NAMES}' names the provider '{name}'"
        ))
    })?;
    let param = |param: &str| props.get(&format!("{NAMES}.{name}.param.{param}"));
    let simple = |full: &str| {
        full.rsplit('.')
            .next()
            .is_some_and(|simple| simple == class)
    };
    match class {
        class if class == FILE || simple(FILE) => {
            Ok(Provider::File(AllowedPaths::parse(param("allowed.paths"))?))
        }
        class if class == DIRECTORY || simple(DIRECTORY) => Ok(Provider::Directory(
            AllowedPaths::parse(param("allowed.paths"))?,
        )),
        class if class == ENVIRONMENT || simple(ENVIRONMENT) => {
            let pattern = param("allowlist.pattern")
                .map(|pattern| JavaRegex::new(pattern).map(Box::new))
                .transpose()?;
            Ok(Provider::Environment(pattern))
        }
        other => Err(Error::config(format!(
            "Invalid value {other} for configuration {setting}: the class is not built in; known \
             are: {FILE}, {DIRECTORY}, {ENVIRONMENT}"
        ))),
    }
}

/// Where a provider may read (`AllowedPaths`); everywhere if nothing is said.
#[derive(Debug, Clone)]
struct AllowedPaths(Option<Vec<PathBuf>>);

impl AllowedPaths {
    fn parse(paths: Option<&String>) -> Result<Self> {
        let Some(paths) = paths.filter(|paths| !paths.trim().is_empty()) else {
            return Ok(Self(None));
        };
        let mut allowed = Vec::new();
        for path in paths.split(',') {
            let path = Path::new(path.trim());
            if !path.is_absolute() || !path.exists() {
                return Err(Error::config(format!(
                    "Path {} of 'allowed.paths' is not absolute or does not exist",
                    path.display()
                )));
            }
            allowed.push(normalise(path));
        }
        Ok(Self(Some(allowed)))
    }

    fn permit(&self, path: &str) -> Option<PathBuf> {
        let path = normalise(Path::new(path));
        let is_allowed = self
            .0
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|allowed| path.starts_with(allowed)));
        if !is_allowed {
            warn!(path = %path.display(), "the path is not allowed to be accessed");
        }
        is_allowed.then_some(path)
    }
}

/// Takes `.` and `..` out by the names alone, as Java's `Path.normalize`.
fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

fn read_properties(path: &Path) -> Result<Props> {
    let doing = || format!("Could not read properties from file {}", path.display());
    let text = fs::read_to_string(path).map_err(|error| Error::config(doing()).caused_by(error))?;
    properties::parse(&text).map_err(|error| error.while_doing(doing()))
}

fn read_value(folder: &Path, key: &str) -> Result<Option<String>> {
    let path = folder.join(key);
    // A key is a file's name, never a way out of the folder.
    if Path::new(key).components().count() != 1 || !path.is_file() {
        return Ok(None);
    }
    fs::read_to_string(&path).map(Some).map_err(|error| {
        Error::config(format!(
            "Could not read file {} for property {key}",
            path.display()
        ))
        .caused_by(error)
    })
}

#[cfg(test)]
mod tests {
    use connect_api::Props;

    use super::ConfigProviders;

    fn props(pairs: &[(&str, &str)]) -> Props {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn providers(folder: &std::path::Path) -> ConfigProviders {
        ConfigProviders::from_worker(&props(&[
            ("config.providers", "file, dir,env"),
            ("config.providers.file.class", super::FILE),
            ("config.providers.dir.class", super::DIRECTORY),
            (
                "config.providers.dir.param.allowed.paths",
                &folder.display().to_string(),
            ),
            ("config.providers.env.class", super::ENVIRONMENT),
            ("config.providers.env.param.allowlist.pattern", "CARGO_.*"),
        ]))
        .unwrap()
    }

    #[test]
    fn placeholders_are_replaced_and_unknown_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        std::fs::write(
            folder.path().join("db.properties"),
            "user=u\npassword = p:1\n",
        )
        .unwrap();
        let config = props(&[
            (
                "a",
                &format!(
                    "x-${{file:{path}/db.properties:user}}-${{file:{path}/db.properties:password}}"
                ),
            ),
            ("b", &format!("${{dir:{path}:db.properties}}")),
            ("c", "${env:CARGO_PKG_NAME}"),
            ("d", "${env:PATH}${vault:a:b}${topic}"),
            ("e", "${dir:/etc:hostname}"),
        ]);
        let resolved = providers(folder.path()).resolve(&config).unwrap();
        assert_eq!(resolved["a"], "x-u-p:1");
        assert_eq!(resolved["b"], "user=u\npassword = p:1\n");
        assert_eq!(resolved["c"], "connect-cluster");
        assert_eq!(resolved["d"], config["d"]);
        assert_eq!(resolved["e"], config["e"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_that_names_the_setting() {
        let folder = tempfile::tempdir().unwrap();
        let config = props(&[("password", "${file:/no/such/file:p}")]);
        let error = providers(folder.path())
            .resolve(&config)
            .unwrap_err()
            .trace();
        assert!(
            error.contains("'password'") && error.contains("/no/such/file"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_provider_is_refused_with_the_known_ones() {
        let worker = props(&[
            ("config.providers", "vault"),
            ("config.providers.vault.class", "com.acme.Vault"),
        ]);
        let error = ConfigProviders::from_worker(&worker)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("com.acme.Vault") && error.contains(super::FILE),
            "{error}"
        );
    }
}
