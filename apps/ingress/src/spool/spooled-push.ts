// Owns: a record of the spool: the inbox call that a push ends in, sealed.
import type { Sealer } from '@wxgw/redis'
import { type PushCall, readCall, writeCall } from '../push/push-call.ts'

const PLACE = { platform: '', subject: 'spool', field: 'spooled push' }

export function sealPush(sealer: Sealer, push: PushCall): string {
  return sealer.seal(writeCall(push), PLACE)
}

/** undefined when it does not open, or is no such record. */
export function openSpooledPush(sealer: Sealer, sealed: string): PushCall | undefined {
  let text: string
  try {
    text = sealer.open(sealed, PLACE).reveal()
  } catch {
    // The caller keeps the record aside and says so; a text of this error could hold parts of it.
    return undefined
  }
  return readCall(text)
}
