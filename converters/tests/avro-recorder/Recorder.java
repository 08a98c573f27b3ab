import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.confluent.connect.avro.AvroData;
import io.confluent.connect.avro.AvroDataConfig;
import io.confluent.kafka.serializers.NonRecordContainer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.json.JsonConverter;

/** Records what Confluent's AvroData makes of schemas and values, one JSON object a line. */
public class Recorder {
  static final ObjectMapper JSON = new ObjectMapper();
  static final JsonConverter CONVERTER = new JsonConverter();
  static PrintStream out;
  static final Map<String, Map<String, Object>> CONFIGS = new LinkedHashMap<>();

  static {
    CONFIGS.put("default", Map.of());
    for (String on : List.of("enhanced.avro.schema.support", "generalized.sum.type.support",
        "ignore.default.for.nullables", "scrub.invalid.names", "discard.type.doc.default",
        "allow.optional.map.keys")) CONFIGS.put(on, Map.of(on, true));
    for (String off : List.of("connect.meta.data", "flatten.singleton.unions")) CONFIGS.put("no " + off, Map.of(off, false));
  }

  public static void main(String[] args) throws Exception {
    CONVERTER.configure(Map.of("schemas.enable", true, "replace.null.with.default", false), false);
    out = new PrintStream(args[0], StandardCharsets.UTF_8);
    written();
    out.close();
    out = new PrintStream(args[1], StandardCharsets.UTF_8);
    read();
    out.close();
  }

  static AvroData data(String config) {
    return new AvroData(new AvroDataConfig(CONFIGS.get(config)));
  }

