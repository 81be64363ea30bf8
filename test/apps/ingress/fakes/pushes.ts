// Owns: where pushes end, in memory: the intake, and the ticket store.
import type { Push, PushOutcome } from '@wxgw/ingress'
import type { TimeBound } from '@wxgw/platform'
import type { Recorder } from './recorder.ts'

export function fakePushes({ method, callsOf }: Recorder) {
  return {
    intake: {
      accept: method(
        'intake.accept',
        (_push: Push, _within: TimeBound, _plaintext?: Buffer): PushOutcome => 'accepted',
      ),
    },
    /** What the intake was given of this kind. */
    pushes<Kind extends Push['kind']>(kind: Kind): Array<Extract<Push, { kind: Kind }>> {
      const pushes = (callsOf('intake.accept') as Array<[Push]>).map(([push]) => push)
      return pushes.filter((push): push is Extract<Push, { kind: Kind }> => push.kind === kind)
    },
  }
}

export function fakeTickets({ method }: Recorder) {
  return { tickets: { saveIfNewer: method('tickets.saveIfNewer', () => 'saved' as const) } }
}
