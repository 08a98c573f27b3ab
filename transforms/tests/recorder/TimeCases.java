import java.util.Date;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;

/** Cases of TimestampConverterTest, and SimpleDateFormat's patterns both ways. */
final class TimeCases {
    private static final long DAY = 86_400_000;
    private static final List<String> TARGETS = List.of("string", "unix", "Date", "Time", "Timestamp");
    private static final List<String> PRECISIONS = List.of("seconds", "milliseconds", "microseconds", "nanoseconds");
    private static final String FORMAT = "yyyy MM dd HH mm ss SSS z";
    /** 1970-01-02T00:00:00.123Z and others: leap days, before the epoch, before 1582, far off. */
    private static final long[] INSTANTS = {
        0, 1, -1, DAY + 123, DAY, 1_234_567_890_123L, 1_582_934_400_000L, 1_582_986_096_789L, -62_135_596_800_000L,
        -62_135_596_800_001L, -12_219_292_800_000L, -12_219_292_800_001L, -14_830_000_000_000L, 253_402_300_799_999L,
        4_102_444_800_000L, 951_782_400_000L, 1_704_067_199_999L, 1_735_603_200_000L, 1_767_225_599_999L,
        9_223_372_036_854_775L, -86_400_000_000_000_000L,
    };
    private final Recorder recorder;

    TimeCases(Recorder recorder) {
        this.recorder = recorder;
    }

    void all() {
        configs();
        pairs();
        fields();
        formatting();
        parsing();
        parsingTexts();
    }

    private void value(Map<String, String> config, Schema schema, Object value) {
        recorder.run("TimestampConverter$Value", config, Records.valued(schema, value));
    }

    private void configs() {
        String[][] configs = {
            {}, {"target.type", "invalid"}, {"target.type", "string"}, {"target.type", "string", "format", " "},
            {"target.type", "string", "format", "bad-format"}, {"target.type", "string", "format", "'open"},
            {"target.type", "unix", "unix.precision", "invalid"}, {"target.type", "unix", "unix.precision", "Seconds"},
            {"target.type", "Unix"}, {"target.type", "date"}, {"target.type", "unix", "format", "bad"},
            {"target.type", "string", "format", "yyyy", "field", ""}, {"target.type", ""},
        };
        for (String[] config : configs) {
            value(Recorder.config(config), Schema.INT64_SCHEMA, 0L);
        }
        recorder.run("TimestampConverter$Key", Recorder.config("target.type", "Timestamp"),
                Records.keyed(Schema.INT64_SCHEMA, 5L));
        recorder.run("TimestampConverter$Key", Recorder.config("target.type", "Timestamp"), Records.keyed(null, 5L));
    }

    /** Every representation to every other. */
    private void pairs() {
        for (String target : TARGETS) {
            for (String precision : PRECISIONS) {
                Map<String, String> config =
                        Recorder.config("target.type", target, "format", FORMAT, "unix.precision", precision);
                for (long number : new long[] {0, 1, -1, 1_234_567, 86_401_234_567L, -86_401_999_999L, Long.MAX_VALUE / 2}) {
                    if (number < 1L << 50 || !target.equals("Date") && !target.equals("string")) {
                        value(config, Schema.INT64_SCHEMA, number);
                        value(config, null, number);
                    }
                }
                value(config, Timestamp.SCHEMA, new Date(DAY + 3_723_004));
                value(config, Timestamp.SCHEMA, new Date(-3_723_004));
                value(config, org.apache.kafka.connect.data.Date.SCHEMA, new Date(DAY * 18_000));
                value(config, Time.builder().optional().build(), new Date(3_723_004));
            }
            Map<String, String> config = Recorder.config("target.type", target, "format", FORMAT);
            value(config, Schema.STRING_SCHEMA, "2020 02 29 01 02 03 004 UTC");
            value(config, null, "2020 02 29 01 02 03 004 UTC");
            value(config, Schema.OPTIONAL_STRING_SCHEMA, "2020 02 29 01 02 03 004 GMT+02:30");
            value(config, Schema.STRING_SCHEMA, "nonsense");
            value(config, null, "nonsense");
            for (Schema schema : List.of(Schema.OPTIONAL_STRING_SCHEMA, Schema.OPTIONAL_INT64_SCHEMA,
                    Timestamp.builder().optional().build(), SchemaBuilder.int64().optional().defaultValue(7L).name("n").build())) {
                value(config, schema, null);
            }
            value(config, null, null);
            value(config, Schema.INT32_SCHEMA, 5);
            value(config, Schema.INT32_SCHEMA, null);
            value(config, SchemaBuilder.int32().name("io.debezium.time.Date").build(), 5);
            value(config, SchemaBuilder.int64().name("io.debezium.time.MicroTimestamp").build(), 1_000_000L);
            value(config, null, 5);
            value(config, null, true);
            value(config, null, Records.map("a", 1));
            value(config, null, List.of(1));
        }
        value(Recorder.config("target.type", "unix"), Schema.STRING_SCHEMA, "2020");
    }

