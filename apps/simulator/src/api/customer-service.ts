// Owns: customer service messages (客服消息) that accounts sent, and the time window for sending them.
import type { Settings } from '../settings.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import { ApiError } from './api-error.ts'

export type SentCustomMessage = {
  appId: string
  touser: string
  msgtype: string
  /** The whole body of the call. */
  message: Record<string, unknown>
  /** ISO 8601, in WeChat's time. */
  at: string
}

export type CustomerService = {
  /** A user's message opens or renews the window. */
  userWrote(appId: string, openId: string): void
  /** With the setting on, refuses with 45015 outside the window and 45047 after five messages. */
  send(appId: string, message: Record<string, unknown>): void
  /** Oldest first. */
  readonly sent: readonly SentCustomMessage[]
  clear(): void
}

const WINDOW_MS = 48 * 3600 * 1000
const MESSAGES_PER_WINDOW = 5
const MAX_KEPT = 10_000

export function createCustomerService({
  clock,
  settings,
}: {
  clock: SimulationClock
  settings: () => Settings
}): CustomerService {
  const sent: SentCustomMessage[] = []
  const windows = new Map<string, { openedAtMs: number; sent: number }>()

  function useWindow(key: string) {
    const window = windows.get(key)
    if (!window || clock.nowMs() - window.openedAtMs >= WINDOW_MS) throw new ApiError(45015)
    if (window.sent >= MESSAGES_PER_WINDOW) throw new ApiError(45047)
    window.sent += 1
  }

  return {
    sent,
    userWrote: (appId, openId) => {
      if (settings().customerServiceWindow) windows.set(`${appId} ${openId}`, { openedAtMs: clock.nowMs(), sent: 0 })
    },
    send: (appId, message) => {
      const { touser, msgtype } = message
      if (typeof touser !== 'string' || touser === '') throw new ApiError(40003)
      if (typeof msgtype !== 'string' || !isObject(message[msgtype])) throw new ApiError(40008)
      if (settings().customerServiceWindow) useWindow(`${appId} ${touser}`)
      sent.push({ appId, touser, msgtype, message, at: new Date(clock.nowMs()).toISOString() })
      if (sent.length > MAX_KEPT * 1.1) sent.splice(0, sent.length - MAX_KEPT)
    },
    clear: () => {
      sent.length = 0
    },
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
