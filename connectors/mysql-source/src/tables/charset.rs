use mysql_common::collations::{Collation, CollationId};

/// The character set that a collation belongs to, by the collation's name in any letter case.
///
/// MySQL's and MariaDB's names begin with the character set, save for `binary` and MariaDB's
/// contextual `uca1400_*`, which fit several and give none.
pub fn charset_of_collation(collation: &str) -> Option<String> {
    let collation = collation.to_ascii_lowercase();
    if collation == "binary" {
        return Some(collation);
    }
    let (charset, _) = collation.split_once('_')?;
    (charset != "uca1400").then(|| charset.to_owned())
}

/// The character set that a collation belongs to, by the collation's number in the protocol and
/// in table map events; none when the number is not known.
pub fn charset_of_collation_id(id: u16) -> Option<String> {
    // MariaDB's UCA-14.0.0 collations (MDEV-27009): 2048 and up, 256 for each character set, in
    // this order.
    const MARIADB_UCA1400: [&str; 5] = ["utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"];
    if let Some(offset) = id.checked_sub(2048) {
        return MARIADB_UCA1400
            .get(usize::from(offset / 256))
            .map(|name| (*name).to_owned());
    }
    let collation = Collation::resolve(CollationId::from(id));
    (collation.id() != CollationId::UNKNOWN_COLLATION_ID).then(|| collation.charset().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collation_names_give_their_charset() {
        for (collation, charset) in [
            ("utf8mb4_0900_ai_ci", Some("utf8mb4")),
            ("latin1_swedish_ci", Some("latin1")),
            ("UTF8_general_ci", Some("utf8")),
            ("binary", Some("binary")),
            ("uca1400_ai_ci", None),
            ("nonsense", None),
        ] {
            assert_eq!(
                charset_of_collation(collation).as_deref(),
                charset,
                "{collation}"
            );
        }
    }

    #[test]
    fn collation_numbers_give_their_charset() {
        // Numbers from INFORMATION_SCHEMA.COLLATIONS of MySQL 8.0.
        for (id, charset) in [
            (8, "latin1"),
            (13, "sjis"),
            (45, "utf8mb4"),
            (63, "binary"),
            (255, "utf8mb4"),
        ] {
            assert_eq!(
                charset_of_collation_id(id).as_deref(),
                Some(charset),
                "{id}"
            );
        }
        assert_eq!(charset_of_collation_id(0), None);
    }
}
