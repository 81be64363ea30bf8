// Owns: an account that has authorized, for the sentences of this folder.
import { type AuthorizerAppId, type NewAuthorization, parseAuthorizerAppId, Secret } from '@wxgw/wechat-core'
import type { StoresUnderTest } from './stores-under-test.ts'

export const LEASE_MS = 10_000
export const LIFE_SECONDS = 7200

export function appIdOf(number: number): AuthorizerAppId {
  const appId = parseAuthorizerAppId(`wx${number.toString(16).padStart(16, '0')}`)
  if (!appId) throw new Error('not an appid')
  return appId
}

export const ACCOUNT = appIdOf(1)

export const hashOf = (code: string) => Buffer.from(code).toString('hex').padEnd(64, '0')

type Authorized = Partial<Pick<NewAuthorization, 'createTimeSeconds' | 'refreshToken'>> & {
  name?: string
  issuesToken?: boolean
}

/** Claims a code and stores what WeChat has given for it: access token `access <name>`, refresh token `refresh <name>`. */
export async function authorize(stores: StoresUnderTest, authorized: Authorized = {}): Promise<'saved' | 'revoked'> {
  const { name = 'one' } = authorized
  // Claimed in the millisecond of the save before, it would count as under way at the same time.
  await stores.pass(1)
  await claimCode(stores, name)
  return save(stores, authorized)
}

export async function claimCode(stores: StoresUnderTest, name: string, { insist = false }: { insist?: boolean } = {}) {
  return stores.codes.claim(hashOf(name), { owner: `owner ${name}`, leaseMs: LEASE_MS, insist })
}

export function save(stores: StoresUnderTest, authorized: Authorized = {}): Promise<'saved' | 'revoked'> {
  const {
    name = 'one',
    createTimeSeconds,
    refreshToken = new Secret(`refresh ${name}`),
    issuesToken = true,
  } = authorized
  return stores.authorizers.saveAuthorization({
    appId: ACCOUNT,
    codeHash: hashOf(name),
    owner: `owner ${name}`,
    createTimeSeconds,
    accessToken: issuesToken
      ? { token: new Secret(`access ${name}`), lifetimeSeconds: LIFE_SECONDS, elapsedMs: 0 }
      : undefined,
    refreshToken,
    funcInfo: undefined,
    dueInMs: 3_600_000,
  })
}

/** What a refresh of the account works with, read by claiming it and giving it back. */
export async function materialOf({ authorizers }: StoresUnderTest) {
  const claim = await authorizers.claim(ACCOUNT, { owner: 'onlooker', leaseMs: LEASE_MS, seenVersion: undefined })
  if (claim.kind !== 'claimed') throw new Error(`the account is ${claim.kind}`)
  const failure = { code: 'COMPONENT_TICKET_MISSING' }
  await authorizers.fail(ACCOUNT, { owner: 'onlooker', fence: claim.fence, failure, holdMs: 0, isUnsettled: false })
  const { generation, refreshToken, history } = claim.material
  return { generation, refreshToken: refreshToken?.reveal(), history: history.map((old) => old.reveal()) }
}

export async function secondsOf(stores: StoresUnderTest): Promise<number> {
  return Math.floor((await stores.nowMs()) / 1000)
}
