<?php
// Consumers of a `webhook` and of a `stream` subscription.
//
//   WEBHOOK_SECRET=whsec_... php -S 0.0.0.0:8080 consumer.php
//   php consumer.php                      (the stream; needs the extension phpredis)
//
// Events come at least once: keep their ids and skip what comes again.
declare(strict_types=1);

const TOLERANCE_SECONDS = 300;
const CLAIM_AFTER_MS = 60000;

function handle(array $event): void
{
    error_log($event['type'] . ' ' . $event['id'] . ' ' . json_encode($event['data'], JSON_UNESCAPED_UNICODE));
}

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. While the secret is replaced there are two signatures. */
function isAuthentic(string $secret, array $server, string $body): bool
{
    $id = $server['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $server['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    $key = base64_decode(substr($secret, strlen('whsec_')), true);
    if ($key === false || $key === '') {
        return false;
    }
    $expected = base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $server['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $signature) {
        if (hash_equals("v1,$expected", $signature)) {
            return true;
        }
    }
    return false;
}

function answerWebhook(): void
{
    $body = (string) file_get_contents('php://input');
    if (!isAuthentic((string) getenv('WEBHOOK_SECRET'), $_SERVER, $body)) {
        http_response_code(401);
        return;
    }
    handle(json_decode($body, true, 512, JSON_THROW_ON_ERROR));
    http_response_code(204);
}

function readStream(): void
{
    $stream = getenv('STREAM') ?: 'wx:{stream.open1.crm}';
    $group = getenv('GROUP') ?: 'crm';
    $member = gethostname() . '-' . getmypid();
    $redis = new Redis();
    $redis->connect(getenv('REDIS_HOST') ?: '127.0.0.1', (int) (getenv('REDIS_PORT') ?: 6379));
    // From '0': what came before the group was made is read, too. False when the group is there already.
    $redis->xGroup('CREATE', $stream, $group, '0', true);
    while (true) {
        // What a member took and did not acknowledge, because it crashed, is claimed after a minute.
        $claimed = $redis->xAutoClaim($stream, $group, $member, CLAIM_AFTER_MS, '0', 100)[1] ?? [];
        $fresh = $redis->xReadGroup($group, $member, [$stream => '>'], 100, 1000) ?: [];
        foreach ($claimed + ($fresh[$stream] ?? []) as $entryId => $fields) {
            if ($fields) {
                handle(json_decode($fields['event'], true, 512, JSON_THROW_ON_ERROR));
            }
            $redis->xAck($stream, $group, [$entryId]);
        }
    }
}

PHP_SAPI === 'cli' ? readStream() : answerWebhook();
