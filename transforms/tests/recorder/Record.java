import java.io.IOException;
import java.nio.file.Path;

/** Records all cases into a folder. */
final class Record {
    private static final String[] PLUGINS = {
        "Cast$Key", "Cast$Value", "DropHeaders", "ExtractField$Key", "ExtractField$Value", "Filter",
        "Flatten$Key", "Flatten$Value", "HeaderFrom$Key", "HeaderFrom$Value", "HoistField$Key",
        "HoistField$Value", "InsertField$Key", "InsertField$Value", "InsertHeader", "MaskField$Key",
        "MaskField$Value", "RegexRouter", "ReplaceField$Key", "ReplaceField$Value",
        "SetSchemaMetadata$Key", "SetSchemaMetadata$Value", "TimestampConverter$Key",
        "TimestampConverter$Value", "TimestampRouter", "ValueToKey", "predicates.HasHeaderKey",
        "predicates.RecordIsTombstone", "predicates.TopicNameMatches",
    };

    private Record() {
    }

    public static void main(String[] arguments) throws IOException {
        Recorder recorder = new Recorder(Path.of(arguments[0]));
        for (String plugin : PLUGINS) {
            recorder.describe(plugin);
        }
        new CastCases(recorder).all();
        new FieldCases(recorder).all();
        new ShapeCases(recorder).all();
        new HeaderCases(recorder).all();
        new TimeCases(recorder).all();
        new RoutingCases(recorder).all();
        recorder.write();
    }
}
