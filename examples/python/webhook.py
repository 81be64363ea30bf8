"""A consumer of a `webhook` subscription, behind your TLS proxy. Needs nothing but Python.

    WEBHOOK_SECRET=whsec_... PORT=8080 python3 webhook.py
"""

import base64
import hashlib
import hmac
import json
import os
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 2 * 1024 * 1024
KEPT_IDS = 10_000
# Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
handled = {}


def is_authentic(headers, body):
    """Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. While the secret is replaced there are two signatures."""
    event_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    mac = hmac.new(KEY, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(mac)
    return any(hmac.compare_digest(expected, given.encode()) for given in headers.get("webhook-signature", "").split(" "))


def handle(event):
    """What it answers is read when the subscription has `"reply": true`. Be quick: work afterwards."""
    if event["id"] in handled:
        return {}
    print(event["type"], event["id"], json.dumps(event["data"], ensure_ascii=False), flush=True)
    handled[event["id"]] = True
    if len(handled) > KEPT_IDS:
        del handled[next(iter(handled))]
    if event["type"] != "wechat.message.text":
        return {}
    return {"reply": {"MsgType": "text", "Content": f"收到：{event['data']['Content']}"}}


class Consumer(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if length > MAX_BODY_BYTES:
            return self.answer(413)
        # The bytes as they came: what is parsed and written again has another signature.
        body = self.rfile.read(length)
        if not is_authentic(self.headers, body):
            return self.answer(401)
        return self.answer(200, json.dumps(handle(json.loads(body))).encode())

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """One line per event is enough."""


# Ctrl-C ends it.
with suppress(KeyboardInterrupt):
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Consumer).serve_forever()
