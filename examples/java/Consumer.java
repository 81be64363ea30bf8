// Consumers of a `webhook` and of a `stream` subscription (Java 17).
//
//   WEBHOOK_SECRET=whsec_... java -cp 'lib/*' Consumer.java webhook
//   java -cp 'lib/*' Consumer.java stream
//
// lib holds Jedis 5 (redis.clients:jedis) and what it needs; the webhook alone needs nothing but the JDK. Events come at
// least once: keep their ids (the header webhook-id, the field id) and skip what comes again.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.XAutoClaimParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.resps.StreamEntry;

public class Consumer {
    private static final long TOLERANCE_SECONDS = 300;
    private static final long CLAIM_AFTER_MS = 60_000;
    private static final int MAX_BODY_BYTES = 2 * 1024 * 1024;

    public static void main(String[] arguments) throws Exception {
        String sink = arguments.length == 1 ? arguments[0] : "";
        switch (sink) {
            case "webhook" -> serve();
            case "stream" -> readStream();
            default -> throw new IllegalArgumentException("usage: Consumer webhook | stream");
        }
    }

    /** `json` is the whole event (CloudEvents 1.0). */
    private static void handle(String id, String json) {
        System.out.println(id + " " + json);
    }

    private static void serve() throws IOException {
        byte[] key = Base64.getDecoder().decode(setting("WEBHOOK_SECRET", "").replaceFirst("^whsec_", ""));
        if (key.length == 0) throw new IllegalArgumentException("WEBHOOK_SECRET is missing");
        HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(setting("PORT", "8080"))), 0);
        server.setExecutor(Executors.newFixedThreadPool(10));
        server.createContext("/", exchange -> {
            try (exchange) {
                byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES);
                boolean authentic = isAuthentic(key, exchange, body);
                if (authentic) handle(header(exchange, "webhook-id"), new String(body, StandardCharsets.UTF_8));
                exchange.sendResponseHeaders(authentic ? 204 : 401, -1);
            }
        });
        server.start();
    }

    /** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. While the secret is replaced there are two signatures. */
    private static boolean isAuthentic(byte[] key, HttpExchange exchange, byte[] body) {
        String timestamp = header(exchange, "webhook-timestamp");
        if (!timestamp.matches("[0-9]{1,12}")) return false;
        if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(timestamp)) > TOLERANCE_SECONDS) return false;
        byte[] expected;
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update((header(exchange, "webhook-id") + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException("this JDK has no HmacSHA256", error);
        }
        for (String signature : header(exchange, "webhook-signature").split(" ")) {
            if (MessageDigest.isEqual(expected, signature.getBytes(StandardCharsets.UTF_8))) return true;
        }
        return false;
    }

    private static String header(HttpExchange exchange, String name) {
        String value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    private static void readStream() {
        String stream = setting("STREAM", "wx:{stream.open1.crm}");
        String group = setting("GROUP", "crm");
        String member = "java-" + ProcessHandle.current().pid();
        try (JedisPooled redis = new JedisPooled(setting("REDIS_URL", "redis://127.0.0.1:6379"))) {
            try {
                redis.xgroupCreate(stream, group, new StreamEntryID(0, 0), true);
            } catch (JedisDataException error) {
                if (!error.getMessage().startsWith("BUSYGROUP")) throw error;
            }
            while (true) {
                // What a member took and did not acknowledge, because it crashed, is claimed after a minute.
                List<StreamEntry> entries = new ArrayList<>(redis.xautoclaim(stream, group, member, CLAIM_AFTER_MS,
                        new StreamEntryID(0, 0), XAutoClaimParams.xAutoClaimParams().count(100)).getValue());
                var fresh = redis.xreadGroup(group, member, XReadGroupParams.xReadGroupParams().count(100).block(1000),
                        Map.of(stream, StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
                if (fresh != null) fresh.forEach(read -> entries.addAll(read.getValue()));
                for (StreamEntry entry : entries) {
                    Map<String, String> fields = entry.getFields();
                    if (fields != null) handle(fields.get("id"), fields.get("event"));
                    redis.xack(stream, group, entry.getID());
                }
            }
        }
    }

    private static String setting(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }
}
