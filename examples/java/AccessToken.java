// An account's access token over HTTP. Java 17, with Jackson (com.fasterxml.jackson.core:jackson-databind) for JSON.
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... java -cp 'lib/*' AccessToken.java APPID [REFUSED_TOKEN]
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

public final class AccessToken {
    private final HttpClient client = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();

    public String accessToken(String appid) throws IOException, InterruptedException {
        return send(request("/access_token/" + appid).GET());
    }

    /** WeChat answered 40001, 40014 or 42001: the token that holds now. Try your call once more, not twice. */
    public String replaceRefused(String appid, String token) throws IOException, InterruptedException {
        String body = json.writeValueAsString(Map.of("token", token));
        return send(request("/access_token/" + appid + "/invalid").POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(System.getenv("GATEWAY") + path)).timeout(Duration.ofSeconds(20))
                .header("Authorization", "Bearer " + System.getenv("GATEWAY_KEY"))
                .header("Content-Type", "application/json");
    }

    private String send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        JsonNode answer = json.readTree(response.body());
        // docs/errors.md says what each code asks of you.
        if (response.statusCode() != 200) {
            throw new IOException(answer.path("code").asText() + ": " + answer.path("message").asText());
        }
        return answer.path("token").asText();
    }

    public static void main(String[] arguments) throws Exception {
        AccessToken gateway = new AccessToken();
        boolean refused = arguments.length > 1;
        System.out.println(refused ? gateway.replaceRefused(arguments[0], arguments[1]) : gateway.accessToken(arguments[0]));
    }
}
