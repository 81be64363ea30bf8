// Owns: what is known of each authorization code, by its hash: being exchanged, exchanged, refused.
import { type CodeClaim, type CodeStore, parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { runScript } from '../script.ts'
import { guardStore } from '../store-errors.ts'
import { claimCode, settleCode } from './authorization-scripts.ts'
import { parseAnswer } from './snapshot.ts'

/** A code lives for an hour; twice that, and every late copy of it is still recognised. */
export const AUTHORIZATION_CODE_TTL_SECONDS = 7200

export function createAuthorizationCodeStore({ redis, keys }: { redis: RedisConnection; keys: PlatformKeys }): CodeStore {
  const settle = (codeHash: string, args: [owner: string, state: string, errcode: number, errmsg: string, listSearched: string]) =>
    guardStore(async () => {
      await runScript(redis, settleCode, { keys: [keys.authorizationCode(codeHash)], args })
    })

  return {
    accountOf: (codeHash) =>
      guardStore(async () => {
        const [state, appId] = await redis.hmget(keys.authorizationCode(codeHash), 'state', 'appid')
        return state === 'exchanged' ? parseAuthorizerAppId(appId ?? undefined) : undefined
      }),
    claim: (codeHash, { owner, leaseMs, insist }) =>
      guardStore(async () => {
        const answer = await runScript(redis, claimCode, {
          keys: [keys.authorizationCode(codeHash)],
          args: [owner, leaseMs, AUTHORIZATION_CODE_TTL_SECONDS, insist ? '1' : ''],
        })
        return parseCodeClaim(parseAnswer(answer))
      }),
    refuse: (codeHash, { owner, errcode, errmsg }) => settle(codeHash, [owner, 'refused', errcode, errmsg, '']),
    release: (codeHash, { owner, ambiguous, listSearched }) =>
      settle(codeHash, [owner, ambiguous ? 'ambiguous' : 'open', 0, '', listSearched ? '1' : '']),
  }
}

function parseCodeClaim([kind, first = '', second = '']: string[]): CodeClaim {
  switch (kind) {
    case 'claimed':
      return { kind, ambiguous: first === 'ambiguous', listSearched: second === 'searched' }
    case 'busy':
      return { kind }
    case 'refused':
      return { kind, errcode: Number(first), errmsg: second }
    case 'exchanged': {
      const appId = parseAuthorizerAppId(first)
      if (appId) return { kind, appId }
      break
    }
    case undefined:
    default:
  }
  throw new TypeError('a code claim answered with an unknown kind')
}
