// An account's access token from Redis, as the read-only user. Java 17; needs Redis.java, RedisConnection.java
// and nothing but the JDK.
//   javac -d classes Redis.java RedisConnection.java RedisToken.java
//   REDIS_URL=redis://token-reader:PASSWORD@127.0.0.1:6379 java -cp classes RedisToken APPID
public final class RedisToken {
    public static void main(String[] arguments) throws Exception {
        String platform = System.getenv().getOrDefault("PLATFORM", "open1");
        try (Redis redis = new Redis()) {
            // null: ask over HTTP, it tells why.
            System.out.println(redis.call("GET", "wx:{" + platform + "}:access_token:" + arguments[0]));
        }
    }
}
