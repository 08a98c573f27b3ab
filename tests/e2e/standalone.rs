//! A worker by itself, with its offsets in a file.

use connectd_harness::{Kafka, Worker, beside_others, eventually, unique, wait_for_records};

use crate::common::options;

#[tokio::test]
async fn a_file_s_lines_come_once_over_restarts() {
    let _turn = beside_others().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (lines, offsets) = (
        folder.path().join("lines.txt"),
        folder.path().join("offsets"),
    );
    let topic = unique("standalone");
    std::fs::write(&lines, "one\ntwo\n").expect("written");
    let connector = folder.path().join("connector.properties");
    let properties = format!(
        "name={topic}\nconnector.class=FileStreamSource\ntasks.max=1\nfile={}\ntopic={topic}\n\
         value.converter=org.apache.kafka.connect.storage.StringConverter\n",
        lines.display()
    );
    std::fs::write(&connector, properties).expect("written");
    let options = options().standalone(vec![connector]).with(
        "offset.storage.file.filename",
        &offsets.display().to_string(),
    );
    let mut worker = Worker::start(options).await;
    worker.rest.wait_for_task(&topic, "RUNNING").await;
    wait_for_records(&topic, 2).await;
    assert_eq!(worker.terminate().await, Some(0));
    assert!(offsets.exists(), "the offsets' file");

    let mut file = std::fs::File::options()
        .append(true)
        .open(&lines)
        .expect("opened");
    std::io::Write::write_all(&mut file, b"three\n").expect("written");
    worker.start_again().await;
    let records = wait_for_records(&topic, 3).await;
    let texts: Vec<String> = records.iter().map(|record| record.text()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let stored = async || {
        let path = format!("/connectors/{topic}/offsets");
        let offsets = worker.rest.get(&path).await;
        (offsets["offsets"][0]["offset"]["position"] == 14).then_some(())
    };
    eventually("the offset behind the last line", stored).await;
    let kafka = Kafka::new();
    assert_eq!(kafka.count(&topic).await, 3, "nothing comes twice");
}
