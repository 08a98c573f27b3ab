//! The course reviews' pipeline: statistics of courses, as the document's Streams app writes them, by
//! its `.properties` file as it stands into PostgreSQL; only the database's address is another one here.

use std::path::{Path, PathBuf};

use connect_kafka::admin::NewTopic;
use connectd_harness::{
    AvroWriter, Kafka, NewRecord, Postgres, Registry, Worker, alone, eventually, produce,
};
use serde_json::json;
use tempfile::TempDir;

use crate::common::{example, options};

const TOPICS: [&str; 2] = ["recent-stats", "long-term-stats"];

/// Writes `CourseStatistic`s by the document's Avro schema, keyed by the course.
async fn statistics(topic: &str, statistics: &[(i64, i64, f64)]) {
    let count = |name: &str| json!({"name": name, "type": "long", "default": 0});
    let schema = json!({
        "namespace": "com.github.simplesteph.avro.udemy", "type": "record", "name": "CourseStatistic",
        "fields": [
            {"name": "course_id", "type": "long", "default": -1, "doc": "Course ID in Udemy's DB"},
            {"name": "course_title", "type": "string", "default": "", "doc": "Course Title"},
            {"name": "average_rating", "type": "double", "default": 0},
            count("count_reviews"), count("count_five_stars"), count("count_four_stars"),
            count("count_three_stars"), count("count_two_stars"), count("count_one_star"),
            count("count_zero_star"),
            {"name": "last_review_time", "type": {"type": "long", "logicalType": "timestamp-millis"},
             "doc": "last review in aggregation"},
            {"name": "sum_rating", "type": "double", "default": 0},
        ],
    });
    let writer = AvroWriter::register(&format!("{topic}-value"), &schema).await;
    let records = statistics.iter().map(|&(course, reviews, average)| {
        let value = json!({
            "course_id": course, "course_title": "Apache Kafka Series - Learn Apache Kafka for Beginners",
            "average_rating": average, "count_reviews": reviews, "count_five_stars": reviews,
            "count_four_stars": 0, "count_three_stars": 0, "count_two_stars": 0, "count_one_star": 0,
            "count_zero_star": 0, "last_review_time": 1_489_516_276_000_i64,
            "sum_rating": average * reviews as f64,
        });
        NewRecord::value(writer.value(&value)).key(course.to_string())
    });
    produce(topic, records).await;
}

/// Writes a `Review`, which has a user and a course in it.
async fn review(topic: &str) {
    let text = |name: &str| json!({"name": name, "type": "string"});
    let maybe = |name: &str| json!({"name": name, "type": ["null", "string"], "default": null});
    let time = |name: &str| json!({"name": name, "type": {"type": "long", "logicalType": "timestamp-millis"}});
    let id = json!({"name": "id", "type": "long"});
    let user = json!({"type": "record", "name": "User",
                      "fields": [text("title"), text("name"), text("display_name")]});
    let course =
        json!({"type": "record", "name": "Course", "fields": [id, text("title"), text("url")]});
    let schema = json!({
        "namespace": "com.github.simplesteph.avro.udemy", "type": "record", "name": "Review",
        "fields": [
            id, maybe("title"), maybe("content"), text("rating"), time("created"), time("modified"),
            {"name": "user", "type": user}, {"name": "course", "type": course},
        ],
    });
    let value = json!({
        "id": 5_952_458, "title": "Fabulous on content and concepts", "content": null, "rating": "5.0",
        "created": 1_489_516_276_000_i64, "modified": 1_489_516_276_000_i64,
        "user": {"title": "Punit G", "name": "Punit", "display_name": "Punit G"},
        "course": {"id": 1_075_642, "title": "Apache Kafka Series", "url": "/apache-kafka-series/"},
    });
    let writer = AvroWriter::register(&format!("{topic}-value"), &schema).await;
    produce(
        topic,
        [NewRecord::value(writer.value(&value)).key("5952458")],
    )
    .await;
}

/// The document's file in `folder`, with our database, and with `more` lines.
fn connector(folder: &Path, database: &Postgres, more: &str) -> PathBuf {
    let file = "SinkTopicsInPostgres.properties";
    let url = "jdbc:postgresql://localhost:5432/postgres";
    let text = example(file);
    assert!(text.contains(url), "{text}");
    let path = folder.join(file);
    let text = text.replace(url, &database.jdbc_url());
    std::fs::write(&path, format!("{text}\n{more}")).expect("written");
    path
}

