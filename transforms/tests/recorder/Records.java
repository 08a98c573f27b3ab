import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.header.Headers;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.source.SourceRecord;

/** Short ways to write schemas, values and records. */
final class Records {
    private Records() {
    }

    /** `pairs`: field name and schema, alternately. */
    static SchemaBuilder struct(Object... pairs) {
        SchemaBuilder builder = SchemaBuilder.struct();
        for (int i = 0; i < pairs.length; i += 2) {
            builder.field((String) pairs[i], (Schema) pairs[i + 1]);
        }
        return builder;
    }

    /** `pairs`: field name and schema, alternately; with a name, a version, a doc and a parameter. */
    static Schema named(Object... pairs) {
        return struct(pairs).name("a.Name").version(7).doc("the doc").parameter("p", "q").build();
    }

    /** `values` by position. */
    static Struct of(Schema schema, Object... values) {
        Struct struct = new Struct(schema);
        for (int i = 0; i < values.length; i++) {
            struct.put(schema.fields().get(i), values[i]);
        }
        return struct;
    }

    /** `builder` with a struct of `values` as its default. */
    static Schema defaulted(SchemaBuilder builder, Object... values) {
        return builder.defaultValue(of(builder, values)).build();
    }

    static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }

    static SourceRecord keyed(Schema schema, Object key) {
        return new SourceRecord(null, null, "topic", 0, schema, key, Schema.STRING_SCHEMA, "value", 789L);
    }

    static SourceRecord valued(Schema schema, Object value) {
        return new SourceRecord(null, null, "topic", 0, Schema.STRING_SCHEMA, "key", schema, value, 789L);
    }

    static SourceRecord valued(Struct value) {
        return valued(value.schema(), value);
    }

    static SourceRecord topic(String topic, Long timestamp) {
        return new SourceRecord(null, null, topic, null, null, null, null, null, timestamp);
    }

    static SinkRecord sink(Struct value, Long timestamp) {
        return new SinkRecord("topic", 3, null, null, value.schema(), value, 42L, timestamp,
                timestamp == null ? TimestampType.NO_TIMESTAMP_TYPE : TimestampType.CREATE_TIME);
    }

    /** `triples`: name, schema, value. */
    static SourceRecord headed(SourceRecord record, Object... triples) {
        Headers headers = new ConnectHeaders();
        for (int i = 0; i < triples.length; i += 3) {
            headers.add((String) triples[i], triples[i + 2], (Schema) triples[i + 1]);
        }
        return record.newRecord(record.topic(), record.kafkaPartition(), record.keySchema(), record.key(),
                record.valueSchema(), record.value(), record.timestamp(), headers);
    }
}
