// A consumer of a `webhook` subscription, behind your TLS proxy. Java 17; needs nothing but the JDK.
//   WEBHOOK_SECRET=whsec_... PORT=8080 java Webhook.java
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Webhook {
    private static final byte[] KEY = Base64.getDecoder().decode(System.getenv("WEBHOOK_SECRET").replaceFirst("^whsec_", ""));
    private static final long TOLERANCE_SECONDS = 300;
    private static final int MAX_BODY_BYTES = 2 * 1024 * 1024;
    private static final int KEPT_IDS = 10_000;
    // Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
    private static final Map<String, Boolean> HANDLED = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > KEPT_IDS;
        }
    });

    /**
     * `json` is the whole event (CloudEvents 1.0), for your JSON library. The answer is read when the subscription has
     * `"reply": true`. Be quick: work afterwards.
     */
    private static String handle(String id, String json) {
        if (HANDLED.containsKey(id)) return "{}";
        System.out.println(id + " " + json);
        HANDLED.put(id, true);
        return "{\"reply\":{\"MsgType\":\"text\",\"Content\":\"received\"}}";
    }

    /** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. While the secret is replaced there are two signatures. */
    private static boolean isAuthentic(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        String timestamp = header(exchange, "webhook-timestamp");
        if (!timestamp.matches("[0-9]{1,12}")) return false;
        if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(timestamp)) > TOLERANCE_SECONDS) return false;
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
        mac.update((header(exchange, "webhook-id") + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
        byte[] expected = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
        for (String given : header(exchange, "webhook-signature").split(" ")) {
            if (MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.UTF_8))) return true;
        }
        return false;
    }

    private static String header(HttpExchange exchange, String name) {
        String value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    private static void receive(HttpExchange exchange) throws IOException {
        try (exchange) {
            // The bytes as they came: what is parsed and written again has another signature.
            byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
            if (body.length > MAX_BODY_BYTES) {
                exchange.sendResponseHeaders(413, -1);
            } else if (!isAuthentic(exchange, body)) {
                exchange.sendResponseHeaders(401, -1);
            } else {
                String answer = handle(header(exchange, "webhook-id"), new String(body, StandardCharsets.UTF_8));
                exchange.getResponseHeaders().set("content-type", "application/json");
                exchange.sendResponseHeaders(200, answer.length());
                exchange.getResponseBody().write(answer.getBytes(StandardCharsets.US_ASCII));
            }
        } catch (GeneralSecurityException error) {
            throw new IOException("this JDK has no HmacSHA256", error);
        }
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(10));
        server.createContext("/", Webhook::receive);
        server.start();
    }
}
