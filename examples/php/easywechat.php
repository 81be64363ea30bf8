<?php
// WeChat's APIs with EasyWeChat 6: the gateway as its host, a stand-in as its token.
//   composer require w7corp/easywechat
//   GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... php easywechat.php APPID OPENID
declare(strict_types=1);

require 'vendor/autoload.php';
require __DIR__ . '/stand_in.php';

use EasyWeChat\Kernel\Contracts\AccessToken;
use EasyWeChat\OfficialAccount\Application;

final class GatewayToken implements AccessToken
{
    public function __construct(private readonly StandIn $standIn) {}

    public function getToken(): string
    {
        return $this->standIn->get();
    }

    public function toQuery(): array
    {
        return ['access_token' => $this->getToken()];
    }
}

[, $appid, $openid] = $argv;
$standIn = new StandIn($appid);
// EasyWeChat\MiniApp\Application is made in the same way. The secret is never used: it is the token's provider that would.
$app = new Application(['app_id' => $appid, 'secret' => 'none', 'http' => ['base_uri' => $standIn->host(), 'timeout' => 60]]);
$app->setAccessToken(new GatewayToken($standIn));

$answer = $app->getClient()->get('cgi-bin/user/info', ['openid' => $openid]);
// The gateway's own refusals are no answers of WeChat's.
$refusal = $answer->getHeaders(false)['x-gateway-error'][0] ?? null;
if ($refusal === 'UNAUTHENTICATED') $standIn->drop();
if ($refusal !== null) throw new RuntimeException($refusal);
echo $answer->toJson(), "\n";
