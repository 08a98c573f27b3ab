import java.math.BigDecimal;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;

/** Cases of ExtractFieldTest, InsertFieldTest, MaskFieldTest, ReplaceFieldTest. */
final class FieldCases {
    private final Recorder recorder;
    private final Schema flat = Records.named("magic", Schema.INT32_SCHEMA, "other", Schema.OPTIONAL_STRING_SCHEMA);
    private final Schema withDefault =
            SchemaBuilder.int32().optional().defaultValue(42).build();
    private final Schema defaulted = Records.named("magic", withDefault, "other", Schema.OPTIONAL_STRING_SCHEMA);

    FieldCases(Recorder recorder) {
        this.recorder = recorder;
    }

    void all() {
        extractField();
        insertField();
        maskField();
        maskReplacements();
        replaceField();
    }

    private void both(String name, Map<String, String> config, Schema schema, Object value) {
        recorder.run(name + "$Value", config, Records.valued(schema, value));
        recorder.run(name + "$Key", config, Records.keyed(schema, value));
    }

    private void extractField() {
        Schema inner = Records.struct("foo", withDefault, "a.b", Schema.OPTIONAL_STRING_SCHEMA).optional().build();
        Schema nested = Records.named("magic", inner, "plain", Schema.INT32_SCHEMA);
        Struct value = Records.of(nested, Records.of(inner, null, "ab"), 7);
        Map<String, Object> map = Records.map("magic", Records.map("foo", 42, "a.b", "ab"), "plain", 7, "none", null);
        for (String path : List.of("magic", "plain", "magic.foo", "magic.`a.b`", "nonexistent", "magic.nonexistent",
                "plain.foo", "nonexistent.foo", "", ".", "magic.", "`magic", "none", "none.foo", "magic.foo.bar")) {
            for (String version : List.of("V1", "v2")) {
                Map<String, String> config = Recorder.config("field", path, "field.syntax.version", version);
                both("ExtractField", config, nested, value);
                both("ExtractField", config, null, map);
            }
        }
        Map<String, String> v2 = Recorder.config("field", "magic.foo", "field.syntax.version", "V2");
        both("ExtractField", v2, nested, Records.of(nested, null, 7));
        both("ExtractField", v2, nested, null);
        both("ExtractField", v2, null, null);
        both("ExtractField", v2, null, Records.map("magic", null));
        for (String replace : List.of("true", "false")) {
            Map<String, String> config = Recorder.config("field", "magic", "replace.null.with.default", replace);
            both("ExtractField", config, defaulted, new Struct(defaulted));
        }
        Map<String, String> magic = Recorder.config("field", "magic");
        both("ExtractField", magic, null, "text");
        both("ExtractField", magic, Schema.INT32_SCHEMA, 42);
        both("ExtractField", magic, SchemaBuilder.array(Schema.INT32_SCHEMA).build(), List.of(1));
        both("ExtractField", Recorder.config(), flat, Records.of(flat, 1));
        both("ExtractField", Recorder.config("field", "a", "field.syntax.version", "V3"), flat, Records.of(flat, 1));
    }