    private void fields() {
        Schema other = SchemaBuilder.string().optional().defaultValue("d").build();
        Schema schema = Records.named("ts", Timestamp.SCHEMA, "other", other, "opt", Timestamp.builder().optional().build(),
                "def", SchemaBuilder.int64().optional().defaultValue(5L).build());
        Struct value = Records.of(schema, new Date(DAY + 5), null, null, null);
        for (String field : List.of("ts", "opt", "def", "other", "nothere", "ts.x")) {
            for (String replace : List.of("true", "false")) {
                for (String target : TARGETS) {
                    Map<String, String> config = Recorder.config("field", field, "target.type", target, "format", FORMAT,
                            "replace.null.with.default", replace);
                    value(config, schema, value);
                }
            }
            Map<String, String> config = Recorder.config("field", field, "target.type", "string", "format", FORMAT);
            value(config, schema, null);
            value(config, null, null);
            value(config, null, Records.map("ts", 5L, "other", "x"));
            value(config, null, Records.map("ts", "2020 02 29 01 02 03 004 UTC"));
            value(config, null, 5L);
            value(config, Schema.INT64_SCHEMA, 5L);
            recorder.run("TimestampConverter$Key", config, Records.keyed(schema, value));
        }
        Schema inner = Records.struct("ts", Schema.INT64_SCHEMA).optional().build();
        Schema defaulted = Records.defaulted(Records.struct("ts", Schema.INT64_SCHEMA).optional(), 5L);
        for (String target : TARGETS) {
            Map<String, String> config = Recorder.config("field", "ts", "target.type", target, "format", "yyyy");
            value(config, inner, Records.of(inner, DAY));
            value(config, inner, null);
            value(config, defaulted, Records.of(defaulted, DAY));
        }
    }

    private void formatting() {
        List<String> patterns = List.of("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "G GG GGG GGGG", "y yy yyy yyyy yyyyy", "Y YY YYY YYYY",
                "M MM MMM MMMM MMMMM", "L LL LLL LLLL LLLLL", "w ww W WW", "D DD DDD", "d dd", "F FF", "E EE EEE EEEE EEEEE",
                "u uu", "a aa aaaa", "H HH k kk K KK h hh", "m mm s ss S SS SSS SSSS", "z zz zzz zzzz", "Z ZZ ZZZZ", "X XX XXX",
                "''", "'quoted' ''yyyy''", "yyyy.MM.dd G 'at' HH:mm:ss z", "EEE, MMM d, ''yy", "h:mm a", "hh 'o''clock' a, zzzz",
                "K:mm a, z", "yyyyy.MMMMM.dd GGG hh:mm aaa", "EEE, d MMM yyyy HH:mm:ss Z", "yyMMddHHmmssZ", "YYYY-'W'ww-u",
                "日yyyy年MM月", "[]{}()<>#@!%^&*_+=|;,./?~", "");
        for (String pattern : patterns) {
            for (long instant : INSTANTS) {
                value(Recorder.config("target.type", "string", "format", pattern), Timestamp.SCHEMA, new Date(instant));
            }
        }
        for (String pattern : List.of("b", "yyyy-MM-ddTHH", "XXXX", "'", "yyyy 'x", "i", "é", "e", "c", "B", "V", "n", "A", "Q")) {
            value(Recorder.config("target.type", "string", "format", pattern), Timestamp.SCHEMA, new Date(0));
        }
    }

