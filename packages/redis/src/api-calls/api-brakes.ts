// Owns: which of WeChat's APIs are out of quota for an account until midnight, and what WeChat last said of it. Redis' clock judges.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { NOW_LUA } from '../now-script.ts'
import { runScript, script } from '../script.ts'
import { guardStore } from '../store-errors.ts'

/** WeChat's answer that opened it. */
export type BrakedAnswer = { status: number; contentType: string | undefined; body: Buffer }

export type ApiBrake = {
  answer: BrakedAnswer
  /** This call, and no other in the next ten minutes, is to go to WeChat all the same, to see. */
  isProbe: boolean
}

export type ApiBrakes = {
  /**
   * `subject`: an appid, or `component`. undefined = the path is free. Who ask in the same moment get the same promise. Rejects with
   * STORE_UNAVAILABLE.
   */
  check(subject: string, path: string): Promise<ApiBrake | undefined>
  /** The probe that `check` has given was not made: the next one to check gets it. */
  giveBack(subject: string, path: string): Promise<void>
  /** Until midnight in Shanghai, when WeChat's quotas begin anew. On repeat, the newer answer counts. */
  open(subject: string, path: string, answer: BrakedAnswer): Promise<void>
  /** All paths of the subject when none is given. */
  lift(subject: string, path?: string): Promise<void>
}

const PROBE_EVERY_MS = 600_000
/** So long, all who ask share one look: less than a call takes that could open the brake elsewhere. */
const SHARED_MS = 2
/** Of one subject. The paths are what callers call; WeChat documents a few hundred. */
const MOST_PATHS = 1_000

/**
 * KEYS: brakes of the subject. ARGV: path, ms between probes
 * -> {} or { answer } or { answer, '1' } for the one that is to see
 */
const checkBrake = script(`
local brake = redis.call('HMGET', KEYS[1], 'b:' .. ARGV[1], 'p:' .. ARGV[1])
if not brake[1] then return {} end
${NOW_LUA}
if now < tonumber(brake[2]) then return { brake[1] } end
redis.call('HSET', KEYS[1], 'p:' .. ARGV[1], text(now + ARGV[2]))
return { brake[1], '1' }
`)

/** KEYS: brakes of the subject. ARGV: path */
const giveProbeBack = script(`
if redis.call('HEXISTS', KEYS[1], 'b:' .. ARGV[1]) == 1 then redis.call('HSET', KEYS[1], 'p:' .. ARGV[1], '0') end
`)

/** KEYS: brakes of the subject. ARGV: path, answer, ms between probes, most paths */
const openBrake = script(`${NOW_LUA}
local field = 'b:' .. ARGV[1]
if redis.call('HEXISTS', KEYS[1], field) == 0 and redis.call('HLEN', KEYS[1]) >= 2 * ARGV[4] then return end
redis.call('HSET', KEYS[1], field, ARGV[2], 'p:' .. ARGV[1], text(now + ARGV[3]))
local day, offset = 86400000, 28800000
redis.call('PEXPIREAT', KEYS[1], text((math.floor((now + offset) / day) + 1) * day - offset))
`)

type Deps = { redis: RedisConnection; keys: PlatformKeys }

export function createApiBrakes({ redis, keys }: Deps): ApiBrakes {
  /** As all get it but the first who asks. */
  const looks = new Map<string, Promise<ApiBrake | undefined>>()

  async function look(subject: string, path: string): Promise<ApiBrake | undefined> {
    const found = await guardStore(() => runScript(redis, checkBrake, { keys: [keys.apiBrakes(subject)], args: [path, PROBE_EVERY_MS] }))
    const [answer, probe] = Array.isArray(found) ? (found as unknown[]) : []
    return typeof answer === 'string' ? { answer: parseAnswer(answer), isProbe: probe === '1' } : undefined
  }

  /** What was seen before is not told to whoever asks after it. */
  async function changing(change: () => Promise<void>): Promise<void> {
    await guardStore(change)
    looks.clear()
  }

  return {
    check(subject, path) {
      const key = `${subject} ${path}`
      const shared = looks.get(key)
      if (shared) return shared
      if (looks.size === 0) setTimeout(() => looks.clear(), SHARED_MS)
      const mine = look(subject, path)
      // One alone is to see.
      const others = mine.then((brake) => brake && { ...brake, isProbe: false })
      // Whoever asks hears of it.
      others.catch(() => undefined)
      looks.set(key, others)
      return mine
    },
    open: (subject, path, { status, contentType, body }) =>
      changing(async () => {
        const answer = JSON.stringify({ status, contentType, body: body.toString('base64') })
        await runScript(redis, openBrake, { keys: [keys.apiBrakes(subject)], args: [path, answer, PROBE_EVERY_MS, MOST_PATHS] })
      }),
    giveBack: (subject, path) =>
      changing(async () => void (await runScript(redis, giveProbeBack, { keys: [keys.apiBrakes(subject)], args: [path] }))),
    lift: (subject, path) =>
      changing(async () => {
        const key = keys.apiBrakes(subject)
        if (path === undefined) await redis.del(key)
        else await redis.hdel(key, `b:${path}`, `p:${path}`)
      }),
  }
}

function parseAnswer(text: string): BrakedAnswer {
  const { status, contentType, body } = JSON.parse(text) as { status: number; contentType?: string; body: string }
  return { status, contentType, body: Buffer.from(body, 'base64') }
}
