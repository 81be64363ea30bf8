// Owns: seeing what a request did to Redis: which commands the watched clients sent, and which keys changed.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { until } from '../helpers/until.ts'

// What turns without anybody asking: the readiness probe, workers' heartbeats, BullMQ's clock of stalled jobs, the daily audit's date, deliveries on their
// way into the log, what each process has counted in a minute; and what a failed refresh before leaves for a second.
const COUNTS =
  /^wx:(\{open1\}:(statistics:|refused_pushes$|delivery_(counts|health):)|\{wx-console\}:|\{[a-z0-9-]+\}:(figures|gathering)$)/
const TURNING = /^wx:\{open1\}:(next_audit|settling|refresh_error:)/
const BACKGROUND_KEYS = [/^wx:\{health\}:probe$/, /^wx:\{wx-messages\}:workers$/, /:stalled-check$/, TURNING, COUNTS]
/** The ingress looks every second or so, whoever calls, at Redis' memory, for a loss of its data, and whether the line is alive. */
const BACKGROUND_COMMANDS = /^(info (memory|server)|get wx:\{open1\}:key_check|ping)$/i

export type Digest = ReadonlyMap<string, string>

export type RedisWitness = {
  redis: Redis
  /** From now on the commands of every client that is connected at this moment, but for the witness, are counted. */
  watchPresentClients(): Promise<void>
  /** The commands of the watched clients since the last call. */
  takeCommands(): Promise<string[]>
  /** Every key but those that turn in the background, with a digest of its value. */
  digest(): Promise<Digest>
  /** Names of keys that came, went or changed. */
  changes(before: Digest): Promise<string[]>
  /** Resolves when nothing has changed for `quietMs`: what a story set in motion has come to rest. */
  rest(quietMs?: number): Promise<void>
  close(): void
}

/**
 * ioredis loses its place when somebody's command is reported in the same packet that confirms MONITOR: then it is asked again, by
 * another client. (`redis.monitor()` leaves the failed one connected for ever.)
 */
async function startMonitor(url: string, tries = 5): Promise<Redis> {
  const monitor = new Redis(url, { monitor: true })
  try {
    await once(monitor, 'monitoring')
    return monitor
  } catch (error) {
    monitor.disconnect()
    if (tries === 1 || !(error instanceof Error) || !error.message.startsWith('Command queue state error')) throw error
    return startMonitor(url, tries - 1)
  }
}

export async function startRedisWitness(url: string): Promise<RedisWitness> {
  const redis = new Redis(url)
  const monitor = await startMonitor(url)
  const watched = new Set<string>()
  let commands: string[] = []
  let marker = 0
  const seen = new Set<string>()
  monitor.on('monitor', (_time: string, args: string[], source: string) => {
    const command = args.slice(0, 2).join(' ')
    const isBackground = BACKGROUND_COMMANDS.test(command) || args.some((arg) => COUNTS.test(arg))
    if (watched.has(source) && !isBackground) commands.push(command)
    if (args[0]?.toLowerCase() === 'echo' && args[1] !== undefined) seen.add(args[1])
  })

  async function digest(): Promise<Digest> {
    const found = new Map<string, string>()
    const keys: string[] = []
    for await (const page of redis.scanStream({ count: 1000 })) keys.push(...(page as string[]))
    const relevant = [...new Set(keys)].filter((key) => !BACKGROUND_KEYS.some((pattern) => pattern.test(key))).sort()
    const dumps = await redis.pipeline(relevant.map((key) => ['call', 'DUMP', key])).exec()
    relevant.forEach((key, index) => {
      const dump = dumps?.[index]?.[1]
      if (typeof dump === 'string') found.set(key, createHash('sha1').update(dump).digest('hex'))
    })
    return found
  }

  async function changes(before: Digest): Promise<string[]> {
    return changedKeys(before, await digest())
  }

  return {
    redis,
    async watchPresentClients() {
      const own = new Set([await addressOf(redis)])
      const list = String(await redis.client('LIST'))
      for (const line of list.split('\n')) {
        const address = / addr=(\S+)/.exec(line)?.[1]
        if (address !== undefined && !own.has(address) && !/ cmd=monitor /.test(line)) watched.add(address)
      }
    },
    async takeCommands() {
      const mark = `witness-${(marker += 1)}`
      await redis.echo(mark)
      await until('the monitor has caught up', () => seen.delete(mark), { everyMs: 1 })
      const taken = commands
      commands = []
      return taken
    },
    digest,
    changes,
    async rest(quietMs = 300) {
      let last = await digest()
      let sinceMs = Date.now()
      await until('Redis comes to rest', async () => {
        if ((await changes(last)).length > 0) {
          last = await digest()
          sinceMs = Date.now()
        }
        return Date.now() - sinceMs >= quietMs
      })
    },
    close() {
      monitor.disconnect()
      redis.disconnect()
    },
  }
}

/** Names of keys that came, went or changed. */
function changedKeys(before: Digest, after: Digest): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key))
}

async function addressOf(redis: Redis): Promise<string> {
  return / ?addr=(\S+)/.exec(await redis.client('INFO'))?.[1] ?? ''
}
