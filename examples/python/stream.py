"""A consumer of a `stream` subscription, as one member of a group.

    pip install redis
    REDIS_URL=redis://127.0.0.1:6379 STREAM='sink.stream of the subscription' python3 stream.py
"""

import json
import os
import socket
from contextlib import suppress

from connect import connect
from redis import ResponseError

STREAM = os.environ["STREAM"]
GROUP = os.environ.get("GROUP", "crm")
MEMBER = os.environ.get("MEMBER", f"{socket.gethostname()}-{os.getpid()}")
CLAIM_AFTER_MS = int(os.environ.get("CLAIM_AFTER_MS", "60000"))
KEPT_IDS = 10_000
# Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
handled = {}


def handle(event):
    """Raising ends the process; the entry stays unacknowledged and comes again."""
    if event["id"] in handled:
        return
    print(event["type"], event["id"], json.dumps(event["data"], ensure_ascii=False), flush=True)
    handled[event["id"]] = True
    if len(handled) > KEPT_IDS:
        del handled[next(iter(handled))]


store = connect()
try:
    # From "0": what came before the group was made is read, too.
    store.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
except ResponseError as error:
    if not str(error).startswith("BUSYGROUP"):
        raise

# Ctrl-C ends it; what was not acknowledged comes again.
with suppress(KeyboardInterrupt):
    while True:
        # What another member took and did not acknowledge, because it crashed, then what is new.
        claimed = store.xautoclaim(STREAM, GROUP, MEMBER, min_idle_time=CLAIM_AFTER_MS, start_id="0", count=100)[1]
        fresh = store.xreadgroup(GROUP, MEMBER, {STREAM: ">"}, count=100, block=1_000)
        for entry_id, fields in claimed + [entry for _, entries in fresh for entry in entries]:
            handle(json.loads(fields["event"]))
            store.xack(STREAM, GROUP, entry_id)
