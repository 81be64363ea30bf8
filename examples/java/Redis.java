// A small client of Redis' protocol, for the programs beside it: the JDK has none. One connection, one command at a time. The
// commands are the same with Jedis or Lettuce; take one of these where you need a pool, Sentinel or Cluster.
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

public final class Redis implements AutoCloseable {
    private static final int ANSWER_TIMEOUT_MS = 30_000;
    private final Socket socket;
    private final DataInputStream answers;

    /** `redis://[user:password@]host[:port]`, or `rediss:` for TLS. */
    public Redis(String url) throws IOException {
        URI uri = URI.create(url);
        int port = uri.getPort() < 0 ? 6379 : uri.getPort();
        socket = uri.getScheme().equals("rediss") ? tls(uri.getHost(), port) : new Socket(uri.getHost(), port);
        socket.setSoTimeout(ANSWER_TIMEOUT_MS);
        answers = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        if (uri.getUserInfo() != null) {
            String[] user = uri.getUserInfo().split(":", 2);
            if (user[0].isEmpty()) call("AUTH", user[1]);
            else call("AUTH", user[0], user[1]);
        }
    }

    private static Socket tls(String host, int port) throws IOException {
        SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket(host, port);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        return socket;
    }

    /** The answer: String, Long, List of answers, or null. Throws an IOException with Redis' own words when it refuses. */
    public Object call(String... command) throws IOException {
        StringBuilder request = new StringBuilder("*" + command.length + "\r\n");
        for (String part : command) {
            request.append('$').append(part.getBytes(StandardCharsets.UTF_8).length).append("\r\n").append(part).append("\r\n");
        }
        socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.UTF_8));
        return answer();
    }

    private Object answer() throws IOException {
        String line = line();
        String rest = line.substring(1);
        switch (line.charAt(0)) {
            case '+': return rest;
            case ':': return Long.parseLong(rest);
            case '$': return text(Integer.parseInt(rest));
            case '*': return list(Integer.parseInt(rest));
            default: throw new IOException(rest);
        }
    }

    private String text(int length) throws IOException {
        if (length < 0) return null;
        byte[] bytes = new byte[length];
        answers.readFully(bytes);
        answers.readFully(new byte[2]);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private List<Object> list(int length) throws IOException {
        if (length < 0) return null;
        List<Object> list = new ArrayList<>(length);
        while (list.size() < length) list.add(answer());
        return list;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = answers.read(); next != '\r'; next = answers.read()) {
            if (next < 0) throw new EOFException("Redis closed the connection");
            line.append((char) next);
        }
        answers.read();
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
