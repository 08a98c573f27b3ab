use std::collections::HashMap;

/// The default character set of servers and new databases.
pub(super) const CHARACTER_SET_SERVER: &str = "character_set_server";
/// The character set of the current database.
pub(super) const CHARACTER_SET_DATABASE: &str = "character_set_database";

/// System variables as `SET` statements left them (`BinlogSystemVariables`): the session's value
/// hides the global one.
#[derive(Clone, Debug, Default)]
pub(super) struct SystemVariables {
    session: HashMap<String, String>,
    global: HashMap<String, String>,
}

impl SystemVariables {
    pub(super) fn set(&mut self, global: bool, name: &str, value: Option<String>) {
        let scope = if global {
            &mut self.global
        } else {
            &mut self.session
        };
        let name = name.to_ascii_lowercase();
        match value {
            Some(value) => scope.insert(name, value),
            None => scope.remove(&name),
        };
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.session
            .get(name)
            .or_else(|| self.global.get(name))
            .map(String::as_str)
    }
}
