"""An account's access token over HTTP.

    pip install requests
    GATEWAY=http://127.0.0.1:3001/apis/v1/wx/open1 GATEWAY_KEY=... python3 access_token.py APPID [REFUSED_TOKEN]
"""

import os
import sys

import requests

GATEWAY = os.environ["GATEWAY"]
HEADERS = {"Authorization": f"Bearer {os.environ['GATEWAY_KEY']}"}


class GatewayError(Exception):
    """docs/errors.md says what each code asks of you."""

    def __init__(self, answer):
        super().__init__(f"{answer['code']}: {answer['message']}")
        self.code = answer["code"]


def access_token(appid):
    return token_of(requests.get(f"{GATEWAY}/access_token/{appid}", headers=HEADERS, timeout=20))


def replace_refused(appid, token):
    """WeChat answered 40001, 40014 or 42001: the token that holds now. Try your call once more, not twice."""
    return token_of(requests.post(f"{GATEWAY}/access_token/{appid}/invalid", json={"token": token}, headers=HEADERS, timeout=20))


def token_of(response):
    if not response.ok:
        raise GatewayError(response.json())
    return response.json()["token"]


if __name__ == "__main__":
    appid, *refused = sys.argv[1:]
    print(replace_refused(appid, *refused) if refused else access_token(appid))
