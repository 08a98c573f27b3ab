//! Every key that the original knows, each declared once.

pub mod events;
pub mod history;
pub mod reading;
pub mod server;
pub mod snapshots;

use connect_api::config::ConfigDef;

/// All keys, in the order of the original.
pub fn definition() -> ConfigDef {
    let definition = server::add_to(ConfigDef::new());
    let definition = reading::add_to(definition);
    let definition = history::add_to(definition);
    events::add_to(definition)
}
