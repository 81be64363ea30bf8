// Owns: reading the filter of the events' list from the page's address, and checking it while it is typed.
import type { eventTexts } from './texts.ts'

export const STATUSES = ['pending', 'delivered', 'retrying', 'dead', 'discarded', 'paused'] as const
const FIELDS = ['authorizer', 'subject', 'type', 'subscription', 'q', 'from', 'to'] as const

type Field = (typeof FIELDS)[number]
export type EventFilter = Partial<Record<Field, string>> & { status?: (typeof STATUSES)[number] }
/** All members, for a form. */
export type FilterDraft = Record<Field | 'status', string>

export function filterOf(query: URLSearchParams): EventFilter {
  const status = STATUSES.find((each) => each === query.get('status'))
  const given = FIELDS.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? ''] as const] : []))
  return { ...Object.fromEntries(given), ...(status ? { status } : {}) }
}

export function draftOf(filter: EventFilter): FilterDraft {
  return { authorizer: '', subject: '', type: '', subscription: '', q: '', from: '', to: '', status: '', ...filter }
}

const APPID = /^wx[0-9A-Za-z]{16}$/
const OPENID = /^[!-~]{1,128}$/
const TYPE = /^[A-Za-z0-9_.-]{0,128}\*?$/
const SUBSCRIPTION = /^[a-z0-9][a-z0-9-]{0,62}$/
const MIN_TEXT = 2
const MAX_TEXT = 100

/** By the bounds of the route's schema, which decides. */
export function wrongsOf(
  draft: FilterDraft,
  texts: (typeof eventTexts)['zh'],
): Partial<Record<keyof FilterDraft, string>> {
  const { authorizer, subject, type, subscription, q, from, to } = draft
  const length = Array.from(q).length
  return {
    ...(authorizer === '' || APPID.test(authorizer) ? {} : { authorizer: texts.appidWrong }),
    ...(subject === ''
      ? {}
      : authorizer === ''
        ? { subject: texts.subjectHint }
        : OPENID.test(subject)
          ? {}
          : { subject: texts.subjectWrong }),
    ...(TYPE.test(type) ? {} : { type: texts.typeWrong }),
    ...(subscription === '' || SUBSCRIPTION.test(subscription) ? {} : { subscription: texts.subscriptionWrong }),
    ...(length === 0 || (length >= MIN_TEXT && length <= MAX_TEXT) ? {} : { q: texts.textWrong }),
    ...(from !== '' && to !== '' && from > to ? { to: texts.toWrong } : {}),
  }
}
