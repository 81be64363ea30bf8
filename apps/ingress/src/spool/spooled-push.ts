// Owns: a record of the spool: a push, sealed.
import type { Sealer } from '@wxgw/redis'
import { type Push, readPush, writePush } from '../push/push.ts'

const PLACE = { platform: '', subject: 'spool', field: 'spooled push' }

export function sealPush(sealer: Sealer, push: Push): string {
  return sealer.seal(writePush(push), PLACE)
}

/** undefined when it cannot be opened, or is no such record. */
export function openSpooledPush(sealer: Sealer, sealed: string): Push | undefined {
  let text: string
  try {
    text = sealer.open(sealed, PLACE).reveal()
  } catch {
    // The caller keeps the record aside and logs it. This error's text could contain parts of it.
    return undefined
  }
  return readPush(text)
}
