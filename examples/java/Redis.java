// The connection to Redis, in each form, for the programs beside it: the JDK has none. One connection, one command at a time; when
// it breaks, end and be started again. The commands are the same with Jedis or Lettuce; take one of these where you need a pool.
// The settings are named as the gateway's own:
//   one server   REDIS_URL=redis://USER:PASSWORD@redis:6379
//   a cluster    REDIS_MODE=cluster REDIS_URL=redis://USER:PASSWORD@node1:6379,redis://USER:PASSWORD@node2:6379
//   sentinels    REDIS_MODE=sentinel REDIS_SENTINEL_NAME=... REDIS_URL=redis://USER:PASSWORD@sentinel1:26379,...
//                and REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD where the sentinels want them
//   TLS          rediss: in REDIS_URL, and REDIS_TLS_CA_FILE where the CA is your own
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public final class Redis implements AutoCloseable {
    private static final int CONNECT_TIMEOUT_MS = 3_000;
    private static final int ANSWER_TIMEOUT_MS = 10_000;
    private static final int REDIRECTIONS = 5;
    private final String user;
    private final String password;
    /** null: plain TCP. */
    private final SSLContext tls;
    private RedisConnection connection;

    public Redis() throws IOException, GeneralSecurityException {
        List<URI> urls = new ArrayList<>();
        for (String url : setting("REDIS_URL", "redis://127.0.0.1:6379").split(",")) urls.add(URI.create(url));
        String[] login = String.valueOf(urls.get(0).getRawUserInfo()).split(":", 2);
        user = login.length < 2 ? "" : decoded(login[0]);
        password = login.length < 2 ? "" : decoded(login[1]);
        tls = urls.get(0).getScheme().equals("rediss") ? trusted(setting("REDIS_TLS_CA_FILE", "")) : null;
        connection = setting("REDIS_MODE", "standalone").equals("sentinel") ? master(urls) : firstOf(urls);
    }

    /** The answer: String, Long, List of answers, or null. Throws an IOException with Redis' own words when it refuses. */
    public Object call(String... command) throws IOException {
        for (int redirection = 0; ; redirection += 1) {
            try {
                return connection.call(command);
            } catch (RedisConnection.Refusal error) {
                String[] words = error.getMessage().split(" ");
                boolean isMoved = words[0].equals("MOVED");
                if (redirection == REDIRECTIONS || !(isMoved || words[0].equals("ASK"))) throw error;
                if (!isMoved) return askOnce(words[2], command);
                connection.close();
                connection = open(words[2], user, password);
            }
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }

    /** While a slot moves: this command alone goes to its new node. */
    private Object askOnce(String address, String... command) throws IOException {
        try (RedisConnection other = open(address, user, password)) {
            other.call("ASKING");
            return other.call(command);
        }
    }

    private RedisConnection firstOf(List<URI> urls) throws IOException {
        IOException last = null;
        for (URI url : urls) {
            try {
                return open(url.getHost() + ":" + (url.getPort() < 0 ? 6379 : url.getPort()), user, password);
            } catch (RedisConnection.Refusal error) {
                throw error;
            } catch (IOException away) {
                last = away;
            }
        }
        throw last;
    }

    private RedisConnection master(List<URI> sentinels) throws IOException {
        for (URI url : sentinels) {
            String address = url.getHost() + ":" + (url.getPort() < 0 ? 26379 : url.getPort());
            String sentinelUser = setting("REDIS_SENTINEL_USERNAME", "");
            try (RedisConnection sentinel = open(address, sentinelUser, setting("REDIS_SENTINEL_PASSWORD", ""))) {
                String name = setting("REDIS_SENTINEL_NAME", "");
                List<?> found = (List<?>) sentinel.call("SENTINEL", "get-master-addr-by-name", name);
                if (found != null) return open(found.get(0) + ":" + found.get(1), user, password);
            } catch (RedisConnection.Refusal error) {
                throw error;
            } catch (IOException away) {
                System.err.println(address + ": " + away.getMessage());
            }
        }
        throw new IOException("no sentinel names a master that answers");
    }

    private RedisConnection open(String address, String user, String password) throws IOException {
        int colon = address.lastIndexOf(':');
        String host = address.substring(0, colon);
        int port = Integer.parseInt(address.substring(colon + 1));
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(host, port), CONNECT_TIMEOUT_MS);
        if (tls != null) {
            SSLSocket secured = (SSLSocket) tls.getSocketFactory().createSocket(socket, host, port, true);
            SSLParameters parameters = secured.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            secured.setSSLParameters(parameters);
            socket = secured;
        }
        socket.setSoTimeout(ANSWER_TIMEOUT_MS);
        RedisConnection opened = new RedisConnection(socket);
        if (!password.isEmpty()) opened.call("AUTH", user.isEmpty() ? "default" : user, password);
        return opened;
    }

    private static SSLContext trusted(String caFile) throws IOException, GeneralSecurityException {
        if (caFile.isEmpty()) return SSLContext.getDefault();
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(Path.of(caFile))) {
            for (Certificate ca : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("ca-" + store.size(), ca);
            }
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }
}