    private void parse(String pattern, String... texts) {
        for (String text : texts) {
            value(Recorder.config("target.type", "Timestamp", "format", pattern), Schema.STRING_SCHEMA, text);
        }
    }

    private void parsing() {
        parse("yyyy-MM-dd", "2020-02-29", "2021-02-29", "2020-2-9", "2020-13-01", "2020-00-00", "2020-02-29xyz", " 2020- 02-29",
                "2020/02/29", "20-02-29", "-5-02-03", "12020-01-01", "", "x", "2020-02", "2020-02-", "1582-10-10", "1500-02-29",
                "0001-01-01", "0000-01-01", "2020--2-29", "2020-+2-29", "99999-01-01", "2020-02-9999", "2020\t-02-29");
        parse("yyyyMMdd", "20200229", "2020229", "202002291", "2020 229", "12345678", "-0010101");
        parse("yyMMdd", "200229", "700101", "990101", "2020229", "20022", "200101x");
        parse("yy-MM-dd", "20-02-29", "2020-02-29", "5-2-3", "99-12-31", "450-01-01", "-1-01-01", "00-01-01");
        parse("yyyy-MM-dd HH:mm:ss.SSS", "2020-02-29 01:02:03.004", "2020-02-29 25:61:61.1234", "2020-02-29 01:02:03.4",
                "2020-02-29 01:02:03", "2020-02-29  1: 2: 3. 4", "2020-02-29 24:00:00.000", "2020-02-29 01:02:03.123456");
        parse("yyyy-MM-dd'T'HH:mm:ss'Z'", "2020-02-29T01:02:03Z", "2020-02-29t01:02:03Z", "2020-02-29T01:02:03", "2020-02-29T01:02:03Z!");
        parse("yyyy-MM-dd'T'HH:mm:ssX", "2020-02-29T01:02:03Z", "2020-02-29T01:02:03+02", "2020-02-29T01:02:03-0230",
                "2020-02-29T01:02:03+02:30", "2020-02-29T01:02:03z", "2020-02-29T01:02:03", "2020-02-29T01:02:03+2");
        parse("yyyy-MM-dd'T'HH:mm:ssXX", "2020-02-29T01:02:03Z", "2020-02-29T01:02:03+0230", "2020-02-29T01:02:03+02", "2020-02-29T01:02:03+02:30");
        parse("yyyy-MM-dd'T'HH:mm:ssXXX", "2020-02-29T01:02:03Z", "2020-02-29T01:02:03+02:30", "2020-02-29T01:02:03-23:59",
                "2020-02-29T01:02:03+0230", "2020-02-29T01:02:03+24:00", "2020-02-29T01:02:03+2:30", "2020-02-29T01:02:03+02:60");
        for (String pattern : List.of("yyyy-MM-dd HH:mm z", "yyyy-MM-dd HH:mm Z")) {
            parse(pattern, "2020-02-29 01:02 UTC", "2020-02-29 01:02 GMT", "2020-02-29 01:02 gmt+2", "2020-02-29 01:02 GMT+02:30",
                    "2020-02-29 01:02 GMT-2:3", "2020-02-29 01:02 +0230", "2020-02-29 01:02 -0800", "2020-02-29 01:02 +02:30",
                    "2020-02-29 01:02 +2", "2020-02-29 01:02 PST", "2020-07-29 01:02 PDT", "2020-02-29 01:02 EST", "2020-07-29 01:02 EST",
                    "2020-02-29 01:02 Z", "2020-02-29 01:02 XYZ", "2020-02-29 01:02 ", "2020-02-29 01:02 GMT+", "2020-02-29 01:02 GMT+25",
                    "2020-02-29 01:02 Coordinated Universal Time", "2020-02-29 01:02 utc", "2020-02-29 01:02 CET");
        }
        for (String zone : List.of("UTC", "WET", "WEST", "CET", "CEST", "EET", "EEST", "MSK", "JST", "EST", "EDT", "CST", "CDT",
                "MST", "MDT", "PST", "PDT", "AKST", "AKDT", "HST", "Pacific Standard Time", "Greenwich Mean Time")) {
            parse("yyyy-MM-dd HH:mm zzz", "2020-01-02 03:04 " + zone, "2020-07-02 03:04 " + zone);
        }
    }

