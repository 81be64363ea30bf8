// Owns: when a call is answered without being made, because WeChat has said that the day's quota is used up, and when no longer.
import type { ApiBrake, ApiBrakes } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { COMPONENT_SUBJECT } from '@wxgw/wechat-core'
import type { AdmittedCall } from './admit-call.ts'
import type { Answer } from './call-once.ts'
import { comparable } from './call-url.ts'
import { CLEARS_ALL_QUOTAS, CLEARS_ONE_QUOTA, QUOTA_APIS } from './known-apis.ts'

const QUOTA_USED_UP = 45009
/** Answers that come before WeChat looks at the quota. */
const SAY_NOTHING_OF_QUOTA: ReadonlySet<number> = new Set([-1, 40001, 40014, 42001, 42006])

export type QuotaBrake = {
  /** What stands in the call's way. Without the store nothing does. */
  find(call: AdmittedCall): Promise<ApiBrake | undefined>
  /** After the call: opens, lifts, or does nothing. `body`: the call's own. */
  settle(call: AdmittedCall, outcome: { answer: Answer; wasProbe: boolean; body: () => Promise<Buffer | undefined> }): Promise<void>
  liftAll(brakes: ApiBrakes, subject: string): Promise<void>
}

export function createQuotaBrake({ log }: { log: Log }): QuotaBrake {
  const subjectOf = ({ appId }: AdmittedCall) => appId ?? COMPONENT_SUBJECT

  /** A brake that is not there costs calls, never an answer. */
  async function orNothing<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (err) {
      log.debug({ err }, 'api.brake_not_reached')
      return undefined
    }
  }

  return {
    async find(call) {
      if (QUOTA_APIS.has(call.url.name)) return undefined
      return orNothing(call.platform.apiBrakes.check(subjectOf(call), call.url.name))
    },
    async settle(call, { answer, wasProbe, body }) {
      const { apiBrakes } = call.platform
      const subject = subjectOf(call)
      const { name } = call.url
      if (answer.errcode === QUOTA_USED_UP && !QUOTA_APIS.has(name)) {
        const { status, headers } = answer.head
        await orNothing(apiBrakes.open(subject, name, { status, contentType: headers.get('content-type'), body: answer.body }))
        return
      }
      if (wasProbe && !SAY_NOTHING_OF_QUOTA.has(answer.errcode ?? 0)) await orNothing(apiBrakes.lift(subject, name))
      if (answer.errcode !== undefined || answer.head.status !== 200) return
      if (name === CLEARS_ALL_QUOTAS) await orNothing(apiBrakes.lift(subject))
      if (name === CLEARS_ONE_QUOTA) {
        const cleared = pathIn(await body())
        if (cleared !== undefined) await orNothing(apiBrakes.lift(subject, cleared))
      }
    },
    async liftAll(brakes, subject) {
      await orNothing(brakes.lift(subject))
    },
  }
}

/** The `cgi_path` of a body, in the form of CallUrl's `name`. */
function pathIn(body: Buffer | undefined): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body?.toString() ?? '')
    const path = typeof parsed === 'object' && parsed !== null && 'cgi_path' in parsed ? parsed.cgi_path : undefined
    return typeof path === 'string' ? comparable(path.split('?', 1)[0] ?? '') : undefined
  } catch {
    // WeChat has understood it otherwise; the brake then ends by itself.
    return undefined
  }
}
