//! Deadlocks, and servers of which some do not answer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::time::Duration;

use common::servers::{self, Database};
use common::*;
use connect_api::Props;
use connect_api::data::{SchemaRef, Type, Value};
use connect_api::record::SinkRecord;
use connect_jdbc_sink::CONFLUENT;

fn with(base: &Props, pairs: &[(&str, &str)]) -> Props {
    let mut all = base.clone();
    all.extend(props(pairs));
    all
}

async fn servers(name: &str) -> [(&'static str, Database, Props); 2] {
    let (postgres, postgres_props) = servers::postgres(name).await;
    let (mysql, mysql_props) = servers::mysql(name).await;
    [
        ("postgres", postgres, postgres_props),
        ("mysql", mysql, mysql_props),
    ]
}

fn texts() -> SchemaRef {
    schema(&[
        ("id", required(Type::Int32)),
        ("amount", optional(Type::String)),
    ])
}

fn amount(topic: &str, offset: i64, id: i32, amount: &str) -> SinkRecord {
    let value = vec![Value::Int32(id), text(amount)];
    common::value(topic, offset, row(&texts(), value))
}

/// Waits until another session waits for a lock.
async fn someone_waits(which: &str, database: &mut Database) {
    let sql = match which {
        "postgres" => "SELECT count(*) FROM pg_locks WHERE NOT granted",
        _ => "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    };
    for _ in 0..50 {
        if database.rows(sql).await != [["0"]] {
            return;
        }
        // InnoDB keeps its answer for as long as it is asked every 100 ms.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    panic!("{which}: nobody waits for a lock");
}

/// The server's choice of whom to end has to fall on the sink: PostgreSQL ends
/// the session that looks first, MySQL the one that changed fewer rows.
fn as_the_victim(which: &str, base: &Props) -> Props {
    let setup = match which {
        "postgres" => "&options=-c deadlock_timeout=1500",
        _ => "",
    };
    let url = format!("{}{setup}", base["connection.url"]);
    with(base, &[("connection.url", url.as_str())])
}

/// What a session does that has row 2 and is about to want row 1.
async fn hold_row_2(which: &str, other: &mut Database, sql: &str) {
    if which == "postgres" {
        other.run("SET deadlock_timeout = '60s'").await;
    }
    other.run("BEGIN").await;
    other
        .run(
            "INSERT INTO heavy WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
             SELECT i FROM n",
        )
        .await;
    other.run(sql).await;
}

#[tokio::test]
async fn a_deadlock_is_named_and_the_batch_written_once() {
    let name = "jdbc_crosswise";
    for mode in ["insert", "upsert"] {
        for (which, mut database, base) in servers(name).await {
            for sql in [
                "CREATE TABLE t (id INT PRIMARY KEY, amount VARCHAR(20))",
                "CREATE TABLE journal (id INT, amount VARCHAR(20))",
                "CREATE TABLE heavy (id INT PRIMARY KEY)",
            ] {
                database.run(sql).await;
            }
            let mut all = as_the_victim(which, &base);
            let mut records = Vec::new();
            if mode == "upsert" {
                database
                    .run("INSERT INTO t VALUES (1, 'old'), (2, 'old')")
                    .await;
                let key = [
                    ("insert.mode", "upsert"),
                    ("pk.mode", "record_value"),
                    ("pk.fields", "id"),
                ];
                all = with(&all, &key);
            } else {
                // A table that takes the same row any number of times.
                records.push(amount("journal", 0, 7, "once"));
            }
            records.push(amount("t", 1, 1, "new"));
            records.push(amount("t", 2, 2, "new"));

            let change = |id: i32| match mode {
                "upsert" => format!("UPDATE t SET amount = 'other' WHERE id = {id}"),
                _ => format!("INSERT INTO t VALUES ({id}, 'other')"),
            };
            let mut other = database.another(name).await;
            hold_row_2(which, &mut other, &change(2)).await;
            let crosswise = async {
                someone_waits(which, &mut database).await;
                other.run(&change(1)).await;
                other.run("ROLLBACK").await;
            };
            let mut task = Running::start(CONFLUENT, &all).await;
            let (error, ()) = tokio::join!(task.fails(&records), crosswise);
            let trace = error.trace();
            assert!(error.is_retriable(), "{which} {mode}: {trace}");
            let words: &[&str] = match which {
                "postgres" => &[
                    "ERROR: deadlock detected [SQLSTATE 40P01]",
                    "blocked by process",
                ],
                _ => &["ERROR 1213 (40001): Deadlock found when trying to get lock"],
            };
            for words in words {
                assert!(trace.contains(words), "{which} {mode}: {trace}");
            }
            for place in ["writing", "the first from", "offset"] {
                assert!(trace.contains(place), "{which} {mode}: {trace}");
            }
            task.put_patiently(&records).await;
            assert_eq!(
                database.rows("SELECT id, amount FROM t ORDER BY id").await,
                [["1", "new"], ["2", "new"]],
                "{which} {mode}"
            );
            let journal = database.rows("SELECT count(*) FROM journal").await;
            let once = if mode == "upsert" { "0" } else { "1" };
            assert_eq!(journal, [[once]], "{which} {mode}");
            task.stop().await;
        }
    }
}

/// The URL's server with others before it.
fn behind(base: &Props, before: &str, more: &str) -> Props {
    let url = &base["connection.url"];
    let (scheme, rest) = url.split_once("://").unwrap();
    let sign = if rest.contains('?') { '&' } else { '?' };
    let url = format!("{scheme}://{before},{rest}{sign}{more}");
    with(
        base,
        &[
            ("connection.url", url.as_str()),
            ("connection.attempts", "1"),
            ("max.retries", "0"),
            ("auto.create", "true"),
        ],
    )
}

#[tokio::test]
async fn the_next_host_is_taken_where_the_first_is_closed() {
    for (which, mut database, base) in servers("jdbc_hosts").await {
        let mut task = Running::start(CONFLUENT, &behind(&base, "127.0.0.1:1", "")).await;
        task.put(&[amount("t", 0, 1, "a")]).await;
        let rows = database.rows("SELECT id FROM t").await;
        assert_eq!(rows, [["1"]], "{which}");
        task.stop().await;
    }
}

#[tokio::test]
async fn the_next_host_is_taken_where_the_first_says_nothing() {
    // It takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = silent.local_addr().unwrap().to_string();
    for (which, mut database, base) in servers("jdbc_silent").await {
        let timeout = match which {
            "postgres" => "connectTimeout=3",
            _ => "connectTimeout=3000",
        };
        let mut task = Running::start(CONFLUENT, &behind(&base, &place, timeout)).await;
        let records = [amount("t", 0, 1, "a")];
        let written = tokio::time::timeout(Duration::from_secs(20), task.put(&records));
        written.await.expect("the second host is asked in time");
        let rows = database.rows("SELECT id FROM t").await;
        assert_eq!(rows, [["1"]], "{which}");
        task.stop().await;
    }
}

/// Another way to a server, which ends with all its connections when the handle is aborted.
async fn way_to(upstream: String) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut client, _)) = listener.accept().await {
            let upstream = upstream.clone();
            connections.spawn(async move {
                let mut server = tokio::net::TcpStream::connect(upstream).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
            });
        }
    });
    (place, serving)
}

