// Owns: finding the rights that the Redis user lacks, without running a command: Redis checks rights when MULTI queues
// a command, and drops the queued commands with the connection.
import type { Redis } from 'ioredis'
import type { RedisConnection } from '../connect.ts'
import { mastersOf } from '../servers.ts'
import { guardStore, isReply } from '../store-errors.ts'
import { channelOf, commandSamples, keySamples } from './needed-commands.ts'

/** Empty lists: nothing is missing. */
type MissingRights = { commands: string[]; keys: string[]; channels: string[] }

/** A cluster may have hundreds of nodes; its users are the same everywhere, or the first ones show it. */
const MAX_NODES = 3
const TIMEOUT_MS = 1_000

/** Opens its own connections. Rejects with STORE_UNAVAILABLE. Each refusal adds a line to the server's ACL LOG. */
export async function missingRights(redis: RedisConnection, platforms: readonly string[]): Promise<MissingRights> {
  const nodes = mastersOf(redis).slice(0, MAX_NODES)
  const found = await guardStore(() => Promise.all(nodes.map((node) => missingAt(node, platforms))))
  const union = (kind: keyof MissingRights) => [...new Set(found.flatMap((missing) => missing[kind]))]
  return { commands: union('commands'), keys: union('keys'), channels: union('channels') }
}

async function missingAt(node: Redis, platforms: readonly string[]): Promise<MissingRights> {
  const [first = ''] = platforms
  const redis = node.duplicate({
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: true,
    enableReadyCheck: false,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
  })
  // Ignored here: each command rejects with it.
  redis.on('error', () => undefined)
  const isRefused = async (words: readonly string[], refusal = /^NOPERM/): Promise<boolean> => {
    const [command = '', ...rest] = words
    try {
      await redis.call(command, ...rest)
      return false
    } catch (error) {
      // Any other reply, for example MOVED for another node's key: the right exists.
      if (error instanceof Error && isReply(error)) return refusal.test(error.message)
      throw error
    }
  }
  try {
    await redis.connect()
    if (await isRefused(['multi'])) return { commands: ['multi'], keys: [], channels: [] }
    const commands = commandSamples(first)
    const keys = platforms.flatMap(keySamples)
    const channels = platforms.map(channelOf)
    const [ofCommands, ofKeys, ofChannels] = await Promise.all([
      // Refusals for a key are not counted here: the next list finds them.
      Promise.all(commands.map(({ words }) => isRefused(words, /^NOPERM.* command/))),
      Promise.all(keys.map((key) => isRefused(['exists', key], /^NOPERM.* key/))),
      Promise.all(channels.map((channel) => isRefused(['publish', channel, 'x'], /^NOPERM.* channel/))),
    ])
    return {
      commands: commands.flatMap(({ name }, index) => (ofCommands[index] ? [name] : [])),
      keys: [...new Set(keys.filter((_, index) => ofKeys[index]))],
      channels: channels.filter((_, index) => ofChannels[index]),
    }
  } finally {
    redis.disconnect()
  }
}
