use crate::values::NameAdjustment;

impl NameAdjustment {
    /// A schema's full name.
    pub(crate) fn schema_name(self, name: &str) -> String {
        self.adjust(name, true)
    }

    /// A field's name.
    pub(crate) fn field_name(self, name: &str) -> String {
        self.adjust(name, false)
    }

    /// `io.debezium.schema.SchemaNameAdjuster.validFullname`; dots are fine in full names only.
    fn adjust(self, name: &str, dots: bool) -> String {
        let underscores = match self {
            Self::None => return name.to_owned(),
            Self::Avro => true,
            Self::AvroUnicode => false,
        };
        let mut out = String::with_capacity(name.len());
        for (position, unit) in name.encode_utf16().enumerate() {
            let c = char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
            let letter = c.is_ascii_alphabetic() || (underscores && c == '_');
            if letter || (position > 0 && (c.is_ascii_digit() || (dots && c == '.'))) {
                out.push(c);
            } else if underscores {
                out.push('_');
                if c.is_ascii_digit() {
                    out.push(c);
                }
            } else {
                out.push_str(&unicode_escape(unit));
            }
        }
        out
    }
}

/// `_u` and the number in hex, padded as `UnicodeReplacementFunction` does: two zeros before one
/// or two digits, else none.
fn unicode_escape(unit: u16) -> String {
    let padding = if unit <= 0xff { "00" } else { "" };
    format!("_u{padding}{unit:x}")
}

/// Puts `_` in the place of each UTF-16 unit of the characters that are not `valid`.
pub(super) fn replace_units(name: &str, valid: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if valid(c) {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n('_', c.len_utf16()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_valid_in_avro() {
        let avro = NameAdjustment::Avro;
        assert_eq!(
            avro.schema_name("srv-1.db.odd name.Value"),
            "srv_1.db.odd_name.Value"
        );
        assert_eq!(avro.schema_name("1a"), "_1a");
        assert_eq!(avro.field_name("a.b"), "a_b");
        let unicode = NameAdjustment::AvroUnicode;
        assert_eq!(unicode.schema_name("a-b_c.d"), "a_u002db_u005fc.d");
        assert_eq!(unicode.field_name("Sélect"), "S_u00e9lect");
        assert_eq!(unicode.field_name("1a"), "_u0031a");
        assert_eq!(NameAdjustment::None.field_name("1 a"), "1 a");
    }
}
