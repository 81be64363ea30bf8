"""Consumers of a `webhook` and of a `stream` subscription.

    WEBHOOK_SECRET=whsec_... python3 consumer.py webhook
    pip install redis && python3 consumer.py stream

Events come at least once: keep their ids and skip what comes again.
"""

import base64
import hashlib
import hmac
import json
import os
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 2 * 1024 * 1024


def handle(event):
    print(event["type"], event["id"], json.dumps(event["data"], ensure_ascii=False), flush=True)


def is_authentic(secret, headers, body):
    """Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. While the secret is replaced there are two signatures."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.new(key, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    for signature in headers.get("webhook-signature", "").split(" "):
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(base64.b64encode(expected), value.encode()):
            return True
    return False


class Consumer(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if length > MAX_BODY_BYTES:
            self.answer(413)
            return
        body = self.rfile.read(length)
        if not is_authentic(os.environ["WEBHOOK_SECRET"], self.headers, body):
            self.answer(401)
            return
        handle(json.loads(body))
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


def read_stream():
    import redis

    store = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"), decode_responses=True)
    stream = os.environ.get("STREAM", "wx:{stream.open1.crm}")
    group = os.environ.get("GROUP", "crm")
    member = f"{socket.gethostname()}-{os.getpid()}"
    try:
        store.xgroup_create(stream, group, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
    while True:
        # What a member took and did not acknowledge, because it crashed, is claimed after a minute.
        claimed = store.xautoclaim(stream, group, member, min_idle_time=60_000, start_id="0", count=100)[1]
        fresh = store.xreadgroup(group, member, {stream: ">"}, count=100, block=1_000)
        for entry_id, fields in claimed + [entry for _, entries in fresh for entry in entries]:
            if fields:
                handle(json.loads(fields["event"]))
            store.xack(stream, group, entry_id)


if __name__ == "__main__":
    if sys.argv[1:] == ["stream"]:
        read_stream()
    elif sys.argv[1:] == ["webhook"]:
        if not os.environ.get("WEBHOOK_SECRET"):
            sys.exit("WEBHOOK_SECRET is missing")
        ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Consumer).serve_forever()
    else:
        sys.exit("usage: consumer.py webhook | stream")
