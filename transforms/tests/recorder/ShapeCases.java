import java.math.BigDecimal;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Timestamp;

/** Cases of FlattenTest, HoistFieldTest, SetSchemaMetadataTest, ValueToKeyTest. */
final class ShapeCases {
    private final Recorder recorder;
    private final Schema withDefault = SchemaBuilder.int32().optional().defaultValue(42).doc("d").build();

    ShapeCases(Recorder recorder) {
        this.recorder = recorder;
    }

    void all() {
        flatten();
        flattenDefaults();
        flattenSchemaless();
        hoistField();
        setSchemaMetadata();
        valueToKey();
    }

    private void both(String name, Map<String, String> config, Schema schema, Object value) {
        recorder.run(name + "$Value", config, Records.valued(schema, value));
        recorder.run(name + "$Key", config, Records.keyed(schema, value));
    }

    private void flatten() {
        Schema types = Records.struct("int8", Schema.INT8_SCHEMA, "int16", Schema.INT16_SCHEMA, "int32", Schema.INT32_SCHEMA,
                "int64", Schema.INT64_SCHEMA, "float32", Schema.FLOAT32_SCHEMA, "float64", Schema.FLOAT64_SCHEMA,
                "boolean", Schema.BOOLEAN_SCHEMA, "string", Schema.STRING_SCHEMA, "bytes", Schema.BYTES_SCHEMA,
                "decimal", Decimal.schema(2), "at", Timestamp.SCHEMA,
                "array", SchemaBuilder.array(Schema.INT32_SCHEMA).name("n").build(),
                "optional", Schema.OPTIONAL_STRING_SCHEMA, "default", withDefault).build();
        Schema one = Records.struct("B", types).build();
        Schema two = Records.named("A", one, "x", Schema.INT32_SCHEMA);
        Struct inner = Records.of(types, (byte) 8, (short) 16, 32, 64L, 32.f, 64., true, "stringy", new byte[] {1},
                new BigDecimal("1.25"), new Date(5), List.of(1, 2), null, null);
        Struct value = Records.of(two, Records.of(one, inner), 7);
        both("Flatten", Recorder.config(), two, value);
        both("Flatten", Recorder.config("delimiter", "#"), two, value);
        both("Flatten", Recorder.config("delimiter", ""), two, value);
        both("Flatten", Recorder.config("delimiter", "__"), types, inner);
        both("Flatten", Recorder.config(), two, null);
        both("Flatten", Recorder.config(), null, null);
        both("Flatten", Recorder.config(), Schema.STRING_SCHEMA, "text");
        both("Flatten", Recorder.config(), SchemaBuilder.array(Schema.STRING_SCHEMA).build(), List.of("text"));
        Schema withMap = Records.struct("a", Records.struct(
                "map", SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.INT32_SCHEMA).build()).build()).build();
        both("Flatten", Recorder.config(), withMap,
                Records.of(withMap, Records.of(withMap.field("a").schema(), Map.of("k", 1))));
        Schema clash = Records.struct("a.b", Schema.INT32_SCHEMA, "a", Records.struct("b", Schema.INT32_SCHEMA).build()).build();
        both("Flatten", Recorder.config(), clash, Records.of(clash, 1, Records.of(clash.field("a").schema(), 2)));
        Schema structs = SchemaBuilder.array(Records.struct("a", Schema.INT32_SCHEMA).build()).build();
        Schema listed = Records.struct("list", structs, "empty", Records.struct().build()).build();
        both("Flatten", Recorder.config(), listed, Records.of(listed,
                List.of(Records.of(structs.valueSchema(), 1)), new Struct(listed.field("empty").schema())));
    }

    private void flattenDefaults() {
        Schema child = Records.struct("req_field", Schema.STRING_SCHEMA, "opt_field", Schema.OPTIONAL_STRING_SCHEMA,
                "def_field", SchemaBuilder.string().defaultValue("child_default").build(),
                "opt_def", SchemaBuilder.string().optional().defaultValue("x").build()).build();
        SchemaBuilder builder = SchemaBuilder.struct().optional();
        child.fields().forEach(field -> builder.field(field.name(), field.schema()));
        Schema optionalChild = builder.build();
        SchemaBuilder defaultBuilder = SchemaBuilder.struct();
        child.fields().forEach(field -> defaultBuilder.field(field.name(), field.schema()));
        Schema defaultChild = Records.defaulted(defaultBuilder, "req_default");
        for (Schema of : List.of(child, optionalChild, defaultChild)) {
            Schema schema = Records.struct("before", Schema.INT32_SCHEMA, "child", of).build();
            both("Flatten", Recorder.config(), schema, Records.of(schema, 1, Records.of(of, "req")));
            if (of != child) {
                both("Flatten", Recorder.config(), schema, Records.of(schema, 1));
            }
            Schema outer = Records.struct("outer", schema, "last", withDefault).optional().name("n").build();
            both("Flatten", Recorder.config("delimiter", "-"), outer,
                    Records.of(outer, Records.of(schema, 1, Records.of(of, "req", "opt", "def", "optdef")), 5));
        }
    }

    private void flattenSchemaless() {
        Map<String, Object> types = Records.map("int8", (byte) 8, "int64", 64L, "float64", 64., "boolean", true,
                "string", "stringy", "bytes", new byte[] {1}, "array", List.of(1, Records.map("a", 2)), "null", null,
                "empty", Records.map());
        Map<String, Object> two = Records.map("A", Records.map("B", types), "x", 7);
        both("Flatten", Recorder.config(), null, two);
        both("Flatten", Recorder.config("delimiter", "#"), null, two);
        both("Flatten", Recorder.config(), null, Records.map());
        both("Flatten", Recorder.config(), null, "text");
        both("Flatten", Recorder.config(), null, List.of(1));
        both("Flatten", Recorder.config(), null, Records.map("a", Records.map("b", 2), "a.b", 1));
    }

    private void hoistField() {
        Map<String, String> config = Recorder.config("field", "magic");
        both("HoistField", config, null, 42);
        both("HoistField", config, null, null);
        both("HoistField", config, null, Records.map("a", 1));
        both("HoistField", config, Schema.INT32_SCHEMA, 42);
        both("HoistField", config, Schema.OPTIONAL_INT32_SCHEMA, null);
        both("HoistField", config, withDefault, null);
        both("HoistField", config, Schema.INT32_SCHEMA, null);
        Schema schema = Records.named("a", Schema.INT32_SCHEMA);
        both("HoistField", config, schema, Records.of(schema, 1));
        both("HoistField", config, schema, null);
        both("HoistField", Recorder.config("field", ""), schema, Records.of(schema, 1));
        both("HoistField", Recorder.config("field", ""), null, 42);
        both("HoistField", Recorder.config(), schema, Records.of(schema, 1));
    }

    private void setSchemaMetadata() {
        Schema schema = Records.struct("a", withDefault, "b", Schema.OPTIONAL_STRING_SCHEMA).name("old").version(1)
                .doc("doc").parameter("p", "q").optional().build();
        Struct value = Records.of(schema, null, "x");
        String[][] configs = {
            {"schema.name", "foo"}, {"schema.version", "42"}, {"schema.name", "foo", "schema.version", "42"}, {},
            {"schema.name", ""}, {"schema.version", "x"}, {"schema.name", "foo", "replace.null.with.default", "false"},
            {"schema.name", "old", "schema.version", "1"}, {"schema.version", "-1"}, {"schema.version", "99999999999"},
        };
        for (String[] config : configs) {
            both("SetSchemaMetadata", Recorder.config(config), schema, value);
        }
        Map<String, String> name = Recorder.config("schema.name", "foo", "schema.version", "2");
        both("SetSchemaMetadata", name, null, null);
        both("SetSchemaMetadata", name, null, Records.map("a", 1));
        both("SetSchemaMetadata", name, schema, null);
        both("SetSchemaMetadata", name, Schema.INT32_SCHEMA, 5);
        both("SetSchemaMetadata", name, withDefault, null);
        both("SetSchemaMetadata", name, Timestamp.SCHEMA, new Date(5));
        both("SetSchemaMetadata", name, SchemaBuilder.array(Schema.INT32_SCHEMA).build(), List.of(1));
        both("SetSchemaMetadata", name, SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.INT32_SCHEMA).build(), Map.of("k", 1));
    }

    private void valueToKey() {
        Schema inner = Records.struct("c", Schema.INT32_SCHEMA, "d.e", withDefault).optional().build();
        Schema schema = Records.named("a", Schema.INT32_SCHEMA, "b", withDefault, "in", inner);
        Struct value = Records.of(schema, 1, null, Records.of(inner, 3, null));
        Map<String, Object> map = Records.map("a", 1, "b", null, "in", Records.map("c", 3, "d.e", 4));
        for (String fields : List.of("a", "a,b", "b,a", "in", "in.c", "a,in.`d.e`", "nothere", "in.nothere", "a.c", "", "a,a",
                "a,,b", "nothere.c", "`a", "a.", ".")) {
            for (String version : List.of("V1", "V2")) {
                Map<String, String> config = Recorder.config("fields", fields, "field.syntax.version", version);
                recorder.run("ValueToKey", config, Records.valued(value));
                recorder.run("ValueToKey", config, Records.valued(null, map));
            }
        }
        Map<String, String> config = Recorder.config("fields", "a,b", "replace.null.with.default", "false");
        recorder.run("ValueToKey", config, Records.valued(value));
        recorder.run("ValueToKey", Recorder.config("fields", "in.c", "field.syntax.version", "V2"),
                Records.valued(Records.of(schema, 1, 2, null)));
        recorder.run("ValueToKey", config, Records.valued(schema, null));
        recorder.run("ValueToKey", config, Records.valued(null, null));
        recorder.run("ValueToKey", config, Records.valued(null, "text"));
        recorder.run("ValueToKey", config, Records.valued(Schema.STRING_SCHEMA, "text"));
        recorder.run("ValueToKey", Recorder.config(), Records.valued(value));
    }
}
