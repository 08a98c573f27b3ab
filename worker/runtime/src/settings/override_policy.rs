//! Which client settings connectors may override
//! (`connector.client.config.override.policy`, KIP-458, KIP-1188).

use connect_api::Result;

use super::{CLIENT_OVERRIDE_POLICY, invalid_setting};

/// Which client settings connectors may override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverridePolicy {
    /// All.
    All,
    /// None.
    None,
    /// Those that say who the client is.
    Principal,
    /// These.
    Allowlist(Vec<String>),
}

/// What `PrincipalConnectorClientConfigOverridePolicy` allows.
const PRINCIPAL: &[&str] = &["sasl.jaas.config", "sasl.mechanism", "security.protocol"];

impl OverridePolicy {
    /// The policy by its alias or by the class name of the original.
    pub(super) fn parse(name: &str, allowlist: Vec<String>) -> Result<Self> {
        let simple = name.rsplit('.').next().unwrap_or(name);
        let alias = simple
            .strip_suffix("ConnectorClientConfigOverridePolicy")
            .unwrap_or(simple);
        match alias {
            "All" => Ok(Self::All),
            "None" => Ok(Self::None),
            "Principal" => Ok(Self::Principal),
            "Allowlist" => Ok(Self::Allowlist(allowlist)),
            _ => Err(invalid_setting(
                CLIENT_OVERRIDE_POLICY.name(),
                name,
                "known policies are All, None, Principal, Allowlist",
            )),
        }
    }

    /// Why a connector may not set the client setting `name`; none if it may.
    pub fn objection(&self, name: &str) -> Option<String> {
        let allowed = match self {
            OverridePolicy::All => true,
            OverridePolicy::None => false,
            OverridePolicy::Principal => PRINCIPAL.contains(&name),
            OverridePolicy::Allowlist(names) => names.iter().any(|allowed| allowed == name),
        };
        // AbstractConnectorClientConfigOverridePolicy puts these words before each name.
        (!allowed).then(|| {
            format!(
                "The '{}' policy does not allow '{name}' to be overridden in the connector configuration.",
                self.name()
            )
        })
    }

    fn name(&self) -> &'static str {
        match self {
            OverridePolicy::All => "All",
            OverridePolicy::None => "None",
            OverridePolicy::Principal => "Principal",
            OverridePolicy::Allowlist(_) => "Allowlist",
        }
    }
}
