// Owns: the state of each authorization code, by its hash: being exchanged, exchanged, refused.
import { type CodeClaim, type CodeStore, parseAuthorizerAppId } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'
import { parseAnswer } from './snapshot.ts'

/** A code is valid for an hour. Stored twice as long, so that late copies of it are recognized. */
export const AUTHORIZATION_CODE_TTL_SECONDS = 7200

const claimCode = defineScript({
  name: 'tokens/claim-code',
  keys: ['code'],
  args: ['owner', 'leaseMs', 'ttl', 'insists'],
})
const settleCode = defineScript({
  name: 'tokens/settle-code',
  keys: ['code'],
  args: ['owner', 'state', 'errcode', 'errmsg', 'isListSearched'],
})

type Settled = { owner: string; state: string; errcode: number; errmsg: string; isListSearched: string }

export function createAuthorizationCodeStore({
  redis,
  keys,
}: {
  redis: RedisConnection
  keys: PlatformKeys
}): CodeStore {
  const settle = (codeHash: string, settled: Settled) =>
    guardStore(async () => void (await settleCode(redis, { code: keys.authorizationCode(codeHash), ...settled })))

  return {
    accountOf: (codeHash) =>
      guardStore(async () => {
        const [state, appId] = await redis.hmget(keys.authorizationCode(codeHash), 'state', 'appid')
        return state === 'exchanged' ? parseAuthorizerAppId(appId ?? undefined) : undefined
      }),
    claim: (codeHash, { owner, leaseMs, insist }) =>
      guardStore(async () => {
        const answer = await claimCode(redis, {
          code: keys.authorizationCode(codeHash),
          owner,
          leaseMs,
          ttl: AUTHORIZATION_CODE_TTL_SECONDS,
          insists: insist ? '1' : '',
        })
        return parseCodeClaim(parseAnswer(answer))
      }),
    refuse: (codeHash, { owner, errcode, errmsg }) =>
      settle(codeHash, { owner, state: 'refused', errcode, errmsg, isListSearched: '' }),
    release: (codeHash, { owner, ambiguous, listSearched }) => {
      const state = ambiguous ? 'ambiguous' : 'open'
      return settle(codeHash, { owner, state, errcode: 0, errmsg: '', isListSearched: listSearched ? '1' : '' })
    },
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
