// Owns: WeChat's side as one thing that a test or a process starts, drives and closes.
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
  /** Default 127.0.0.1. It is a tool without authentication: keep it off every network. */
  host?: string
  /** Default 0 = any. */
  port?: number
  /** WeChat's time in ms; the machine's when left out. */
  nowMs?: () => number
  /** Gets whatever fails in the background. Default: it is thrown, which ends the process. */
  onError?: (error: unknown) => void
  /** Gets every push when it is over. */
  onPush?: (push: PushResult) => void
}

export type Simulator = Omit<ComponentPushes, 'prepareAuthorization'> &
  MessagePushes & {
    /**
     * Plays api.weixin.qq.com, mp.weixin.qq.com and open.weixin.qq.com: WX_API_BASE_URL, WX_MP_BASE_URL,
     * WX_OPEN_BASE_URL.
     */
    url: string
    port: number
    readonly component: ComponentCredentials
    readonly settings: Settings
    /** Changes settings while it runs: the gateway's URLs, key rotation, lifetimes. Throws a RangeError. */
    configure(change: SettingsChange): void
    /** Moves WeChat's clock forward. */
    advance(seconds: number): void

    addAccount(account?: NewAccount): Account
    readonly accounts: readonly Account[]
    /**
     * Other permission sets for an account: the code of a re-authorization, and `updateauthorized` when they changed.
     */
    updateAuthorization: ComponentPushes['authorize']

    /** Starts the ticket clock anew (it needs ticketIntervalSeconds > 0), or stops it: WeChat falls silent. */
    startTickets(): void
    stopTickets(): void
    runReleaseCheck(options?: ReleaseCheckOptions): Promise<ReleaseCheckReport>

    /** Is it the newest of the account, and not expired? */
    isCurrentAccessToken(appId: string, token: string): boolean
    /** Would a call with it be accepted now? An overlap after a refresh counts. */
    isValidAccessToken(appId: string, token: string): boolean
    currentAccessToken(appId: string): string | undefined
    /** '' when no code was exchanged yet, undefined when the account has not authorized. */
    currentRefreshToken(appId: string): string | undefined
    isCurrentComponentToken(token: string): boolean
    latestTicket(): string | undefined

    /** The last 10,000, oldest first. */
    readonly calls: readonly ApiCall[]
    /** Complete since the start or `clearCalls`. */
    countCalls(api: string, appId?: string): number
    /** The most calls that were open at once. */
    peakConcurrency(api: string, appId?: string): number
    clearCalls(): void
    /** The last 1,000, oldest first. */
    readonly pushes: readonly PushResult[]
    readonly sentCustomMessages: readonly SentCustomMessage[]

    /** `api` as in `calls`, or `*`. */
    fault(api: string, plan: FaultPlan): Fault
    clearFaults(): void

    /** Cuts what is under way. On repeat nothing happens. */
    close(): Promise<void>
  }

/**
 * Starts WeChat's side for one component. Several can run side by side. Rejects with a RangeError for settings that
 * cannot be.
 */
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
      return owner?.appId === appId && owner.standing === 'valid'
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
