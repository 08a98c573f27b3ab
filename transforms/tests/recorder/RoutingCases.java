import java.util.List;
import org.apache.kafka.connect.data.Schema;

/** Cases of RegexRouterTest, TimestampRouterTest, TopicNameMatchesTest, and Filter. */
final class RoutingCases {
    private final Recorder recorder;

    RoutingCases(Recorder recorder) {
        this.recorder = recorder;
    }

    void all() {
        regexRouter();
        timestampRouter();
        recorder.run("Filter", Recorder.config(), Records.valued(Schema.STRING_SCHEMA, "v"));
        recorder.run("Filter", Recorder.config(), Records.topic("t", null));
        topicNameMatches();
    }

    private void regexRouter() {
        String[][] cases = {
            {"orders", "index", "index"}, {"orders", "shop.orders", "x"}, {"(.*)", "$1-out", "index"},
            {"index-(.*)-(.*)", "$2-$1", "index-a-b"}, {"asgard\\.(.*)", "$1", "asgard.inventory.book"},
            {"([^.]+)\\.([^.]+)\\.([^.]+)", "$3", "a.b.c"}, {"(?<db>.*)\\.(?<table>.*)", "${table}", "a.b"}, {".*", "", "t"},
            {"", "x", "t"}, {"t", "", "t"}, {".*", "\\$1", "t"}, {"t|topic", "x", "topic"},
        };
        for (String[] of : cases) {
            recorder.run("RegexRouter", Recorder.config("regex", of[0], "replacement", of[1]), Records.topic(of[2], null));
        }
        recorder.run("RegexRouter", Recorder.config("regex", "x"), Records.topic("t", null));
        recorder.run("RegexRouter", Recorder.config("replacement", "x"), Records.topic("t", null));
    }

    private void timestampRouter() {
        String[] patterns = {
            "yyyyMMdd", "yyyyMM", "yyyy-MM-dd-HH-mm-ss.SSS", "YYYY'w'ww", "'it''s' yyyy", "yy", "EEE", "D", "HH 'o''clock'",
        };
        for (String pattern : patterns) {
            recorder.run("TimestampRouter", Recorder.config("timestamp.format", pattern), Records.topic("test", 1483425001864L));
        }
        String[] topics = {"${topic}-${timestamp}", "${timestamp}", "${topic}", "fixed", "${topic}${topic}.${timestamp}",
            "${topic-${timestamp}", "$topic", "${TOPIC}", ""};
        for (String topic : topics) {
            recorder.run("TimestampRouter", Recorder.config("topic.format", topic), Records.topic("test", 1483425001864L));
        }
        recorder.run("TimestampRouter", Recorder.config(), Records.topic("test", 1483425001864L));
        recorder.run("TimestampRouter", Recorder.config(), Records.topic("te$1\\st", 0L));
        recorder.run("TimestampRouter", Recorder.config(), Records.topic("te${timestamp}st", 0L));
        recorder.run("TimestampRouter", Recorder.config(), Records.topic("test", -1L));
        recorder.run("TimestampRouter", Recorder.config(), Records.topic("test", null));
        recorder.run("TimestampRouter", Recorder.config("timestamp.format", "bad"), Records.topic("test", 5L));
        recorder.run("TimestampRouter", Recorder.config("timestamp.format", "'bad"), Records.topic("test", 5L));
    }

    private void topicNameMatches() {
        for (String pattern : List.of("my-prefix-.*", "t", "", " ", "[", "(?i)MY.*", "my", ".*")) {
            for (String topic : List.of("my-prefix-", "my-prefix-a", "x-my-prefix-", "t")) {
                recorder.run("predicates.TopicNameMatches", Recorder.config("pattern", pattern), Records.topic(topic, null));
            }
        }
        recorder.run("predicates.TopicNameMatches", Recorder.config(), Records.topic("t", null));
    }
}
