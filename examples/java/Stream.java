// A consumer of a `stream` subscription, as one member of a group. Java 17; needs Redis.java, RedisConnection.java
// and nothing but the JDK.
//   javac -d classes Redis.java RedisConnection.java Stream.java
//   REDIS_URL=redis://127.0.0.1:6379 STREAM='sink.stream of the subscription' java -cp classes Stream
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public final class Stream {
    private static final int KEPT_IDS = 10_000;
    // Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
    private static final Map<String, Boolean> HANDLED = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > KEPT_IDS;
        }
    };

    /** `json` is the whole event, for your JSON library. Throwing ends the process; the entry comes again. */
    private static void handle(String id, String type, String json) {
        if (HANDLED.containsKey(id)) return;
        System.out.println(type + " " + id + " " + json);
        HANDLED.put(id, true);
    }

    public static void main(String[] arguments) throws Exception {
        String stream = System.getenv("STREAM");
        String group = System.getenv().getOrDefault("GROUP", "crm");
        String member = System.getenv().getOrDefault("MEMBER", "java-" + ProcessHandle.current().pid());
        String claimAfterMs = System.getenv().getOrDefault("CLAIM_AFTER_MS", "60000");
        try (Redis redis = new Redis()) {
            try {
                // From 0: what came before the group was made is read, too.
                redis.call("XGROUP", "CREATE", stream, group, "0", "MKSTREAM");
            } catch (IOException error) {
                if (!error.getMessage().startsWith("BUSYGROUP")) throw error;
            }
            while (true) {
                // What another member took and did not acknowledge, because it crashed, then what is new.
                List<Object> entries = new ArrayList<>(
                        list(list(redis.call("XAUTOCLAIM", stream, group, member, claimAfterMs, "0", "COUNT", "100")).get(1)));
                for (Object read : list(redis.call("XREADGROUP", "GROUP", group, member, "COUNT", "100", "BLOCK", "1000",
                        "STREAMS", stream, ">"))) {
                    entries.addAll(list(list(read).get(1)));
                }
                for (Object entry : entries) {
                    List<?> fields = list(list(entry).get(1));
                    handle(field(fields, "id"), field(fields, "type"), field(fields, "event"));
                    redis.call("XACK", stream, group, (String) list(entry).get(0));
                }
            }
        }
    }

    /** Redis says null where there is nothing to read. */
    private static List<?> list(Object answer) {
        return answer == null ? List.of() : (List<?>) answer;
    }

    private static String field(List<?> fields, String name) {
        return (String) fields.get(fields.indexOf(name) + 1);
    }
}
