//! The rights that the connector needs (`SHOW GRANTS`).

/// A right, as `GRANT` spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of GRANT")]
pub enum Privilege {
    Select,
    Reload,
    LockTables,
    ReplicationSlave,
    ReplicationClient,
}

impl Privilege {
    /// The name in `GRANT`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Reload => "RELOAD",
            Self::LockTables => "LOCK TABLES",
            Self::ReplicationSlave => "REPLICATION SLAVE",
            Self::ReplicationClient => "REPLICATION CLIENT",
        }
    }

    fn is_granted_by(self, grants: &Grants) -> bool {
        // MariaDB since 10.5.2 shows REPLICATION CLIENT so (MDEV-21743).
        let is_monitor = self == Self::ReplicationClient;
        grants
            .global
            .iter()
            .any(|name| name == self.name() || (is_monitor && name == "BINLOG MONITOR"))
            || (matches!(self, Self::Select | Self::LockTables)
                && grants.elsewhere.iter().any(|name| name == self.name()))
    }
}

#[derive(Default)]
struct Grants {
    global: Vec<String>,
    elsewhere: Vec<String>,
    unknown: bool,
}

/// The rights of `needed` that the lines of `SHOW GRANTS` lack. Rights that
/// come through a role are not listed there: then none is called missing.
pub fn missing_privileges(lines: &[String], needed: &[Privilege]) -> Vec<Privilege> {
    let grants = parse(lines);
    if grants.unknown {
        return Vec::new();
    }
    needed
        .iter()
        .copied()
        .filter(|privilege| !privilege.is_granted_by(&grants))
        .collect()
}

fn parse(lines: &[String]) -> Grants {
    let mut grants = Grants::default();
    for line in lines {
        let upper = line.to_uppercase();
        let Some(rest) = upper.strip_prefix("GRANT ") else {
            continue;
        };
        let Some((names, scope)) = rest.split_once(" ON ") else {
            // GRANT `role`@`%` TO …
            grants.unknown = true;
            continue;
        };
        let all = names.starts_with("ALL");
        if all && scope.starts_with("*.*") {
            grants.unknown = true;
            continue;
        }
        let list = names.split(',').map(|name| name.trim().to_owned());
        if scope.starts_with("*.*") {
            grants.global.extend(list);
        } else if all {
            grants
                .elsewhere
                .extend(["SELECT".to_owned(), "LOCK TABLES".to_owned()]);
        } else {
            grants.elsewhere.extend(list);
        }
    }
    grants
}

#[cfg(test)]
mod tests {
    use super::*;
    use Privilege::*;

    const NEEDED: [Privilege; 4] = [Select, Reload, ReplicationSlave, ReplicationClient];

    fn missing(lines: &[&str]) -> Vec<Privilege> {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        missing_privileges(&lines, &NEEDED)
    }

    /// MariaDB 10.11 after `GRANT … REPLICATION CLIENT …`.
    #[test]
    fn a_line_as_mariadb_shows_it() {
        assert!(missing(&["GRANT SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `debezium`@`localhost` IDENTIFIED BY PASSWORD '*A06791A44B817A1A84D38FABE76938F0183EE3F0'"]).is_empty());
    }

    #[test]
    fn lines_as_mysql_shows_them() {
        assert!(missing(&["GRANT SELECT, RELOAD, SHOW DATABASES, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `debezium`@`%`"]).is_empty());
        assert!(
            missing(&["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION"]).is_empty()
        );
        assert!(
            missing(&[
                "GRANT USAGE ON *.* TO `u`@`%`",
                "GRANT `reader`@`%` TO `u`@`%`"
            ])
            .is_empty()
        );
        assert_eq!(
            missing(&[
                "GRANT REPLICATION SLAVE ON *.* TO `u`@`%`",
                "GRANT SELECT ON `inventory`.* TO `u`@`%`"
            ]),
            [Reload, ReplicationClient]
        );
        assert_eq!(
            missing(&[
                "GRANT USAGE ON *.* TO `mysqluser`@`%`",
                "GRANT ALL PRIVILEGES ON `inventory`.* TO `mysqluser`@`%`"
            ]),
            [Reload, ReplicationSlave, ReplicationClient]
        );
    }
}
