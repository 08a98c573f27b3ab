//! Faults while changes stream.

use connectd_harness::{
    Kafka, MySql, Worker, alone, eventually, read_topic, restart, unique, wait_for_records,
};

use super::table::wait_until_equal;
use super::writer::Writer;
use crate::common::{mysql_source, options, value};

/// One server, one connector, one writer, and what happens to them.
struct Scene {
    mysql: MySql,
    name: String,
    worker: Worker,
}

impl Scene {
    /// A connector that streams the database's changes.
    async fn streaming(mysql: MySql) -> Self {
        Kafka::new().delete_all().await;
        let name = unique("fault");
        mysql
            .run(&format!(
                "CREATE DATABASE {name};
                 CREATE TABLE {name}.t (id BIGINT PRIMARY KEY, v BIGINT, old INT DEFAULT 1, gone INT DEFAULT 2);
                 CREATE TABLE {name}.x (id BIGINT PRIMARY KEY, v BIGINT);
                 INSERT INTO {name}.x VALUES (1, 1);
                 INSERT INTO {name}.t (id, v) WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199) SELECT i, 0 FROM n"
            ))
            .await;
        let worker = Worker::start(options().missed_soon()).await;
        worker.rest.create(&mysql_source(&mysql, &name, &[])).await;
        worker.rest.wait_for_task(&name, "RUNNING").await;
        wait_for_records(&format!("{name}.{name}.t"), 200).await;
        Self {
            mysql,
            name,
            worker,
        }
    }

    /// DDL of each kind with rows between.
    async fn ddl(&self) {
        let name = &self.name;
        self.mysql
            .run(&format!(
                "USE {name};
                 ALTER TABLE t ADD COLUMN added VARCHAR(20) DEFAULT 'd' AFTER id;
                 UPDATE t SET added = 'x' WHERE id % 20 = 1;
                 ALTER TABLE t DROP COLUMN gone;
                 UPDATE t SET added = 'y' WHERE id % 20 = 2;
                 ALTER TABLE t RENAME COLUMN old TO fresh;
                 UPDATE t SET fresh = 7 WHERE id % 20 = 3;
                 RENAME TABLE x TO renamed;
                 INSERT INTO renamed VALUES (2, 2);
                 CREATE TABLE created (id BIGINT PRIMARY KEY, v BIGINT);
                 INSERT INTO created VALUES (1, 10), (2, 20)"
            ))
            .await;
    }

    /// A writer, DDL, the fault, and a while later: everything has arrived.
    async fn survives(mut self, fault: impl AsyncFnOnce(&mut Self)) {
        let writer = Writer::start(&self.mysql, &self.name);
        writer.more(60).await;
        self.ddl().await;
        fault(&mut self).await;
        writer.more(60).await;
        writer.stop().await;
        self.arrived().await;
        self.worker.rest.wait_for_task(&self.name, "RUNNING").await;
        self.mysql
            .run(&format!("DROP DATABASE {}", self.name))
            .await;
    }

    async fn arrived(&self) {
        let Self {
            mysql,
            name,
            worker,
        } = self;
        mysql
            .run(&format!(
                "UPDATE {name}.t SET v = v + 1, added = 'last' WHERE id < 10"
            ))
            .await;
        let records = wait_until_equal(worker, mysql, name, "t").await;
        let last = records
            .iter()
            .rfind(|record| record.key_text() == r#"{"id":9}"#);
        let last = value(last.expect("a record of row 9"))["after"].clone();
        let columns: Vec<&String> = last.as_object().expect("a row").keys().collect();
        assert_eq!(
            columns,
            ["id", "added", "v", "fresh"],
            "the columns after all DDL"
        );
        assert_eq!(last["added"], "last");
        wait_until_equal(worker, mysql, name, "created").await;
        let renamed = wait_for_records(&format!("{name}.{name}.renamed"), 1).await;
        assert!(
            renamed
                .iter()
                .any(|record| record.key_text() == r#"{"id":2}"#)
        );
    }
}

async fn kill_the_worker(scene: &mut Scene) {
    scene.worker.kill();
    scene.worker.start_again().await;
}

async fn kill_the_broker(_: &mut Scene) {
    restart("kafka", true);
}

async fn kill_mysql(scene: &mut Scene) {
    let with_gtid = scene.mysql.port == MySql::gtid().port;
    restart(if with_gtid { "mysql-gtid" } else { "mysql" }, true);
}

/// Cuts the connection that reads the binlog, and sees that another one comes.
async fn cut_the_connection(scene: &mut Scene) {
    let dumps = "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'";
    let before = scene.mysql.rows(dumps).await;
    let before: Vec<u64> = before.into_iter().map(mysql_async::from_row).collect();
    assert_eq!(before.len(), 1, "one connector reads the binlog");
    scene.mysql.run(&format!("KILL {}", before[0])).await;
    let again = async || {
        let now = scene.mysql.rows(dumps).await;
        let now: Vec<u64> = now.into_iter().map(mysql_async::from_row).collect();
        (!now.is_empty() && now != before).then_some(())
    };
    eventually("a new connection to the binlog", again).await;
}

macro_rules! faults {
    ($($name:ident = $mysql:ident, $fault:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let _alone = alone().await;
                Scene::streaming(MySql::$mysql()).await.survives($fault).await;
            }
        )*
    };
}

faults! {
    worker_killed = plain, kill_the_worker;
    worker_killed_with_gtid = gtid, kill_the_worker;
    broker_killed = plain, kill_the_broker;
    broker_killed_with_gtid = gtid, kill_the_broker;
    mysql_killed = plain, kill_mysql;
    mysql_killed_with_gtid = gtid, kill_mysql;
    connection_cut = plain, cut_the_connection;
    connection_cut_with_gtid = gtid, cut_the_connection;
}

/// SIGTERM: exit code 0, and nothing comes twice.
async fn polite_stop(mysql: MySql) {
    let _alone = alone().await;
    let mut scene = Scene::streaming(mysql).await;
    let writer = Writer::start(&scene.mysql, &scene.name);
    writer.more(60).await;
    assert_eq!(
        scene.worker.terminate().await,
        Some(0),
        "{}",
        scene.worker.log()
    );
    writer.more(20).await;
    scene.worker.start_again().await;
    writer.more(20).await;
    writer.stop().await;
    let records = wait_until_equal(&scene.worker, &scene.mysql, &scene.name, "t").await;
    let mut places = std::collections::BTreeSet::new();
    for record in records.iter().filter(|record| record.value.is_some()) {
        let source = value(record)["source"].clone();
        if source["snapshot"] == "false" {
            let place = format!("{} {} {}", source["file"], source["pos"], source["row"]);
            assert!(places.insert(place.clone()), "{place} came twice");
        }
    }
    let snapshot = read_topic(&format!("{0}.{0}.x", scene.name)).await;
    assert_eq!(snapshot.len(), 1, "no second snapshot");
    let kafka = Kafka::new();
    assert_eq!(kafka.count(&format!("{0}.{0}.x", scene.name)).await, 1);
    scene
        .mysql
        .run(&format!("DROP DATABASE {}", scene.name))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_terminated() {
    polite_stop(MySql::plain()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_terminated_with_gtid() {
    polite_stop(MySql::gtid()).await;
}
