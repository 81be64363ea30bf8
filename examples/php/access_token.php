<?php
// An account's access token over HTTP. Needs nothing but PHP.
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... php access_token.php APPID [REFUSED_TOKEN]
declare(strict_types=1);

function gateway(string $method, string $path, ?array $body = null): array
{
    $context = stream_context_create(['http' => [
        'method' => $method,
        'header' => ['Authorization: Bearer ' . getenv('GATEWAY_KEY'), 'Content-Type: application/json'],
        'content' => $body === null ? '' : json_encode($body),
        'timeout' => 20,
        'ignore_errors' => true, // an error has a body, too
    ]]);
    $text = file_get_contents(getenv('GATEWAY') . $path, false, $context);
    if ($text === false) throw new RuntimeException('the gateway is out of reach');
    $answer = json_decode($text, true, 512, JSON_THROW_ON_ERROR);
    // docs/errors.md says what each code asks of you.
    if (isset($answer['statusCode'])) throw new RuntimeException("{$answer['code']}: {$answer['message']}", $answer['statusCode']);
    return $answer;
}

function access_token(string $appid): string
{
    return gateway('GET', "/access_token/$appid")['token'];
}

/** WeChat answered 40001, 40014 or 42001: the token that holds now. Try your call once more, not twice. */
function replace_refused(string $appid, string $token): string
{
    return gateway('POST', "/access_token/$appid/invalid", ['token' => $token])['token'];
}

[, $appid, $refused] = [...$argv, null];
echo $refused === null ? access_token($appid) : replace_refused($appid, $refused), "\n";
