// Owns: when a call is answered without being made, because WeChat has said that the day's quota is used up, and when
// no longer.
import type { ApiBrake, ApiBrakes, BrakedAnswer } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { COMPONENT_SUBJECT, type Secret, within } from '@wxgw/wechat-core'
import type { AdmittedCall } from './admit-call.ts'
import { contentTypeOf } from './answer-headers.ts'
import type { Answer } from './call-once.ts'
import { comparable } from './call-url.ts'
import { CLEAR_ALL_QUOTAS, CLEARS_ONE_QUOTA, QUOTA_APIS } from './known-apis.ts'
import { createTokenMask } from './token-mask.ts'

const QUOTA_USED_UP = 45009
/** What comes after it needs the store, too, and its own time to find out that it is away. */
const MAX_WAIT_MS = 250
/** Answers that come before WeChat looks at the quota. */
const SAY_NOTHING_OF_QUOTA: ReadonlySet<number> = new Set([-1, 40001, 40014, 42001, 42006])

const NOT_BRAKED = Promise.resolve(undefined)

type Outcome = {
  answer: Answer
  token: Secret
  wasProbe: boolean
  /** The call's own. */
  body: () => Promise<Buffer | undefined>
}

export type QuotaBrake = {
  /** What stands in the call's way. Without the store nothing does. */
  find(call: AdmittedCall): Promise<ApiBrake | undefined>
  /** After the call: opens or lifts. undefined when there is nothing to do. */
  settle(call: AdmittedCall, outcome: Outcome): Promise<void> | undefined
  /** The call that was to see was not made: the next one is to. */
  giveBack(call: AdmittedCall): Promise<void>
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

  async function openOrLift(call: AdmittedCall, { answer, token, wasProbe, body }: Outcome): Promise<void> {
    const { apiBrakes } = call.platform
    const subject = subjectOf(call)
    const { name } = call.url
    if (answer.errcode === QUOTA_USED_UP && !QUOTA_APIS.has(name)) {
      await orNothing(apiBrakes.open(subject, name, keptAnswer(answer, token)))
      return
    }
    if (wasProbe && !SAY_NOTHING_OF_QUOTA.has(answer.errcode ?? 0)) await orNothing(apiBrakes.lift(subject, name))
    if (answer.errcode !== undefined || answer.head.status !== 200) return
    if (CLEAR_ALL_QUOTAS.has(name)) await orNothing(apiBrakes.lift(subject))
    if (name === CLEARS_ONE_QUOTA) {
      const cleared = pathIn(await body())
      if (cleared !== undefined) await orNothing(apiBrakes.lift(subject, cleared))
    }
  }

  /** What is asked for in the same moment is waited for once. */
  const found = new WeakMap<Promise<ApiBrake | undefined>, Promise<ApiBrake | undefined>>()

  return {
    find(call) {
      if (QUOTA_APIS.has(call.url.name)) return NOT_BRAKED
      const check = call.platform.apiBrakes.check(subjectOf(call), call.url.name)
      const waited = found.get(check) ?? orNothing(within(MAX_WAIT_MS, check))
      found.set(check, waited)
      return waited
    },
    async giveBack(call) {
      await orNothing(call.platform.apiBrakes.giveBack(subjectOf(call), call.url.name))
    },
    settle(call, outcome) {
      const isQuotaApi = QUOTA_APIS.has(call.url.name)
      const isUsedUp = outcome.answer.errcode === QUOTA_USED_UP
      return outcome.wasProbe || isUsedUp || isQuotaApi ? openOrLift(call, outcome) : undefined
    },
    async liftAll(brakes, subject) {
      await orNothing(brakes.lift(subject))
    },
  }
}

/**
 * For all callers of the path, whatever their rights, and in clear: never with the token that WeChat may repeat in it.
 */
function keptAnswer({ head, body }: Answer, token: Secret): BrakedAnswer {
  const mask = createTokenMask(token.reveal())
  return {
    status: head.status,
    contentType: contentTypeOf(head, token.reveal()),
    body: Buffer.concat([mask.push(body), mask.end()]),
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
