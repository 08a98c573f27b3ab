//! One MySQL source on one of the workers.

use std::time::Duration;

use connect_kafka::admin::Admin;
use connect_kafka::{ClientKind, ClientSettings};
use connectd_harness::{MySql, WorkerOptions, eventually, unique, variable};
use serde_json::json;

use super::load::DATABASE;
use crate::figures::Figures;
use crate::workers::{Engine, Running, connectd_options};

/// A source connector that is stopped between measurements, and its worker with it.
pub(crate) struct Source {
    pub(crate) engine: Engine,
    prefix: String,
    options: WorkerOptions,
    /// REST-ready after so many milliseconds, and MB when nothing runs, at the first start.
    pub(crate) start: Option<(f64, f64)>,
}

impl Source {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            prefix: unique(engine.prefix()),
            options: connectd_options(),
            start: None,
        }
    }

    /// Starts the worker and measures the snapshot of `rows` rows; stops the
    /// connector and the worker after.
    pub(crate) async fn snapshot(&mut self, rows: u64) -> Figures {
        let running = self.start().await;
        let body = connector(&self.prefix, self.server_id());
        let work = async {
            running.rest.create(&body).await;
            self.wait_for_end(rows).await;
        };
        let figures = Figures::measure("snapshot", rows, running.pid, work).await;
        self.stop(running).await;
        figures
    }

    /// Starts the worker again, resumes the connector, and measures `rows`
    /// changes after `before` records.
    pub(crate) async fn resume(&mut self, what: &str, before: u64, rows: u64) -> Figures {
        let running = self.start().await;
        let path = format!("/connectors/{}/resume", self.prefix);
        let work = async {
            let answer = running.rest.send("PUT", &path, None).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
            self.wait_for_end(before + rows).await;
        };
        let figures = Figures::measure(what, rows, running.pid, work).await;
        self.stop(running).await;
        figures
    }

    async fn start(&mut self) -> Running {
        let running = match self.engine {
            Engine::Connectd => Running::connectd(&self.options).await,
            Engine::Jvm => Running::jvm().await,
        };
        let start = (running.ready_ms, running.idle_rss_mb);
        self.start.get_or_insert(start);
        running
    }

    /// Stops the connector, which stores its offsets, and the worker.
    async fn stop(&self, running: Running) {
        let rest = &running.rest;
        rest.send("PUT", &format!("/connectors/{}/stop", self.prefix), None)
            .await;
        let path = format!("/connectors/{}/status", self.prefix);
        eventually("a stopped connector", async || {
            let status = rest.get(&path).await;
            let stopped = status["connector"]["state"] == "STOPPED"
                && status["tasks"].as_array().is_some_and(Vec::is_empty);
            stopped.then_some(())
        })
        .await;
        running.stop().await;
    }

    fn server_id(&self) -> u32 {
        match self.engine {
            Engine::Connectd => 7001,
            Engine::Jvm => 7002,
        }
    }

    /// Waits until the topic's one partition ends at `end`.
    async fn wait_for_end(&self, end: u64) {
        let topic = format!("{}.{DATABASE}.rows_of_bench", self.prefix);
        let props = [("bootstrap.servers".to_owned(), variable("KAFKA_BOOTSTRAP"))].into();
        let settings =
            ClientSettings::from_props(ClientKind::Admin, &props).expect("good settings");
        let admin = Admin::new(&settings).expect("an admin client");
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let Ok(bounds) = admin.partition_bounds(&topic, &[0]).await else {
                continue;
            };
            if bounds
                .values()
                .any(|bounds| u64::try_from(bounds.high).is_ok_and(|high| high >= end))
            {
                return;
            }
        }
    }
}

fn connector(prefix: &str, server_id: u32) -> serde_json::Value {
    let mysql = MySql::plain();
    json!({"name": prefix, "config": {
        "connector.class": "io.debezium.connector.mysql.MySqlConnector",
        "database.hostname": mysql.host, "database.port": mysql.port,
        "database.user": "debezium", "database.password": "dbz", "database.server.id": server_id,
        "topic.prefix": prefix, "database.include.list": DATABASE,
        "schema.history.internal.kafka.bootstrap.servers": variable("KAFKA_BOOTSTRAP"),
        "schema.history.internal.kafka.topic": format!("{prefix}.history"),
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter.schemas.enable": false,
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": false,
    }})
}
