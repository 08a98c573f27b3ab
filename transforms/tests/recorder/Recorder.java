import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/** Runs cases through Kafka's own transformations and writes what became of them. */
@SuppressWarnings({"unchecked", "rawtypes"})
final class Recorder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PACKAGE = "org.apache.kafka.connect.transforms.";
    private final Path folder;
    private final Map<String, List<ObjectNode>> files = new TreeMap<>();

    Recorder(Path folder) {
        this.folder = folder;
    }

    /** One record through one transformation or predicate, `name` without the package. */
    void run(String name, Map<String, String> config, ConnectRecord record) {
        ObjectNode line = JSON.createObjectNode();
        line.put("class", PACKAGE + name);
        line.set("config", JSON.valueToTree(config));
        line.set("input", record(record));
        String stage = "configure";
        try {
            Object plugin = Class.forName(PACKAGE + name).getDeclaredConstructor().newInstance();
            if (plugin instanceof Predicate predicate) {
                predicate.configure(config);
                stage = "apply";
                line.put("holds", predicate.test(record));
            } else {
                Transformation transformation = (Transformation) plugin;
                transformation.configure(config);
                stage = "apply";
                ConnectRecord output = transformation.apply(record);
                line.set("output", output == null ? JSON.nullNode() : record(output));
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        } catch (RuntimeException e) {
            ObjectNode error = line.putObject("error");
            error.put("stage", stage);
            error.put("class", e.getClass().getSimpleName());
            error.put("message", e.getMessage());
        }
        add(name.replaceAll("\\$.*|.*\\.", ""), line);
    }

    /** The keys of a transformation or predicate. */
    void describe(String name) {
        try {
            Object plugin = Class.forName(PACKAGE + name).getDeclaredConstructor().newInstance();
            ConfigDef def = plugin instanceof Predicate p ? p.config() : ((Transformation) plugin).config();
            ObjectNode line = JSON.createObjectNode();
            line.put("class", PACKAGE + name);
            ArrayNode keys = line.putArray("keys");
            for (ConfigDef.ConfigKey key : def.configKeys().values()) {
                ObjectNode node = keys.addObject();
                boolean required = !key.hasDefault();
                node.put("name", key.name).put("type", key.type.name()).put("required", required);
                node.put("default_value", required ? null : ConfigDef.convertToString(key.defaultValue, key.type));
                node.put("importance", key.importance.name()).put("group", key.group);
                node.put("order_in_group", key.orderInGroup).put("width", key.width.name());
                node.put("display_name", key.displayName).set("dependents", JSON.valueToTree(key.dependents));
            }
            add("configs", line);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    void write() throws IOException {
        for (Map.Entry<String, List<ObjectNode>> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey() + ".jsonl.gz");
            try (Writer out = new OutputStreamWriter(
                    new GZIPOutputStream(Files.newOutputStream(path)), StandardCharsets.UTF_8)) {
                for (ObjectNode line : file.getValue()) {
                    out.write(JSON.writeValueAsString(line));
                    out.write('\n');
                }
            }
            System.out.println(file.getKey() + ": " + file.getValue().size());
        }
    }

    private void add(String file, ObjectNode line) {
        files.computeIfAbsent(file, key -> new ArrayList<>()).add(line);
    }

    private static ObjectNode record(ConnectRecord<?> record) {
        ObjectNode node = JSON.createObjectNode();
        node.put("topic", record.topic());
        node.put("partition", record.kafkaPartition());
        node.put("timestamp", record.timestamp());
        if (record instanceof SinkRecord sink) {
            node.put("offset", sink.kafkaOffset());
        }
        node.set("key_schema", schema(record.keySchema()));
        node.set("key", value(record.keySchema(), record.key()));
        node.set("value_schema", schema(record.valueSchema()));
        node.set("value", value(record.valueSchema(), record.value()));
        ArrayNode headers = node.putArray("headers");
        for (Header header : record.headers()) {
            ObjectNode entry = headers.addObject().put("name", header.key());
            entry.set("schema", schema(header.schema()));
            entry.set("value", value(header.schema(), header.value()));
        }
        return node;
    }

    private static ObjectNode schema(Schema schema) {
        if (schema == null) {
            return null;
        }
        ObjectNode node = JSON.createObjectNode();
        node.put("type", schema.type().getName());
        node.put("optional", schema.isOptional());
        node.put("name", schema.name());
        node.put("version", schema.version());
        node.put("doc", schema.doc());
        node.set("default", value(schema, schema.defaultValue()));
        node.set("parameters", JSON.valueToTree(
                schema.parameters() == null ? Map.of() : new TreeMap<>(schema.parameters())));
        if (schema.type() == Schema.Type.STRUCT) {
            ArrayNode fields = node.putArray("fields");
            for (Field field : schema.fields()) {
                fields.addObject().put("name", field.name()).set("schema", schema(field.schema()));
            }
        }
        if (schema.type() == Schema.Type.MAP) {
            node.set("keys", schema(schema.keySchema()));
        }
        if (schema.type() == Schema.Type.MAP || schema.type() == Schema.Type.ARRAY) {
            node.set("values", schema(schema.valueSchema()));
        }
        return node;
    }

    /** A value in its schema's base type; floats by their bits; maps sorted. */
    private static ObjectNode value(Schema schema, Object value) {
        ObjectNode node = JSON.createObjectNode();
        if (value == null) {
            return null;
        } else if (value instanceof Byte number) {
            return node.put("int8", number);
        } else if (value instanceof Short number) {
            return node.put("int16", number);
        } else if (value instanceof Integer number) {
            return node.put("int32", number);
        } else if (value instanceof Long number) {
            return node.put("int64", number);
        } else if (value instanceof Float number) {
            return node.put("float32", HexFormat.of().toHexDigits(Float.floatToIntBits(number)));
        } else if (value instanceof Double number) {
            return node.put("float64", HexFormat.of().toHexDigits(Double.doubleToLongBits(number)));
        } else if (value instanceof Boolean flag) {
            return node.put("boolean", flag);
        } else if (value instanceof String text) {
            return node.put("string", text);
        } else if (value instanceof byte[] bytes) {
            return node.put("bytes", HexFormat.of().formatHex(bytes));
        } else if (value instanceof ByteBuffer buffer) {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.duplicate().get(bytes);
            return node.put("bytes", HexFormat.of().formatHex(bytes));
        } else if (value instanceof java.util.Date date) {
            return date(schema, date);
        } else if (value instanceof BigDecimal decimal) {
            // A masked decimal does not have its schema's scale; what a converter would refuse.
            int scale = Integer.parseInt(schema.parameters().get(Decimal.SCALE_FIELD));
            BigDecimal scaled = decimal.setScale(scale, RoundingMode.UNNECESSARY);
            return node.put("bytes", HexFormat.of().formatHex(scaled.unscaledValue().toByteArray()));
        }
        return collection(schema, value);
    }

    private static ObjectNode date(Schema schema, java.util.Date date) {
        ObjectNode node = JSON.createObjectNode();
        String name = schema == null ? "" : schema.name();
        if (name.equals(Date.LOGICAL_NAME)) {
            return node.put("int32", Date.fromLogical(schema, date));
        } else if (name.equals(Time.LOGICAL_NAME)) {
            return node.put("int32", Time.fromLogical(schema, date));
        }
        return node.put("int64", date.getTime());
    }

    private static ObjectNode collection(Schema schema, Object value) {
        ObjectNode node = JSON.createObjectNode();
        if (value instanceof List<?> list) {
            ArrayNode items = node.putArray("array");
            for (Object item : list) {
                items.add(value(schema == null ? null : schema.valueSchema(), item));
            }
        } else if (value instanceof Map<?, ?> map) {
            Map<String, ArrayNode> entries = new TreeMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                ArrayNode pair = JSON.createArrayNode();
                pair.add(value(schema == null ? null : schema.keySchema(), entry.getKey()));
                pair.add(value(schema == null ? null : schema.valueSchema(), entry.getValue()));
                entries.put(pair.get(0).toString(), pair);
            }
            node.putArray("map").addAll(entries.values());
        } else if (value instanceof Struct struct) {
            boolean isDefault = struct.schema() instanceof SchemaBuilder;
            if (schema != null && !isDefault && !schema.equals(struct.schema())) {
                throw new IllegalStateException("a struct whose schema is not that of its place");
            }
            ArrayNode fields = node.putArray("struct");
            for (Field field : struct.schema().fields()) {
                fields.add(value(field.schema(), struct.getWithoutDefault(field.name())));
            }
        } else {
            throw new IllegalStateException("a value of " + value.getClass());
        }
        return node;
    }

    static Map<String, String> config(String... pairs) {
        Map<String, String> config = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            config.put(pairs[i], pairs[i + 1]);
        }
        return config;
    }
}
