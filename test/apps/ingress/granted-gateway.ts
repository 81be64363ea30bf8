// Owns: a gateway over the fake platform whose callers have the grants of one test, with something there for every route.
import type { Grant } from '@wxgw/runtime'
import { APPID_A, APPID_B, loggedEvent, replay, session, subscription } from './samples.ts'
import { createGateway, type Fixture, PREFIX } from './gateway-fixture.ts'
import type { LightMyRequestResponse } from 'fastify'
import type { Call } from './needed-actions.ts'

const SYNC_STATE = {
  jobId: 'job-1',
  status: 'completed' as const,
  seen: 1,
  added: 0,
  repaired: 0,
  failed: 0,
  startedAt: null,
  finishedAt: null,
  error: null,
}

const ALL = undefined

/** What is left out of a grant is everything. */
export const grantsOf = (...grants: Array<Partial<Grant>>): Grant[] => {
  return grants.map((grant) => ({ platforms: ALL, authorizers: ALL, actions: ALL, ...grant }))
}

export type GrantedGateway = Fixture & {
  call(call: Call, key: string): Promise<LightMyRequestResponse>
  /** Puts everything back as it was. */
  fill(): void
}

/** With things of A, things of nobody in particular, and callers with these grants. */
export function gatewayWith(
  t: Parameters<typeof createGateway>[0],
  grants: Record<string, readonly Grant[]>,
  options: Parameters<typeof createGateway>[1] = {},
): GrantedGateway {
  const gateway = createGateway(t, { ...options, grants })
  const { fake, internalServer, bearer } = gateway
  const fill = () => {
    fake.calls.length = 0
    fake.subscriptions.clear()
    fake.exchanged.set('of-a', APPID_A).set('of-b', APPID_B)
    fake.syncStates.set('job-1', SYNC_STATE)
    fake.subscriptions.set('of-a', subscription('of-a', { match: { authorizers: [APPID_A], types: undefined } }))
    fake.subscriptions.set('of-all', subscription('of-all'))
    fake.sessions.set('of-a', session('of-a'))
    fake.replays.set('of-a r0a', replay('of-a'))
    fake.events.set('ev_a', loggedEvent('ev_a'))
    fake.replyOutcomes.set('ev_a', 'accepted')
    fake.events.set('ev_component', loggedEvent('ev_component', { authorizerappid: null }))
  }
  fill()
  const call = async ({ method, path, payload }: Call, key: string) => {
    const answer = await internalServer.inject({
      method,
      url: `${PREFIX}/${path}`,
      headers: bearer(key),
      ...(payload ? { payload } : {}),
    })
    return answer
  }
  return { ...gateway, call, fill }
}
