// Owns: instants in queries: ISO 8601, with a schema for their form.
import { GatewayError } from '@wxgw/wechat-core'
import { Type } from 'typebox'

// A `+` of a time zone that was not percent-encoded arrives as a blank.
export const InstantSchema = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+ -]\\d{2}:\\d{2}))?$',
  description: 'ISO 8601',
})

/** Throws INVALID_REQUEST for a day or a time that does not exist. */
export function instantMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text.replace(' ', '+'))
  if (Number.isNaN(ms)) throw new GatewayError('INVALID_REQUEST', 'this is no instant of any calendar')
  return ms
}
