// Owns: the validation of the form, member by member, against the route's schema. The gateway validates again.
import { bounds } from '../../api/bounds.ts'
import { useReach } from '../../api/subscription-queries.ts'
import { useTexts } from '../../texts/language.ts'
import { linesOf, useChecks } from '../../ui/checks.ts'
import { type ConditionDraft, type Draft, partsOf } from './draft.ts'
import { formTexts } from './form-texts.ts'

const { path, body } = bounds.putSubscription
const { match, sink, retry, throttle } = body.properties
const [, STREAM, WEBHOOK] = sink.anyOf
const { propertyNames: FIELD, additionalProperties: CONDITION, maxProperties: MAX_CONDITIONS } = match.properties.data
const [TEXTS, PREFIX] = CONDITION.anyOf
const SECRET_BYTES = { min: 24, max: 64 }

export { MAX_CONDITIONS }

/** `fields` and `values`: those of conditions, by the row's id. */
export type DraftErrors = {
  members: Partial<Record<keyof Draft, string | undefined>>
  fields: Map<number, string>
  values: Map<number, string>
}

export function useErrors(): (draft: Draft) => DraftErrors {
  const check = useChecks()
  const texts = useTexts(formTexts)
  const reaches = useReach()

  function accounts({ authorizers: { isAll, lines } }: Draft): string | undefined {
    const given = isAll ? [] : linesOf(lines)
    const error = check.list(given, match.properties.authorizers, texts.accountForm)
    if (error !== undefined) return error
    return reaches('subscriptions:write', isAll ? {} : { authorizers: given }) ? undefined : texts.beyond
  }

  function types({ types: { isAll, lines } }: Draft): string | undefined {
    return isAll ? undefined : check.list(linesOf(lines), match.properties.types, texts.typeForm)
  }

  function url(text: string): string | undefined {
    return check.text(text.trim(), WEBHOOK.properties.url) ?? (isWebUrl(text.trim()) ? undefined : texts.urlForm)
  }

  function secret(text: string): string | undefined {
    if (text === '') return undefined
    const error = check.text(text.trim(), WEBHOOK.properties.secret, texts.secretForm)
    return error ?? (isSecretLong(text.trim()) ? undefined : texts.secretForm)
  }

  function field({ id, field }: ConditionDraft, rows: readonly ConditionDraft[]): string | undefined {
    const isTwice = rows.some((row) => row.id < id && row.field === field)
    return check.text(field, FIELD, texts.fieldForm) ?? (isTwice ? texts.twice : undefined)
  }

  function values({ kind, values }: ConditionDraft): string | undefined {
    if (kind === 'prefix') return check.text(values, PREFIX.properties.prefix)
    return kind === 'oneOf' || kind === 'not' ? check.list(linesOf(values), TEXTS) : undefined
  }

  return (draft) => ({
    members: {
      name: check.text(draft.name, path.name, texts.nameHint),
      authorizers: accounts(draft),
      types: types(draft),
      schedule: check.numbers(partsOf(draft.schedule), retry.properties.scheduleSeconds),
      orderingTimeoutSeconds: check.number(draft.orderingTimeoutSeconds, body.properties.orderingTimeoutSeconds),
      perSecond: check.number(draft.perSecond, throttle.anyOf[0].properties.perSecond),
      maxBacklog: check.number(draft.maxBacklog, body.properties.maxBacklog),
      disableAfterSeconds: check.number(draft.disableAfterSeconds, body.properties.disableAfterSeconds),
      ...(draft.kind === 'webhook'
        ? {
            url: url(draft.url),
            timeoutMs: check.number(draft.timeoutMs, WEBHOOK.properties.timeoutMs),
            secret: secret(draft.secret),
          }
        : {}),
      ...(draft.kind === 'stream' ? { maxLength: check.number(draft.maxLength, STREAM.properties.maxLength) } : {}),
    },
    fields: byRow(draft.data, (row) => field(row, draft.data)),
    values: byRow(draft.data, values),
  })
}

export function isValid({ members, fields, values }: DraftErrors): boolean {
  return Object.values(members).every((error) => error === undefined) && fields.size === 0 && values.size === 0
}

type ErrorOf = (row: ConditionDraft) => string | undefined

function byRow(rows: readonly ConditionDraft[], errorOf: ErrorOf): Map<number, string> {
  return new Map(
    rows.flatMap((row) => {
      const error = errorOf(row)
      return error === undefined ? [] : [[row.id, error] as const]
    }),
  )
}

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

function isSecretLong(secret: string): boolean {
  const base64 = secret.slice('whsec_'.length).replace(/=+$/, '')
  const bytes = Math.floor((base64.length * 3) / 4)
  return bytes >= SECRET_BYTES.min && bytes <= SECRET_BYTES.max
}
