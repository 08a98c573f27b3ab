import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Groups of consumers: who has what, and what is committed. */
final class Groups {
    private static final String PACKAGE = "org.apache.kafka.clients.consumer.";

    private Groups() {}

    static void addTo(Map<String, Main.Behaviour> behaviours) {
        for (String assignor : new String[] {"Range", "RoundRobin", "Sticky", "CooperativeSticky"}) {
            behaviours.put("sharing " + assignor, run -> sharing(run, PACKAGE + assignor + "Assignor"));
        }
        behaviours.put("cooperative steps", Groups::cooperativeSteps);
        behaviours.put("a static member that comes back", Groups::staticMember);
        behaviours.put("commit and fetch", Groups::committing);
        behaviours.put("a member that is no more", Groups::staleMember);
        behaviours.put("nothing is lost in rebalances", Groups::nothingLost);
        behaviours.put("subscribed by pattern", Groups::pattern);
    }

    /** A consumer of a group, and what it was told. */
    static final class Member implements ConsumerRebalanceListener {
        final KafkaConsumer<byte[], byte[]> consumer;
        final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        int revoked;
        int lost;

        Member(Run run, String group, String assignor, String topic, Object... settings) {
            Object[] usual = {"group.id", group, "group.protocol", "classic", "partition.assignment.strategy",
                assignor, "session.timeout.ms", "6000", "heartbeat.interval.ms", "300", "metadata.max.age.ms", "1000"};
            Object[] all = Stream.concat(Arrays.stream(usual), Arrays.stream(settings)).toArray();
            consumer = run.consumer(all);
            consumer.subscribe(List.of(topic), this);
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            revoked += partitions.size();
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            lost += partitions.size();
        }

        Set<Integer> partitions() {
            return consumer.assignment().stream().map(TopicPartition::partition)
                .collect(Collectors.toCollection(TreeSet::new));
        }

        void poll() {
            consumer.poll(Duration.ofMillis(30)).forEach(records::add);
        }

        void leave() {
            consumer.close();
        }