    private void insertField() {
        Map<String, String> all = Recorder.config("topic.field", "topic_field!", "partition.field", "partition_field",
                "timestamp.field", "timestamp_field?", "static.field", "instance_id", "static.value", "my-instance-id");
        Schema magic = Records.named("magic", Schema.OPTIONAL_INT64_SCHEMA);
        both("InsertField", all, magic, Records.of(magic, 42L));
        both("InsertField", all, magic, null);
        both("InsertField", all, null, null);
        both("InsertField", all, null, Records.map("magic", 42L, "instance_id", "old"));
        both("InsertField", all, Schema.INT32_SCHEMA, 42);
        both("InsertField", all, null, 42);
        both("InsertField", all, null, List.of(42));
        Schema taken = Records.struct("instance_id", Schema.STRING_SCHEMA).build();
        both("InsertField", all, taken, Records.of(taken, "x"));
        Schema optional = Records.struct("magic", withDefault).optional().build();
        both("InsertField", all, optional, new Struct(optional));
        for (String replace : List.of("true", "false")) {
            both("InsertField", Recorder.config("topic.field", "t", "replace.null.with.default", replace),
                    defaulted, new Struct(defaulted));
        }
        both("InsertField", Recorder.config(), magic, Records.of(magic, 42L));
        both("InsertField", Recorder.config("static.field", "a"), magic, Records.of(magic, 42L));
        both("InsertField", Recorder.config("static.field", "a!", "static.value", ""), magic, Records.of(magic, 42L));
        both("InsertField", Recorder.config("offset.field", "o"), magic, Records.of(magic, 42L));
        both("InsertField", Recorder.config("offset.field", "o"), null, Records.map("magic", 42L));
        Map<String, String> offsets = Recorder.config("offset.field", "o!", "timestamp.field", "t", "partition.field", "p!");
        recorder.run("InsertField$Value", offsets, Records.sink(Records.of(magic, 42L), 5L));
        recorder.run("InsertField$Value", offsets, Records.sink(Records.of(magic, 42L), null));
        recorder.run("InsertField$Value", Recorder.config("partition.field", "p", "timestamp.field", "t"),
                Records.topic("t", null).newRecord("t", null, null, null, null, Records.map("a", 1), null));
    }

