import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One broker, the clients of it that behaviours use, and the form in which they tell what they saw. */
final class Run implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(40);
    static final long TIME = 1_700_000_000_000L;

    private final String bootstrap;
    private final String prefix;
    private int names;
    final Admin admin;

    Run(String bootstrap, String prefix) {
        this.bootstrap = bootstrap;
        this.prefix = prefix;
        this.admin = Admin.create(config());
    }

    @Override
    public void close() {
        admin.close();
    }

    /** A name that nothing else has. */
    String unique(String name) {
        return prefix + "-java-" + names++ + "-" + name;
    }

    Map<String, Object> config(Object... settings) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.putAll(map(settings));
        return config;
    }

    /** A topic; its records have times of long ago. */
    String topic(int partitions, String... settings) throws Exception {
        String name = unique("topic");
        Map<String, String> configs = new HashMap<>(Map.of("retention.ms", "-1"));
        for (int i = 0; i < settings.length; i += 2) {
            configs.put(settings[i], settings[i + 1]);
        }
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs))).all().get();
        // Kafka answers before its partitions can be used.
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            ends.put(new TopicPartition(name, partition), OffsetSpec.latest());
        }
        waitFor("the partitions of " + name, () -> {
            try {
                return admin.listOffsets(ends).all().get().size() == partitions;
            } catch (Exception notYet) {
                return false;
            }
        });
        return name;
    }

    KafkaProducer<byte[], byte[]> producer(Object... settings) {
        return new KafkaProducer<>(config(settings), new ByteArraySerializer(), new ByteArraySerializer());
    }

    KafkaConsumer<byte[], byte[]> consumer(Object... settings) {
        Map<String, Object> config = config("auto.offset.reset", "earliest", "enable.auto.commit", "false");
        config.putAll(map(settings));
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Everything in a topic's partition 0 that a consumer of these settings is given. */
    List<Object> read(String topic, Object... settings) {
        List<Object> records = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(settings)) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            waitFor("the end of " + topic, () -> {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> records.add(observed(record)));
                return consumer.position(partition) >= end;
            });
        }
        return records;
    }

    /** As `read`, of what is committed, when the last transaction is over. */
    List<Object> committed(String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        // Kafka answers a commit once it has written it down, before the partitions have its marker
        // (TransactionCoordinator.endTransaction).
        waitFor("the end of the transactions in " + topic, () -> end(partition, IsolationLevel.READ_COMMITTED)
            == end(partition, IsolationLevel.READ_UNCOMMITTED));
        return read(topic, "isolation.level", "read_committed");
    }

    private long end(TopicPartition partition, IsolationLevel level) {
        try {
            return admin.listOffsets(Map.of(partition, OffsetSpec.latest()), new ListOffsetsOptions(level))
                .partitionResult(partition).get().offset();
        } catch (InterruptedException | ExecutionException error) {
            throw new IllegalStateException("the end of " + partition, error);
        }
    }

    static Map<String, Object> observed(ConsumerRecord<byte[], byte[]> record) {
        List<Object> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(list(header.key(), text(header.value())));
        }
        return map("offset", record.offset(), "key", text(record.key()), "value", text(record.value()),
            "headers", headers, "timestamp", record.timestamp(), "type", record.timestampType().name,
            "epoch", record.leaderEpoch().orElse(-1), "sizes",
            list(record.serializedKeySize(), record.serializedValueSize()));
    }

    static ProducerRecord<byte[], byte[]> record(String topic, String key, String value) {
        return new ProducerRecord<>(topic, 0, TIME, bytes(key), bytes(value));
    }

    /** What came of a record that was sent. */
    static Object sent(KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record) {
        return outcome(() -> {
            RecordMetadata metadata = producer.send(record).get();
            return map("partition", metadata.partition(), "offset", metadata.offset(), "timestamp",
                metadata.timestamp(), "sizes", list(metadata.serializedKeySize(), metadata.serializedValueSize()));
        });
    }

    /** Sends records in batches, all of which have to arrive. */
    static void sendAll(KafkaProducer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records)
        throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (ProducerRecord<byte[], byte[]> record : records) {
            sent.add(producer.send(record));
        }
        for (Future<RecordMetadata> one : sent) {
            one.get();
        }
    }

    /** The result, or the error that it ended with. */
    static Object outcome(Callable<?> work) {
        try {
            return work.call();
        } catch (ExecutionException error) {
            return failed(error.getCause());
        } catch (Exception error) {
            return failed(error);
        }
    }

    /** The error's kind: its message is the broker's own. */
    static Object failed(Throwable error) {
        return map("error", error.getClass().getSimpleName());
    }

    /** As `outcome`, but only the kind of an error. */
    static Object kind(Callable<?> work) {
        Object outcome = outcome(work);
        return outcome instanceof Map<?, ?> map && map.containsKey("error") ? map.get("error") : outcome;
    }

    static void waitFor(String what, BooleanSupplier done) {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("waited for " + what);
            }
        }
    }

    static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    /** Long ones by their length. */
    static String text(byte[] bytes) {
        if (bytes == null) {
            return null;
        }
        return bytes.length > 200 ? bytes.length + " bytes" : new String(bytes, StandardCharsets.UTF_8);
    }

    static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }

    static List<Object> list(Object... items) {
        return new ArrayList<>(java.util.Arrays.asList(items));
    }
}
