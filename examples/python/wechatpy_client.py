"""WeChat's APIs with wechatpy 2 (alpha 26): the gateway as its host, a stand-in as its token.

    pip install wechatpy requests
    GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... python3 wechatpy_client.py APPID OPENID
"""

import sys

from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from stand_in import GatewayError, StandIn, host_of

WECHAT = "https://api.weixin.qq.com"


class GatewayClient(WeChatClient):
    def __init__(self, appid, **options):
        # The gateway repeats what may be repeated: once more here would be twice. The secret is never used.
        super().__init__(appid, "none", auto_retry=False, **options)
        self._stand_in = StandIn(appid)

    @property
    def access_token(self):
        return self._stand_in.get()

    def _request(self, method, url_or_endpoint, **kwargs):
        """Each part of wechatpy has a host of its own, and some name the whole address: all pass here."""
        base = kwargs.pop("api_base_url", self.API_BASE_URL)
        url = url_or_endpoint if url_or_endpoint.startswith("http") else f"{base}{url_or_endpoint}"
        try:
            return super()._request(method, url.replace(WECHAT, host_of(self.appid), 1), **kwargs)
        except WeChatClientException as error:
            # The gateway's own refusals are no answers of WeChat's.
            if error.response is None or "x-gateway-error" not in error.response.headers:
                raise
            if error.response.status_code == 401:
                self._stand_in.drop()
            raise GatewayError(error.response.json()) from None


if __name__ == "__main__":
    appid, openid = sys.argv[1:]
    print(GatewayClient(appid).user.get(openid))
