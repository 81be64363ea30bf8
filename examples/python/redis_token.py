"""An account's access token from Redis, as the read-only user.

    pip install redis
    REDIS_URL=redis://token-reader:PASSWORD@127.0.0.1:6379 python3 redis_token.py APPID
"""

import os
import sys

from connect import connect

platform = os.environ.get("PLATFORM", "open1")
# None: ask over HTTP, it tells why.
print(connect().get(f"wx:{{{platform}}}:access_token:{sys.argv[1]}"))
