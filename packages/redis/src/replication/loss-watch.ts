// Owns: detecting that Redis may have lost acknowledged writes: another server process answers (a failover, a restart),
// or a key that always exists is missing or changed (an emptied Redis).
import { pause } from '@wxgw/wechat-core'
import { Cluster } from 'ioredis'
import type { RedisConnection } from '../connect.ts'
import { infoOf, mastersOf, runIdOf } from '../servers.ts'

export type Loss = 'another-server' | 'emptied'

type LossWatchDeps = {
  /** A `commands` connection. */
  redis: RedisConnection
  /** Keys that always exist in this installation, and whose value changes only when Redis is emptied. */
  marks: readonly string[]
  /** Not called again before its promise has settled. */
  onLoss(loss: Loss): Promise<void>
  onError(error: unknown): void
  /** How often it checks. Default 5 s. A new connection is checked when it is ready. */
  everyMs?: number
}

export type LossWatch = { stop(): Promise<void> }

/** The pause between two checks of a new connection that does not answer yet. */
const SOON_MS = 50

type View = { servers: ReadonlySet<string> | undefined; marks: ReadonlyArray<string | null> }

/**
 * Each check compares with the previous one. Without the right to INFO every new connection counts as another server. A
 * master that joins a cluster counts as a loss too, so `onLoss` must be safe to repeat.
 */
export function startLossWatch({ redis, marks, onLoss, onError, everyMs = 5_000 }: LossWatchDeps): LossWatch {
  const stopping = new AbortController()
  let seen: View | undefined
  let isNewConnection = false
  let wake = new AbortController()

  const onReady = () => {
    isNewConnection = true
    wake.abort()
  }
  redis.on('ready', onReady)
  if (redis instanceof Cluster) redis.on('+node', onReady)

  async function check(): Promise<Loss | undefined> {
    const reconnected = isNewConnection
    isNewConnection = false
    const view = await viewOf(redis, marks).catch((error: unknown) => {
      // Not checked yet: the next check has to count it as new.
      isNewConnection ||= reconnected
      throw error
    })
    const before = seen
    seen = view
    if (!before) return undefined
    if (before.marks.some((mark, index) => mark !== null && mark !== view.marks[index])) return 'emptied'
    const { servers } = view
    if (!servers || !before.servers) return reconnected ? 'another-server' : undefined
    const known = before.servers
    return [...servers].some((server) => !known.has(server)) ? 'another-server' : undefined
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const loss = await check()
        if (loss) await onLoss(loss)
      } catch (error) {
        // Redis is away: the next connection starts a check.
        onError(error)
      }
      wake = new AbortController()
      if (isNewConnection && redis.status === 'ready') {
        await pause(SOON_MS, stopping.signal)
        continue
      }
      const signal = AbortSignal.any([wake.signal, stopping.signal])
      await pause(everyMs, signal, { ref: false })
    }
  }

  const watching = watch()
  return {
    async stop() {
      redis.off('ready', onReady)
      if (redis instanceof Cluster) redis.off('+node', onReady)
      stopping.abort()
      await watching
    },
  }
}

async function viewOf(redis: RedisConnection, marks: readonly string[]): Promise<View> {
  const [servers, ...found] = await Promise.all([serversOf(redis), ...marks.map((key) => redis.get(key))])
  return { servers, marks: found }
}

/** The run ids of all masters: each start of a server has its own. undefined where INFO is forbidden. */
async function serversOf(redis: RedisConnection): Promise<ReadonlySet<string> | undefined> {
  const infos = await Promise.all(mastersOf(redis).map((node) => infoOf(node, 'server')))
  const ids = infos.map(runIdOf)
  return ids.every((id) => id !== undefined) ? new Set(ids) : undefined
}
