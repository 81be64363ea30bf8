// Owns: which server is the master by the sentinels. After a failover they learn it within seconds, one after the
// other: the sentinel with the newest configuration is right.
import type { RedisEndpoint } from '@wxgw/contracts'
import { Redis, type RedisOptions } from 'ioredis'
import { isReply } from '../store-errors.ts'

/** `epoch`: of the configuration; the largest is the newest. `isUndisputed`: all sentinels that answered agree. */
export type MasterView = { master: string; epoch: number; sentinel: RedisEndpoint; isUndisputed: boolean }

export type MasterViews = {
  /** undefined when no sentinel knows a master now. Never rejects; takes a second at most. */
  newest(): Promise<MasterView | undefined>
  close(): void
}

export type MasterViewsDeps = {
  sentinels: readonly RedisEndpoint[]
  name: string
  options: Pick<RedisOptions, 'username' | 'password' | 'tls'>
}

const ANSWERED_WITHIN_MS = 1_000
const SOCKET_TIMEOUT_MS = 2_000
const RECONNECT_EVERY_MS = 500
/** The time for other answers after the first one: a lost sentinel must not delay a connection to the new master. */
const OTHERS_WITHIN_MS = 200

type View = Pick<MasterView, 'master' | 'epoch' | 'sentinel'>

/** One connection to each sentinel, until `close`. */
export function createMasterViews({ sentinels, name, options }: MasterViewsDeps): MasterViews {
  const connections = sentinels.map((sentinel) => ({ sentinel, redis: openSentinel(sentinel, options) }))

  async function viewOf({ sentinel, redis }: (typeof connections)[number]): Promise<View | undefined> {
    try {
      // The epoch first: an address may be newer than the epoch, but not older.
      const [details, address] = await Promise.all([
        redis.call('SENTINEL', 'MASTER', name).catch(unlessRefused),
        redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name),
      ])
      return Array.isArray(address)
        ? { master: address.map(String).join(':'), epoch: epochOf(details), sentinel }
        : undefined
    } catch {
      // A sentinel that is away counts as no answer. When none answers, the connection fails.
      return undefined
    }
  }

  return {
    async newest() {
      const views = await answersInTime(connections.map(viewOf))
      const [first, ...others] = views.toSorted((left, right) => right.epoch - left.epoch)
      return first && { ...first, isUndisputed: others.every(({ master }) => master === first.master) }
    },
    close() {
      for (const { redis } of connections) redis.disconnect()
    },
  }
}

function openSentinel(endpoint: RedisEndpoint, options: MasterViewsDeps['options']): Redis {
  const redis = new Redis({
    ...options,
    ...endpoint,
    connectTimeout: ANSWERED_WITHIN_MS,
    commandTimeout: ANSWERED_WITHIN_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => RECONNECT_EVERY_MS,
    enableReadyCheck: false,
    disableClientInfo: true,
  })
  // Ignored here: commands reject with it.
  redis.on('error', () => undefined)
  return redis
}

/** The documented user of a sentinel has the right to the address only. */
function unlessRefused(error: unknown): undefined {
  if (!isReply(error)) throw error
}

function epochOf(details: unknown): number {
  if (!Array.isArray(details)) return 0
  const at = details.indexOf('config-epoch')
  return at < 0 ? 0 : Number(details[at + 1])
}

/** The answers that arrive until OTHERS_WITHIN_MS after the first one. */
function answersInTime<T>(calls: ReadonlyArray<Promise<T | undefined>>): Promise<T[]> {
  return new Promise((resolve) => {
    const answers: T[] = []
    let timer: NodeJS.Timeout | undefined
    const done = () => {
      clearTimeout(timer)
      resolve(answers)
    }
    const take = (answer: T | undefined) => {
      if (answer === undefined) return
      answers.push(answer)
      timer ??= setTimeout(done, OTHERS_WITHIN_MS)
    }
    void Promise.all(calls.map((call) => call.then(take))).then(done)
  })
}
