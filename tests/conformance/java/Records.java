import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

/** Records that are produced and consumed. */
final class Records {
    private Records() {}

    static void addTo(Map<String, Main.Behaviour> behaviours) {
        for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
            behaviours.put("compression " + codec, run -> compression(run, codec));
        }
        behaviours.put("keys, values and headers", Records::headers);
        behaviours.put("acknowledgements", Records::acknowledgements);
        behaviours.put("idempotence", Records::idempotence);
        behaviours.put("the broker's time", Records::appendTime);
        behaviours.put("sizes", Records::sizes);
        behaviours.put("partitions", Records::partitions);
        behaviours.put("offsets by time", Records::times);
        behaviours.put("positions", Records::positions);
    }

    private static Object compression(Run run, String codec) throws Exception {
        String topic = run.topic(1);
        List<Object> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = run.producer("compression.type", codec, "linger.ms", "20")) {
            for (int batch = 0; batch < 3; batch++) {
                for (int i = 0; i < 10; i++) {
                    producer.send(Run.record(topic, "k" + i, "value ".repeat(i * 10)));
                }
                sent.add(Run.sent(producer, Run.record(topic, null, codec)));
            }
        }
        return Run.map("sent", sent, "read", run.read(topic));
    }

    private static Object headers(Run run) throws Exception {
        String topic = run.topic(1);
        List<Object> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = run.producer()) {
            ProducerRecord<byte[], byte[]> full = Run.record(topic, "key", "value");
            full.headers().add("h", Run.bytes("1")).add("h", Run.bytes("2")).add("none", null).add("", new byte[0]);
            sent.add(Run.sent(producer, full));
            sent.add(Run.sent(producer, Run.record(topic, null, null)));
            sent.add(Run.sent(producer, Run.record(topic, "", "")));
        }
        return Run.map("sent", sent, "read", run.read(topic));
    }

    private static Object acknowledgements(Run run) throws Exception {
        String topic = run.topic(1);
        List<Object> sent = new ArrayList<>();
        for (String acks : new String[] {"0", "1", "all"}) {
            try (KafkaProducer<byte[], byte[]> producer = run.producer("acks", acks, "enable.idempotence",
                Boolean.toString(acks.equals("all")))) {
                sent.add(Run.sent(producer, Run.record(topic, acks, "value")));
            }
        }
        return Run.map("sent", sent, "read", run.read(topic));
    }

    /** What is sent again since its connection was cut is there once, and in order. */
    private static Object idempotence(Run run) throws Exception {
        String topic = run.topic(1);
        int count = 3000;
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        double repeated;
        try (KafkaProducer<byte[], byte[]> producer = run.producer("bootstrap.servers", System.getProperty("cut"),
            "enable.idempotence", "true", "batch.size", "1000", "retry.backoff.ms", "10",
            "reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "50")) {
            for (int i = 0; i < count; i++) {
                sent.add(producer.send(Run.record(topic, null, "v" + i)));
                Thread.sleep(1);
            }
            producer.flush();
            repeated = producer.metrics().entrySet().stream().filter(it -> it.getKey().name().equals("record-retry-total")
                && it.getKey().group().equals("producer-metrics")).mapToDouble(it -> (double) it.getValue().metricValue()).sum();
        }
        List<Object> misplaced = new ArrayList<>();
        List<Object> read = run.read(topic);
        for (int i = 0; i < Math.max(count, read.size()); i++) {
            Object offset = i < count ? sent.get(i).get().offset() : null;
            Object value = i < read.size() ? ((Map<?, ?>) read.get(i)).get("value") : null;
            boolean placed = Long.valueOf(i).equals(offset) && ("v" + i).equals(value);
            if (!placed && misplaced.size() < 3) {
                misplaced.add(Run.list(i, offset, value));
            }
        }
        return Run.map("sent again", repeated > 0, "misplaced", misplaced);
    }

    private static Object appendTime(Run run) throws Exception {
        String topic = run.topic(1, "message.timestamp.type", "LogAppendTime");
        long before = System.currentTimeMillis();
        try (KafkaProducer<byte[], byte[]> producer = run.producer()) {
            long said = producer.send(Run.record(topic, "k", "v")).get().timestamp();
            Map<String, Object> read = (Map<String, Object>) run.read(topic).get(0);
            long kept = (long) read.put("timestamp", "now");
            return Run.map("said", said >= before, "kept", kept == said, "read", read);
        }
    }

    private static Object sizes(Run run) throws Exception {
        String topic = run.topic(1, "max.message.bytes", "2000000");
        List<Object> sent = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = run.producer("max.request.size", "5000000")) {
            for (int size : new int[] {900_000, 1_999_000, 2_100_000, 10}) {
                sent.add(Run.sent(producer, Run.record(topic, null, "x".repeat(size))));
            }
        }
        return Run.map("sent", sent, "read", run.read(topic),
            "one at a time", run.read(topic, "fetch.max.bytes", "1000", "max.partition.fetch.bytes", "1000"));
    }

    private static Object partitions(Run run) throws Exception {
        String topic = run.topic(5);
        List<Object> placed = new ArrayList<>();
        try (KafkaProducer<byte[], byte[]> producer = run.producer()) {
            for (int i = 0; i < 20; i++) {
                placed.add(producer.send(new ProducerRecord<>(topic, Run.bytes("key " + i), null)).get().partition());
            }
            return Run.map("placed", placed, "of it", producer.partitionsFor(topic).size(), "beyond",
                Run.kind(() -> run.producer("max.block.ms", "1000").send(
                    new ProducerRecord<>(topic, 7, null, Run.bytes("v"))).get()));
        }
    }

    private static Object times(Run run) throws Exception {
        String topic = run.topic(1);
        try (KafkaProducer<byte[], byte[]> producer = run.producer()) {
            for (long time : new long[] {1000, 3000, 2000, 5000}) {
                producer.send(new ProducerRecord<>(topic, 0, time, null, Run.bytes("at " + time))).get();
            }
        }
        List<Object> found = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = run.consumer()) {
            TopicPartition partition = new TopicPartition(topic, 0);
            for (long time : new long[] {0, 1000, 1001, 2500, 5000, 5001}) {
                OffsetAndTimestamp at = consumer.offsetsForTimes(Map.of(partition, time)).get(partition);
                found.add(at == null ? null : Run.list(at.offset(), at.timestamp(), at.leaderEpoch().orElse(-1)));
            }
            return Run.map("found", found, "bounds", Run.list(
                consumer.beginningOffsets(List.of(partition)).get(partition),
                consumer.endOffsets(List.of(partition)).get(partition)));
        }
    }

    private static Object positions(Run run) throws Exception {
        String topic = run.topic(1);
        try (KafkaProducer<byte[], byte[]> producer = run.producer()) {
            for (int i = 0; i < 5; i++) {
                producer.send(Run.record(topic, null, "v" + i)).get();
            }
        }
        TopicPartition partition = new TopicPartition(topic, 0);
        try (KafkaConsumer<byte[], byte[]> consumer = run.consumer("auto.offset.reset", "none")) {
            consumer.assign(List.of(partition));
            Object nowhere = Run.kind(() -> consumer.poll(Duration.ofSeconds(10)));
            consumer.seek(partition, 3);
            List<Object> read = new ArrayList<>();
            Run.waitFor("two records", () -> {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> read.add(Run.observed(record)));
                return read.size() == 2;
            });
            Object lag = consumer.currentLag(partition).orElse(-1);
            consumer.seek(partition, 99);
            Object beyond = Run.kind(() -> {
                Run.waitFor("an error", () -> !consumer.poll(Duration.ofMillis(100)).isEmpty());
                return "a record";
            });
            return Run.map("nowhere", nowhere, "read", read, "lag", lag, "beyond", beyond);
        }
    }
}
