<?php
// An account's access token from Redis, as the read-only user. Needs the extension phpredis.
//   REDIS_PASSWORD=... php redis_token.php APPID
declare(strict_types=1);

$redis = new Redis();
$redis->connect(getenv('REDIS_HOST') ?: '127.0.0.1', (int) (getenv('REDIS_PORT') ?: 6379));
$redis->auth(['token-reader', getenv('REDIS_PASSWORD')]);
$token = $redis->get('wx:{' . (getenv('PLATFORM') ?: 'open1') . "}:access_token:$argv[1]");
// false: ask over HTTP, it tells why.
echo $token === false ? 'none' : $token, "\n";
