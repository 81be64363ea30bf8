// Owns: texts pushed to one account, which of them were acknowledged, and which its subscription's stream has.
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import type { Gateway } from '../helpers/gateway.ts'

const FIRST_MSG_ID = 7_000_000_000_000_000_000n

export type PushLedger = {
  acknowledged: ReadonlySet<string>
  /** All at once; resolves when each has an answer or has none. */
  push(count: number): Promise<void>
  pushed(): number
  /** Whether all that was acknowledged stands in the stream. */
  isDelivered(): Promise<boolean>
}

export async function openPushLedger(t: Test, gateway: Gateway, appId: string): Promise<PushLedger> {
  gateway.simulator.addAccount({ appId, userName: 'gh_a1' })
  const { body } = await gateway.call('PUT', '/subscriptions/ledger', {
    sink: { kind: 'stream' },
    match: { types: ['wechat.message.text'] },
  })
  const redis = new Redis(gateway.redis.url)
  redis.on('error', () => {})
  t.teardown(() => redis.disconnect())
  const acknowledged = new Set<string>()
  let pushes = 0

  async function pushOne(): Promise<void> {
    pushes += 1
    const msgId = String(FIRST_MSG_ID + BigInt(pushes))
    const { ok } = await gateway.simulator.sendText(appId, { openId: 'oUSER', content: `message ${pushes}`, msgId })
    if (ok) acknowledged.add(msgId)
  }

  return {
    acknowledged,
    async push(count) {
      await Promise.all(Array.from({ length: count }, pushOne))
    },
    pushed: () => pushes,
    async isDelivered() {
      const entries = await redis.xrange(String(body.sink?.stream), '-', '+')
      const there = new Set(entries.map(([, fields]) => JSON.parse(fields[5] ?? '{}').data?.MsgId))
      return [...acknowledged].every((msgId) => there.has(msgId))
    },
  }
}
