// Owns: the composition of WeChat's side: state, API, pushes. HTTP and tests use it.
import { createAccounts } from './accounts.ts'
import { accountEndpoints } from './api/account-endpoints.ts'
import { authorizationEndpoints } from './api/authorization-endpoints.ts'
import { businessEndpoints } from './api/business-endpoints.ts'
import { createCallLog } from './api/call-log.ts'
import { componentEndpoints } from './api/component-endpoints.ts'
import { createCustomerService } from './api/customer-service.ts'
import type { Endpoint } from './api/endpoint.ts'
import { createFaults } from './api/faults.ts'
import { loginEndpoints } from './api/login-endpoints.ts'
import { mediaEndpoints } from './api/media-endpoints.ts'
import { createQuota } from './api/quota.ts'
import { quotaEndpoints } from './api/quota-endpoints.ts'
import { createAuthorizationLedger } from './ledger/authorization-ledger.ts'
import { createComponentLedger } from './ledger/component-ledger.ts'
import { createComponentPushes } from './push/component-pushes.ts'
import { createMessagePushes } from './push/message-pushes.ts'
import { createPauses } from './pauses.ts'
import { createPusher, type PushResult } from './push/pusher.ts'
import { createTicketClock } from './push/ticket-clock.ts'
import { mergeSettings, type Settings, type SettingsChange } from './settings.ts'
import { createSimulationClock } from './simulation-clock.ts'

export type World = ReturnType<typeof createWorld>

type WorldOptions = {
  settings: Settings
  nowMs?: () => number
  /** Called with errors in the background. */
  onError: (error: unknown) => void
  onPush?: (push: PushResult) => void
}

export function createWorld({ settings: initial, nowMs, onError, onPush }: WorldOptions) {
  let current = initial
  const settings = () => current
  const pauses = createPauses()
  const clock = createSimulationClock(nowMs)
  const accounts = createAccounts()
  const component = createComponentLedger({ clock, settings })
  const authorizations = createAuthorizationLedger({ clock, settings, accounts })
  const quota = createQuota({ clock, settings })
  const customerService = createCustomerService({ clock, settings })
  const pusher = createPusher({ clock, settings, pauses, ...(onPush ? { onPush } : {}) })
  const componentPushes = createComponentPushes({ clock, settings, component, authorizations, pusher })
  const messagePushes = createMessagePushes({ clock, settings, accounts, customerService, pusher })
  const ticketClock = createTicketClock({
    settings,
    pushTicket: async () => (await componentPushes.pushTicket()).ok,
    onFailure: onError,
  })
  const apiOfPath = (path: string) => endpoints.find((endpoint) => endpoint.path === path)?.api
  const endpoints: readonly Endpoint[] = [
    ...componentEndpoints({ settings, component, startTicketService: ticketClock.startService }),
    ...authorizationEndpoints({ accounts, authorizations }),
    ...businessEndpoints({ settings, customerService }),
    ...accountEndpoints(),
    ...mediaEndpoints(clock),
    ...loginEndpoints({ settings, authorizations }),
    ...quotaEndpoints({ settings, quota, apiOfPath }),
  ]

  return {
    settings,
    /** Throws a RangeError for an invalid setting, and changes nothing. */
    configure: (change: SettingsChange) => {
      const { ticketIntervalSeconds } = current
      current = mergeSettings(current, change)
      if (current.ticketIntervalSeconds !== ticketIntervalSeconds) ticketClock.start()
    },
    clock,
    pauses,
    accounts,
    component,
    authorizations,
    quota,
    customerService,
    pusher,
    componentPushes,
    messagePushes,
    ticketClock,
    endpoints,
    calls: createCallLog(),
    faults: createFaults(),
  }
}
