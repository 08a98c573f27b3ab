//! A MySQL source whose worker is killed: another one goes on where it was.

use connectd_harness::alone;
use connectd_harness::cluster::Cluster;
use connectd_harness::{MySql, unique, wait_for_records};

use super::scene::{options, takeover, tell};
use crate::common::mysql_source;
use crate::faults::table::wait_until_equal;
use crate::faults::writer::Writer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_worker_goes_on_with_the_binlog() {
    let _alone = alone().await;
    let (mysql, name) = (MySql::plain(), unique("taken"));
    mysql
        .run(&format!(
            "CREATE DATABASE {name};
             CREATE TABLE {name}.t (id BIGINT PRIMARY KEY, v BIGINT);
             INSERT INTO {name}.t WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199) SELECT i, 0 FROM n"
        ))
        .await;
    // What was not stored when a worker is killed is read again, a whole snapshot too.
    let options = options(2).with("offset.flush.interval.ms", "500");
    let mut cluster = Cluster::start(options).await;
    cluster
        .create(1, &mysql_source(&mysql, &name, &[]), 1)
        .await;
    cluster.settled().await;
    wait_for_records(&format!("{name}.{name}.t"), 200).await;
    let writer = Writer::start(&mysql, &name);
    writer.more(60).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;

    let status = cluster.rest(0).wait_for_task(&name, "RUNNING").await;
    let owner = status["tasks"][0]["worker_id"].as_str().expect("a worker");
    let victim = cluster.index_of(owner);
    cluster.kill(victim);
    let took = cluster.settled().await;
    tell(&format!(
        "kill -9: the task runs elsewhere after {took:.1?}"
    ));
    assert!(took < takeover(), "{took:?}");
    writer.more(60).await;

    // Back to the first, politely.
    cluster.start_again(victim).await;
    cluster.ask_to_stop(1 - victim);
    let took = cluster.settled().await;
    tell(&format!(
        "SIGTERM: the task runs elsewhere after {took:.1?}"
    ));
    cluster.ended(1 - victim).await;
    writer.more(60).await;
    writer.stop().await;
    wait_until_equal(cluster.worker(victim), &mysql, &name, "t").await;
    cluster.settled().await;
    assert_eq!(cluster.overlaps(), []);
    cluster.stop().await;
    mysql.run(&format!("DROP DATABASE {name}")).await;
}
