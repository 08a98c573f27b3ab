//! Whether what is written with one schema can be read with another
//! (`SchemaCompatibility.checkReaderWriterCompatibility`).

use std::collections::HashSet;

use super::schema::{AvroSchema, Kind, Name, TypeId};

/// Nothing, or why `reader` cannot read what `writer` writes.
pub(super) fn check(reader: &AvroSchema, writer: &AvroSchema) -> Result<(), String> {
    let mut checker = Checker {
        reader,
        writer,
        under_way: HashSet::new(),
    };
    checker.check(reader.root, writer.root, "")
}

struct Checker<'s> {
    reader: &'s AvroSchema,
    writer: &'s AvroSchema,
    /// Pairs of recursive types that are taken to fit while they are looked at.
    under_way: HashSet<(TypeId, TypeId)>,
}

impl Checker<'_> {
    fn check(&mut self, reader: TypeId, writer: TypeId, path: &str) -> Result<(), String> {
        let (reader_kind, writer_kind) = (self.reader.kind(reader), self.writer.kind(writer));
        match (reader_kind, writer_kind) {
            (_, Kind::Union(branches)) => branches
                .iter()
                .try_for_each(|&branch| self.check(reader, branch, path)),
            (Kind::Union(branches), _) => {
                let mut result = Ok(());
                for &branch in branches {
                    result = self.check(branch, writer, path);
                    if result.is_ok() {
                        return Ok(());
                    }
                }
                result.map_err(|_| {
                    format!(
                        "{} is none of the union at {}",
                        named(writer_kind),
                        shown(path)
                    )
                })
            }
            (Kind::Array(reader), Kind::Array(writer)) | (Kind::Map(reader), Kind::Map(writer)) => {
                self.check(*reader, *writer, path)
            }
            (Kind::Record(_), Kind::Record(_)) => self.records(reader, writer, path),
            (Kind::Enum(reader), Kind::Enum(writer)) => {
                same_name(&reader.name, &writer.name, path)?;
                let missing = writer
                    .symbols
                    .iter()
                    .find(|symbol| !reader.symbols.contains(symbol));
                match missing {
                    Some(symbol) if reader.default.is_none() => Err(format!(
                        "the enum at {} has no symbol {symbol}",
                        shown(path)
                    )),
                    _ => Ok(()),
                }
            }
            (Kind::Fixed(reader), Kind::Fixed(writer)) => {
                same_name(&reader.name, &writer.name, path)?;
                if reader.size == writer.size {
                    Ok(())
                } else {
                    Err(format!("the sizes of the fixed at {} differ", shown(path)))
                }
            }
            (reader, writer) if is_promotion(writer, reader) => Ok(()),
            (reader, writer) => Err(format!(
                "{} cannot be read as {} at {}",
                named(writer),
                named(reader),
                shown(path)
            )),
        }
    }

    fn records(&mut self, reader: TypeId, writer: TypeId, path: &str) -> Result<(), String> {
        let (Kind::Record(reader_record), Kind::Record(writer_record)) =
            (self.reader.kind(reader), self.writer.kind(writer))
        else {
            return Ok(());
        };
        same_name(&reader_record.name, &writer_record.name, path)?;
        if !self.under_way.insert((reader, writer)) {
            return Ok(());
        }
        for field in &reader_record.fields {
            let path = format!("{path}.{}", field.name);
            let writer_field = writer_record
                .fields
                .iter()
                .find(|writer_field| writer_field.name == field.name);
            match writer_field {
                Some(writer_field) => self.check(field.schema, writer_field.schema, &path)?,
                None if field.default.is_some() => {}
                None => {
                    return Err(format!(
                        "{} has no default and is not written",
                        shown(&path)
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The original compares the names without their namespaces.
fn same_name(reader: &Name, writer: &Name, path: &str) -> Result<(), String> {
    if reader.name == writer.name {
        return Ok(());
    }
    Err(format!(
        "{} cannot be read as {} at {}",
        writer.full(),
        reader.full(),
        shown(path)
    ))
}

fn is_promotion(writer: &Kind, reader: &Kind) -> bool {
    writer.type_name() == reader.type_name()
        || matches!(
            (writer, reader),
            (Kind::Int, Kind::Long | Kind::Float | Kind::Double)
                | (Kind::Long, Kind::Float | Kind::Double)
                | (Kind::Float, Kind::Double)
                | (Kind::String, Kind::Bytes)
                | (Kind::Bytes, Kind::String)
        )
}

fn named(kind: &Kind) -> String {
    match kind.name() {
        Some(name) => format!("{} {}", kind.type_name(), name.full()),
        None => kind.type_name().to_owned(),
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() {
        "the top"
    } else {
        &path[1..]
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema_parse::parse;
    use super::*;

    fn can_read(reader: &str, writer: &str) -> Result<(), String> {
        let parsed = |text| parse(text, &[]).unwrap_or_else(|f| panic!("{}", f.into_error()));
        check(&parsed(reader), &parsed(writer))
    }

    /// From Avro's specification, "Schema Resolution".
    #[test]
    fn what_can_be_read() {
        let with = |fields: &str| format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#);
        let a = r#"{"name":"a","type":"int"}"#;
        let b = r#"{"name":"b","type":"int"}"#;
        let b_with_default = r#"{"name":"b","type":["null","int"],"default":null}"#;
        let both = with(&format!("{a},{b}"));
        assert_eq!(can_read(&with(a), &both), Ok(()));
        assert_eq!(
            can_read(&both, &with(a)),
            Err("b has no default and is not written".to_owned())
        );
        assert_eq!(
            can_read(&with(&format!("{a},{b_with_default}")), &with(a)),
            Ok(())
        );
        assert_eq!(can_read("\"long\"", "\"int\""), Ok(()));
        assert_eq!(
            can_read("\"int\"", "\"long\""),
            Err("long cannot be read as int at the top".to_owned())
        );
        assert_eq!(can_read(r#"["null","string"]"#, "\"string\""), Ok(()));
        assert!(can_read("\"string\"", r#"["null","string"]"#).is_err());
    }
}
