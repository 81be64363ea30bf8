// Owns: time bounds for the waits of BullMQ's worker. BullMQ gives up a blocking read that lasts too long and
// reconnects. But ioredis' Cluster.connect() neither resolves nor rejects while the cluster is unhealthy, and a Cluster
// without nodes never emits `end`.
import { within } from '@wxgw/wechat-core'
import type { createRedisBackend } from 'bullmq'

type BackendFactory = typeof createRedisBackend

/** Added to the time of a blocking read; BullMQ itself adds one second. */
const READ_MARGIN_MS = 3_000
/** After that the connection continues to connect, and later commands wait in its offline queue. */
const RECONNECT_MS = 2_000

/** A wait that is given up answers nothing: the worker fetches from its queue, and waits again. */
export function waitingNotForEver(createBackend: BackendFactory): BackendFactory {
  return (name, opts, options) => {
    const backend = createBackend(name, opts, options)
    const wait = backend.waitForJob.bind(backend)
    const reconnect = backend.reconnectBlocking.bind(backend)
    backend.waitForJob = async (timeoutSeconds) =>
      (await within(timeoutSeconds * 1000 + READ_MARGIN_MS, wait(timeoutSeconds))) ?? null
    backend.reconnectBlocking = () => within(RECONNECT_MS, reconnect())
    return backend
  }
}
