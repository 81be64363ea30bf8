// Redis' protocol over one socket: for Redis.java.
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

final class RedisConnection implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream answers;

    RedisConnection(Socket socket) throws IOException {
        this.socket = socket;
        answers = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    Object call(String... command) throws IOException {
        StringBuilder request = new StringBuilder("*" + command.length + "\r\n");
        for (String part : command) {
            int length = part.getBytes(StandardCharsets.UTF_8).length;
            request.append('$').append(length).append("\r\n").append(part).append("\r\n");
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
            default: throw new Refusal(rest);
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

    /** What Redis refuses, in its own words. */
    static final class Refusal extends IOException {
        private static final long serialVersionUID = 1;

        Refusal(String message) {
            super(message);
        }
    }
}
