import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/** Cases of DropHeadersTest, HeaderFromTest, InsertHeaderTest, HasHeaderKeyTest. */
final class HeaderCases {
    private final Recorder recorder;

    HeaderCases(Recorder recorder) {
        this.recorder = recorder;
    }

    void all() {
        dropHeaders();
        insertHeader();
        headerFrom();
        headerFromMissing();
        predicates();
    }

    private static SourceRecord headed() {
        return Records.headed(Records.valued(Schema.STRING_SCHEMA, "v"), "existing", Schema.STRING_SCHEMA, "one",
                "two", null, 2, "existing", Schema.INT32_SCHEMA, 3, "null", null, null);
    }

    private void dropHeaders() {
        for (String headers : List.of("existing", "two,existing", "nothere", "", "a,a", "a,,b", " two , null ", "Existing")) {
            recorder.run("DropHeaders", Recorder.config("headers", headers), headed());
        }
        recorder.run("DropHeaders", Recorder.config("headers", "two"), Records.valued(Schema.STRING_SCHEMA, "v"));
        recorder.run("DropHeaders", Recorder.config(), headed());
    }

    private void insertHeader() {
        for (String literal : List.of("my-value", "1", "-1", "128", "70000", "4294967296", "1.5", "1e400", "true", "false",
                "null", "", " ", "2019-08-23", "14:34:54.346Z", "2019-08-23T14:34:54.346Z", "[1,2,3]", "[1,\"a\"]", "[]",
                "{}", "{\"a\":1}", "{\"a\":1,\"b\":2.5}", "[1, null]", "\"quoted\"", "a,b", "[1,2", "{a}", "True",
                "12345678901234567890", "0x10", "text with spaces", "[\"a\",\"b\"]", "ü")) {
            recorder.run("InsertHeader", Recorder.config("header", "inserted", "value.literal", literal),
                    Records.valued(Schema.STRING_SCHEMA, "v"));
        }
        recorder.run("InsertHeader", Recorder.config("header", "existing", "value.literal", "x"), headed());
        recorder.run("InsertHeader", Recorder.config("header", ""), headed());
        recorder.run("InsertHeader", Recorder.config("value.literal", "x"), headed());
        recorder.run("InsertHeader", Recorder.config("header", "", "value.literal", "x"), headed());
        recorder.run("InsertHeader", Recorder.config(), headed());
    }

    private static SourceRecord with(String part, Schema schema, Object value) {
        SourceRecord record = part.equals("Key") ? Records.keyed(schema, value) : Records.valued(schema, value);
        return Records.headed(record, "existing", Schema.STRING_SCHEMA, "one");
    }

    private void headerFrom() {
        Schema withDefault = SchemaBuilder.int32().optional().defaultValue(42).build();
        Schema schema = Records.named("field1", Schema.STRING_SCHEMA, "field2", Schema.INT32_SCHEMA, "field3", withDefault);
        Struct value = Records.of(schema, "one", 2, null);
        Map<String, Object> map = Records.map("field1", "one", "field2", 2, "field3", null);
        for (String part : List.of("Key", "Value")) {
            for (String operation : List.of("move", "copy")) {
                for (String[] names : new String[][] {{"field1", "inserted1"}, {"field1,field3", "existing,existing"},
                    {"field1,field1", "a,b"}, {"field1,field2,field3", "a,b,c"}}) {
                    for (String replace : List.of("true", "false")) {
                        Map<String, String> config = Recorder.config("fields", names[0], "headers", names[1],
                                "operation", operation, "replace.null.with.default", replace);
                        recorder.run("HeaderFrom$" + part, config, with(part, schema, value));
                        recorder.run("HeaderFrom$" + part, config, with(part, null, map));
                    }
                }
            }
        }
    }

    private void headerFromMissing() {
        Schema schema = Records.named("field1", Schema.STRING_SCHEMA);
        Struct value = Records.of(schema, "one");
        for (String operation : List.of("move", "copy")) {
            Map<String, String> config = Recorder.config("fields", "nothere", "headers", "h", "operation", operation);
            recorder.run("HeaderFrom$Value", config, with("Value", schema, value));
            recorder.run("HeaderFrom$Value", config, with("Value", null, Records.map("field1", "one")));
            recorder.run("HeaderFrom$Value", config, with("Value", schema, null));
            recorder.run("HeaderFrom$Value", config, with("Value", null, null));
            recorder.run("HeaderFrom$Value", config, with("Value", null, "text"));
            recorder.run("HeaderFrom$Value", config, with("Value", Schema.INT32_SCHEMA, 5));
        }
        String[][] configs = {
            {"fields", "a,b", "headers", "h", "operation", "move"}, {"fields", "", "headers", "h", "operation", "move"},
            {"fields", "a", "headers", "", "operation", "move"}, {"fields", "a", "headers", "h", "operation", "MOVE"},
            {"fields", "a", "headers", "h"}, {"fields", "a", "operation", "copy"}, {"headers", "h", "operation", "copy"}, {},
            {"fields", "a", "headers", "h", "operation", ""},
        };
        for (String[] config : configs) {
            recorder.run("HeaderFrom$Value", Recorder.config(config), with("Value", schema, value));
        }
    }

    private void predicates() {
        for (String name : List.of("existing", "two", "null", "nothere", "Existing", "", " ")) {
            recorder.run("predicates.HasHeaderKey", Recorder.config("name", name), headed());
            recorder.run("predicates.HasHeaderKey", Recorder.config("name", name), Records.topic("t", null));
        }
        recorder.run("predicates.HasHeaderKey", Recorder.config(), headed());
        recorder.run("predicates.RecordIsTombstone", Recorder.config(), headed());
        recorder.run("predicates.RecordIsTombstone", Recorder.config(), Records.topic("t", null));
        recorder.run("predicates.RecordIsTombstone", Recorder.config(), Records.valued(Schema.OPTIONAL_STRING_SCHEMA, null));
    }
}
