// Owns: which server the sentinels take for the master. After a failover they learn it one after the other, within
// seconds: the one with the newest configuration is right.
import type { RedisEndpoint } from '@wxgw/contracts'
import { Redis, type RedisOptions } from 'ioredis'
import { isReply } from '../store-errors.ts'

/** `epoch`: the larger, the newer. `isUndisputed`: all sentinels that answered say so. */
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
/** After the first answer. A sentinel on a lost machine does not hold up a connection to the new master. */
const OTHERS_WITHIN_MS = 200

type Opinion = Pick<MasterView, 'master' | 'epoch' | 'sentinel'>

/** One connection to each sentinel, until `close`. */
export function createMasterViews({ sentinels, name, options }: MasterViewsDeps): MasterViews {
  const asked = sentinels.map((sentinel) => ({ sentinel, redis: openSentinel(sentinel, options) }))

  async function opinionOf({ sentinel, redis }: (typeof asked)[number]): Promise<Opinion | undefined> {
    try {
      // In this order: an address that is newer than its epoch is right all the same.
      const [details, address] = await Promise.all([
        redis.call('SENTINEL', 'MASTER', name).catch(unlessRefused),
        redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name),
      ])
      return Array.isArray(address)
        ? { master: address.map(String).join(':'), epoch: epochOf(details), sentinel }
        : undefined
    } catch {
      // A sentinel that is away has no opinion: whether any answers is seen by who connects.
      return undefined
    }
  }

  return {
    async newest() {
      const opinions = await answersInTime(asked.map(opinionOf))
      const [first, ...others] = opinions.toSorted((left, right) => right.epoch - left.epoch)
      return first && { ...first, isUndisputed: others.every(({ master }) => master === first.master) }
    },
    close() {
      for (const { redis } of asked) redis.disconnect()
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
  // The command that meets it fails.
  redis.on('error', () => undefined)
  return redis
}

/** Its user may not ask for more than the address. */
function unlessRefused(error: unknown): undefined {
  if (!isReply(error)) throw error
}

function epochOf(details: unknown): number {
  if (!Array.isArray(details)) return 0
  const at = details.indexOf('config-epoch')
  return at < 0 ? 0 : Number(details[at + 1])
}

/** What there is some time after the first answer. */
function answersInTime<T>(asked: ReadonlyArray<Promise<T | undefined>>): Promise<T[]> {
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
    void Promise.all(asked.map((one) => one.then(take))).then(done)
  })
}
