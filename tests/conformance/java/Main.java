import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What Kafka's own client sees of a broker, as JSON: {@code Main BOOTSTRAP PREFIX [REGEX]}, the last for some of the
 * behaviours by name. The same is run on Kafka and on the embedded broker, and has to come out the same. The property
 * {@code cut} is where the broker is reached by connections that are cut now and then.
 */
public final class Main {
    interface Behaviour {
        Object observe(Run run) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = System.out;
        Map<String, Behaviour> behaviours = new LinkedHashMap<>();
        Records.addTo(behaviours);
        Transactions.addTo(behaviours);
        Groups.addTo(behaviours);
        Admins.addTo(behaviours);
        if (arguments.length > 2) {
            behaviours.keySet().removeIf(name -> !name.matches(arguments[2]));
        }
        ExecutorService beside = Executors.newFixedThreadPool(4);
        Map<String, Future<Object>> running = new LinkedHashMap<>();
        behaviours.forEach((name, behaviour) -> {
            String prefix = arguments[1] + "-" + running.size();
            running.put(name, beside.submit(() -> observe(name, behaviour, new Run(arguments[0], prefix))));
        });
        Map<String, Object> observed = new LinkedHashMap<>();
        boolean failed = false;
        for (Map.Entry<String, Future<Object>> behaviour : running.entrySet()) {
            try {
                observed.put(behaviour.getKey(), behaviour.getValue().get());
            } catch (ExecutionException error) {
                System.err.println(behaviour.getKey());
                error.getCause().printStackTrace();
                failed = true;
            }
        }
        beside.shutdown();
        out.println(new ObjectMapper().writeValueAsString(observed));
        System.exit(failed ? 1 : 0);
    }

    private static Object observe(String name, Behaviour behaviour, Run run) throws Exception {
        long began = System.nanoTime();
        try (run) {
            return behaviour.observe(run);
        } finally {
            System.err.printf("%s: %d ms%n", name, (System.nanoTime() - began) / 1_000_000);
        }
    }
}
