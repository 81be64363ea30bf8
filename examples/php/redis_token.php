<?php
// An account's access token from Redis, as the read-only user. Needs connect.php and the extension phpredis.
//   REDIS_URL=redis://token-reader:PASSWORD@127.0.0.1:6379 php redis_token.php APPID
declare(strict_types=1);
require __DIR__ . '/connect.php';

$key = 'wx:{' . (getenv('PLATFORM') ?: 'open1') . "}:access_token:$argv[1]";
$token = (new Store())->call($key, 'GET', $key);
// false: ask over HTTP, it tells why.
echo $token === false ? 'none' : $token, "\n";
