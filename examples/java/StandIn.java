// A stand-in for an account's access token, for SDKs that insist on one; run as a program, a call with it. Java 17, with Jackson
// (com.fasterxml.jackson.core:jackson-databind) for JSON.
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... java -cp 'lib/*' StandIn.java APPID OPENID
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;

public final class StandIn {
    /** It lasts two hours at most. Replaced before its end, so that no call under way meets it. */
    private static final Duration RENEW_BEFORE = Duration.ofMinutes(10);
    private static final ObjectMapper JSON = new ObjectMapper();
    private final HttpClient client = HttpClient.newHttpClient();
    private final String appid;
    private String token;
    private Instant expiresAt = Instant.MIN;

    public StandIn(String appid) {
        this.appid = appid;
    }

    /** Where the SDK finds WeChat, instead of at https://api.weixin.qq.com. */
    public static String hostOf(String appid) {
        return System.getenv("GATEWAY") + "/api/" + appid;
    }

    /** The same one until ten minutes before its end. */
    public synchronized String get() throws IOException, InterruptedException {
        if (Instant.now().plus(RENEW_BEFORE).isAfter(expiresAt)) {
            JsonNode answer = read(HttpRequest.newBuilder(URI.create(System.getenv("GATEWAY") + "/proxy_token/" + appid))
                    .header("Authorization", "Bearer " + System.getenv("GATEWAY_KEY")));
            token = answer.path("token").asText();
            expiresAt = Instant.now().plusSeconds(answer.path("expires_in").asLong());
        }
        return token;
    }

    /** The gateway answered 401: the key has changed, or the sealing keys. */
    public synchronized void drop() {
        expiresAt = Instant.MIN;
    }

    private JsonNode read(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request.timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
        JsonNode answer = JSON.readTree(response.body());
        // The gateway's own refusals are no answers of WeChat's. docs/errors.md says what each code asks of you.
        if (response.headers().firstValue("x-gateway-error").isPresent()) {
            throw new IOException(answer.path("code").asText() + ": " + answer.path("message").asText());
        }
        return answer;
    }

    public static void main(String[] arguments) throws Exception {
        StandIn standIn = new StandIn(arguments[0]);
        String query = "?access_token=" + standIn.get() + "&openid=" + arguments[1];
        System.out.println(standIn.read(HttpRequest.newBuilder(URI.create(hostOf(arguments[0]) + "/cgi-bin/user/info" + query))));
    }
}
