//! A connector's transformations in order, each perhaps under a predicate.

use connect_api::plugin::{Outcome, Predicate, Transformation};
use connect_api::record::Record;
use connect_api::registry::Plugins;
use connect_api::{Error, Props, Result};

use super::tolerance::{Failure, Stage};
use crate::connector_config::{PREDICATES, TRANSFORMS, plugin_props};

/// One transformation, and when it applies.
struct Link {
    class: &'static str,
    transformation: Box<dyn Transformation>,
    condition: Option<Condition>,
}

struct Condition {
    predicate: Box<dyn Predicate>,
    negate: bool,
}

/// A connector's transformations.
#[derive(Default)]
pub(crate) struct TransformationChain {
    links: Vec<Link>,
}

impl TransformationChain {
    /// Makes the transformations and predicates that `props` lists.
    pub(crate) fn build(plugins: &Plugins, props: &Props) -> Result<Self> {
        let aliases = props.get(TRANSFORMS.name()).map_or("", String::as_str);
        let mut links = Vec::new();
        for alias in aliases.split(',').map(str::trim) {
            if alias.is_empty() {
                continue;
            }
            let prefix = format!("{}.{alias}.", TRANSFORMS.name());
            let plugin = plugins.transformation(class_of(props, &prefix)?)?;
            let transformation = (plugin.create)(&plugin_props(props, &prefix))
                .map_err(|error| error.while_doing(format!("making transformation {alias}")))?;
            links.push(Link {
                class: plugin.name.class,
                transformation,
                condition: condition(plugins, props, &prefix)?,
            });
        }
        Ok(Self { links })
    }

    /// Sends a record through. After an error the record is not used any more.
    pub(crate) fn apply(&mut self, record: &mut Record) -> Result<Outcome, Failure> {
        for link in &mut self.links {
            let outcome = link.apply(record).map_err(|error| Failure {
                stage: Stage::Transformation,
                class: link.class.to_owned(),
                error,
            })?;
            if outcome == Outcome::Drop {
                return Ok(Outcome::Drop);
            }
        }
        Ok(Outcome::Keep)
    }
}

impl Link {
    fn apply(&mut self, record: &mut Record) -> Result<Outcome> {
        if let Some(condition) = &mut self.condition
            && condition.predicate.test(record)? == condition.negate
        {
            return Ok(Outcome::Keep);
        }
        self.transformation.apply(record)
    }
}

fn condition(plugins: &Plugins, props: &Props, prefix: &str) -> Result<Option<Condition>> {
    let Some(alias) = props.get(&format!("{prefix}predicate")) else {
        return Ok(None);
    };
    let own = format!("{}.{}.", PREDICATES.name(), alias.trim());
    let plugin = plugins.predicate(class_of(props, &own)?)?;
    let predicate = (plugin.create)(&plugin_props(props, &own))
        .map_err(|error| error.while_doing(format!("making predicate {alias}")))?;
    let negate = props
        .get(&format!("{prefix}negate"))
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
    Ok(Some(Condition { predicate, negate }))
}

fn class_of<'p>(props: &'p Props, prefix: &str) -> Result<&'p str> {
    props
        .get(&format!("{prefix}type"))
        .map(String::as_str)
        .ok_or_else(|| {
            Error::config(format!(
                "Missing required configuration \"{prefix}type\" which has no default value."
            ))
        })
}
