use super::Session;

const T: &str = "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9) NOT NULL, c DECIMAL(5,2) DEFAULT 1) CHARSET latin1";

fn altered(clauses: &str) -> Session {
    let mut session = Session::after(T);
    session.run(&format!("ALTER TABLE t {clauses}"));
    session
}

#[test]
fn columns() {
    for (clauses, columns) in [
        ("ADD d INT", "a INT, b VARCHAR, c DECIMAL, d INT"),
        (
            "ADD COLUMN d INT FIRST, ADD e INT AFTER B",
            "d INT, a INT, b VARCHAR, e INT, c DECIMAL",
        ),
        (
            "ADD COLUMN (d INT, e INT, KEY (d))",
            "a INT, b VARCHAR, c DECIMAL, d INT, e INT",
        ),
        (
            "ADD COLUMN IF NOT EXISTS a BIGINT",
            "a INT, b VARCHAR, c DECIMAL",
        ),
        ("DROP b, DROP COLUMN c", "a INT"),
        (
            "DROP COLUMN IF EXISTS x, DROP INDEX b, DROP FOREIGN KEY f",
            "a INT, b VARCHAR, c DECIMAL",
        ),
        ("MODIFY b INT AFTER c", "a INT, c DECIMAL, b INT"),
        ("CHANGE b x TEXT FIRST", "x TEXT, a INT, c DECIMAL"),
        ("CHANGE COLUMN b b BIGINT", "a INT, b BIGINT, c DECIMAL"),
        (
            "RENAME COLUMN b TO x, RENAME INDEX i TO j",
            "a INT, x VARCHAR, c DECIMAL",
        ),
        (
            "RENAME COLUMN a TO b, RENAME COLUMN b TO a",
            "b INT, a VARCHAR, c DECIMAL",
        ),
        (
            "CHANGE a b BIGINT, CHANGE b a TEXT",
            "b BIGINT, a TEXT, c DECIMAL",
        ),
        (
            "ADD d INT, ALGORITHM=INPLACE, LOCK=NONE",
            "a INT, b VARCHAR, c DECIMAL, d INT",
        ),
        (
            "ENGINE=InnoDB, ADD PARTITION (PARTITION p1 VALUES LESS THAN (5), PARTITION p2 VALUES LESS THAN (6))",
            "a INT, b VARCHAR, c DECIMAL",
        ),
        (
            "PARTITION BY HASH(a) PARTITIONS 4",
            "a INT, b VARCHAR, c DECIMAL",
        ),
        ("ORDER BY a, b", "a INT, b VARCHAR, c DECIMAL"),
        ("", "a INT, b VARCHAR, c DECIMAL"),
    ] {
        assert_eq!(altered(clauses).columns(), columns, "{clauses}");
    }
}

#[test]
fn a_new_definition_replaces_the_old_one_entirely() {
    let session = altered("MODIFY c INT");
    let column = session.t().column("c").unwrap();
    assert_eq!(
        (
            column.length,
            column.scale,
            column.default_value_expression.as_deref()
        ),
        (None, None, None)
    );
    assert!(column.optional);
    // Debezium leaves the values of the ENUM and AUTO_INCREMENT behind here.
    let mut session =
        Session::after("CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, e ENUM('x'))");
    session.run("ALTER TABLE t CHANGE e f VARCHAR(5), CHANGE a a INT NOT NULL");
    assert!(session.t().column("f").unwrap().enum_values.is_empty());
    assert!(!session.t().column("a").unwrap().auto_incremented);
}

#[test]
fn keys() {
    assert_eq!(altered("RENAME COLUMN a TO x").key(), ["x"]);
    assert_eq!(altered("CHANGE a x INT NOT NULL").key(), ["x"]);
    assert_eq!(altered("DROP COLUMN a").key(), [] as [&str; 0]);
    assert_eq!(altered("DROP PRIMARY KEY").key(), [] as [&str; 0]);
    assert_eq!(
        altered("DROP PRIMARY KEY, ADD PRIMARY KEY (c, b)").key(),
        ["c", "b"]
    );
    assert_eq!(altered("ADD UNIQUE (b)").key(), ["a"]);
    assert_eq!(
        altered("DROP PRIMARY KEY, ADD UNIQUE INDEX u (b)").key(),
        ["b"]
    );
    assert_eq!(
        altered("DROP PRIMARY KEY, ADD CONSTRAINT u UNIQUE (b, c)").key(),
        [] as [&str; 0]
    );
    assert_eq!(
        altered("DROP PRIMARY KEY, ADD id BIGINT AUTO_INCREMENT PRIMARY KEY FIRST").key(),
        ["id"]
    );
    let session = altered("DROP PRIMARY KEY, ADD PRIMARY KEY (c)");
    assert!(!session.t().column("c").unwrap().optional);
}

#[test]
fn defaults() {
    let default = |clauses: &str| {
        let session = altered(clauses);
        let column = session.t().column("c").unwrap();
        (
            column.has_default_value,
            column.default_value_expression.clone(),
        )
    };
    assert_eq!(default("ALTER c SET DEFAULT 7"), (true, Some("7".into())));
    assert_eq!(default("ALTER COLUMN c SET DEFAULT (1 + 2)"), (true, None));
    assert_eq!(default("ALTER COLUMN c SET DEFAULT NULL"), (true, None));
    assert_eq!(default("ALTER COLUMN c DROP DEFAULT"), (false, None));
}

#[test]
fn charsets() {
    let charset = |session: &Session, column: &str| {
        session
            .t()
            .column(column)
            .unwrap()
            .charset_name
            .clone()
            .unwrap()
    };
    let session = altered("CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, ADD d TEXT");
    assert_eq!(charset(&session, "b"), "utf8mb4");
    assert_eq!(charset(&session, "d"), "utf8mb4");
    assert_eq!(session.t().default_charset_name.as_deref(), Some("utf8mb4"));
    // The columns keep theirs; Debezium overlooks the new default.
    let session = altered("DEFAULT CHARACTER SET = greek, ADD d TEXT");
    assert_eq!(charset(&session, "b"), "latin1");
    assert_eq!(charset(&session, "d"), "greek");
}

#[test]
fn renaming() {
    let session = altered("RENAME TO other.u, ADD d INT");
    assert!(session.get("db", "t").is_none());
    assert_eq!(session.get("other", "u").unwrap().columns.len(), 4);
    let mut session = Session::after(T);
    session.run("RENAME TABLE t TO x, x TO db.y");
    assert!(session.get("db", "y").is_some() && session.tables.len() == 1);
}

#[test]
fn unknown_columns_are_refused_and_unknown_tables_are_not_ours() {
    let mut session = Session::after(T);
    for clauses in [
        "DROP x",
        "MODIFY x INT",
        "CHANGE x y INT",
        "RENAME COLUMN x TO y",
        "ADD d INT AFTER x",
    ] {
        let error = session
            .try_run(&format!("ALTER TABLE t {clauses}"))
            .unwrap_err();
        assert_eq!(error.message, "table db.t has no column x", "{clauses}");
    }
    assert_eq!(session.columns(), "a INT, b VARCHAR, c DECIMAL");
    assert!(session.run("ALTER TABLE unknown DROP x").is_empty());
}
