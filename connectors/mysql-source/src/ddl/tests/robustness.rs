use proptest::prelude::*;

use super::Session;
use crate::ddl::SqlMode;

/// Pieces of which anything may follow anything.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "CREATE",
            "TABLE",
            "ALTER",
            "DROP",
            "RENAME",
            "t",
            "a",
            "INT",
            "(",
            ")",
            ",",
            ";",
            "ADD",
            "COLUMN",
            "CHANGE",
            "MODIFY",
            "FIRST",
            "AFTER",
            "DEFAULT",
            "NULL",
            "NOT",
            "PRIMARY",
            "UNIQUE",
            "KEY",
            "ENUM",
            "'x'",
            "\"y\"",
            "`z`",
            "1",
            "0x1",
            "b'1'",
            "-",
            "SET",
            "=",
            "@@global.x",
            ".",
            "/*!50000",
            "*/",
            "--",
            "\n",
            "CHARACTER",
            "COLLATE",
            "latin1",
            "TO",
            "LIKE",
            "DATABASE",
            "VARCHAR",
            "VIEW",
            "AS",
            "CONVERT",
            "REFERENCES",
            "INDEX",
            "ON",
            "GENERATED",
            "ALWAYS",
            "CHECK",
            "CONSTRAINT",
            "USE",
            "TRUNCATE",
        ])
        .prop_map(str::to_owned),
        "[ -~é\u{1F600}]{0,4}",
    ]
}

proptest! {
    #[test]
    fn any_text_gives_an_answer(text in "\\PC{0,200}", bits in any::<u64>()) {
        let mut session = Session::after("CREATE TABLE t (a INT, b TEXT)");
        session.parser.set_sql_mode(SqlMode::from_bits(bits));
        if let Err(error) = session.try_run(&text) {
            prop_assert!(text.is_char_boundary(error.offset));
        }
    }

    #[test]
    fn any_words_give_an_answer(pieces in proptest::collection::vec(piece(), 0..40), altered: bool) {
        let mut session = Session::after("CREATE TABLE t (a INT, b TEXT, PRIMARY KEY (a))");
        let prefix = if altered { "ALTER TABLE t " } else { "CREATE TABLE t " };
        let text = format!("{prefix}{}", pieces.join(" "));
        if session.try_run(&text).is_ok() {
            for table in session.tables.iter() {
                let numbered = (1..).zip(&table.columns).all(|(n, column)| column.position == n);
                prop_assert!(numbered, "{text}");
                prop_assert_eq!(
                    table.primary_key_indexes().len(),
                    table.primary_key_column_names.len()
                );
            }
        }
    }
}