        /** As a process that is killed: the group is not told. */
        void die() {
            consumer.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP));
        }
    }

    /** Polls all until they have so many partitions, in any order; who has which is the assignor's choice. */
    static Object shared(List<Member> members, Integer... sizes) {
        List<Integer> wanted = Arrays.stream(sizes).sorted().toList();
        Run.waitFor("shares of " + wanted, () -> {
            members.forEach(Member::poll);
            return members.stream().map(member -> member.partitions().size()).sorted().toList().equals(wanted);
        });
        Object all = members.stream().flatMap(member -> member.partitions().stream()).sorted().toList();
        return Run.map("sizes", wanted, "all", all);
    }

    private static Object sharing(Run run, String assignor) throws Exception {
        String topic = run.topic(5);
        String group = run.unique("group");
        List<Object> steps = new ArrayList<>();
        Member one = new Member(run, group, assignor, topic);
        steps.add(shared(List.of(one), 5));
        Member two = new Member(run, group, assignor, topic);
        steps.add(shared(List.of(one, two), 2, 3));
        Member three = new Member(run, group, assignor, topic);
        steps.add(shared(List.of(one, two, three), 1, 2, 2));
        one.leave();
        steps.add(shared(List.of(two, three), 2, 3));
        // It is taken for alive until its session is over.
        long began = System.nanoTime();
        two.die();
        steps.add(shared(List.of(three), 5));
        double seconds = (System.nanoTime() - began) / 1e9;
        Member again = new Member(run, group, assignor, topic);
        steps.add(shared(List.of(three, again), 2, 3));
        again.leave();
        three.leave();
        return Run.map("steps", steps, "after its session", seconds > 2 && seconds < 15, "assignor", assignor);
    }

    /** The first keeps what it keeps: only what goes to the second is revoked. */
    private static Object cooperativeSteps(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.unique("group");
        Member one = new Member(run, group, PACKAGE + "CooperativeStickyAssignor", topic);
        shared(List.of(one), 4);
        Member two = new Member(run, group, PACKAGE + "CooperativeStickyAssignor", topic);
        shared(List.of(one, two), 2, 2);
        Object told = Run.list(one.revoked, one.lost, two.revoked, two.lost);
        one.leave();
        two.leave();
        return Run.map("told", told);
    }

    /** Nothing is rebalanced while it is away for less than its session. */
    private static Object staticMember(Run run) throws Exception {
        String topic = run.topic(4);
        String group = run.unique("group");
        String assignor = PACKAGE + "RangeAssignor";
        Member one = new Member(run, group, assignor, topic, "group.instance.id", "one");
        Member two = new Member(run, group, assignor, topic, "group.instance.id", "two");
        shared(List.of(one, two), 2, 2);
        Set<Integer> before = two.partitions();
        int generation = one.consumer.groupMetadata().generationId();
        int revoked = one.revoked;
        two.leave();
        Member again = new Member(run, group, assignor, topic, "group.instance.id", "two");
        shared(List.of(one, again), 2, 2);
        Object told = Run.map("same", before.equals(again.partitions()), "generations",
            again.consumer.groupMetadata().generationId() - generation, "revoked", one.revoked - revoked);
        // A second one of the same name puts the first out.
        Member twin = new Member(run, group, assignor, topic, "group.instance.id", "two");
        Object[] fenced = new Object[1];
        Run.waitFor("a fenced member", () -> {
            one.poll();
            twin.poll();
            fenced[0] = Run.kind(() -> {
                again.poll();
                return null;
            });
            return fenced[0] != null;
        });
        for (Member member : List.of(one, again, twin)) {
            member.leave();
        }
        return Run.map("back", told, "fenced", fenced[0]);
    }

    private static void fill(Run run, String topic, int count) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = run.producer()) {
            Run.sendAll(producer, IntStream.range(0, count).mapToObj(i -> Run.record(topic, null, "v" + i)).toList());
        }
    }

    private static Object committing(Run run) throws Exception {
        String topic = run.topic(1);
        fill(run, topic, 6);
        String group = run.unique("group");
        TopicPartition partition = new TopicPartition(topic, 0);
        Map<String, Object> observed = Run.map();
        Member one = new Member(run, group, PACKAGE + "RangeAssignor", topic, "max.poll.records", "2");
        shared(List.of(one), 1);
        observed.put("nothing yet", one.consumer.committed(Set.of(partition)).get(partition));
        Run.waitFor("records", () -> {
            one.poll();
            return one.records.size() >= 2;
        });
        one.consumer.commitSync(Map.of(partition, new OffsetAndMetadata(2, java.util.Optional.of(0), "here")));
        observed.put("committed", committed(one, partition));
        Object[] asynchronous = new Object[1];
        one.consumer.commitAsync(Map.of(partition, new OffsetAndMetadata(3)), (offsets, error) ->
            asynchronous[0] = error == null ? "done" : error.getClass().getSimpleName());
        Run.waitFor("the commit", () -> {
            one.poll();
            return asynchronous[0] != null;
        });
        observed.put("asynchronous", Run.list(asynchronous[0], committed(one, partition)));
        observed.put("too long", Run.kind(() -> {
            one.consumer.commitSync(Map.of(partition, new OffsetAndMetadata(3, "m".repeat(5000))));
            return "committed";
        }));
        one.leave();
        Member two = new Member(run, group, PACKAGE + "RangeAssignor", topic, "enable.auto.commit", "true");
        Run.waitFor("records", () -> {
            two.poll();
            return two.records.size() == 3;
        });
        observed.put("the next", two.records.stream().map(Run::observed).toList());
        // It commits when it goes.
        two.leave();
        Member three = new Member(run, group, PACKAGE + "RangeAssignor", topic);
        shared(List.of(three), 1);
        observed.put("at the end", committed(three, partition));
        three.leave();
        return observed;
    }

    private static Object committed(Member member, TopicPartition partition) {
        OffsetAndMetadata committed = member.consumer.committed(Set.of(partition)).get(partition);
        return Run.list(committed.offset(), committed.metadata(), committed.leaderEpoch().orElse(-1));
    }

    /** One that did not poll in time has lost its place, and what it commits is refused. */
    private static Object staleMember(Run run) throws Exception {
        String topic = run.topic(2);
        String group = run.unique("group");
        String assignor = PACKAGE + "RangeAssignor";
        Member slow = new Member(run, group, assignor, topic, "max.poll.interval.ms", "1500");
        shared(List.of(slow), 2);
        Member other = new Member(run, group, assignor, topic);
        long until = System.nanoTime() + 3_000_000_000L;
        Run.waitFor("the other alone", () -> {
            other.poll();
            return System.nanoTime() > until && other.partitions().size() == 2;
        });
        Object refused = Run.kind(() -> {
            slow.consumer.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(0)));
            return "committed";
        });
        Object back = shared(List.of(slow, other), 1, 1);
        Object lost = slow.lost;
        slow.leave();
        other.leave();
        return Run.map("refused", refused, "back", back, "lost", lost);
    }

    /** Members come and go while records are consumed; with commits at each revocation none is left out. */
    private static Object nothingLost(Run run) throws Exception {
        String topic = run.topic(3);
        String group = run.unique("group");
        String assignor = PACKAGE + "CooperativeStickyAssignor";
        Object[] settings = {"enable.auto.commit", "true", "auto.commit.interval.ms", "100", "max.poll.records", "10"};
        try (KafkaProducer<byte[], byte[]> producer = run.producer()) {
            Run.sendAll(producer, IntStream.range(0, 600).mapToObj(i ->
                new ProducerRecord<byte[], byte[]>(topic, i % 3, Run.TIME, null, Run.bytes("v" + i))).toList());
        }
        Set<String> seen = new TreeSet<>();
        Member one = new Member(run, group, assignor, topic, settings);
        List<Member> gone = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            Member guest = new Member(run, group, assignor, topic, settings);
            shared(List.of(one, guest), 1, 2);
            guest.leave();
            gone.add(guest);
        }
        Run.waitFor("all records", () -> {
            one.poll();
            Stream.concat(Stream.of(one), gone.stream()).flatMap(member -> member.records.stream())
                .forEach(record -> seen.add(Run.text(record.value())));
            return seen.size() == 600;
        });
        one.leave();
        return Run.map("seen", seen.size());
    }

    private static Object pattern(Run run) throws Exception {
        String prefix = run.unique("pattern");
        String group = run.unique("group");
        run.admin.createTopics(List.of(new org.apache.kafka.clients.admin.NewTopic(prefix + "-a", 2, (short) 1)))
            .all().get();
        try (KafkaConsumer<byte[], byte[]> consumer = run.consumer("group.id", group, "group.protocol", "classic",
                "metadata.max.age.ms", "500")) {
            consumer.subscribe(java.util.regex.Pattern.compile(prefix + "-.*"));
            Run.waitFor("the first topic", () -> {
                consumer.poll(Duration.ofMillis(50));
                return consumer.assignment().size() == 2;
            });
            run.admin.createTopics(List.of(new org.apache.kafka.clients.admin.NewTopic(prefix + "-b", 1, (short) 1)))
                .all().get();
            Run.waitFor("the second topic", () -> {
                consumer.poll(Duration.ofMillis(50));
                return consumer.assignment().size() == 3;
            });
            return Run.map("assigned", consumer.assignment().size());
        }
    }
}
