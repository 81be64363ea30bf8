// Owns: seeing what a request did to Redis: which commands the watched clients sent, and which keys changed.
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { until } from '../helpers/until.ts'
import { COUNTS, createDigests, type Digests } from './redis-digests.ts'

/** The ingress looks every second or so, whoever calls, at Redis' memory, for a loss of its data, and whether the line is alive. */
const BACKGROUND_COMMANDS = /^(info (memory|server)|get wx:\{open1\}:key_check|ping)$/i

export type RedisWitness = Digests & {
  redis: Redis
  /** From now on the commands of every client that is connected at this moment, but for the witness, are counted. */
  watchPresentClients(): Promise<void>
  /** The commands of the watched clients since the last call. */
  takeCommands(): Promise<string[]>
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
    ...createDigests(redis),
    close() {
      monitor.disconnect()
      redis.disconnect()
    },
  }
}

async function addressOf(redis: Redis): Promise<string> {
  return / ?addr=(\S+)/.exec(await redis.client('INFO'))?.[1] ?? ''
}
