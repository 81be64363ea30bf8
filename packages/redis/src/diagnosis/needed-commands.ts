// Owns: samples of the commands, keys and channels to which the gateway's Redis user needs rights.
import { anyKeyOf } from '../bullmq-format/queue-keys.ts'
import {
  AUDIT_KEY,
  COMPONENT_EVENTS_QUEUE,
  deliveriesQueue,
  MAINTENANCE_QUEUE,
  messageInbox,
  MESSAGES_QUEUE,
  orderKey,
  PLATFORM_EVENTS_QUEUE,
  platformKeys,
  READINESS_PROBE_KEY,
  scriptProbeKey,
  shardKeys,
  SHARD_COUNT_KEY,
  sinkQueue,
  sinkStream,
} from '../keys.ts'

/**
 * Each has as many arguments as it needs, because Redis counts them before it checks rights. `K` stands for a key, `C`
 * for a channel.
 */
const SAMPLES = [
  ...[
    'exists K',
    'type K',
    'del K',
    'unlink K',
    'expire K 1',
    'pexpire K 1',
    'pexpireat K 1',
    'pttl K',
    'persist K',
    'rename K K',
  ],
  ...[
    'get K',
    'set K x',
    'getdel K',
    'incr K',
    'incrby K 1',
    'hset K f x',
    'hsetnx K f x',
    'hmset K f x',
    'hget K f',
    'hmget K f',
  ],
  ...[
    'hgetall K',
    'hkeys K',
    'hdel K f',
    'hexists K f',
    'hincrby K f 1',
    'hlen K',
    'hstrlen K f',
    'lpush K x',
    'rpush K x',
    'lpop K',
  ],
  ...[
    'rpop K',
    'rpoplpush K K',
    'lrem K 1 x',
    'lrange K 0 0',
    'llen K',
    'ltrim K 0 0',
    'lpos K x',
    'lindex K 0',
    'lset K 0 x',
  ],
  ...[
    'sadd K x',
    'srem K x',
    'scard K',
    'sismember K x',
    'smembers K',
    'zadd K 1 x',
    'zrem K x',
    'zscore K x',
    'zmscore K x',
    'zcard K',
  ],
  ...['zcount K 0 0', 'zlexcount K - +', 'zrange K 0 0', 'zrangebyscore K 0 0', 'zrangebylex K - +', 'zrevrange K 0 0'],
  ...[
    'zrevrangebyscore K 0 0',
    'zpopmin K',
    'bzpopmin K 1',
    'zremrangebyscore K 0 0',
    'zremrangebyrank K 0 0',
    'xadd K * f x',
    'xlen K',
  ],
  ...[
    'xrange K - +',
    'xrevrange K - +',
    'xread STREAMS K 0',
    'xtrim K MAXLEN 1',
    'xdel K 1',
    'eval x 1 K',
    'evalsha x 1 K',
  ],
  ...['script exists x', 'script load x', 'time', 'publish C x'],
]

type Sample = {
  /** As in an ACL rule: `zadd`, `script|load`. */
  name: string
  words: readonly string[]
}

export function commandSamples(platform: string): Sample[] {
  const { ticket } = platformKeys(platform)
  return SAMPLES.map((sample) => {
    const [command = '', ...rest] = sample.split(' ')
    const name = command === 'script' ? `${command}|${rest[0]}` : command
    const values: Record<string, string> = { K: ticket, C: channelOf(platform) }
    return { name, words: [command, ...rest.map((word) => values[word] ?? word)] }
  })
}

/** One key of each pattern that the documented user has. */
export function keySamples(platform: string): string[] {
  const parts = [platform, 'x'] as const
  const [deliveries, queue] = [deliveriesQueue(...parts), sinkQueue(...parts)]
  return [
    ...[
      platformKeys(platform).ticket,
      shardKeys(platform, 1).events,
      sinkStream(...parts),
      orderKey(...parts),
      scriptProbeKey(inner(queue), 'x'),
    ],
    ...[anyKeyOf(deliveries), anyKeyOf(queue), SHARD_COUNT_KEY, AUDIT_KEY, READINESS_PROBE_KEY],
    ...[MESSAGES_QUEUE, messageInbox(0), PLATFORM_EVENTS_QUEUE, COMPONENT_EVENTS_QUEUE, MAINTENANCE_QUEUE].map(
      anyKeyOf,
    ),
  ]
}

export function channelOf(platform: string): string {
  return platformKeys(platform).replyChannel('x')
}

function inner(tagged: string): string {
  return tagged.replaceAll(/[{}]/g, '')
}
