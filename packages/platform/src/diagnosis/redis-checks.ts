// Owns: the checks of Redis beyond readiness: its version, the user's rights, its memory.
import { missingRights, type RedisConnection, serverFacts } from '@wxgw/redis'
import { atMostEvery, type DiagnosisCheck, type Finding, ok } from './diagnosis.ts'

/** The scripts and the documented users need streams, ACLs with subcommands and options of EXPIRE. */
const OLDEST_MAJOR = 7
/** Messages are refused from 75 % on, all pushes from 90 %. */
const MEMORY_WARNING = 0.6
const MEMORY_PROBLEM = 0.75
const RIGHTS_HOLD_MS = 5_000
const MAX_NAMED = 12

type Deps = { redis: RedisConnection; platforms: readonly string[] }

export function redisChecks({ redis, platforms }: Deps): DiagnosisCheck[] {
  return [
    {
      id: 'redis-version',
      platform: null,
      title: { zh: 'Redis 版本', en: 'Redis version' },
      find: () => findVersion(redis),
    },
    {
      id: 'redis-rights',
      platform: null,
      title: { zh: 'Redis 用户权限', en: 'Redis rights' },
      find: atMostEvery(RIGHTS_HOLD_MS, () => findRights({ redis, platforms })),
    },
    {
      id: 'redis-memory',
      platform: null,
      title: { zh: 'Redis 内存', en: 'Redis memory' },
      find: () => findMemory(redis),
    },
  ]
}

async function findVersion(redis: RedisConnection): Promise<Finding> {
  const versions = [...new Set((await serverFacts(redis)).map(({ version }) => version))]
  if (versions.length === 0 || versions.includes(undefined)) {
    return {
      status: 'warning',
      what: { zh: 'Redis 不允许 INFO，版本未知', en: 'Redis forbids INFO: its version is not known' },
      whatToDo: { zh: '允许该用户使用 INFO', en: 'Allow INFO to the user' },
    }
  }
  const text = versions.join(', ')
  const isOld = versions.some((version) => Number(version?.split('.')[0]) < OLDEST_MAJOR)
  if (!isOld) return ok({ zh: `Redis ${text}`, en: `Redis ${text}` })
  return {
    status: 'problem',
    what: {
      zh: `Redis ${text} 过旧，最低支持 ${OLDEST_MAJOR}.0`,
      en: `Redis ${text} is too old: ${OLDEST_MAJOR}.0 is the oldest supported`,
    },
    whatToDo: {
      zh: `升级到 Redis ${OLDEST_MAJOR}.0 或更高，或 Valkey`,
      en: `Upgrade to Redis ${OLDEST_MAJOR}.0 or later, or Valkey`,
    },
  }
}

async function findRights({ redis, platforms }: Deps): Promise<Finding> {
  const { commands, keys, channels } = await missingRights(redis, platforms)
  const rules = [
    ...commands.map((name) => `+${name}`),
    ...keys.map((key) => `~${key}`),
    ...channels.map((channel) => `&${channel}`),
  ]
  if (rules.length === 0)
    return ok({ zh: '需要的命令、键和频道都允许', en: 'all commands, keys and channels that are needed are allowed' })
  const more = rules.length > MAX_NAMED ? ` … (${rules.length})` : ''
  const text = rules.slice(0, MAX_NAMED).join(' ') + more
  return {
    status: 'problem',
    what: { zh: `Redis 用户缺少权限：${text}`, en: `the Redis user has no right to ${text}` },
    whatToDo: {
      zh: '按 SECURITY.md 中 gateway 用户补齐权限',
      en: 'Give it what SECURITY.md shows for the user gateway',
    },
  }
}

async function findMemory(redis: RedisConnection): Promise<Finding> {
  const facts = await serverFacts(redis)
  const fullest = facts.toSorted((one, other) => shareOf(other) - shareOf(one))[0]
  if (fullest === undefined) throw new Error('a connection has a server')
  const [used, limit] = [megabytes(fullest.usedBytes), megabytes(fullest.limitBytes)]
  if (fullest.limitBytes === 0) return ok({ zh: `已用 ${used} MB，没有上限`, en: `${used} MB used, no limit` })
  const share = shareOf(fullest)
  const percent = Math.round(share * 100)
  const what = {
    zh: `已用 ${used} MB，上限 ${limit} MB（${percent}%）`,
    en: `${used} MB of ${limit} MB used (${percent} %)`,
  }
  if (share < MEMORY_WARNING) return ok(what)
  return {
    status: share < MEMORY_PROBLEM ? 'warning' : 'problem',
    what,
    whatToDo: {
      zh: '增大 maxmemory，或查明增长原因：积压的队列与流、EVENT_LOG_SECONDS；75% 起拒绝消息推送，90% 起拒绝全部推送',
      en: 'Raise maxmemory, or find what grows: queues and streams that nobody reads, EVENT_LOG_SECONDS. Messages are refused from 75 %, all pushes from 90 %',
    },
  }
}

function shareOf({ usedBytes, limitBytes }: { usedBytes: number; limitBytes: number }): number {
  return limitBytes === 0 ? 0 : usedBytes / limitBytes
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(bytes < 100 * 1024 * 1024 ? 1 : 0)
}
