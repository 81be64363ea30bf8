// Owns: pushing numbered texts of many users, each user's one after the other: a user's next one is pushed when Redis has accepted the
// one before, so that its number is its place in the order.
import { setTimeout as delay } from 'node:timers/promises'
import type { Component, Push } from './pusher.ts'
import { createPushes, isAcknowledged } from './pusher.ts'

export type OrderedLoad = {
  component: Component
  publicUrls(): readonly string[]
  accounts: number
  usersEach: number
  /** Of each user. */
  events: number
  /** Users that push at the same time. */
  atOnce: number
  acknowledged(id: string): void
}

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
export async function pushInOrder({ accounts, usersEach, events, atOnce, acknowledged, ...target }: OrderedLoad): Promise<number> {
  const pushes = createPushes(target)
  const users = Array.from({ length: accounts * usersEach }, (_, user) => user)
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
        const account = user % accounts
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
    await Promise.all(Array.from({ length: atOnce }, (_, at) => pushSome(users.filter((user) => user % atOnce === at))))
    return refused
  } finally {
    pushes.close()
  }
}
