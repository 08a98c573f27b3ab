// Writes this folder's batches with Kafka's own classes (4.3.1):
//   java -cp 'KAFKA/libs/*' Golden.java FOLDER
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.*;
import org.apache.kafka.common.utils.BufferSupplier;

class Golden {
    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void write(Path folder, String name, ByteBuffer buffer) throws Exception {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        Files.write(folder.resolve(name), bytes);
    }

    static SimpleRecord[] records() {
        String large = "0123456789".repeat(8_000);
        return new SimpleRecord[] {
            new SimpleRecord(1000, bytes("a"), bytes("first")),
            new SimpleRecord(3000, bytes("b"), null),
            new SimpleRecord(2000, null, bytes(large), new Header[] {
                new RecordHeader("name", bytes("value")),
                new RecordHeader("name", null),
            }),
        };
    }

    // Keeps the records whose offset is not before the given one.
    static ByteBuffer cleaned(MemoryRecords records, long from, MemoryRecords.RecordFilter.BatchRetention retention) {
        MemoryRecords.RecordFilter filter = new MemoryRecords.RecordFilter(50_000, 86_400_000) {
            protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
                return new BatchRetentionResult(retention, false);
            }

            protected boolean shouldRetainRecord(RecordBatch batch, org.apache.kafka.common.record.internal.Record record) {
                return record.offset() >= from;
            }
        };
        ByteBuffer out = ByteBuffer.allocate(1 << 20);
        records.filterTo(filter, out, BufferSupplier.NO_CACHING);
        out.flip();
        return out;
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Compression[] codecs = {
            Compression.gzip().build(), Compression.snappy().build(),
            Compression.lz4().build(), Compression.zstd().build(),
        };
        for (Compression codec : codecs) {
            MemoryRecords records = MemoryRecords.withRecords(7, codec, 0, records());
            write(folder, codec.type().name + ".batch", records.buffer());
        }
        MemoryRecords appended = MemoryRecords.withRecords(RecordBatch.MAGIC_VALUE_V2, 7, Compression.NONE,
            TimestampType.LOG_APPEND_TIME, RecordBatch.NO_PRODUCER_ID, RecordBatch.NO_PRODUCER_EPOCH,
            RecordBatch.NO_SEQUENCE, 0, false, small());
        write(folder, "log-append-time.batch", appended.buffer());
        write(folder, "log-append-time-cleaned.batch",
            cleaned(appended, 8, MemoryRecords.RecordFilter.BatchRetention.DELETE_EMPTY));
        MemoryRecords idempotent = MemoryRecords.withIdempotentRecords(7, Compression.NONE, 4711, (short) 3, 20, 0, small());
        write(folder, "idempotent.batch", idempotent.buffer());
        write(folder, "idempotent-cleaned.batch",
            cleaned(idempotent, 8, MemoryRecords.RecordFilter.BatchRetention.DELETE_EMPTY));
        write(folder, "idempotent-without-tombstone.batch",
            cleaned(idempotent, 9, MemoryRecords.RecordFilter.BatchRetention.DELETE_EMPTY));
        write(folder, "idempotent-emptied.batch",
            cleaned(idempotent, 10, MemoryRecords.RecordFilter.BatchRetention.RETAIN_EMPTY));
    }

    static SimpleRecord[] small() {
        return new SimpleRecord[] {
            new SimpleRecord(1000, bytes("a"), bytes("first")),
            new SimpleRecord(3000, bytes("b"), null),
            new SimpleRecord(2000, bytes("c"), bytes("third"), new Header[] {
                new RecordHeader("name", bytes("value")),
                new RecordHeader("name", null),
            }),
        };
    }
}
