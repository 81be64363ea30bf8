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
  platform: { id: string; authorizers: Pick<Authorizers, 'knownOwnerOfUserName' | 'ownerOfUserName'> }
  appId: AuthorizerAppId
  message: AuthorizerMessage
  within: TimeBound
}

/**
 * Throws, or rejects with, APPID_MISMATCH. A message without ToUserName, or of an unknown account, passes. undefined
 * where this process knows the owner: an await before the write interleaves the pushes that were read together, which
 * costs CPU.
 */
export type CheckOwner = (addressed: Addressed) => Promise<void> | undefined

export function createOwnerCheck({ goesOnWithoutStore, log }: OwnerCheckDeps): CheckOwner {
  function assertOwner({ platform, appId }: Addressed, owner: AuthorizerAppId | undefined): void {
    if (owner === undefined || owner === appId) return
    log.warn({ platform: platform.id, appid: appId, owner }, 'push.misdirected')
    throw new GatewayError('APPID_MISMATCH', 'the message belongs to another authorizer')
  }

  async function lookUpAndCheck(addressed: Addressed, toUserName: string): Promise<void> {
    const { platform, within } = addressed
    const ask = () => within(() => platform.authorizers.ownerOfUserName(toUserName))
    assertOwner(addressed, await (goesOnWithoutStore ? unlessStoreAway(ask) : ask()))
  }

  return (addressed) => {
    const { platform, message } = addressed
    if (message.kind !== 'message' || message.toUserName === '') return undefined
    const known = platform.authorizers.knownOwnerOfUserName(message.toUserName)
    if (known === undefined) return lookUpAndCheck(addressed, message.toUserName)
    assertOwner(addressed, known.appId)
    return undefined
  }
}
