// Owns: one platform in memory, as the routes of the ingress see it: no Redis, no WeChat. Each folder of routes has its own fake in
// `fakes`; what a route does not declare, its fake does not have.
import type { ServedPlatform } from '@wxgw/ingress'
import { parseComponentAppId, Secret } from '@wxgw/wechat-core'
import { accountState, type AccountState, fakeAccounts, fakeTokens } from './fakes/accounts.ts'
import { type ApiCallState, apiCallState, fakeApiCalls } from './fakes/api-calls.ts'
import { type EventState, eventState, fakeEvents } from './fakes/events.ts'
import { fakePushes, fakeTickets } from './fakes/pushes.ts'
import { createRecorder, type Recorder } from './fakes/recorder.ts'
import { fakeSubscriptions, type SubscriptionState, subscriptionState } from './fakes/subscriptions.ts'
import { COMPONENT_APPID, PUSH_AES_KEY, PUSH_TOKEN } from './sealed-push.ts'

/** What a test sets and reads. */
type State = Recorder &
  AccountState &
  ApiCallState &
  EventState &
  SubscriptionState &
  ReturnType<typeof fakePushes> & {
    /** Where every list says that it goes on. */
    nextPosition: string | null
  }

export type FakePlatform = State & { platform: ServedPlatform }

export function createFakePlatform(id = 'open1'): FakePlatform {
  const componentAppId = parseComponentAppId(COMPONENT_APPID)
  if (!componentAppId) throw new Error('not an appid')
  const recorder = createRecorder()
  const fake: State = {
    ...recorder,
    ...accountState(),
    ...apiCallState(),
    ...eventState(),
    ...subscriptionState(),
    ...fakePushes(recorder),
    nextPosition: null,
  }
  const platform: ServedPlatform = {
    id,
    componentAppId,
    pushKeys: { componentAppId, tokens: [new Secret(PUSH_TOKEN)], aesKeys: [PUSH_AES_KEY] },
    get keepsEventLog() {
      return fake.keepsEventLog
    },
    ...fakeAccounts(fake),
    ...fakeTokens(fake),
    ...fakeTickets(fake),
    ...fakeSubscriptions(fake),
    ...fakeEvents(fake),
    ...fakeApiCalls(fake),
  }
  return Object.assign(fake, { platform })
}
