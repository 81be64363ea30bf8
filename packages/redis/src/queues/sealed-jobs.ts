// Owns: sealing the secrets in jobs before they are enqueued, each bound to its event.
import type { ComponentEventJob, ReleaseCheckJob } from '@wxgw/contracts'
import type { Secret } from '@wxgw/wechat-core'
import type { Sealer } from '../sealed.ts'

/** Throws INTERNAL when no key opens the text. */
export type SealedJobs = {
  /** Seals the plaintext of a component event, which may contain a ticket or an authorization code. */
  sealComponentEvent(eventId: string, plaintext: string): string
  openComponentEvent(job: Pick<ComponentEventJob, 'eventId' | 'sealedPlaintext'>): string
  sealReleaseCheckCode(eventId: string, code: Secret): string
  openReleaseCheckCode(job: Pick<ReleaseCheckJob, 'eventId' | 'sealedCode'>): Secret
}

export function createSealedJobs({ platform, sealer }: { platform: string; sealer: Sealer }): SealedJobs {
  const eventPlace = (eventId: string) => ({ platform, subject: eventId, field: 'component-event' })
  const codePlace = (eventId: string) => ({ platform, subject: eventId, field: 'release-check' })
  return {
    sealComponentEvent: (eventId, plaintext) => sealer.seal(plaintext, eventPlace(eventId)),
    openComponentEvent: ({ eventId, sealedPlaintext }) => sealer.open(sealedPlaintext, eventPlace(eventId)).reveal(),
    sealReleaseCheckCode: (eventId, code) => sealer.seal(code.reveal(), codePlace(eventId)),
    openReleaseCheckCode: ({ eventId, sealedCode }) => sealer.open(sealedCode, codePlace(eventId)),
  }
}
