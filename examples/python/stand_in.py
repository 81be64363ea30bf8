"""A stand-in for an account's access token, for SDKs that insist on one; run as a program, a call with it.

    pip install requests
    GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... python3 stand_in.py APPID OPENID
"""

import os
import sys
import threading
import time

import requests

GATEWAY = os.environ["GATEWAY"]
HEADERS = {"Authorization": f"Bearer {os.environ['GATEWAY_KEY']}"}
# It lasts two hours at most. Replaced before its end, so that no call under way meets it.
RENEW_BEFORE_SECONDS = 600


class GatewayError(Exception):
    """docs/errors.md says what each code asks of you."""

    def __init__(self, answer):
        super().__init__(f"{answer['code']}: {answer['message']}")
        self.code = answer["code"]


def host_of(appid):
    """Where the SDK finds WeChat, instead of at https://api.weixin.qq.com."""
    return f"{GATEWAY}/api/{appid}"


class StandIn:
    def __init__(self, appid):
        self.appid = appid
        self._token = None
        self._expires_at = 0
        self._lock = threading.Lock()

    def get(self):
        """The same one until ten minutes before its end."""
        with self._lock:
            if time.monotonic() >= self._expires_at - RENEW_BEFORE_SECONDS:
                self._renew()
            return self._token

    def drop(self):
        """The gateway answered 401: the key has changed, or the sealing keys."""
        self._expires_at = 0

    def _renew(self):
        response = requests.get(f"{GATEWAY}/proxy_token/{self.appid}", headers=HEADERS, timeout=20)
        answer = response.json()
        if not response.ok:
            raise GatewayError(answer)
        self._token = answer["token"]
        self._expires_at = time.monotonic() + answer["expires_in"]


if __name__ == "__main__":
    appid, openid = sys.argv[1:]
    token = StandIn(appid).get()
    user = requests.get(f"{host_of(appid)}/cgi-bin/user/info", params={"access_token": token, "openid": openid}, timeout=60)
    # The gateway's own refusals are no answers of WeChat's.
    if "x-gateway-error" in user.headers:
        raise GatewayError(user.json())
    print(user.text)
