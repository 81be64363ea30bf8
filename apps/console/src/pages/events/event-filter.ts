// Owns: the filter of the list of events, as the page's address has it, and its validation.
import { choiceOf, membersOf } from '../../routing/route.ts'
import { isAppid } from '../../ui/checks.ts'
import type { eventTexts } from './texts.ts'

export const STATUSES = ['pending', 'delivered', 'retrying', 'dead', 'discarded', 'paused'] as const
const FIELDS = ['authorizer', 'subject', 'type', 'subscription', 'q', 'from', 'to'] as const

type Field = (typeof FIELDS)[number]
export type EventFilter = Partial<Record<Field, string>> & { status?: (typeof STATUSES)[number] }
/** The values of the form: '' when not set. */
export type FilterDraft = Record<Field | 'status', string>

export function filterOf(query: URLSearchParams): EventFilter {
  return { ...membersOf(query, FIELDS), ...choiceOf(query, 'status', STATUSES) }
}

export function draftOf(filter: EventFilter): FilterDraft {
  return { authorizer: '', subject: '', type: '', subscription: '', q: '', from: '', to: '', status: '', ...filter }
}

const OPENID = /^[!-~]{1,128}$/
const TYPE = /^[A-Za-z0-9_.-]{0,128}\*?$/
const SUBSCRIPTION = /^[a-z0-9][a-z0-9-]{0,62}$/
const MIN_TEXT = 2
const MAX_TEXT = 100

/** The bounds are those of the route's schema. The gateway validates again. */
export function errorsOf(
  draft: FilterDraft,
  texts: (typeof eventTexts)['zh'],
): Partial<Record<keyof FilterDraft, string>> {
  const { authorizer, subject, type, subscription, q, from, to } = draft
  const length = Array.from(q).length
  return {
    ...(authorizer === '' || isAppid(authorizer) ? {} : { authorizer: texts.appidInvalid }),
    ...(subject === ''
      ? {}
      : authorizer === ''
        ? { subject: texts.subjectHint }
        : OPENID.test(subject)
          ? {}
          : { subject: texts.subjectInvalid }),
    ...(TYPE.test(type) ? {} : { type: texts.typeInvalid }),
    ...(subscription === '' || SUBSCRIPTION.test(subscription) ? {} : { subscription: texts.subscriptionInvalid }),
    ...(length === 0 || (length >= MIN_TEXT && length <= MAX_TEXT) ? {} : { q: texts.textInvalid }),
    ...(from !== '' && to !== '' && from > to ? { to: texts.toInvalid } : {}),
  }
}
