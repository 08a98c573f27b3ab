use super::*;

fn configs(entries: &[(&str, &str)]) -> TopicConfigs {
    let entries = entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    TopicConfigs::new(entries).unwrap()
}

#[test]
fn topics_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::open(folder.path()).unwrap();
    let cluster = topics.cluster_id().to_owned();
    let created = topics
        .create("t", 1, configs(&[("cleanup.policy", "compact")]))
        .unwrap();
    topics.create("gone", 2, TopicConfigs::default()).unwrap();
    topics.add_partitions("t", 3).unwrap();
    topics
        .set_configs("t", configs(&[("retention.ms", "5000")]))
        .unwrap();
    topics.delete("gone").unwrap();
    drop(topics);

    let topics = Topics::open(folder.path()).unwrap();
    assert_eq!(topics.cluster_id(), cluster);
    let names: Vec<_> = topics.all().iter().map(|t| t.name.clone()).collect();
    assert_eq!(names, ["t"]);
    let topic = topics.by_id(created.id).unwrap();
    assert_eq!(topic.partitions.len(), 3);
    assert_eq!(topic.configs, configs(&[("retention.ms", "5000")]));
    assert!(topics.get("t", 2).is_some());
    assert!(topics.get("t", 3).is_none());
    assert!(topics.get("t", -1).is_none());
    assert!(topics.get("gone", 0).is_none());
    assert!(!folder.path().join("gone-0").exists());
}

#[test]
fn refusals_are_kafkas() {
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::open(folder.path()).unwrap();
    topics.create("a.b", 2, TopicConfigs::default()).unwrap();
    let refused = |name: &str| {
        topics
            .create(name, 1, TopicConfigs::default())
            .unwrap_err()
            .error
    };
    assert_eq!(refused("a.b"), ResponseError::TopicAlreadyExists);
    assert_eq!(refused("a_b"), ResponseError::InvalidTopicException);
    assert_eq!(refused("a/b"), ResponseError::InvalidTopicException);
    let fewer = topics.add_partitions("a.b", 2).unwrap_err();
    assert_eq!(fewer.error, ResponseError::InvalidPartitions);
    let unknown = topics.delete("x").unwrap_err();
    assert_eq!(unknown.error, ResponseError::UnknownTopicOrPartition);
}

#[test]
fn a_new_topic_does_not_inherit_what_lies_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("t-0")).unwrap();
    std::fs::write(folder.path().join("t-0").join("mine"), b"x").unwrap();
    let topics = Topics::open(folder.path()).unwrap();
    topics.create("t", 1, TopicConfigs::default()).unwrap();
    assert!(!folder.path().join("t-0").join("mine").exists());
    let kept = std::fs::read_dir(folder.path())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .find(|name| name.ends_with("-stray"))
        .unwrap();
    assert!(folder.path().join(kept).join("mine").exists());
}

#[test]
fn the_coordinators_topics_are_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let topics = Topics::open(folder.path()).unwrap();
    let first = topics.internal("__consumer_offsets", 2, true).unwrap();
    let again = topics.internal("__consumer_offsets", 5, true).unwrap();
    assert_eq!(first.id, again.id);
    assert_eq!(again.partitions.len(), 2);
    assert!(again.configs.log().compact);
    let refused = topics.delete("__consumer_offsets").unwrap_err();
    assert_eq!(refused.error, ResponseError::InvalidRequest);
}
