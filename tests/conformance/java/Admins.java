import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** What an administrator does. */
final class Admins {
    private Admins() {}

    static void addTo(Map<String, Main.Behaviour> behaviours) {
        behaviours.put("creating topics", Admins::creating);
        behaviours.put("describing topics", Admins::describing);
        behaviours.put("more partitions", Admins::growing);
        behaviours.put("deleting topics", Admins::deleting);
        behaviours.put("configurations", Admins::configurations);
        behaviours.put("altering configurations", Admins::altering);
        behaviours.put("deleting records", Admins::deletingRecords);
        behaviours.put("listing offsets", Admins::listingOffsets);
        behaviours.put("the cluster", Admins::cluster);
        behaviours.put("describing groups", Admins::groups);
        behaviours.put("a group's offsets", Admins::offsets);
    }

    private static Object creating(Run run) throws Exception {
        String name = run.unique("topic");
        Map<String, Object> observed = Run.map();
        for (boolean only : new boolean[] {true, false}) {
            NewTopic topic = new NewTopic(name, Optional.of(3), Optional.empty())
                .configs(Map.of("cleanup.policy", "compact", "segment.bytes", "2000000"));
            CreateTopicsResult result =
                run.admin.createTopics(List.of(topic), new CreateTopicsOptions().validateOnly(only));
            Config config = result.config(name).get();
            observed.put(only ? "validated" : "created", Run.list(result.numPartitions(name).get(),
                result.replicationFactor(name).get(), entries(config,
                    Set.of("cleanup.policy", "segment.bytes", "retention.ms", "max.message.bytes"))));
        }
        Map<String, NewTopic> refused = new TreeMap<>(Map.of(
            "again", new NewTopic(name, 1, (short) 1),
            "name", new NewTopic(run.unique("no/topic"), 1, (short) 1),
            "replicas", new NewTopic(run.unique("topic"), 1, (short) 2),
            "partitions", new NewTopic(run.unique("topic"), 0, (short) 1),
            "config", new NewTopic(run.unique("topic"), 1, (short) 1).configs(Map.of("retention", "1")),
            "value", new NewTopic(run.unique("topic"), 1, (short) 1).configs(Map.of("retention.ms", "soon")),
            "assigned", new NewTopic(run.unique("topic"), Map.of(0, List.of(1), 1, List.of(1))),
            "elsewhere", new NewTopic(run.unique("topic"), Map.of(0, List.of(9)))));
        refused.forEach((what, topic) ->
            observed.put(what, done(() -> run.admin.createTopics(List.of(topic)).all().get())));
        return observed;
    }

    /** Done, or the error's kind and message. */
    private static Object done(Callable<?> work) {
        return Run.outcome(() -> {
            work.call();
            return "done";
        });
    }