/// The URL's `host:port`.
fn place(base: &Props) -> String {
    let (_, rest) = base["connection.url"].split_once("://").unwrap();
    rest.split('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_next_host_takes_over_from_one_that_is_lost() {
    for (which, mut database, base) in servers("jdbc_takeover").await {
        let (first, way) = way_to(place(&base)).await;
        let settings = with(&behind(&base, &first, ""), &[("max.retries", "3")]);
        let mut task = Running::start(CONFLUENT, &settings).await;
        task.put(&[amount("t", 0, 1, "a")]).await;
        way.abort();
        assert!(way.await.unwrap_err().is_cancelled());
        let error = task.fails(&[amount("t", 1, 2, "b")]).await;
        assert!(error.is_retriable(), "{which}: {}", error.trace());
        task.put_patiently(&[amount("t", 1, 2, "b")]).await;
        let rows = database.rows("SELECT id FROM t ORDER BY id").await;
        assert_eq!(rows, [["1"], ["2"]], "{which}");
        task.stop().await;
    }
}

/// The forms of Connector/J's multi-host URLs, each with a dead host before the live one.
#[tokio::test]
async fn mysql_hosts_are_taken_in_every_form() {
    let (mut database, base) = servers::mysql("jdbc_host_forms").await;
    let place = place(&base);
    let (host, port) = place.split_once(':').unwrap();
    let forms = [
        format!("jdbc:mysql://127.0.0.1:1,{place}/jdbc_host_forms"),
        format!("jdbc:mysql:loadbalance://127.0.0.1:1,{place}/jdbc_host_forms"),
        format!("jdbc:mysql://(host=127.0.0.1,port=1),(host={host},port={port})/jdbc_host_forms"),
        format!(
            "jdbc:mysql://address=(host=127.0.0.1)(port=1),address=(host={host})(port={port})/jdbc_host_forms"
        ),
        format!("jdbc:mysql://[127.0.0.1:1,{place}]/jdbc_host_forms"),
        format!("jdbc:mariadb:sequential://127.0.0.1:1,{place}/jdbc_host_forms"),
    ];
    for (id, url) in (1..).zip(&forms) {
        let settings = [
            ("connection.url", url.as_str()),
            ("connection.attempts", "1"),
            ("max.retries", "0"),
            ("auto.create", "true"),
        ];
        let mut task = Running::start(CONFLUENT, &with(&base, &settings)).await;
        task.put(&[amount("t", id, 1, url)]).await;
        let rows = database.rows("SELECT count(*) FROM t").await;
        assert_eq!(rows, [[id.to_string()]], "{url}");
        task.stop().await;
    }
    let none = "jdbc:mysql://127.0.0.1:1,127.0.0.1:2/jdbc_host_forms";
    let settings = [
        ("connection.url", none),
        ("connection.attempts", "1"),
        ("max.retries", "0"),
    ];
    let mut task = Running::start(CONFLUENT, &with(&base, &settings)).await;
    let error = task.fails(&[amount("t", 0, 1, "a")]).await.trace();
    for place in ["127.0.0.1:1", "127.0.0.1:2"] {
        assert!(error.contains(place), "{error}");
    }
    task.stop().await;
}

/// The service's own certificate serves as authority and as the client's.
#[tokio::test]
async fn postgres_is_shown_the_clients_certificate() {
    let certificate =
        std::env::var("POSTGRES_CERTIFICATE").expect("tests/services/up postgres sets it");
    let key = certificate.replace(".crt", ".key");
    let (mut database, base) = servers::postgres("jdbc_client_certificate").await;
    let set = format!("ALTER SYSTEM SET ssl_ca_file = '{certificate}'");
    database.run(&set).await;
    database.run("SELECT pg_reload_conf()").await;
    while database.rows("SHOW ssl_ca_file").await != [[certificate.clone()]] {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pk12 = tempfile::NamedTempFile::new().unwrap();
    let pk12 = pk12.path().display().to_string();
    let made = std::process::Command::new("openssl")
        .args(["pkcs12", "-export", "-passout", "pass:p12-secret"])
        .args(["-in", &certificate, "-inkey", &key, "-out", &pk12])
        .status();
    assert!(made.expect("openssl is there").success());
    let sink = "SELECT client_dn FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                WHERE application_name = 'with_certificate'";
    for (how, shown) in [
        (
            format!("&sslcert={certificate}&sslkey={key}"),
            "/CN=localhost",
        ),
        // pgjdbc takes a PKCS #12 file as `sslkey` alone.
        (
            format!("&sslkey={pk12}&sslpassword=p12-secret"),
            "/CN=localhost",
        ),
        (String::new(), "-"),
    ] {
        let url = format!(
            "{}&sslmode=verify-full&sslrootcert={certificate}&ApplicationName=with_certificate{how}",
            base["connection.url"]
        );
        let all = with(&base, &[("connection.url", &url), ("auto.create", "true")]);
        let mut task = Running::start(CONFLUENT, &all).await;
        task.put(&[amount("t", 0, 1, "a")]).await;
        assert_eq!(database.rows(sink).await, [[shown]], "{how}");
        task.stop().await;
        while !database.rows(sink).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    database.run("ALTER SYSTEM RESET ssl_ca_file").await;
    database.run("SELECT pg_reload_conf()").await;
}

/// What begins with `connection.` and is no key is the driver's
/// (`GenericDatabaseDialect.addConnectionProperties`).
#[tokio::test]
async fn other_connection_keys_are_the_drivers() {
    for (which, mut database, base) in servers("jdbc_driver_keys").await {
        let (key, sql) = match which {
            "postgres" => (
                ("connection.ApplicationName", "by_key"),
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'by_key'",
            ),
            _ => (
                ("connection.sessionVariables", "lock_wait_timeout=4321"),
                "SELECT count(*) FROM t WHERE amount = '4321'",
            ),
        };
        database
            .run("CREATE TABLE t (id INT PRIMARY KEY, amount VARCHAR(20))")
            .await;
        if which == "mysql" {
            let seen = "CREATE TRIGGER seen BEFORE INSERT ON t FOR EACH ROW SET NEW.amount = @@lock_wait_timeout";
            database.run(seen).await;
        }
        let mut task = Running::start(CONFLUENT, &with(&base, &[key])).await;
        task.put(&[amount("t", 0, 1, "a")]).await;
        assert_eq!(database.rows(sql).await, [["1"]], "{which}");
        task.stop().await;
    }
}
