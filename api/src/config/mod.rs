//! Configuration: a key is declared once, as a [`Key`], and from that come
//! parsing, validation, `/validate`'s answer, documentation and defaults.
//!
//! The rules and texts are Kafka's `org.apache.kafka.common.config.ConfigDef`.

mod check;
mod def;
mod info;
mod key;
mod settings;
mod value;

pub use check::Check;
pub use def::{ConfigDef, KeyDef};
pub use info::{ConfigInfo, ConfigInfos, ConfigKeyInfo, ConfigValueInfo};
pub use key::{ClassName, DefaultValue, FromConfig, Importance, Key, Width};
pub use settings::Settings;
pub use value::{ConfigType, ConfigValue, Secret};
