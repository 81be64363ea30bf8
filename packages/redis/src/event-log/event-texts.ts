// Owns: searching within events. Redis drops what cannot be meant, by the text of the JSON; what is left is read and judged here.
import type { GatewayEvent } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { runScript, script } from '../script.ts'
import type { EventFilter } from './event-log.ts'

/** As they stand in an event's JSON; '' = any. `text` in lower case. */
export type Texts = { subject: string; text: string }

type Wanted = Pick<EventFilter, 'authorizer' | 'subject' | 'text'>

/**
 * Without handing the texts over. A to Z are the only letters that match without case, here and in `isWanted`.
 * KEYS: events
 * ARGV: text that stands there, text that stands there in lower case; '' = any
 * -> for each 1 = has both
 */
const findTexts = script(`
local answers = {}
for index, key in ipairs(KEYS) do
  local event = redis.call('HGET', key, 'event')
  local holds = event and string.find(event, ARGV[1], 1, true)
  if holds and ARGV[2] ~= '' then holds = string.find(string.lower(event), ARGV[2], 1, true) end
  answers[index] = holds and 1 or 0
end
return answers
`)

/** undefined: what is wanted is known without reading an event. */
export function textsOf({ subject, text }: Wanted): Texts | undefined {
  if (subject === undefined && text === undefined) return undefined
  return {
    subject: subject === undefined ? '' : `"subject":${JSON.stringify(subject)}`,
    text: text === undefined ? '' : lowerCase(JSON.stringify(text.needle).slice(1, -1)),
  }
}

/** `keys` share a hash tag. One answer for each. */
export async function holdText(redis: RedisConnection, keys: readonly string[], { subject, text }: Texts): Promise<boolean[]> {
  const answer = await runScript(redis, findTexts, { keys, args: [subject, text] })
  return Array.isArray(answer) ? answer.map((one) => one === 1) : []
}

export function isWanted(event: GatewayEvent, { authorizer, subject, text }: Wanted): boolean {
  if (subject !== undefined && (event.subject !== subject || event.authorizerappid !== authorizer)) return false
  return text === undefined || hasText(dataOf(text.shown(event)), lowerCase(text.needle))
}

function dataOf(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'data' in event ? event.data : undefined
}

/** In a value, however deep. */
function hasText(value: unknown, needle: string): boolean {
  if (typeof value === 'string') return lowerCase(value).includes(needle)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((inner) => hasText(inner, needle))
}

function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
