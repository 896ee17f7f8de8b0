import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/** Says hello, and how often it has done so since it started. */
public class Hello {
    public static void main(String[] args) throws IOException {
        // The start id tells one life of this process from the next.
        byte[] id = new byte[8];
        new SecureRandom().nextBytes(id);
        String start = HexFormat.of().formatHex(id);
        AtomicLong requests = new AtomicLong();

        String host = System.getenv().getOrDefault("HOST", "127.0.0.1");
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress(host, port), 512);
        server.createContext("/", exchange -> {
            byte[] body = String.format("{\"hello\":\"java\",\"start\":\"%s\",\"requests\":%d}%n", start,
                    requests.incrementAndGet()).getBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.setExecutor(Executors.newFixedThreadPool(2));
        server.start();
        System.out.printf("listening on %s:%d%n", host, port);
    }
}
