"""The connection to Redis, in each form, for the programs beside it. The settings are named as the gateway's own:

    one server   REDIS_URL=redis://USER:PASSWORD@redis:6379
    a cluster    REDIS_MODE=cluster REDIS_URL=redis://USER:PASSWORD@node1:6379,redis://USER:PASSWORD@node2:6379
    sentinels    REDIS_MODE=sentinel REDIS_SENTINEL_NAME=... REDIS_URL=redis://USER:PASSWORD@sentinel1:26379,...
                 and REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD where the sentinels want them
    TLS          rediss: in REDIS_URL, and REDIS_TLS_CA_FILE where the CA is your own
"""

import os
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster
from redis.sentinel import Sentinel


def connect():
    mode = os.environ.get("REDIS_MODE", "standalone")
    urls = [urlsplit(url) for url in os.environ.get("REDIS_URL", "redis://127.0.0.1:6379").split(",")]
    addresses = [(url.hostname, url.port or (26379 if mode == "sentinel" else 6379)) for url in urls]
    tls = {}
    if urls[0].scheme == "rediss":
        # None: the CAs that Python knows.
        tls = {"ssl": True, "ssl_ca_certs": os.environ.get("REDIS_TLS_CA_FILE"), "ssl_check_hostname": True}
    server = {**login(urls[0].username, urls[0].password), **tls, "decode_responses": True}
    if mode == "cluster":
        return RedisCluster(startup_nodes=[ClusterNode(host, port) for host, port in addresses], **server)
    server["db"] = int(urls[0].path[1:] or 0)
    if mode == "sentinel":
        theirs = login(os.environ.get("REDIS_SENTINEL_USERNAME"), os.environ.get("REDIS_SENTINEL_PASSWORD"))
        sentinels = Sentinel(addresses, sentinel_kwargs={**theirs, **tls}, **server)
        return sentinels.master_for(os.environ["REDIS_SENTINEL_NAME"])
    host, port = addresses[0]
    return Redis(host=host, port=port, **server)


def login(username, password):
    return {"username": username and unquote(username) or None, "password": password and unquote(password) or None}
