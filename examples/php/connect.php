<?php
// The connection to Redis, in each form, for the programs beside it. Needs the extension phpredis, 5 or later. The settings are
// named as the gateway's own:
//   one server   REDIS_URL=redis://USER:PASSWORD@redis:6379
//   a cluster    REDIS_MODE=cluster REDIS_URL=redis://USER:PASSWORD@node1:6379,redis://USER:PASSWORD@node2:6379
//   sentinels    REDIS_MODE=sentinel REDIS_SENTINEL_NAME=... REDIS_URL=redis://USER:PASSWORD@sentinel1:26379,...
//                and REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD where the sentinels want them
//   TLS          rediss: in REDIS_URL, and REDIS_TLS_CA_FILE where the CA is your own
declare(strict_types=1);

final class Store
{
    private const CONNECT_SECONDS = 3.0;
    private const READ_SECONDS = 10.0;

    /** @var Redis|RedisCluster */
    private $redis;

    public function __construct()
    {
        $mode = getenv('REDIS_MODE') ?: 'standalone';
        $urls = array_map('parse_url', explode(',', getenv('REDIS_URL') ?: 'redis://127.0.0.1:6379'));
        $login = self::login($urls[0]['user'] ?? '', $urls[0]['pass'] ?? '');
        if ($mode === 'cluster') {
            $seeds = array_map([self::class, 'address'], $urls);
            $this->redis = new RedisCluster(null, $seeds, self::CONNECT_SECONDS, self::READ_SECONDS, false, $login, self::tls($urls[0]));
        } elseif ($mode === 'sentinel') {
            $this->redis = self::server(self::master($urls), $login);
        } else {
            $this->redis = self::server($urls[0], $login);
            if (trim($urls[0]['path'] ?? '', '/') !== '') $this->redis->select((int) trim($urls[0]['path'], '/'));
        }
    }

    /** `$key` leads to the node of a cluster. Raw commands: the versions of phpredis differ in what their own methods answer. */
    public function call(string $key, string ...$command)
    {
        $this->redis->clearLastError();
        $answer = $this->redis instanceof RedisCluster
            ? $this->redis->rawCommand($key, ...$command)
            : $this->redis->rawCommand(...$command);
        $error = $this->redis->getLastError();
        if ($error !== null) throw new RuntimeException($error);
        return $answer;
    }

    private static function server(array $url, ?array $login): Redis
    {
        $redis = new Redis();
        $tls = self::tls($url);
        $host = ($tls ? 'tls://' : '') . trim($url['host'], '[]');
        $context = $tls ? ['stream' => $tls] : [];
        $redis->connect($host, $url['port'] ?? 6379, self::CONNECT_SECONDS, null, 0, self::READ_SECONDS, $context);
        if ($login) $redis->auth($login);
        return $redis;
    }

    /** The server that the sentinels name now. After a failover the connection breaks: end, and be started again. */
    private static function master(array $sentinels): array
    {
        $login = self::login(getenv('REDIS_SENTINEL_USERNAME') ?: '', getenv('REDIS_SENTINEL_PASSWORD') ?: '');
        foreach ($sentinels as $url) {
            try {
                $sentinel = self::server(['port' => $url['port'] ?? 26379] + $url, $login);
                $address = $sentinel->rawCommand('SENTINEL', 'get-master-addr-by-name', getenv('REDIS_SENTINEL_NAME'));
            } catch (RedisException $away) {
                continue;
            }
            if ($address) return ['scheme' => $url['scheme'], 'host' => $address[0], 'port' => (int) $address[1]];
        }
        throw new RuntimeException('no sentinel names the master');
    }

    private static function login(string $user, string $password): ?array
    {
        if ($password === '') return null;
        return array_values(array_filter([rawurldecode($user), rawurldecode($password)], 'strlen'));
    }

    private static function tls(array $url): ?array
    {
        if ($url['scheme'] !== 'rediss') return null;
        return array_filter(['verify_peer' => true, 'cafile' => getenv('REDIS_TLS_CA_FILE')]);
    }

    private static function address(array $url): string
    {
        return $url['host'] . ':' . ($url['port'] ?? 6379);
    }
}