  static byte[] encode(org.apache.avro.Schema schema, Object value) throws Exception {
    Object bare = value instanceof NonRecordContainer ? ((NonRecordContainer) value).getValue() : value;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
    new GenericDatumWriter<Object>(schema).write(bare, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  // ---- Connect to Avro

  static void write(String name, Schema schema, Object value) {
    for (String config : CONFIGS.keySet()) {
      ObjectNode line = JSON.createObjectNode().put("name", name).put("config", config);
      line.put("connect", new String(CONVERTER.fromConnectData("t", schema, value), StandardCharsets.UTF_8));
      try {
        AvroData data = data(config);
        org.apache.avro.Schema avro = data.fromConnectSchema(schema);
        line.put("avro", avro.toString());
        Object converted = data.fromConnectData(schema, value);
        line.put("bytes", converted == null ? null : encode(avro, converted));
      } catch (Exception e) {
        line.put("error", e.toString());
      }
      out.println(line);
    }
  }

  static void written() {
    primitives();
    logical();
    named();
    collections();
    sums();
  }

  static SchemaBuilder[] builders() {
    return new SchemaBuilder[] {SchemaBuilder.int8(), SchemaBuilder.int16(), SchemaBuilder.int32(), SchemaBuilder.int64(),
        SchemaBuilder.float32(), SchemaBuilder.float64(), SchemaBuilder.bool(), SchemaBuilder.string(), SchemaBuilder.bytes()};
  }

  static Object[] values() {
    return new Object[] {(byte) -7, (short) 300, -70000, 1L << 40, 0.1f, -2.5e-9, true, "h\u00e9llo \"q\" \n", new byte[] {0, 1, (byte) 200}};
  }

  static void primitives() {
    Object[] values = values();
    SchemaBuilder all = SchemaBuilder.struct().name("a.b.All");
    List<Object> fields = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      String type = builders()[i].type().getName();
      write(type, builders()[i].build(), values[i]);
      write(type + " optional", builders()[i].optional().build(), values[i]);
      write(type + " documented", builders()[i].doc("a doc").version(3).parameter("p", "q").parameter("a", "b").name("n.s.T" + i).build(), values[i]);
      write(type + " default", builders()[i].defaultValue(values[i]).build(), values[i]);
      all.field(type, builders()[i].build()); fields.add(values[i]);
      all.field(type + "_o", builders()[i].optional().build()); fields.add(i % 2 == 0 ? null : values[i]);
      all.field(type + "_d", builders()[i].defaultValue(values[i]).build()); fields.add(values[i]);
      all.field(type + "_od", builders()[i].optional().defaultValue(values[i]).doc("of the type").build()); fields.add(null);
      all.field(type + "_ov", builders()[i].optional().defaultValue(values[i]).build()); fields.add(values[i]);
      all.field(type + "_n", builders()[i].optional().name("x.y.N" + i).version(1).parameter("k", "v").build()); fields.add(values[i]);
    }
    Schema schema = all.build();
    Struct struct = new Struct(schema);
    for (int i = 0; i < fields.size(); i++) struct.put(schema.fields().get(i), fields.get(i));
    write("struct of all", schema, struct);
    write("extremes", SchemaBuilder.array(Schema.INT64_SCHEMA).build(), List.of(Long.MIN_VALUE, Long.MAX_VALUE, 0L, 63L, 64L, -64L, -65L));
    write("floats", SchemaBuilder.array(Schema.FLOAT32_SCHEMA).build(), List.of(Float.NaN, Float.POSITIVE_INFINITY, -0.0f, Float.MIN_VALUE));
    Schema nan = SchemaBuilder.struct().name("N").field("f", SchemaBuilder.float64().defaultValue(Double.NaN).build())
        .field("g", SchemaBuilder.float32().defaultValue(3.4e38f).build()).field("h", SchemaBuilder.float64().defaultValue(1e7).build())
        .field("i", SchemaBuilder.int64().defaultValue(1L).build()).build();
    write("odd defaults", nan, new Struct(nan).put("f", 1.0).put("g", 1f).put("h", 0.0).put("i", 5L));
  }

  static void logical() {
    Schema schema = SchemaBuilder.struct().name("logical.All").version(2).doc("all of them")
        .field("dec", Decimal.schema(2))
        .field("dec_o", Decimal.builder(0).optional().build())
        .field("dec_p", Decimal.builder(3).parameter("connect.decimal.precision", "10").optional().defaultValue(new BigDecimal("1.500")).build())
        .field("dec_neg", Decimal.schema(-3))
        .field("dec_big", Decimal.builder(70).build())
        .field("date", org.apache.kafka.connect.data.Date.SCHEMA)
        .field("date_o", org.apache.kafka.connect.data.Date.builder().optional().build())
        .field("time", Time.builder().defaultValue(new java.util.Date(1000)).build())
        .field("ts", Timestamp.builder().optional().defaultValue(new java.util.Date(86400000L)).build())
        .field("custom", SchemaBuilder.int64().name("io.debezium.time.MicroTimestamp").version(1).optional().build())
        .field("prop", SchemaBuilder.string().parameter("avro.java.string", "String").build())
        .build();
    Struct value = new Struct(schema).put("dec", new BigDecimal("-1234.56")).put("dec_neg", new BigDecimal("5E+3"))
        .put("dec_big", new BigDecimal("1").setScale(70)).put("date", new java.util.Date(86400000L * 18000)).put("time", new java.util.Date(12345))
        .put("custom", 5L).put("prop", "x");
    write("logical types", schema, value);
    write("decimal", Decimal.schema(4), new BigDecimal("12.3456"));
    write("timestamp", Timestamp.SCHEMA, new java.util.Date(-1));
  }

  static void named() {
    Schema inner = SchemaBuilder.struct().name("in.ner.Value").field("a", Schema.INT32_SCHEMA).field("b", Schema.OPTIONAL_STRING_SCHEMA).build();
    Schema innerOptional = SchemaBuilder.struct().name("in.ner.Value").optional().field("a", Schema.INT32_SCHEMA).field("b", Schema.OPTIONAL_STRING_SCHEMA).build();
    Schema envelope = SchemaBuilder.struct().name("in.ner.Envelope").field("before", innerOptional).field("after", innerOptional)
        .field("again", inner).field("list", SchemaBuilder.array(inner).optional().build()).field("op", Schema.STRING_SCHEMA).build();
    Struct after = new Struct(innerOptional).put("a", 1).put("b", "x");
    Struct one = new Struct(inner).put("a", 2);
    write("envelope", envelope, new Struct(envelope).put("after", after).put("again", one).put("list", List.of(one, one)).put("op", "c"));
    Schema other = SchemaBuilder.struct().name("other.space.Outer").field("v", inner).field("w", inner)
        .field("root", SchemaBuilder.struct().name("Bare").field("x", inner).build()).build();
    write("namespaces", other, new Struct(other).put("v", one).put("w", one).put("root", new Struct(other.field("root").schema()).put("x", one)));
    Schema unnamed = SchemaBuilder.struct().field("p", SchemaBuilder.struct().field("q", Schema.INT8_SCHEMA).build())
        .field("r", SchemaBuilder.struct().optional().field("s", Schema.INT16_SCHEMA).build()).build();
    write("unnamed", unnamed, new Struct(unnamed).put("p", new Struct(unnamed.field("p").schema()).put("q", (byte) 1)));
    Schema params = SchemaBuilder.struct().name("par.Ams").field("v", SchemaBuilder.struct().name("par.In").parameter("k", "1").field("a", Schema.INT32_SCHEMA).build())
        .field("w", SchemaBuilder.struct().name("par.In").parameter("k", "1").field("a", Schema.INT32_SCHEMA).build())
        .field("o", SchemaBuilder.struct().name("par.In").parameter("k", "2").optional().field("a", Schema.INT32_SCHEMA).build()).build();
    write("parameters of a type used twice", params, new Struct(params).put("v", new Struct(params.field("v").schema()).put("a", 1))
        .put("w", new Struct(params.field("w").schema()).put("a", 2)).put("o", new Struct(params.field("o").schema()).put("a", 3)));
    Schema docs = SchemaBuilder.struct().name("doc.R").doc("connect doc").parameter("io.confluent.connect.avro.record.doc", "record doc")
        .parameter("io.confluent.connect.avro.field.doc.f", "field doc").parameter("connect.record.doc", "old record doc")
        .field("f", SchemaBuilder.int32().doc("type doc").defaultValue(4).parameter("io.confluent.connect.avro.field.default", "true").build()).build();
    write("docs", docs, new Struct(docs).put("f", 5));
    Schema odd = SchemaBuilder.struct().name("my-topic.in ventory.9lives.Va-lue").field("a-b", Schema.INT32_SCHEMA).field("1st", Schema.STRING_SCHEMA)
        .field("\u00fcber$", SchemaBuilder.struct().name("in-ner.\u20ac").optional().field("x", Schema.INT32_SCHEMA).build()).build();
    write("odd names", odd, new Struct(odd).put("a-b", 1).put("1st", "x").put("\u00fcber$", new Struct(odd.field("\u00fcber$").schema()).put("x", 3)));
    Schema structDefault = SchemaBuilder.struct().name("d.O").field("s", SchemaBuilder.struct().name("d.I").field("a", Schema.INT32_SCHEMA).build()).build();
    write("struct", structDefault, new Struct(structDefault).put("s", new Struct(structDefault.field("s").schema()).put("a", 1)));
  }

  static void collections() {
    write("array of optional", SchemaBuilder.array(Schema.OPTIONAL_INT32_SCHEMA).build(), Arrays.asList(1, null, 3));
    write("empty array", SchemaBuilder.array(Schema.STRING_SCHEMA).optional().build(), List.of());
    write("array default", SchemaBuilder.struct().name("ad.R").field("a", SchemaBuilder.array(Schema.INT32_SCHEMA).defaultValue(List.of(1, 2)).build()).build(),
        null, List.of(7));
    write("map", SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.OPTIONAL_INT64_SCHEMA).build(), Map.of("k", 5L));
    write("map optional keys", SchemaBuilder.map(Schema.OPTIONAL_STRING_SCHEMA, Schema.INT32_SCHEMA).build(), Map.of("k", 5));
    write("map of int keys", SchemaBuilder.map(Schema.INT32_SCHEMA, Schema.OPTIONAL_STRING_SCHEMA).optional().build(), Map.of(5, "v"));
    write("map of int keys named", SchemaBuilder.map(Schema.INT32_SCHEMA, Schema.BYTES_SCHEMA).name("my.Map").version(4).doc("d").build(), Map.of(5, new byte[] {1}));
    write("map default", SchemaBuilder.struct().name("md.R").field("a", SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.FLOAT32_SCHEMA).defaultValue(Map.of("x", 0.3f)).build()).build(),
        null, Map.of());
    write("map entries default", SchemaBuilder.struct().name("me.R").field("a", SchemaBuilder.map(Schema.INT32_SCHEMA, Schema.STRING_SCHEMA).defaultValue(Map.of(1, "x")).build()).build(),
        null, Map.of());
    write("nested", SchemaBuilder.map(Schema.STRING_SCHEMA, SchemaBuilder.array(SchemaBuilder.map(Schema.STRING_SCHEMA, Schema.BOOLEAN_SCHEMA).build()).build()).build(),
        Map.of("k", List.of(Map.of("t", true), Map.of())));
    write("schemaless", null, Map.of("k", Arrays.asList(1L, "x", null, 2.5, true, Map.of("z", "y"), List.of())));
  }

  /** A struct of one field. */
  static void write(String name, Schema schema, Void nothing, Object field) {
    write(name, schema, new Struct(schema).put(schema.fields().get(0), field));
  }

  static void sums() {
    Schema avroEnum = SchemaBuilder.string().name("e.Color").parameter("io.confluent.connect.avro.enum.doc.Color", "colors")
        .parameter("io.confluent.connect.avro.enum.default.Color", "RED").parameter("io.confluent.connect.avro.Enum", "e.Color")
        .parameter("io.confluent.connect.avro.Enum.RED", "RED").parameter("io.confluent.connect.avro.Enum.BLUE", "BLUE").build();
    write("enum", avroEnum, "BLUE");
    Schema generalEnum = SchemaBuilder.string().name("g.Color").parameter("org.apache.kafka.connect.data.Enum", "g.Color")
        .parameter("org.apache.kafka.connect.data.Enum.RED", "0").parameter("org.apache.kafka.connect.data.Enum.BLUE", "1").optional().build();
    Schema holder = SchemaBuilder.struct().name("e.Holder").field("e", avroEnum).field("g", generalEnum).field("n", generalEnum).build();
    write("enums in a struct", holder, new Struct(holder).put("e", "RED").put("g", "BLUE"));
    Schema fixed = SchemaBuilder.bytes().name("f.Four").parameter("connect.fixed.size", "4").build();
    write("fixed", fixed, new byte[] {1, 2, 3, 4});
    Schema fixedDecimal = Decimal.builder(2).parameter("connect.fixed.size", "8").parameter("connect.decimal.precision", "9").build();
    Schema fixeds = SchemaBuilder.struct().name("f.Holder").field("d", fixedDecimal).field("o", SchemaBuilder.bytes().name("f.Two").optional().parameter("connect.fixed.size", "2").build()).build();
    write("fixed in a struct", fixeds, new Struct(fixeds).put("d", new BigDecimal("-0.01")).put("o", new byte[] {9, 8}));
    Schema member = SchemaBuilder.struct().name("u.Rec").optional().field("x", Schema.INT32_SCHEMA).build();
    Schema union = SchemaBuilder.struct().name("io.confluent.connect.avro.Union").field("int", Schema.OPTIONAL_INT32_SCHEMA)
        .field("string", Schema.OPTIONAL_STRING_SCHEMA).field("Rec", member).build();
    write("union", union, new Struct(union).put("string", "x"));
    write("union of a record", union, new Struct(union).put("Rec", new Struct(member).put("x", 4)));
    Schema optionalUnion = SchemaBuilder.struct().name("io.confluent.connect.avro.Union").optional().field("int", Schema.OPTIONAL_INT32_SCHEMA)
        .field("string", Schema.OPTIONAL_STRING_SCHEMA).build();
    Schema unions = SchemaBuilder.struct().name("u.Holder").field("u", optionalUnion).field("v", optionalUnion).build();
    write("union in a struct", unions, new Struct(unions).put("u", new Struct(optionalUnion).put("int", 1)));
    Schema general = SchemaBuilder.struct().name("connect_union_0").parameter("org.apache.kafka.connect.data.Union", "connect_union_0")
        .field("connect_union_field_0", Schema.OPTIONAL_INT64_SCHEMA).field("connect_union_field_1", Schema.OPTIONAL_STRING_SCHEMA).build();
    write("generalized union", general, new Struct(general).put("connect_union_field_1", "s"));
  }

  // ---- Avro to Connect

  static void read(String name, Integer version, String schemaText, Object... values) throws Exception {
    org.apache.avro.Schema avro = new org.apache.avro.Schema.Parser().parse(schemaText);
    for (Object value : values) {
      for (String config : CONFIGS.keySet()) {
        ObjectNode line = JSON.createObjectNode().put("name", name).put("config", config).put("avro", schemaText);
        if (version != null) line.put("version", version);
        byte[] bytes = encode(avro, value);
        line.put("bytes", bytes);
        try {
          Object back = new GenericDatumReader<Object>(avro).read(null, DecoderFactory.get().binaryDecoder(bytes, null));
          SchemaAndValue read = data(config).toConnectData(avro, back, version);
          if (read == null) line.putNull("connect");
          else line.put("connect", new String(CONVERTER.fromConnectData("t", read.schema(), read.value()), StandardCharsets.UTF_8));
        } catch (Throwable e) {
          line.put("error", e.toString());
        }
        out.println(line);
      }
    }
  }

  static org.apache.avro.generic.GenericRecord record(String schemaText, Object... fields) {
    org.apache.avro.Schema avro = new org.apache.avro.Schema.Parser().parse(schemaText);
    org.apache.avro.generic.GenericRecord record = new org.apache.avro.generic.GenericData.Record(avro);
    for (int i = 0; i < fields.length; i++) record.put(i, fields[i]);
    return record;
  }

  static void readRecord(String name, Integer version, String schemaText, Object... fields) throws Exception {
    read(name, version, schemaText, record(schemaText, fields));
  }

  static void read() throws Exception {
    java.nio.ByteBuffer bytes = java.nio.ByteBuffer.wrap(new byte[] {1, (byte) 255});
    read("int", 7, "\"int\"", 5);
    read("int8", null, "{\"type\":\"int\",\"connect.type\":\"int8\"}", -3);
    read("int16", null, "{\"type\":\"int\",\"connect.type\":\"int16\",\"connect.default\":3}", 300);
    read("long", null, "\"long\"", Long.MIN_VALUE);
    read("float", null, "\"float\"", 0.1f);
    read("double", null, "\"double\"", 1e300);
    read("boolean", null, "\"boolean\"", true);
    read("string", null, "\"string\"", "h\u00e9");
    read("bytes", null, "\"bytes\"", bytes);
    read("optional", 3, "[\"null\",\"int\"]", 4);
    read("optional second", null, "[\"string\",\"null\"]", "x");
    read("singleton union", null, "[\"string\"]", "x");
    read("connect.*", null, "{\"type\":\"string\",\"connect.version\":9,\"connect.doc\":\"d\",\"connect.name\":\"a.B\",\"connect.parameters\":{\"x\":\"y\",\"a\":\"b\"},\"connect.default\":\"q\",\"avro.java.string\":\"String\"}", "z");
    read("connect.version mismatch", null, "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"scale\":2,\"precision\":5,\"connect.version\":9}", bytes);
    read("decimal", null, "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"scale\":2,\"precision\":5}", bytes);
    read("decimal of 64", null, "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":64}", bytes);
    read("date", null, "{\"type\":\"int\",\"logicalType\":\"date\"}", 18000);
    read("time-millis", null, "{\"type\":\"int\",\"logicalType\":\"time-millis\"}", 1800);
    read("timestamp-millis", null, "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", 1800L);
    read("timestamp-micros", null, "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", 1800L);
    read("uuid", null, "{\"type\":\"string\",\"logicalType\":\"uuid\"}", "123e4567-e89b-12d3-a456-426614174000");
    read("array", null, "{\"type\":\"array\",\"items\":[\"null\",\"int\"],\"connect.doc\":\"d\"}", Arrays.asList(1, null, 2));
    read("map", null, "{\"type\":\"map\",\"values\":\"long\"}", Map.of("k", 5L));
    String entry = "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"MapEntry\",\"namespace\":\"io.confluent.connect.avro\",\"fields\":[{\"name\":\"key\",\"type\":\"int\"},{\"name\":\"value\",\"type\":[\"null\",\"string\"],\"default\":null}]}}";
    read("entries", null, entry, List.of(record(entryOf(entry), 5, "x")));
    String named = "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"M\",\"connect.internal.type\":\"MapEntry\",\"fields\":[{\"name\":\"value\",\"type\":\"int\"},{\"name\":\"key\",\"type\":\"string\"}]},\"connect.name\":\"M\"}";
    read("entries named", null, named, List.of(record(entryOf(named), 5, "x")));
    readRecord("record", 11, "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"a.b\",\"doc\":\"a record\",\"fields\":["
        + "{\"name\":\"i\",\"type\":\"int\",\"default\":4,\"doc\":\"an int\"},{\"name\":\"s\",\"type\":[\"null\",\"string\"],\"default\":null},"
        + "{\"name\":\"d\",\"type\":{\"type\":\"string\",\"connect.default\":\"x\"},\"default\":\"x\"},{\"name\":\"b\",\"type\":\"bytes\",\"default\":\"\\u00ff\"},"
        + "{\"name\":\"f\",\"type\":\"float\",\"default\":0.1},{\"name\":\"l\",\"type\":\"long\",\"default\":1},"
        + "{\"name\":\"o\",\"type\":[{\"type\":\"int\",\"connect.default\":8},\"null\"],\"default\":8}]}", 1, null, "y", bytes, 1f, 2L, null);
    readRecord("record default name", null, "{\"type\":\"record\",\"name\":\"ConnectDefault\",\"namespace\":\"io.confluent.connect.avro\",\"fields\":[{\"name\":\"i\",\"type\":{\"type\":\"int\",\"connect.type\":\"int8\"}}]}", 1);
    String used = "{\"type\":\"record\",\"name\":\"Out\",\"namespace\":\"n\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"record\",\"name\":\"In\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"}],\"connect.parameters\":{\"k\":\"1\"}}},"
        + "{\"name\":\"b\",\"type\":[\"null\",\"In\"],\"default\":null,\"connect.parameters\":{\"k\":\"2\"}},{\"name\":\"c\",\"type\":{\"type\":\"array\",\"items\":\"In\"},\"default\":[]}]}";
    org.apache.avro.Schema in = new org.apache.avro.Schema.Parser().parse(used).getField("a").schema();
    org.apache.avro.generic.GenericRecord inner = new org.apache.avro.generic.GenericData.Record(in);
    inner.put(0, 5);
    readRecord("used twice", null, used, inner, inner, List.of(inner));
    String symbols = "{\"type\":\"enum\",\"name\":\"Color\",\"namespace\":\"e\",\"doc\":\"colors\",\"symbols\":[\"RED\",\"BLUE\"],\"default\":\"RED\"}";
    org.apache.avro.Schema enumSchema = new org.apache.avro.Schema.Parser().parse(symbols);
    read("enum", null, symbols, new org.apache.avro.generic.GenericData.EnumSymbol(enumSchema, "BLUE"));
    String fixed = "{\"type\":\"fixed\",\"name\":\"Two\",\"namespace\":\"f\",\"size\":2}";
    read("fixed", null, fixed, new org.apache.avro.generic.GenericData.Fixed(new org.apache.avro.Schema.Parser().parse(fixed), new byte[] {1, 2}));
    String union = "[\"null\",\"int\",\"string\",{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"u\",\"fields\":[{\"name\":\"x\",\"type\":\"long\"}]},{\"type\":\"array\",\"items\":\"int\"}]";
    org.apache.avro.Schema unionSchema = new org.apache.avro.Schema.Parser().parse(union);
    org.apache.avro.generic.GenericRecord branch = new org.apache.avro.generic.GenericData.Record(unionSchema.getTypes().get(3));
    branch.put(0, 6L);
    read("union", null, union, 5, "x", branch, List.of(1, 2));
    String inRecord = "{\"type\":\"record\",\"name\":\"H\",\"fields\":[{\"name\":\"u\",\"type\":[\"null\",\"int\",\"string\"],\"default\":null},{\"name\":\"v\",\"type\":[\"string\",\"boolean\"],\"default\":\"dflt\"}]}";
    readRecord("union in a record", null, inRecord, null, true);
    readRecord("default of a record", null, "{\"type\":\"record\",\"name\":\"D\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[\"x\"]},{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"int\"},\"default\":{\"k\":1}}]}", List.of("y"), Map.of("z", 3));
    readRecord("bad default", null, "{\"type\":\"record\",\"name\":\"B\",\"fields\":[{\"name\":\"i\",\"type\":{\"type\":\"int\",\"connect.default\":\"x\"}}]}", 1);
  }

  static String entryOf(String arrayText) {
    return new org.apache.avro.Schema.Parser().parse(arrayText).getElementType().toString();
  }
}
