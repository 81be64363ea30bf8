// Owns: a platform whose pushes are accepted while Redis is down: writes go to the spool, and reads count as unknown. The internal
// listener does not use it.
import { hasOrder } from '@wxgw/contracts'
import type { Inbox, Platform } from '@wxgw/platform'
import { GatewayError, isStoreAway } from '@wxgw/wechat-core'
import type { PassiveReplies } from '../push/passive-answers.ts'
import type { PushCall } from '../push/push-call.ts'
import type { Spool } from './spool.ts'

type PushSpool = Pick<Spool, 'keep' | 'isHolding' | 'isPassable'>

/** `accepted` then means: on this machine's disk. */
export function spooledPlatform(platform: Platform, spool: PushSpool): Platform {
  return { ...platform, ...lookUpUnlessAway(platform), inbox: spooledInbox(platform, spool) }
}

/** With Redis down the owner of a user name is unknown, and the push is accepted: APPID_MISMATCH needs Redis. */
export function lookUpUnlessAway({ authorizers }: Pick<Platform, 'authorizers'>): Pick<Platform, 'authorizers'> {
  return {
    authorizers: { ...authorizers, ownerOfUserName: (userName) => unlessStoreAway(() => authorizers.ownerOfUserName(userName)) },
  }
}

/** While Redis is down no consumer can reply to a push. The push itself is kept. */
export function repliesWhileStoreIsThere(replies: PassiveReplies): PassiveReplies {
  return {
    answer(push) {
      const answer = replies.answer(push)
      return answer && unlessStoreAway(() => answer)
    },
  }
}

function spooledInbox({ id: platform, inbox, subscriptions }: Platform, spool: PushSpool): Inbox {
  async function accept<T>(push: PushCall, enqueue: () => Promise<T>, kept: T): Promise<T> {
    if (!spool.isHolding(push.kind)) {
      try {
        return await enqueue()
      } catch (error) {
        if (!isStoreAway(error)) throw error
      }
    }
    await spool.keep(push)
    return kept
  }

  return {
    ...inbox,
    componentEvent: ({ within, ...event }) =>
      accept(
        { v: 1, kind: 'component-event', platform, ...event },
        () => inbox.componentEvent({ ...event, within }),
        'accepted' as const,
      ),
    message: (event, { within, ...arrival }, reply) =>
      accept(
        { v: 1, kind: 'message', platform, event, ...arrival, ...(reply ? { reply } : {}) },
        async () => {
          // What waits here is older.
          if (hasOrder(await subscriptions.all(), event.authorizerappid) && !(await spool.isPassable('message'))) throw behindOthers()
          return inbox.message(event, { ...arrival, within }, reply)
        },
        'accepted' as const,
      ),
    releaseCheck: ({ within, ...check }) =>
      accept<void>(
        { v: 1, kind: 'release-check', platform, ...check, code: check.code.reveal() },
        () => inbox.releaseCheck({ ...check, within }),
        undefined,
      ),
  }
}

function behindOthers(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'earlier pushes of the account wait for the store', { retry: true })
}

async function unlessStoreAway<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (isStoreAway(error)) return undefined
    throw error
  }
}
