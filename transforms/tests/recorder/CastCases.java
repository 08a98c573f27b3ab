import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.Date;
import java.util.List;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;

/** Cases of CastTest, and what a table does to each pair of types. */
final class CastCases {
    private static final List<String> TARGETS =
            List.of("int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string");
    private static final long MINUTE = 60_000;
    private static final long DAY = 24 * 60 * MINUTE;
    private final Recorder recorder;

    CastCases(Recorder recorder) {
        this.recorder = recorder;
    }

    void all() {
        specs();
        wholeValues();
        texts();
        fields();
        shapes();
    }

    private void cast(String spec, ConnectRecord<?> record) {
        recorder.run("Cast$Value", Recorder.config("spec", spec), record);
    }

    private void specs() {
        ConnectRecord<?> record = Records.valued(Schema.INT32_SCHEMA, 42);
        for (String spec : List.of("", "foo:faketype", "foo:array", "array", "foo:bytes", "bytes", "faketype",
                "foo:int8:extra", "foo:int8,int32", "int8,int16", " INT8 ", "foo:", ":int8", "foo:int8,foo:int16",
                "foo : String , bar:Int8", "foo:int8,,bar:int8", "a::int8", "struct", "foo:map")) {
            cast(spec, record);
        }
        recorder.run("Cast$Value", Recorder.config(), record);
        recorder.run("Cast$Value", Recorder.config("spec", "int8", "replace.null.with.default", "maybe"), record);
        recorder.run("Cast$Key", Recorder.config("spec", "int8"), Records.keyed(Schema.INT32_SCHEMA, 42));
        recorder.run("Cast$Key", Recorder.config("spec", "int8"), Records.keyed(null, 42));
        recorder.run("Cast$Key", Recorder.config("spec", "int8"), Records.valued(Schema.INT32_SCHEMA, 42));
    }