    private static Object entries(Config config, Set<String> names) {
        Map<String, Object> entries = new TreeMap<>();
        for (ConfigEntry entry : config.entries()) {
            if (names.contains(entry.name())) {
                entries.put(entry.name(), Run.list(entry.value(), entry.source().name(), entry.isDefault(),
                    entry.isSensitive(), entry.isReadOnly(), String.valueOf(entry.type()),
                    entry.synonyms().stream().filter(it -> it.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
                        .map(it -> it.name() + "=" + it.value()).toList()));
            }
        }
        return entries;
    }

    private static Object describing(Run run) throws Exception {
        String topic = run.topic(3);
        TopicDescription described = run.admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
        List<Object> partitions = new ArrayList<>();
        described.partitions().forEach(it -> partitions.add(Run.list(it.partition(), it.leader().id(),
            it.replicas().size(), it.isr().size())));
        Set<String> listed = run.admin.listTopics().names().get();
        Set<String> internal = run.admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
        return Run.map("partitions", partitions, "internal", described.isInternal(), "listed", listed.contains(topic),
            "hidden", listed.contains("__consumer_offsets"), "shown", internal.contains("__consumer_offsets"),
            "by id", run.admin.describeTopics(org.apache.kafka.common.TopicCollection.ofTopicIds(
                List.of(described.topicId()))).allTopicIds().get().get(described.topicId()).name(),
            "unknown", Run.outcome(() ->
                run.admin.describeTopics(List.of(run.unique("nothing"))).allTopicNames().get().size()));
    }

    private static Object growing(Run run) throws Exception {
        String topic = run.topic(2);
        Map<String, Object> observed = Run.map();
        for (int count : new int[] {4, 4, 3}) {
            observed.put("to " + count + " " + observed.size(), done(() ->
                run.admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(count))).all().get()));
        }
        observed.put("there", run.admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic)
            .partitions().size());
        observed.put("unknown", done(() ->
            run.admin.createPartitions(Map.of(run.unique("nothing"), NewPartitions.increaseTo(2))).all().get()));
        return observed;
    }

    private static Object deleting(Run run) throws Exception {
        String topic = run.topic(1);
        Object deleted = done(() -> run.admin.deleteTopics(List.of(topic)).all().get());
        Run.waitFor("the end of " + topic, () -> {
            try {
                return !run.admin.listTopics().names().get().contains(topic);
            } catch (Exception error) {
                throw new IllegalStateException(error);
            }
        });
        return Run.map("deleted", deleted, "again", done(() -> run.admin.deleteTopics(List.of(topic)).all().get()));
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    private static Object described(Run run, String topic, Set<String> names) throws Exception {
        Config config = run.admin.describeConfigs(List.of(resource(topic)),
            new DescribeConfigsOptions().includeSynonyms(true)).all().get().get(resource(topic));
        return entries(config, names);
    }

    private static Object configurations(Run run) throws Exception {
        String topic = run.topic(1, "cleanup.policy", "compact,delete", "max.message.bytes", "12345");
        return Run.map("described", described(run, topic, Set.of("cleanup.policy", "max.message.bytes", "retention.ms",
                "compression.type", "message.timestamp.type", "segment.ms", "delete.retention.ms",
                "min.cleanable.dirty.ratio", "flush.messages", "unclean.leader.election.enable")),
            "unknown", Run.outcome(() -> described(run, run.unique("nothing"), Set.of())));
    }

    private static Object altering(Run run) throws Exception {
        String topic = run.topic(1, "retention.ms", "5000");
        Set<String> names = Set.of("retention.ms", "cleanup.policy", "segment.ms");
        Map<String, Object> observed = Run.map();
        Object[][] changes = {
            {"retention.ms", "7000", OpType.SET}, {"cleanup.policy", "compact", OpType.APPEND},
            {"cleanup.policy", "delete", OpType.SUBTRACT}, {"retention.ms", "", OpType.DELETE},
            {"segment.ms", "soon", OpType.SET}, {"nothing", "1", OpType.SET}, {"retention.ms", "1", OpType.APPEND},
            {"segment.ms", "-1", OpType.SET},
        };
        for (Object[] change : changes) {
            Collection<AlterConfigOp> operations = List.of(new AlterConfigOp(
                new ConfigEntry((String) change[0], (String) change[1]), (OpType) change[2]));
            Object altered = done(() ->
                run.admin.incrementalAlterConfigs(Map.of(resource(topic), operations)).all().get());
            // Kafka answers before its broker knows, which learns of another topic after this.
            run.topic(1);
            observed.put(observed.size() + " " + change[2] + " " + change[0] + "=" + change[1],
                Run.list(altered, described(run, topic, names)));
        }
        return observed;
    }

    private static void fill(Run run, String topic, int count) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = run.producer()) {
            for (int i = 0; i < count; i++) {
                producer.send(new ProducerRecord<>(topic, 0, 1000L + i, Run.bytes("k"), Run.bytes("v" + i))).get();
            }
        }
    }

    private static Object deletingRecords(Run run) throws Exception {
        String topic = run.topic(1);
        fill(run, topic, 10);
        TopicPartition partition = new TopicPartition(topic, 0);
        Map<String, Object> observed = Run.map();
        for (long before : new long[] {4, 2, 11, -1}) {
            observed.put("before " + before, Run.outcome(() -> run.admin.deleteRecords(
                Map.of(partition, RecordsToDelete.beforeOffset(before))).lowWatermarks().get(partition).get()
                .lowWatermark()));
            observed.put("then " + before, run.read(topic));
        }
        return observed;
    }

    private static Object listingOffsets(Run run) throws Exception {
        String topic = run.topic(1);
        TopicPartition partition = new TopicPartition(topic, 0);
        Map<String, OffsetSpec> specs = new TreeMap<>(Map.of("earliest", OffsetSpec.earliest(), "latest",
            OffsetSpec.latest(), "max", OffsetSpec.maxTimestamp(), "1003", OffsetSpec.forTimestamp(1003), "9999",
            OffsetSpec.forTimestamp(9999)));
        Map<String, Object> observed = Run.map();
        for (String when : new String[] {"empty", "filled"}) {
            specs.forEach((what, spec) -> observed.put(when + " " + what, Run.outcome(() -> {
                ListOffsetsResultInfo found =
                    run.admin.listOffsets(Map.of(partition, spec)).partitionResult(partition).get();
                return Run.list(found.offset(), found.timestamp(), found.leaderEpoch().orElse(-1));
            })));
            fill(run, topic, 6);
        }
        return observed;
    }

    private static Object cluster(Run run) throws Exception {
        DescribeClusterResult described = run.admin.describeCluster();
        return Run.map("nodes", described.nodes().get().stream().map(node -> Run.list(node.id(), node.rack(),
            node.host())).toList(), "controller", described.controller().get().id(), "id",
            described.clusterId().get().length());
    }

    private static Object description(Run run, String group) throws Exception {
        ConsumerGroupDescription described = run.admin.describeConsumerGroups(List.of(group)).all().get().get(group);
        List<Object> members = new ArrayList<>();
        for (MemberDescription member : described.members()) {
            members.add(Run.list(member.clientId(), member.host(), member.groupInstanceId().orElse(null),
                member.assignment().topicPartitions().size()));
        }
        return Run.map("simple", described.isSimpleConsumerGroup(), "assignor", described.partitionAssignor(),
            "type", described.type().toString(), "state", described.groupState().toString(), "coordinator",
            described.coordinator().id(), "members", members);
    }

    private static Object groups(Run run) throws Exception {
        String topic = run.topic(2);
        String group = run.unique("group");
        Map<String, Object> observed = Run.map();
        Groups.Member member = new Groups.Member(run, group, "org.apache.kafka.clients.consumer.RangeAssignor", topic,
            "client.id", "client", "group.instance.id", "instance");
        Groups.shared(List.of(member), 2);
        observed.put("stable", description(run, group));
        observed.put("listed", run.admin.listGroups().all().get().stream()
            .filter(listed -> listed.groupId().equals(group))
            .map(listed -> Run.list(listed.type().map(Object::toString).orElse(null), listed.protocol(),
                listed.groupState().map(Object::toString).orElse(null), listed.isSimpleConsumerGroup())).toList());
        observed.put("not empty", done(() -> run.admin.deleteConsumerGroups(List.of(group)).all().get()));
        member.consumer.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(0)));
        member.leave();
        observed.put("removed", done(() -> run.admin.removeMembersFromConsumerGroup(group,
            new org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions()).all().get()));
        observed.put("empty", description(run, group));
        observed.put("deleted", done(() -> run.admin.deleteConsumerGroups(List.of(group)).all().get()));
        observed.put("gone", Run.outcome(() -> description(run, group)));
        observed.put("unknown", done(() -> run.admin.deleteConsumerGroups(List.of(group)).all().get()));
        return observed;
    }

    private static Object listed(Run run, String group) throws Exception {
        Map<String, Object> offsets = new TreeMap<>();
        run.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach((partition, at) ->
            offsets.put(String.valueOf(partition.partition()), at == null ? null
                : Run.list(at.offset(), at.metadata(), at.leaderEpoch().orElse(-1))));
        return offsets;
    }

    private static Object offsets(Run run) throws Exception {
        String topic = run.topic(3);
        String group = run.unique("group");
        TopicPartition zero = new TopicPartition(topic, 0);
        TopicPartition one = new TopicPartition(topic, 1);
        Map<String, Object> observed = Run.map("nothing", listed(run, group));
        observed.put("altered", done(() -> run.admin.alterConsumerGroupOffsets(group, Map.of(zero,
            new OffsetAndMetadata(5, Optional.of(0), "m"), one, new OffsetAndMetadata(7))).all().get()));
        observed.put("then", listed(run, group));
        observed.put("state", description(run, group));
        observed.put("beyond", done(() -> run.admin.alterConsumerGroupOffsets(group,
            Map.of(new TopicPartition(topic, 9), new OffsetAndMetadata(5))).all().get()));
        observed.put("deleted", done(() -> run.admin.deleteConsumerGroupOffsets(group, Set.of(zero)).all().get()));
        observed.put("left", listed(run, group));
        Groups.Member member =
            new Groups.Member(run, group, "org.apache.kafka.clients.consumer.RangeAssignor", topic);
        Groups.shared(List.of(member), 3);
        observed.put("in use", done(() -> run.admin.deleteConsumerGroupOffsets(group, Set.of(one)).all().get()));
        observed.put("with a member", done(() -> run.admin.alterConsumerGroupOffsets(group,
            Map.of(zero, new OffsetAndMetadata(1))).all().get()));
        member.leave();
        return observed;
    }
}
