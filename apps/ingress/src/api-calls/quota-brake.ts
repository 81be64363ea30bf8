// Owns: answering calls without making them after WeChat's errcode 45009 (the day's quota is used up), and ending that.
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
/** Short, because the following reads of the store need time to fail, too. */
const MAX_WAIT_MS = 250
/** Errcodes that WeChat returns before it checks the quota. */
const BEFORE_QUOTA_CHECK: ReadonlySet<number> = new Set([-1, 40001, 40014, 42001, 42006])

const NOT_BRAKED = Promise.resolve(undefined)

type Outcome = {
  answer: Answer
  token: Secret
  wasProbe: boolean
  /** The request's body. */
  body: () => Promise<Buffer | undefined>
}

export type QuotaBrake = {
  /** The brake on this API. undefined without one, and while the store is unavailable. */
  find(call: AdmittedCall): Promise<ApiBrake | undefined>
  /** Call it after the call: sets or lifts the brake. undefined when there is nothing to do. */
  settle(call: AdmittedCall, outcome: Outcome): Promise<void> | undefined
  /** The probe was not made: lets the next call probe. */
  giveBack(call: AdmittedCall): Promise<void>
  liftAll(brakes: ApiBrakes, subject: string): Promise<void>
}

export function createQuotaBrake({ log }: { log: Log }): QuotaBrake {
  const subjectOf = ({ appId }: AdmittedCall) => appId ?? COMPONENT_SUBJECT

  /** A failure of the store must not fail the call. */
  async function ignoringFailure<T>(work: Promise<T>): Promise<T | undefined> {
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
      await ignoringFailure(apiBrakes.open(subject, name, keptAnswer(answer, token)))
      return
    }
    if (wasProbe && !BEFORE_QUOTA_CHECK.has(answer.errcode ?? 0)) await ignoringFailure(apiBrakes.lift(subject, name))
    if (answer.errcode !== undefined || answer.head.status !== 200) return
    if (CLEAR_ALL_QUOTAS.has(name)) await ignoringFailure(apiBrakes.lift(subject))
    if (name === CLEARS_ONE_QUOTA) {
      const cleared = pathIn(await body())
      if (cleared !== undefined) await ignoringFailure(apiBrakes.lift(subject, cleared))
    }
  }

  /** Concurrent calls share one read and its time-out. */
  const found = new WeakMap<Promise<ApiBrake | undefined>, Promise<ApiBrake | undefined>>()

  return {
    find(call) {
      if (QUOTA_APIS.has(call.url.name)) return NOT_BRAKED
      const check = call.platform.apiBrakes.check(subjectOf(call), call.url.name)
      const waited = found.get(check) ?? ignoringFailure(within(MAX_WAIT_MS, check))
      found.set(check, waited)
      return waited
    },
    async giveBack(call) {
      await ignoringFailure(call.platform.apiBrakes.giveBack(subjectOf(call), call.url.name))
    },
    settle(call, outcome) {
      const isQuotaApi = QUOTA_APIS.has(call.url.name)
      const isUsedUp = outcome.answer.errcode === QUOTA_USED_UP
      return outcome.wasProbe || isUsedUp || isQuotaApi ? openOrLift(call, outcome) : undefined
    },
    async liftAll(brakes, subject) {
      await ignoringFailure(brakes.lift(subject))
    },
  }
}

/** WeChat's answer is sent to every caller of the path, with any rights, so an access token in it is masked. */
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
    // WeChat parsed the body otherwise. The brake then expires.
    return undefined
  }
}