    /** Every kind of value to every type, with and without a schema. */
    private void wholeValues() {
        for (String target : TARGETS) {
            for (byte value : new byte[] {0, 42, -128}) {
                both(target, Schema.INT8_SCHEMA, value);
            }
            for (short value : new short[] {300, -1}) {
                both(target, Schema.INT16_SCHEMA, value);
            }
            for (int value : new int[] {0, 42, 70_000, Integer.MIN_VALUE}) {
                both(target, Schema.INT32_SCHEMA, value);
            }
            for (long value : new long[] {0, 42, 1L << 40, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE}) {
                both(target, Schema.INT64_SCHEMA, value);
            }
            for (float value : new float[] {0, -0f, 1.5f, 0.1f, 300.7f, -1e20f, 3e38f, 1e-40f, Float.NaN,
                Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                both(target, Schema.FLOAT32_SCHEMA, value);
            }
            for (double value : new double[] {0, -0d, 1.5, 0.1, 0.5, -0.9, 1e7, 123456.789, 2147483648.5, 1e19, 1e300,
                -1e300, 1e-5, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
                both(target, Schema.FLOAT64_SCHEMA, value);
            }
            both(target, Schema.BOOLEAN_SCHEMA, true);
            both(target, Schema.BOOLEAN_SCHEMA, false);
            both(target, Schema.BYTES_SCHEMA, new byte[] {1, 2, (byte) 0xff, 0x7e});
            both(target, Schema.BYTES_SCHEMA, ByteBuffer.wrap(new byte[0]));
            logical(target);
        }
    }

    private void logical(String target) {
        for (String text : List.of("42", "1.5", "-0.001", "12345678901234567890.5", "-99999999999999999999999999999999",
                "0", "0.00", "1E+3", "0.0000000001", "2147483648")) {
            BigDecimal value = new BigDecimal(text);
            cast(target, Records.valued(Decimal.schema(value.scale()), value));
        }
        cast(target, Records.valued(org.apache.kafka.connect.data.Date.SCHEMA, new Date(19_000 * DAY)));
        cast(target, Records.valued(org.apache.kafka.connect.data.Date.SCHEMA, new Date(0)));
        cast(target, Records.valued(org.apache.kafka.connect.data.Date.SCHEMA, new Date(-DAY)));
        cast(target, Records.valued(Time.SCHEMA, new Date(14 * 60 * MINUTE + 34 * MINUTE + 54_321)));
        for (long millis : new long[] {0, 1, DAY, DAY + 1, -1, 1_582_934_400_000L, 1_582_986_096_789L,
            253_402_300_800_000L, 1_000_000_000_000_000L}) {
            cast(target, Records.valued(Timestamp.SCHEMA, new Date(millis)));
        }
        Schema enumeration = SchemaBuilder.string().name("io.debezium.data.Enum").parameter("allowed", "1,2").build();
        cast(target, Records.valued(enumeration, "2"));
    }

    private void both(String target, Schema schema, Object value) {
        cast(target, Records.valued(schema, value));
        cast(target, Records.valued(null, value));
    }

    private void texts() {
        for (String target : TARGETS) {
            for (String text : List.of("", " ", "42", "+42", "-42", " 42", "42 ", "127", "128", "-129", "32768",
                    "2147483648", "9223372036854775807", "9223372036854775808", "1.5", "1e3", "1E-400", "1e400", "0x10",
                    "0x1p3", "1f", "1.5D", "NaN", "-Infinity", "Infinity", "inf", "nan", "true", "TRUE", "True", "false",
                    "yes", "1", "0", "-", "+", ".", ".5", "5.", "1_000", "--1", "٤٢", "ü", "-0", "1e", "e1", "1.2.3",
                    "\t7\n")) {
                cast(target, Records.valued(Schema.STRING_SCHEMA, text));
            }
        }
        cast("int8", Records.valued(null, "128"));
        cast("float32", Records.valued(null, "x"));
    }

    private void fields() {
        Schema schema = struct();
        Struct value = Records.of(schema, (byte) 8, (short) 16, 32, 64L, 32.f, -64., true, "42", null,
                new BigDecimal("42.25"), new Date(0), new Date(1), new Date(DAY), new byte[] {(byte) 0xfe, (byte) 0xdc});
        String all = "int8:int16,int16:int32,int32:int64,int64:boolean,float32:float64,float64:boolean,boolean:int8,"
                + "string:int32,optional:int32,decimal:float64,timestamp:int64,time:int64,date:int32,bytes:string";
        cast(all, Records.valued(value));
        cast(all + ",nothere:string", Records.valued(value));
        cast(all.replaceAll(":[a-z0-9]+", ":string"), Records.valued(value));
        cast("int8:int8", Records.valued(value));
        cast("nothere:int8", Records.valued(value));
        cast("bytes:int32", Records.valued(value));
        cast("string:boolean", Records.valued(value));
        cast("decimal:boolean", Records.valued(value));
        cast("foo:int64", Records.valued(schema, null));
        cast("foo:int64", Records.valued(null, null));
        cast("int64", Records.valued(Schema.OPTIONAL_STRING_SCHEMA, null));
        cast("int8:int16,string:int32,none:string,flag:boolean",
                Records.valued(null, Records.map("int8", (byte) 8, "string", "42", "other", 1.5)));
        cast("list:string", Records.valued(null, Records.map("list", List.of(1))));
        cast("map:string", Records.valued(null, Records.map("map", Records.map("a", 1))));
        cast("bytes:string", Records.valued(null, Records.map("bytes", new byte[] {1})));
        recorder.run("Cast$Key", Recorder.config("spec", "int8:int16"), Records.keyed(schema, value));
    }

    private static Schema struct() {
        return Records.named("int8", Schema.INT8_SCHEMA, "int16", Schema.INT16_SCHEMA, "int32", Schema.INT32_SCHEMA,
                "int64", Schema.INT64_SCHEMA, "float32", Schema.FLOAT32_SCHEMA, "float64", Schema.FLOAT64_SCHEMA,
                "boolean", Schema.BOOLEAN_SCHEMA, "string", Schema.STRING_SCHEMA,
                "optional", Schema.OPTIONAL_FLOAT32_SCHEMA, "decimal", Decimal.schema(2), "timestamp", Timestamp.SCHEMA,
                "time", Time.SCHEMA, "date", org.apache.kafka.connect.data.Date.SCHEMA, "bytes", Schema.BYTES_SCHEMA);
    }

    /** Optional schemas, defaults, names and parameters; values that cannot be cast. */
    private void shapes() {
        Schema withDefault = SchemaBuilder.int32().optional().defaultValue(42).doc("d").name("n").version(2).parameter("a", "b").build();
        cast("int8", Records.valued(withDefault, 1));
        cast("string", Records.valued(withDefault, 1));
        cast("string", Records.valued(Schema.OPTIONAL_INT64_SCHEMA, 1L));
        Schema schema = Records.struct("magic", withDefault, "other", withDefault).optional().build();
        for (String replace : List.of("true", "false")) {
            recorder.run("Cast$Value", Recorder.config("spec", "magic:string", "replace.null.with.default", replace),
                    Records.valued(new Struct(schema)));
        }
        Schema required = SchemaBuilder.string().defaultValue("7").build();
        cast("magic:int8", Records.valued(Records.of(Records.struct("magic", required).build(), "8")));
        Schema bad = SchemaBuilder.string().defaultValue("seven").build();
        cast("magic:int8", Records.valued(Records.of(Records.struct("magic", bad).build(), "8")));
        Schema dated = Timestamp.builder().optional().defaultValue(new Date(DAY)).build();
        cast("magic:string", Records.valued(new Struct(Records.struct("magic", dated).build())));
        cast("magic:int64", Records.valued(new Struct(Records.struct("magic", dated).build())));
        Schema inner = Records.named("a", Schema.INT32_SCHEMA);
        Schema outer = Records.struct("inner", inner, "list", SchemaBuilder.array(Schema.INT32_SCHEMA).build(),
                "map", SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.INT32_SCHEMA).build()).build();
        Struct value = Records.of(outer, Records.of(inner, 1), List.of(1, 2), java.util.Map.of("k", 3));
        for (String spec : List.of("inner:string", "list:string", "map:string", "nothere:string", "string", "int8")) {
            cast(spec, Records.valued(value));
        }
        Schema defaulted = Records.defaulted(Records.struct("a", Schema.INT32_SCHEMA).optional(), 5);
        cast("b:string", Records.valued(Records.of(defaulted, 6)));
        cast("string", Records.valued(null, List.of(1)));
        cast("string", Records.valued(null, Records.map("a", 1)));
        cast("a:string", Records.valued(null, "text"));
        cast("a:string", Records.valued(null, List.of(1)));
        cast("a:string", Records.valued(Schema.INT32_SCHEMA, 5));
        cast("a:string", Records.valued(Schema.BYTES_SCHEMA, new byte[] {1}));
        cast("string", Records.valued(SchemaBuilder.array(Schema.INT32_SCHEMA).build(), List.of(1)));
    }
}
