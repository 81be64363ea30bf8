// Owns: resealing all stored values with the first key, so that older keys can be removed. Safe while processes run,
// and safe to stop and repeat: a value is replaced only if it is still the one that was read.
import { JOB_DATA } from './bullmq-format/queue-keys.ts'
import { storedJobs } from './bullmq-format/stored-jobs.ts'
import type { RedisConnection } from './connect.ts'
import { keyCheckPlace } from './key-check.ts'
import { COMPONENT_EVENTS_QUEUE, type PlatformKeys } from './keys.ts'
import { defineScript } from './lua/define-script.ts'
import type { SealedPlace, Sealer } from './sealed.ts'
import { guardStore } from './store-errors.ts'
import { unparsedPushPlace } from './unparsed-pushes.ts'

export type RotationDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys; sealer: Sealer }

const SEALED_KINDS = [
  'refresh_token',
  'refresh_token_history',
  'ticket',
  'api_ticket',
  'webhook_secret',
  'job',
  'unparsed_push',
  'key_check',
] as const
export type SealedKind = (typeof SEALED_KINDS)[number]

/**
 * `current`: was sealed with the first key already. `resealed`: by this run. `changed`: another process wrote it
 * meanwhile, with its own keys. `unopened`: no key opens it; it is not changed.
 */
export type RotationCounts = Record<'current' | 'resealed' | 'changed' | 'unopened', number>
export type RotationReport = Record<SealedKind, RotationCounts>

const replaceField = defineScript({ name: 'replace-field', keys: ['hash'], args: ['field', 'before', 'after'] })
const replaceCountedField = defineScript({
  name: 'replace-counted-field',
  keys: ['hash', 'version'],
  args: ['field', 'before', 'after'],
})
const replaceElement = defineScript({ name: 'replace-element', keys: ['list'], args: ['before', 'after'] })
const replaceString = defineScript({ name: 'replace-string', keys: ['key'], args: ['before', 'after'] })

const PAGE = 500
const API_TICKET_TYPES = ['jsapi', 'wx_card']

/**
 * Rejects with STORE_UNAVAILABLE; values that were resealed stay so. Calls `onProgress` after each page of accounts.
 */
export function resealPlatform(
  deps: RotationDeps,
  onProgress?: (report: RotationReport) => void,
): Promise<RotationReport> {
  return guardStore(() => resealAll(deps, onProgress))
}

