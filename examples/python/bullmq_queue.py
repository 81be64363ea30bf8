"""A consumer of a `queue` subscription.

    pip install bullmq
    REDIS_URL=redis://127.0.0.1:6379 QUEUE='sink.queue of the subscription' python3 bullmq_queue.py
"""

import asyncio
import json
import os
from contextlib import suppress

from bullmq import Worker

KEPT_IDS = 10_000
# Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
handled = {}


async def process(job, token):
    event = job.data
    if event["id"] in handled:
        return None
    print(event["type"], event["id"], json.dumps(event["data"], ensure_ascii=False), flush=True)
    handled[event["id"]] = True
    if len(handled) > KEPT_IDS:
        del handled[next(iter(handled))]
    # What the job returns answers the user when the subscription has `"reply": true` and the push still waits.
    if event["type"] != "wechat.message.text":
        return None
    return {"reply": {"MsgType": "text", "Content": f"收到：{event['data']['Content']}"}}


async def main():
    Worker(os.environ["QUEUE"], process, {"connection": os.environ["REDIS_URL"]})
    await asyncio.Event().wait()


# Ctrl-C ends it; what it was working on comes again.
with suppress(KeyboardInterrupt):
    asyncio.run(main())
