// What stands between a route and the inbox hands on every argument: one that is lost is a narrowing, a deadline or a bound less.
import { createRecentAcceptances, inboxNotingUnheard, spooledPlatform, startMemoryWatermark } from '@wxgw/ingress'
import type { Inbox } from '@wxgw/platform'
import { createLogger } from '@wxgw/runtime'
import { Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { APPID_A, createFakePlatform, loggedEvent, NOW_MS } from './fake-platform.ts'

const log = createLogger({ level: 'silent', name: 'test' })
const { event } = loggedEvent('ev_a')
const push = { eventId: 'ev_a', receivedAtMs: NOW_MS, made: NOW_MS, within: <T>(ask: () => Promise<T>) => ask() }
const { receivedAtMs, made, within } = push
const job = { v: 1 as const, platform: 'open1', eventId: 'ev_a', receivedAtMs }

/** Every method with every argument that it may have, the optional ones included: the compiler wants a row for each. */
const CALLS: { [Method in keyof Inbox]: Required<Parameters<Inbox[Method]>> } = {
  componentEvent: [{ ...push, plaintext: '<xml/>' }],
  message: [event, { receivedAtMs, made, within }, { subscription: 'crm', deadlineAtMs: NOW_MS }],
  platformEvent: [event, { receivedAtMs, only: 'crm', replay: 'r1' }],
  replay: [event, receivedAtMs, ['crm']],
  profileWanted: [APPID_A, { event, receivedAtMs }],
  exchangeWanted: [{ ...job, kind: 'component-event', sealedPlaintext: 'sealed' }],
  releaseCheck: [{ ...push, appId: APPID_A, openId: 'oUSER', code: new Secret('code') }],
  openReleaseCheckCode: [{ ...job, kind: 'release-check', appid: APPID_A, openId: 'oUSER', sealedCode: 'sealed' }],
  openComponentEvent: [{ ...job, kind: 'component-event', sealedPlaintext: 'sealed' }],
  sync: [],
  syncState: ['sync-1'],
}

const watermark = startMemoryWatermark({ memoryShare: async () => 0, log })
t.teardown(() => watermark.stop())
const { platform } = createFakePlatform()

const WRAPPERS: Record<string, (inbox: Inbox) => Inbox> = {
  'the memory watermark': (inbox) => watermark.guard(inbox),
  'the recent acceptances': (inbox) =>
    createRecentAcceptances({ clock: { nowMs: () => NOW_MS }, log }).remember({ id: 'open1', inbox }),
  'the unheard messages': (inbox) => inboxNotingUnheard({ platform: { ...platform, inbox }, unheard: { note: () => undefined } }),
  'the spool': (inbox) => spooledPlatform({ ...platform, inbox }, { keep: async () => undefined, isHolding: () => false, isPassable: async () => true }).inbox,
}

/** Records what reaches it, whatever the method. */
function recordingInbox(reached: unknown[]): Inbox {
  return new Proxy(platform.inbox, {
    get: (_inbox, method) => async (...args: unknown[]) => {
      reached.push([method, ...args])
      return 'accepted'
    },
  })
}

for (const [name, wrap] of Object.entries(WRAPPERS)) {
  void t.test(`every argument of every way in passes ${name}`, async (t) => {
    const reached: unknown[] = []
    const inbox = wrap(recordingInbox(reached))
    for (const [method, args] of Object.entries(CALLS)) {
      await Reflect.apply(Reflect.get(inbox, method), inbox, args)
      t.strictSame(reached.pop(), [method, ...args], method)
    }
  })
}
