// Owns: pushing numbered texts of many users, each user's one after the other: a user's next one is pushed when Redis has accepted the
// one before, so that its number is its place in the order.
import { setTimeout as delay } from 'node:timers/promises'
import type { Component, Push } from './pusher.ts'
import { createPushes, isAcknowledged } from './pusher.ts'

export type OrderedLoad = {
  gateway: { component: Component; publicUrls(): readonly string[] }
  /** Of all users together. */
  messages: number
  acknowledged(id: string): void
}

export const ACCOUNTS = 20
const USERS_EACH = 10
/** Users that push at the same time. */
const AT_ONCE = 50

const AGAIN_MS = 200

export function accountName(account: number): string {
  return `wx${String(account).padStart(16, '0')}`
}

/** `<account> <user> <number>`, numbers from 0. */
export function keyOf(id: string): string {
  return id.slice(0, id.lastIndexOf(' '))
}

export function numberOf(id: string): number {
  return Number(id.slice(id.lastIndexOf(' ') + 1))
}

/** Resolves when all are acknowledged. Answers how many attempts were not. */
export async function pushInOrder({ gateway, messages, acknowledged }: OrderedLoad): Promise<number> {
  const { component, publicUrls } = gateway
  const pushes = createPushes({ component, publicUrls })
  const users = Array.from({ length: ACCOUNTS * USERS_EACH }, (_, user) => user)
  const events = Math.ceil(messages / users.length)
  let refused = 0

  async function pushOne(push: Push): Promise<void> {
    while (!isAcknowledged(await pushes.attempt(push))) {
      refused += 1
      await delay(AGAIN_MS)
    }
    acknowledged(push.id)
  }

  /** Users take turns: all of them have something under way all the time. */
  async function pushSome(own: readonly number[]): Promise<void> {
    for (let number = 0; number < events; number += 1) {
      for (const user of own) {
        const account = user % ACCOUNTS
        const appId = accountName(account)
        await pushOne({
          account: { appId, userName: `gh_${account}` },
          openId: `o${user}`,
          id: `${account} ${user} ${number}`,
          msgId: String(8_100_000_000_000_000_000n + BigInt(user * events + number)),
          createTimeSeconds: Math.floor(Date.now() / 1000),
        })
      }
    }
  }

  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, at) => pushSome(users.filter((user) => user % AT_ONCE === at))),
    )
    return refused
  } finally {
    pushes.close()
  }
}
