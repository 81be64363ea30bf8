// Owns: searching within the text of events. Redis filters by the JSON text first; the candidates are parsed and
// checked here.
import type { GatewayEvent } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'
import type { EventFilter } from './event-log.ts'

/** The texts as an event's JSON contains them; '' = any. `text` is in lower case. */
export type Texts = { subject: string; text: string }

type Wanted = Pick<EventFilter, 'authorizer' | 'subject' | 'text'>

const findTexts = defineScript({ name: 'event-log/find-texts', args: ['subject', 'lowered'], eachKeys: ['key'] })

/** undefined: the filter has no text. */
export function textsOf({ subject, text }: Wanted): Texts | undefined {
  if (subject === undefined && text === undefined) return undefined
  return {
    subject: subject === undefined ? '' : `"subject":${JSON.stringify(subject)}`,
    text: text === undefined ? '' : lowerCase(JSON.stringify(text.needle).slice(1, -1)),
  }
}

/** `keys` share a hash tag. One answer for each. */
export async function holdText(
  redis: RedisConnection,
  keys: readonly string[],
  { subject, text }: Texts,
): Promise<boolean[]> {
  const answer = await findTexts(redis, { subject, lowered: text, each: keys.map((key) => ({ key })) })
  return Array.isArray(answer) ? answer.map((one) => one === 1) : []
}

export function isWanted(event: GatewayEvent, { authorizer, subject, text }: Wanted): boolean {
  if (subject !== undefined && (event.subject !== subject || event.authorizerappid !== authorizer)) return false
  return text === undefined || hasText(dataOf(text.shown(event)), lowerCase(text.needle))
}

function dataOf(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'data' in event ? event.data : undefined
}

/** Searches the values at any depth. */
function hasText(value: unknown, needle: string): boolean {
  if (typeof value === 'string') return lowerCase(value).includes(needle)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((inner) => hasText(inner, needle))
}

function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
