// Owns: the brakes on WeChat's APIs whose quota of an account is used up until midnight, with WeChat's last answer.
// Times are those of Redis' clock.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'

/** WeChat's answer that opened the brake. */
export type BrakedAnswer = { status: number; contentType: string | undefined; body: Buffer }

export type ApiBrake = {
  answer: BrakedAnswer
  /** True for one call in ten minutes: it goes to WeChat, to find out whether the quota is back. */
  isProbe: boolean
}

export type ApiBrakes = {
  /**
   * `subject`: an appid, or `component`. undefined = the path has no brake. Concurrent calls share one read. Rejects
   * with STORE_UNAVAILABLE.
   */
  check(subject: string, path: string): Promise<ApiBrake | undefined>
  /** Call it when the probe of `check` was not made: the next `check` gets it. */
  giveBack(subject: string, path: string): Promise<void>
  /** Until midnight in Shanghai, when WeChat resets its quotas. A repeat stores the newer answer. */
  open(subject: string, path: string, answer: BrakedAnswer): Promise<void>
  /** Without a path: of all paths of the subject. */
  lift(subject: string, path?: string): Promise<void>
}

const PROBE_EVERY_MS = 600_000
/** Calls within this time share one read: shorter than any call to WeChat that could open the brake meanwhile. */
const SHARED_MS = 2
/** Braked paths of one subject. Callers choose the paths; WeChat documents a few hundred. */
const MAX_PATHS = 1_000

const checkBrake = defineScript({
  name: 'api-calls/check-brake',
  keys: ['brakes'],
  args: ['path', 'probeEveryMs'],
})
const giveProbeBack = defineScript({ name: 'api-calls/give-probe-back', keys: ['brakes'], args: ['path'] })
const openBrake = defineScript({
  name: 'api-calls/open-brake',
  keys: ['brakes'],
  args: ['path', 'answer', 'probeEveryMs', 'maxPaths'],
})

type Deps = { redis: RedisConnection; keys: PlatformKeys }

export function createApiBrakes({ redis, keys }: Deps): ApiBrakes {
  /** By subject and path: the result for all callers but the first. */
  const reads = new Map<string, Promise<ApiBrake | undefined>>()

  async function read(subject: string, path: string): Promise<ApiBrake | undefined> {
    const asked = { brakes: keys.apiBrakes(subject), path, probeEveryMs: PROBE_EVERY_MS }
    const found = await guardStore(() => checkBrake(redis, asked))
    const [answer, probe] = Array.isArray(found) ? (found as unknown[]) : []
    return typeof answer === 'string' ? { answer: parseAnswer(answer), isProbe: probe === '1' } : undefined
  }

  /** After a change no caller gets the result of an earlier read. */
  async function changing(change: () => Promise<void>): Promise<void> {
    await guardStore(change)
    reads.clear()
  }

  return {
    check(subject, path) {
      const key = `${subject} ${path}`
      const shared = reads.get(key)
      if (shared) return shared
      if (reads.size === 0) setTimeout(() => reads.clear(), SHARED_MS)
      const first = read(subject, path)
      // Only the first caller may make the probe.
      const others = first.then((brake) => brake && { ...brake, isProbe: false })
      // Each caller handles the rejection; without callers it must not be unhandled.
      others.catch(() => undefined)
      reads.set(key, others)
      return first
    },
    open: (subject, path, { status, contentType, body }) =>
      changing(async () => {
        const answer = JSON.stringify({ status, contentType, body: body.toString('base64') })
        const opened = { path, answer, probeEveryMs: PROBE_EVERY_MS, maxPaths: MAX_PATHS }
        await openBrake(redis, { brakes: keys.apiBrakes(subject), ...opened })
      }),
    giveBack: (subject, path) =>
      changing(async () => void (await giveProbeBack(redis, { brakes: keys.apiBrakes(subject), path }))),
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
