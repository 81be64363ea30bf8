// Owns: refusing a message at another authorizer's URL. The signature does not cover the path: who has a push of
// one authorizer could post it to another's URL.
import type { Authorizers, TimeBound } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { type AuthorizerAppId, type AuthorizerMessage, GatewayError } from '@wxgw/wechat-core'
import { unlessStoreAway } from './unless-store-away.ts'

export type OwnerCheckDeps = {
  /** True: while the store is away the owner counts as unknown, and the push is accepted. */
  goesOnWithoutStore: boolean
  log: Log
}

type Addressed = {
  platform: { id: string; authorizers: Pick<Authorizers, 'ownerOfUserName'> }
  appId: AuthorizerAppId
  message: AuthorizerMessage
  within: TimeBound
}

/** Rejects with APPID_MISMATCH. A message without ToUserName, or of an unknown account, passes. */
export type CheckOwner = (addressed: Addressed) => Promise<void>

export function createOwnerCheck({ goesOnWithoutStore, log }: OwnerCheckDeps): CheckOwner {
  return async ({ platform, appId, message, within }) => {
    if (message.kind !== 'message' || message.toUserName === '') return
    const ask = () => within(() => platform.authorizers.ownerOfUserName(message.toUserName))
    const owner = await (goesOnWithoutStore ? unlessStoreAway(ask) : ask())
    if (owner === undefined || owner === appId) return
    log.warn({ platform: platform.id, appid: appId, owner }, 'push.misdirected')
    throw new GatewayError('APPID_MISMATCH', 'the message belongs to another authorizer')
  }
}