/// `connectd standalone` with the document's file, and Avro as its default converter.
async fn standalone(database: &Postgres, more: &str) -> (Worker, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = connector(folder.path(), database, more);
    let offsets = folder.path().join("offsets").display().to_string();
    let options = options()
        .standalone(vec![file])
        .with("offset.storage.file.filename", &offsets)
        .with("value.converter", "io.confluent.connect.avro.AvroConverter")
        .with("value.converter.schema.registry.url", &Registry::url())
        // The tests' workers are killed one after the other, and all are members of one group.
        .missed_soon();
    (Worker::start(options).await, folder)
}

/// An empty database, no schemas of these topics, and topics with three partitions, as the document
/// makes them.
async fn prepare() -> Postgres {
    let kafka = Kafka::new();
    for topic in TOPICS {
        kafka.create_anew(&NewTopic::new(topic, 3, 1)).await;
        Registry::new().delete(topic).await;
    }
    Postgres::fresh("course_reviews").await
}

#[tokio::test]
async fn the_last_statistics_of_each_course_are_in_postgresql() {
    let _alone = alone().await;
    let database = prepare().await;
    let long_term = [
        (1_294_188, 51, 4.539),
        (1_294_188, 52, 4.528),
        (1_294_188, 53, 4.5),
        (1_075_642, 7, 4.25),
    ];
    statistics("long-term-stats", &long_term).await;
    statistics("recent-stats", &[(1_294_188, 3, 4.0)]).await;

    let (worker, _folder) = standalone(&database, "").await;
    worker.rest.wait_for_tasks("SinkTopics", 3, "RUNNING").await;
    let select = |table: &str| {
        format!(
            "SELECT course_id, count_reviews, average_rating, last_review_time FROM \"{table}\" ORDER BY 1"
        )
    };
    let time = "2017-03-14 18:31:16";
    let expected: [&[&str]; 2] = [
        &["1075642", "7", "4.25", time],
        &["1294188", "53", "4.5", time],
    ];
    database
        .wait_for_rows(&select("long-term-stats"), &expected)
        .await;
    let expected: [&[&str]; 1] = [&["1294188", "3", "4", time]];
    database
        .wait_for_rows(&select("recent-stats"), &expected)
        .await;

    statistics("recent-stats", &[(1_294_188, 4, 4.75)]).await;
    let expected: [&[&str]; 1] = [&["1294188", "4", "4.75", time]];
    database
        .wait_for_rows(&select("recent-stats"), &expected)
        .await;
    the_table_is_as_the_original_makes_it(&database).await;
}

async fn the_table_is_as_the_original_makes_it(database: &Postgres) {
    let columns = "SELECT column_name, data_type, is_nullable FROM information_schema.columns \
                   WHERE table_name = 'recent-stats' ORDER BY ordinal_position LIMIT 4";
    let expected: [&[&str]; 4] = [
        &["course_id", "bigint", "NO"],
        &["course_title", "text", "YES"],
        &["average_rating", "double precision", "YES"],
        &["count_reviews", "bigint", "YES"],
    ];
    database.wait_for_rows(columns, &expected).await;
    let key = "SELECT a.attname FROM pg_index i \
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) \
               WHERE i.indisprimary AND i.indrelid = '\"recent-stats\"'::regclass";
    database.wait_for_rows(key, &[&["course_id"]]).await;
}

#[tokio::test]
async fn a_nested_record_is_refused_by_its_field_s_name() {
    let _alone = alone().await;
    let database = prepare().await;
    review("recent-stats").await;
    let (worker, _folder) = standalone(&database, "pk.fields=id\n").await;
    let trace = failed_trace(&worker).await;
    for text in ["user", "recent-stats", "struct"] {
        assert!(
            trace.to_lowercase().contains(text),
            "{text} is not in: {trace}"
        );
    }
}

async fn failed_trace(worker: &Worker) -> String {
    let trace = async || {
        let path = "/connectors/SinkTopics/status";
        let status = worker.rest.try_send("GET", path, None).await?.json();
        let tasks = status["tasks"].as_array()?;
        let failed = tasks.iter().find(|task| task["state"] == "FAILED")?;
        failed["trace"].as_str().map(str::to_owned)
    };
    eventually("a failed task", trace).await
}

#[tokio::test]
async fn a_nested_record_is_flattened() {
    let _alone = alone().await;
    let database = prepare().await;
    review("recent-stats").await;
    let more = "pk.fields=id\ntransforms=flatten\n\
                transforms.flatten.type=org.apache.kafka.connect.transforms.Flatten$Value\n\
                transforms.flatten.delimiter=_\n";
    let _running = standalone(&database, more).await;
    let query = "SELECT id, rating, user_display_name, course_id, course_url FROM \"recent-stats\"";
    let expected: [&[&str]; 1] = [&[
        "5952458",
        "5.0",
        "Punit G",
        "1075642",
        "/apache-kafka-series/",
    ]];
    database.wait_for_rows(query, &expected).await;
}
