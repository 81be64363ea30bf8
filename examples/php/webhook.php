<?php
// A consumer of a `webhook` subscription. Needs nothing but PHP. Behind your web server, or to try it:
//   WEBHOOK_SECRET=whsec_... php -S 127.0.0.1:8080 webhook.php
declare(strict_types=1);

const TOLERANCE_SECONDS = 300;
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. While the secret is replaced there are two signatures. */
function is_authentic(string $secret, string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!preg_match('/^\d{1,12}$/D', $timestamp) || abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) return false;
    $key = base64_decode(substr($secret, strlen('whsec_')), true);
    if ($key === false || $key === '') throw new RuntimeException('WEBHOOK_SECRET is missing');
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($expected, $given)) return true;
    }
    return false;
}

/** What it answers is read when the subscription has `"reply": true`. Be quick: work afterwards. */
function handle(array $event): array
{
    // Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
    $handled = sys_get_temp_dir() . '/handled-' . hash('sha256', $event['id']);
    if (file_exists($handled)) return [];
    error_log($event['type'] . ' ' . $event['id'] . ' ' . json_encode($event['data'], JSON_UNESCAPED_UNICODE));
    touch($handled);
    if ($event['type'] !== 'wechat.message.text') return [];
    return ['reply' => ['MsgType' => 'text', 'Content' => '收到：' . $event['data']['Content']]];
}

// The bytes as they came: what is parsed and written again has another signature.
$body = (string) file_get_contents('php://input', false, null, 0, MAX_BODY_BYTES + 1);
if (strlen($body) > MAX_BODY_BYTES) {
    http_response_code(413);
} elseif (!is_authentic((string) getenv('WEBHOOK_SECRET'), $body)) {
    http_response_code(401);
} else {
    $answer = handle(json_decode($body, true, 512, JSON_THROW_ON_ERROR));
    header('Content-Type: application/json');
    echo json_encode((object) $answer);
}
