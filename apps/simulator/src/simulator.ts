// Owns: the simulator as an object that a test or a process starts, drives and closes.
import type { Account, NewAccount } from './accounts.ts'
import type { ApiCall } from './api/call-log.ts'
import type { SentCustomMessage } from './api/customer-service.ts'
import type { Fault, FaultPlan } from './api/faults.ts'
import { startHttpServer } from './http-server.ts'
import type { ComponentPushes } from './push/component-pushes.ts'
import type { MessagePushes } from './push/message-pushes.ts'
import type { PushResult } from './push/pusher.ts'
import {
  type ReleaseCheckOptions,
  type ReleaseCheckReport,
  runReleaseCheck,
} from './release-check/run-release-check.ts'
import {
  type ComponentCredentials,
  DEFAULT_SETTINGS,
  mergeSettings,
  type Settings,
  type SettingsChange,
} from './settings.ts'
import { createWorld } from './world.ts'

export type SimulatorOptions = SettingsChange & {
  /** Default 127.0.0.1. The simulator has no authentication: expose it to no network. */
  host?: string
  /** Default 0: any. */
  port?: number
  /** WeChat's time in ms. Default: the machine's. */
  nowMs?: () => number
  /** Called with errors in the background. Default: throws them, which ends the process. */
  onError?: (error: unknown) => void
  /** Called with every finished push. */
  onPush?: (push: PushResult) => void
}

export type Simulator = Omit<ComponentPushes, 'prepareAuthorization'> &
  MessagePushes & {
    /** For WX_API_BASE_URL, WX_MP_BASE_URL and WX_OPEN_BASE_URL: it serves the paths of all three hosts. */
    url: string
    port: number
    readonly component: ComponentCredentials
    readonly settings: Settings
    /** Changes settings at run time: the gateway's URLs, key rotation, lifetimes. Throws a RangeError. */
    configure(change: SettingsChange): void
    /** Moves WeChat's clock forward. */
    advance(seconds: number): void

    addAccount(account?: NewAccount): Account
    readonly accounts: readonly Account[]
    /** Authorizes again with other permission sets: a new code, and `updateauthorized` when they changed. */
    updateAuthorization: ComponentPushes['authorize']

    /** Restarts or stops the ticket pushes. They need ticketIntervalSeconds > 0. */
    startTickets(): void
    stopTickets(): void
    runReleaseCheck(options?: ReleaseCheckOptions): Promise<ReleaseCheckReport>

    /** Whether it is the newest token of the account, and not expired. */
    isCurrentAccessToken(appId: string, token: string): boolean
    /** Whether a call with it is accepted now. An older token is, during the overlap after a refresh. */
    isValidAccessToken(appId: string, token: string): boolean
    currentAccessToken(appId: string): string | undefined
    /** '': no code has been exchanged yet. undefined: not authorized. */
    currentRefreshToken(appId: string): string | undefined
    isCurrentComponentToken(token: string): boolean
    latestTicket(): string | undefined

    /** The last 10,000, oldest first. */
    readonly calls: readonly ApiCall[]
    /** All calls since the start or `clearCalls`. */
    countCalls(api: string, appId?: string): number
    /** The highest number of concurrent calls. */
    peakConcurrency(api: string, appId?: string): number
    clearCalls(): void
    /** The last 1,000, oldest first. */
    readonly pushes: readonly PushResult[]
    readonly sentCustomMessages: readonly SentCustomMessage[]

    /** `api` as in `calls`, or `*`. */
    fault(api: string, plan: FaultPlan): Fault
    clearFaults(): void

    /** Aborts requests and pushes. Idempotent. */
    close(): Promise<void>
  }

/** Starts WeChat's side for one component. Several can run at once. Rejects with a RangeError for invalid settings. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, nowMs, onError = throwLater, onPush, ...change } = options
  const world = createWorld({
    settings: mergeSettings(DEFAULT_SETTINGS, change),
    onError,
    ...(nowMs ? { nowMs } : {}),
    ...(onPush ? { onPush } : {}),
  })
  const server = await startHttpServer({ world, host, port, onError })
  world.ticketClock.start()
  const { accounts, authorizations, calls, component, componentPushes, customerService, faults, messagePushes } = world
  let closed: Promise<void> | undefined

  return {
    url: server.url,
    port: server.port,
    get component() {
      return world.settings().component
    },
    get settings() {
      return world.settings()
    },
    configure: world.configure,
    advance: world.clock.advance,

    addAccount: accounts.add,
    get accounts() {
      return accounts.all()
    },
    authorize: componentPushes.authorize,
    updateAuthorization: componentPushes.authorize,
    unauthorize: componentPushes.unauthorize,
    pushTicket: componentPushes.pushTicket,
    ...messagePushes,

    startTickets: world.ticketClock.start,
    stopTickets: world.ticketClock.stop,
    runReleaseCheck: (checkOptions) => runReleaseCheck(world, checkOptions),

    isCurrentAccessToken: (appId, token) => authorizations.currentAccessToken(appId) === token,
    isValidAccessToken: (appId, token) => {
      const owner = authorizations.ownerOfAccessToken(token)
      return owner?.appId === appId && owner.state === 'valid'
    },
    currentAccessToken: authorizations.currentAccessToken,
    currentRefreshToken: authorizations.currentRefreshToken,
    isCurrentComponentToken: (token) => component.currentToken() === token,
    latestTicket: component.latestTicket,

    calls: calls.recent,
    countCalls: calls.count,
    peakConcurrency: calls.peakConcurrency,
    clearCalls: calls.clear,
    pushes: world.pusher.recent,
    sentCustomMessages: customerService.sent,

    fault: faults.add,
    clearFaults: faults.clear,

    close: () => {
      closed ??= close()
      return closed
    },
  }

  async function close() {
    world.ticketClock.stop()
    world.pusher.close()
    world.pauses.close()
    await server.close()
  }
}

function throwLater(error: unknown) {
  queueMicrotask(() => {
    throw error
  })
}