    private Struct masked() {
        Schema schema = Records.named("magic", Schema.INT32_SCHEMA, "bool", Schema.BOOLEAN_SCHEMA,
                "byte", Schema.INT8_SCHEMA, "short", Schema.INT16_SCHEMA, "int", Schema.INT32_SCHEMA,
                "long", Schema.INT64_SCHEMA, "float", Schema.FLOAT32_SCHEMA, "double", Schema.FLOAT64_SCHEMA,
                "string", Schema.STRING_SCHEMA, "date", org.apache.kafka.connect.data.Date.SCHEMA, "time", Time.SCHEMA,
                "timestamp", Timestamp.SCHEMA, "decimal", Decimal.schema(0),
                "array", SchemaBuilder.array(Schema.INT32_SCHEMA).build(),
                "map", SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.STRING_SCHEMA).build(), "withDefault", withDefault,
                "bytes", Schema.OPTIONAL_BYTES_SCHEMA, "struct", flat, "null", Schema.OPTIONAL_STRING_SCHEMA,
                "money", Decimal.schema(2));
        Date now = new Date(86_400_000L * 20_000);
        return Records.of(schema, 42, true, (byte) 42, (short) 42, 42, 42L, 42f, 42d, "hmm", now, new Date(5), now,
                new BigDecimal(42), List.of(1, 2, 3), Map.of("what", "what"), null, new byte[] {1}, Records.of(flat, 1),
                null, new BigDecimal("1.25"));
    }

    private static Map<String, Object> maskedMap() {
        return Records.map("magic", 42, "bool", true, "byte", (byte) 42, "short", (short) 42, "int", 42, "long", 42L,
                "float", 42f, "double", 42d, "string", "blabla", "list", List.of(1), "map", Records.map("k", "v"),
                "null", null, "bytes", new byte[] {1});
    }

    private void maskField() {
        Struct value = masked();
        String maskable = "bool,byte,short,int,long,float,double,string,date,time,timestamp,decimal,array,map,null,"
                + "withDefault,nothere,money";
        Map<String, String> config = Recorder.config("fields", maskable);
        both("MaskField", config, value.schema(), value);
        both("MaskField", Recorder.config("fields", maskable, "replace.null.with.default", "false"), value.schema(), value);
        both("MaskField", Recorder.config("fields", "bool,byte,short,int,long,float,double,string,list,map,null,nothere"),
                null, maskedMap());
        for (String field : List.of("bytes", "struct", "nothere")) {
            both("MaskField", Recorder.config("fields", field), value.schema(), value);
        }
        both("MaskField", Recorder.config("fields", "bytes"), null, maskedMap());
        both("MaskField", config, null, null);
        both("MaskField", config, value.schema(), null);
        both("MaskField", config, Schema.STRING_SCHEMA, "text");
        both("MaskField", config, null, "text");
        both("MaskField", Recorder.config("fields", "magic"), defaulted, new Struct(defaulted));
        both("MaskField", Recorder.config("fields", "other"), defaulted, new Struct(defaulted));
        for (String fields : List.of("", "a,a", "a,,b", " magic , int ")) {
            both("MaskField", Recorder.config("fields", fields), value.schema(), value);
        }
        both("MaskField", Recorder.config(), value.schema(), value);
    }

    private void maskReplacements() {
        Struct value = masked();
        for (String replacement : List.of("123", "-7", "300", "1.75", "foo", "", " ", "1e2", "99999999999999999999",
                "1e999", "+5", "0x1", "NaN", "1.")) {
            for (String field : List.of("magic", "byte", "short", "int", "long", "float", "double", "string")) {
                Map<String, String> config = Recorder.config("fields", field, "replacement", replacement);
                recorder.run("MaskField$Value", config, Records.valued(value));
                recorder.run("MaskField$Key", config, Records.keyed(null, maskedMap()));
            }
        }
        for (String field : List.of("bool", "date", "time", "timestamp", "array", "map", "list", "bytes", "struct", "null",
                "withDefault", "nothere", "decimal")) {
            Map<String, String> config = Recorder.config("fields", field, "replacement", "123");
            recorder.run("MaskField$Value", config, Records.valued(value));
            recorder.run("MaskField$Value", config, Records.valued(null, maskedMap()));
        }
        recorder.run("MaskField$Value", Recorder.config("fields", "decimal", "replacement", "foo"), Records.valued(value));
    }

    private void replaceField() {
        Schema schema = Records.named("dont", Schema.STRING_SCHEMA, "abc", Schema.INT32_SCHEMA,
                "foo", Schema.BOOLEAN_SCHEMA, "etc", Schema.STRING_SCHEMA);
        Struct value = Records.of(schema, "whatever", 42, true, "etc");
        Map<String, Object> map = Records.map("dont", "whatever", "abc", 42, "foo", true, "etc", "etc");
        String[][] configs = {
            {"include", "abc,foo", "renames", "abc:xyz,foo:bar"}, {"exclude", "dont", "renames", "abc:xyz,foo:bar"},
            {"exclude", "dont,abc", "include", "abc,foo"}, {"include", "nothere"}, {"exclude", "nothere"}, {},
            {"renames", "nothere:x"}, {"renames", "abc"}, {"renames", "abc:x:y"}, {"renames", "abc:x,foo"},
            {"include", "a,a"}, {"exclude", "a,,b"}, {"include", ""}, {"exclude", ""}, {"renames", ""},
            {"renames", "abc:foo,foo:abc"}, {"renames", ":x"}, {"renames", "abc: x"}, {"renames", "abc:"},
            {"renames", "nothere:abc"},
        };
        for (String[] config : configs) {
            both("ReplaceField", Recorder.config(config), schema, value);
            both("ReplaceField", Recorder.config(config), null, map);
        }
        both("ReplaceField", Recorder.config("renames", "abc:foo"), schema, value);
        Map<String, String> include = Recorder.config("include", "abc,foo", "renames", "abc:xyz,foo:bar");
        both("ReplaceField", include, schema, null);
        both("ReplaceField", include, null, null);
        both("ReplaceField", include, null, "text");
        both("ReplaceField", include, Schema.INT64_SCHEMA, 42L);
        Schema optional = Records.struct("abc", withDefault, "nested", flat).optional().build();
        for (String replace : List.of("true", "false")) {
            both("ReplaceField", Recorder.config("include", "abc", "renames", "abc:b", "replace.null.with.default", replace),
                    optional, Records.of(optional, null, Records.of(flat, 1)));
        }
        both("ReplaceField", Recorder.config("exclude", "abc"), optional, Records.of(optional, null, Records.of(flat, 1)));
    }
}