    private void parsingTexts() {
        parse("EEE, dd MMM yyyy HH:mm:ss", "Sat, 29 Feb 2020 01:02:03", "Mon, 29 Feb 2020 01:02:03", "saturday, 29 FEBRUARY 2020 01:02:03",
                "Sat, 29 Febr 2020 01:02:03", "Xyz, 29 Feb 2020 01:02:03", "Sat, 29 Feb 20 01:02:03", "Sat, 29 02 2020 01:02:03");
        parse("dd MMMM yyyy", "29 February 2020", "29 Feb 2020", "1 may 2020", "1 Sept 2020", "1 Sep 2020");
        parse("dd LLL yyyy", "29 Feb 2020", "1 dec 2020");
        parse("MMMyyyy", "Feb2020", "May2020", "February2020");
        parse("MMM", "Feb", "March");
        parse("yyyy", "2020", "20", "x", "99999999999");
        parse("dd", "5", "0", "-1");
        parse("EEE", "Mon", "Sunday");
        parse("EEE W MMM yyyy", "Mon 2 Feb 2020", "Sun 0 Mar 2021");
        parse("F EEE MMM yyyy", "2 Tue Feb 2020", "-1 Fri Mar 2021", "6 Mon Jan 2020");
        parse("yyyy-DDD", "2020-060", "2020-366", "2021-366", "2020-0");
        parse("yyyy-DDD-MM", "2020-060-03", "2020-366-01");
        parse("YYYY-'W'ww-u", "2020-W09-6", "2021-W01-1", "2020-W53-7", "2020-W1-9", "2020-W60-1", "2020-W09-0");
        parse("YYYY-ww", "2020-09", "2021-53");
        parse("YYYY", "2020", "2021");
        parse("yyyy-ww", "2020-09", "2021-1");
        parse("yyyy-ww-EEE", "2020-09-Sat", "2021-1-Mon", "2021-1-Fri");
        parse("yyyy-MM-W-u", "2020-02-2-3", "2021-05-1-7");
        parse("yyyy-MM-dd hh:mm a", "2020-02-29 12:30 AM", "2020-02-29 12:30 PM", "2020-02-29 01:30 pm", "2020-02-29 13:30 AM", "2020-02-29 0:30 XM");
        parse("yyyy-MM-dd KK:mm a", "2020-02-29 00:30 PM", "2020-02-29 11:30 AM");
        parse("yyyy-MM-dd kk:mm", "2020-02-29 24:30", "2020-02-29 01:30", "2020-02-29 00:30");
        parse("HH hh a", "13 02 AM", "13 02 PM");
        parse("hh a HH", "02 AM 13", "02 PM 13");
        parse("G yyyy-MM-dd", "AD 2020-02-29", "BC 0044-03-15", "bc 0001-01-01", "XX 2020-01-01", "Anno Domini 2020-01-01");
        parse("yyyy G", "44 BC", "44 AD", "0 BC");
        parse("'it''s' yyyy", "it's 2020", "its 2020");
        parse("yyyyMMddHHmmssSSS", "20200229010203004", "202002290102030045", "2020022901020300");
        parse("SSS", "5", "1500", "-5");
        parse("MM/dd/yy", "01/11/12", "1/1/1", "12/31/99", "01/11/2012");
        parse("s", "1582986096");
        parse(" yyyy", " 2020", "2020", "  2020");
        parse("yyyy年MM月dd日", "2020年02月29日", "2020-02-29");
        parse("mm:ss", "61:61", "5:6");
    }
}
