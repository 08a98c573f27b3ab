import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;

/** Transactions as an application makes them. */
final class Transactions {
    private Transactions() {}

    static void addTo(Map<String, Main.Behaviour> behaviours) {
        behaviours.put("commit and abort", Transactions::commitAndAbort);
        behaviours.put("a fenced producer", Transactions::fenced);
        behaviours.put("offsets in transactions", Transactions::offsets);
        behaviours.put("an open transaction", Transactions::open);
        behaviours.put("a transaction of several partitions", Transactions::several);
    }

    private static KafkaProducer<byte[], byte[]> transactional(Run run, String id) {
        KafkaProducer<byte[], byte[]> producer = run.producer("transactional.id", id);
        producer.initTransactions();
        return producer;
    }

    private static Object commitAndAbort(Run run) throws Exception {
        String topic = run.topic(1);
        List<Object> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = transactional(run, run.unique("id"))) {
            for (boolean commit : new boolean[] {true, false, false, true}) {
                producer.beginTransaction();
                for (int i = 0; i < 3; i++) {
                    sent.add(Run.sent(producer, Run.record(topic, null, commit ? "committed" : "aborted")));
                }
                if (commit) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
            producer.beginTransaction();
            producer.commitTransaction();
        }
        return Run.map("sent", sent, "committed", run.committed(topic), "all", run.read(topic));
    }

    private static Object fenced(Run run) throws Exception {
        String topic = run.topic(1);
        String id = run.unique("id");
        KafkaProducer<byte[], byte[]> old = transactional(run, id);
        old.beginTransaction();
        Object first = Run.sent(old, Run.record(topic, null, "old"));
        try (KafkaProducer<byte[], byte[]> young = transactional(run, id)) {
            young.beginTransaction();
            Object second = Run.sent(young, Run.record(topic, null, "new"));
            Object late = Run.sent(old, Run.record(topic, null, "late"));
            Object commit = Run.kind(() -> {
                old.commitTransaction();
                return "committed";
            });
            old.close(Duration.ZERO);
            young.commitTransaction();
            return Run.map("first", first, "second", second, "late", late, "commit", commit,
                "committed", run.committed(topic));
        }
    }

    private static Object offsets(Run run) throws Exception {
        String from = run.topic(1);
        String to = run.topic(1);
        try (KafkaProducer<byte[], byte[]> plain = run.producer()) {
            for (int i = 0; i < 4; i++) {
                plain.send(Run.record(from, null, "v" + i)).get();
            }
        }
        TopicPartition partition = new TopicPartition(from, 0);
        List<Object> steps = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = run.consumer("group.id", run.unique("group"),
                "max.poll.records", "1", "group.protocol", "classic", "isolation.level", "read_committed");
            KafkaProducer<byte[], byte[]> producer = transactional(run, run.unique("id"))) {
            consumer.subscribe(List.of(from));
            for (boolean commit : new boolean[] {true, false, true}) {
                List<ConsumerRecord<byte[], byte[]>> polled = new ArrayList<>();
                Run.waitFor("a record", () -> {
                    consumer.poll(Duration.ofMillis(100)).forEach(polled::add);
                    return !polled.isEmpty();
                });
                ConsumerRecord<byte[], byte[]> record = polled.get(0);
                producer.beginTransaction();
                producer.send(Run.record(to, null, Run.text(record.value()))).get();
                producer.sendOffsetsToTransaction(
                    Map.of(partition, new OffsetAndMetadata(record.offset() + 1, "m")), consumer.groupMetadata());
                if (commit) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
                OffsetAndMetadata committed = consumer.committed(java.util.Set.of(partition)).get(partition);
                steps.add(Run.list(record.offset(), committed.offset(), committed.metadata()));
            }
            // Of a member that is not one, and of none.
            producer.beginTransaction();
            Object stranger = Run.kind(() -> {
                producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(1)),
                    new Stranger(consumer.groupMetadata().groupId()));
                producer.commitTransaction();
                return "committed";
            });
            return Run.map("steps", steps, "stranger", stranger,
                "written", run.committed(to));
        }
    }

    /** A member that the group does not have. */
    private static final class Stranger extends org.apache.kafka.clients.consumer.ConsumerGroupMetadata {
        Stranger(String group) {
            super(group, 77, "stranger", java.util.Optional.empty());
        }
    }

    private static Object open(Run run) throws Exception {
        String topic = run.topic(1);
        try (KafkaProducer<byte[], byte[]> producer = transactional(run, run.unique("id"));
            KafkaProducer<byte[], byte[]> plain = run.producer()) {
            plain.send(Run.record(topic, null, "before")).get();
            producer.beginTransaction();
            producer.send(Run.record(topic, null, "open")).get();
            plain.send(Run.record(topic, null, "after")).get();
            Object meanwhile = run.read(topic, "isolation.level", "read_committed");
            Object all = run.read(topic);
            producer.commitTransaction();
            return Run.map("meanwhile", meanwhile, "all", all,
                "then", run.committed(topic));
        }
    }

    private static Object several(Run run) throws Exception {
        String one = run.topic(1);
        String two = run.topic(1);
        try (KafkaProducer<byte[], byte[]> producer = transactional(run, run.unique("id"))) {
            for (int i = 0; i < 5; i++) {
                producer.beginTransaction();
                producer.send(Run.record(one, null, "a" + i));
                producer.send(Run.record(two, null, "b" + i));
                producer.commitTransaction();
            }
        }
        return Run.map("one", run.committed(one), "two", run.committed(two));
    }
}