async function resealAll(
  { platform, redis, keys, sealer }: RotationDeps,
  onProgress?: (report: RotationReport) => void,
) {
  const report = emptyReport()

  // oxlint-disable-next-line max-params -- the kind, the value, its place, and the command that replaces it
  async function reseal(
    kind: SealedKind,
    sealed: string,
    place: SealedPlace,
    replace: (anew: string) => Promise<unknown>,
  ): Promise<void> {
    const counts = report[kind]
    if (sealer.isCurrent(sealed)) {
      counts.current += 1
      return
    }
    const anew = sealedAnew(sealed, place)
    if (anew === undefined) counts.unopened += 1
    else if ((await replace(anew)) === 1) counts.resealed += 1
    else counts.changed += 1
  }

  function sealedAnew(sealed: string, place: SealedPlace): string | undefined {
    try {
      return sealer.seal(sealer.open(sealed, place).reveal(), place)
    } catch {
      // The error has no other cause than that no key opens it, which is counted.
      return undefined
    }
  }

  async function resealAuthorizer(appId: string): Promise<void> {
    const place = { platform, subject: appId, field: 'authorizer_refresh_token' }
    const key = keys.authorizer(appId)
    const history = keys.refreshTokenHistory(appId)
    // The current one first: if a refresh moves it into the history meanwhile, it is resealed below.
    const refreshToken = await redis.hget(key, 'refreshToken')
    if (refreshToken) {
      await reseal('refresh_token', refreshToken, place, (anew) =>
        replaceField(redis, { hash: key, field: 'refreshToken', before: refreshToken, after: anew }),
      )
    }
    for (const old of await redis.lrange(history, 0, -1)) {
      await reseal('refresh_token_history', old, place, (anew) =>
        replaceElement(redis, { list: history, before: old, after: anew }),
      )
    }
    for (const type of API_TICKET_TYPES) {
      const ticketKey = keys.apiTicket(type, appId)
      const ticket = await redis.get(ticketKey)
      if (!ticket) continue
      await reseal('api_ticket', ticket, { platform, subject: `${type}:${appId}`, field: 'api_ticket' }, (anew) =>
        replaceString(redis, { key: ticketKey, before: ticket, after: anew }),
      )
    }
  }

  async function resealAuthorizers(): Promise<void> {
    for (let after = '-'; ;) {
      const appIds = await redis.zrangebylex(keys.authorizers, after, '+', 'LIMIT', 0, PAGE)
      await Promise.all(appIds.map((appId) => resealAuthorizer(appId)))
      onProgress?.(report)
      const last = appIds.at(-1)
      if (last === undefined || appIds.length < PAGE) return
      after = `(${last}`
    }
  }

  async function resealSubscriptions(): Promise<void> {
    for (const [name, known] of Object.entries(await redis.hgetall(keys.subscriptions))) {
      let text = known
      const place = { platform, subject: name, field: 'webhook-secret' }
      for (const sealed of sealedIn(known, 'secrets')) {
        await reseal('webhook_secret', sealed, place, async (anew) => {
          // A sealed value is base64url with dots, which JSON does not escape.
          const next = text.replace(`"${sealed}"`, `"${anew}"`)
          const counted = { hash: keys.subscriptions, version: keys.subscriptionsVersion }
          const replaced = await replaceCountedField(redis, { ...counted, field: name, before: text, after: next })
          if (replaced === 1) text = next
          return replaced
        })
      }
    }
  }

  async function resealUnparsedPushes(): Promise<void> {
    for (const eventId of await redis.zrange(keys.unparsedPushes, 0, '-1')) {
      const key = keys.unparsedPush(eventId)
      const sealed = await redis.get(key)
      if (!sealed) continue
      await reseal('unparsed_push', sealed, unparsedPushPlace(platform, eventId), (anew) =>
        replaceString(redis, { key, before: sealed, after: anew }),
      )
    }
  }

  async function resealJobs(): Promise<void> {
    for await (const job of storedJobs(redis, COMPONENT_EVENTS_QUEUE)) await resealJob(job)
  }

  async function resealJob({ hash, data }: { hash: string; data: string }): Promise<void> {
    const job: unknown = JSON.parse(data)
    if (!isRecord(job) || job['platform'] !== platform || typeof job['eventId'] !== 'string') return
    for (const [name, field] of [
      ['sealedPlaintext', 'component-event'],
      ['sealedCode', 'release-check'],
    ] as const) {
      const sealed = job[name]
      if (typeof sealed !== 'string') continue
      await reseal('job', sealed, { platform, subject: job['eventId'], field }, (anew) =>
        replaceField(redis, {
          hash,
          field: JOB_DATA,
          before: data,
          after: data.replace(`"${sealed}"`, `"${anew}"`),
        }),
      )
    }
  }

  const ticket = await redis.hget(keys.ticket, 'ticket')
  if (ticket) {
    await reseal('ticket', ticket, { platform, subject: 'component', field: 'component_verify_ticket' }, (anew) =>
      replaceField(redis, { hash: keys.ticket, field: 'ticket', before: ticket, after: anew }),
    )
  }
  await resealAuthorizers()
  await resealSubscriptions()
  await resealJobs()
  await resealUnparsedPushes()
  // Last: until all values are resealed, a process without the old key must fail the check.
  const check = await redis.get(keys.keyCheck)
  if (check) {
    await reseal('key_check', check, keyCheckPlace(platform), (anew) =>
      replaceString(redis, { key: keys.keyCheck, before: check, after: anew }),
    )
  }
  return report
}

function emptyReport(): RotationReport {
  const none = (): RotationCounts => ({ current: 0, resealed: 0, changed: 0, unopened: 0 })
  return {
    refresh_token: none(),
    refresh_token_history: none(),
    ticket: none(),
    api_ticket: none(),
    webhook_secret: none(),
    job: none(),
    unparsed_push: none(),
    key_check: none(),
  }
}

function sealedIn(text: string, list: string): string[] {
  const record: unknown = JSON.parse(text)
  const entries = isRecord(record) ? record[list] : undefined
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: unknown) =>
    isRecord(entry) && typeof entry['sealed'] === 'string' ? entry['sealed'] : [],
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
