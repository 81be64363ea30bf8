<?php
// A stand-in for an account's access token, for SDKs that insist on one; run as a program, a call with it. Needs nothing but PHP.
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... php stand_in.php APPID OPENID
declare(strict_types=1);

/** In PHP-FPM each request has its own: keep it in APCu or your cache, by appid, until `expiresAt` less ten minutes. */
final class StandIn
{
    // It lasts two hours at most. Replaced before its end, so that no call under way meets it.
    private const RENEW_BEFORE_SECONDS = 600;
    private string $token = '';
    private int $expiresAt = 0;

    public function __construct(private readonly string $appid) {}

    /** Where the SDK finds WeChat, instead of at https://api.weixin.qq.com. The slash at its end is needed. */
    public function host(): string
    {
        return getenv('GATEWAY') . "/api/$this->appid/";
    }

    /** The same one until ten minutes before its end. */
    public function get(): string
    {
        if (time() >= $this->expiresAt - self::RENEW_BEFORE_SECONDS) {
            $path = getenv('GATEWAY') . "/proxy_token/$this->appid";
            ['token' => $this->token, 'expires_in' => $seconds] = self::read($path, ['Authorization: Bearer ' . getenv('GATEWAY_KEY')]);
            $this->expiresAt = time() + $seconds;
        }
        return $this->token;
    }

    /** The gateway answered 401: the key has changed, or the sealing keys. */
    public function drop(): void
    {
        $this->expiresAt = 0;
    }

    public static function read(string $url, array $headers = []): array
    {
        // An error has a body, too.
        $context = stream_context_create(['http' => ['header' => $headers, 'timeout' => 60, 'ignore_errors' => true]]);
        $text = file_get_contents($url, false, $context);
        if ($text === false) throw new RuntimeException('the gateway is out of reach');
        $answer = json_decode($text, true, 512, JSON_THROW_ON_ERROR);
        // docs/errors.md says what each code asks of you.
        if (isset($answer['statusCode'])) throw new RuntimeException("{$answer['code']}: {$answer['message']}", $answer['statusCode']);
        return $answer;
    }
}

if (realpath($_SERVER['SCRIPT_FILENAME']) === __FILE__) {
    [, $appid, $openid] = $argv;
    $standIn = new StandIn($appid);
    $query = http_build_query(['access_token' => $standIn->get(), 'openid' => $openid]);
    echo json_encode(StandIn::read("{$standIn->host()}cgi-bin/user/info?$query"), JSON_UNESCAPED_UNICODE), "\n";
}
