// Owns: that a worker of BullMQ never waits for ever. BullMQ gives up a blocking read that lasts too long and connects
// anew; but ioredis' Cluster.connect() neither resolves nor rejects when the cluster is not well at that moment, and a
// Cluster without nodes never says that it has ended.
import { within } from '@wxgw/wechat-core'
import type { createRedisBackend } from 'bullmq'

type BackendFactory = typeof createRedisBackend

/** After BullMQ's own second, beyond the time that it reads for. */
const READ_MARGIN_MS = 3_000
/** The connection goes on by itself: what comes next waits in its queue. */
const RECONNECT_MS = 2_000

/** A wait that is given up finds nothing: the worker looks into its queue, and waits again. */
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
