// Owns: refusing a message at another authorizer's URL. The signature does not cover the path, so a push of one
// authorizer could be posted to another's URL.
import type { Authorizers, TimeBound } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { type AuthorizerAppId, type AuthorizerMessage, GatewayError } from '@wxgw/wechat-core'
import { unlessStoreAway } from './unless-store-away.ts'

type OwnerCheckDeps = {
  /** True: while the store is unavailable, the owner counts as unknown and the push is accepted. */
  goesOnWithoutStore: boolean
  log: Log
}

type Addressed = {
  platform: { id: string; authorizers: Pick<Authorizers, 'ownerOfUserName' | 'cachedOwner'> }
  appId: AuthorizerAppId
  message: AuthorizerMessage
  within: TimeBound
}

/**
 * undefined: it passes, and nothing had to be looked up. Rejects with APPID_MISMATCH. A message without ToUserName, or
 * of an unknown account, passes.
 */
type CheckOwner = (addressed: Addressed) => Promise<void> | undefined

export function createOwnerCheck({ goesOnWithoutStore, log }: OwnerCheckDeps): CheckOwner {
  async function lookUp({ platform, appId, within }: Addressed, userName: string): Promise<void> {
    const ask = () => within(() => platform.authorizers.ownerOfUserName(userName))
    const owner = await (goesOnWithoutStore ? unlessStoreAway(ask) : ask())
    if (owner === undefined || owner === appId) return
    log.warn({ platform: platform.id, appid: appId, owner }, 'push.misdirected')
    throw new GatewayError('APPID_MISMATCH', 'the message belongs to another authorizer')
  }

  return (addressed) => {
    const { platform, appId, message } = addressed
    if (message.kind !== 'message' || message.toUserName === '') return undefined
    if (platform.authorizers.cachedOwner(message.toUserName) === appId) return undefined
    return lookUp(addressed, message.toUserName)
  }
}
