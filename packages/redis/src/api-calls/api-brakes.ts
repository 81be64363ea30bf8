// Owns: which of WeChat's APIs are out of quota for an account until midnight, and what WeChat last said of it. Redis'
// clock judges.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
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
   * `subject`: an appid, or `component`. undefined = the path is free. Who ask in the same moment get the same promise.
   * Rejects with STORE_UNAVAILABLE.
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
  /** As all get it but the first who asks. */
  const looks = new Map<string, Promise<ApiBrake | undefined>>()

  async function look(subject: string, path: string): Promise<ApiBrake | undefined> {
    const asked = { brakes: keys.apiBrakes(subject), path, probeEveryMs: PROBE_EVERY_MS }
    const found = await guardStore(() => checkBrake(redis, asked))
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
