// Owns: what every store does with authorizations: begun, renewed, revoked, in whatever order they come.
import { Secret } from '@wxgw/wechat-core'
import {
  ACCOUNT,
  authorize,
  claimCode,
  hashOf,
  LEASE_MS,
  LIFE_SECONDS,
  materialOf,
  save,
  secondsOf,
} from './accounts.ts'
import type { Sentence } from './sentence.ts'
import type { StoresUnderTest } from './stores-under-test.ts'

async function claimed({ authorizers }: StoresUnderTest, owner: string) {
  const claim = await authorizers.claim(ACCOUNT, { owner, leaseMs: LEASE_MS, seenVersion: undefined })
  if (claim.kind !== 'claimed') throw new Error(`${owner} found it ${claim.kind}`)
  return claim
}

type Refreshed = { owner: string; fence: number; generation: number; newRefreshToken?: Secret }

function commit({ authorizers }: StoresUnderTest, { owner, fence, generation, newRefreshToken }: Refreshed) {
  return authorizers.commit(ACCOUNT, {
    ...{ owner, fence, generation, newRefreshToken, lifetimeSeconds: LIFE_SECONDS, elapsedMs: 0, dueInMs: 1000 },
    token: new Secret(`by ${owner}`),
  })
}

async function refresh(stores: StoresUnderTest, owner: string, newRefreshToken?: string) {
  const { fence, material } = await claimed(stores, owner)
  const { generation } = material
  return commit(stores, {
    ...{ owner, fence, generation },
    ...(newRefreshToken === undefined ? {} : { newRefreshToken: new Secret(newRefreshToken) }),
  })
}

const tokenOf = async ({ authorizers }: StoresUnderTest) => (await authorizers.read(ACCOUNT)).stored?.token.reveal()

export const AUTHORIZATIONS: readonly Sentence[] = [
  {
    says: 'an account nobody authorized has no token and is not refreshed',
    async isTrue(t, { authorizers }) {
      const claim = { owner: 'a', leaseMs: LEASE_MS, seenVersion: undefined }
      await t.rejects(authorizers.read(ACCOUNT), { code: 'AUTHORIZER_NOT_FOUND' })
      await t.rejects(authorizers.claim(ACCOUNT, claim), { code: 'AUTHORIZER_NOT_FOUND' })
      t.equal(await authorizers.isRevokedSince(ACCOUNT, 0), false)
    },
  },
  {
    says: 'an authorization stores both tokens and its code in one step',
    async isTrue(t, stores) {
      t.equal(await authorize(stores), 'saved')
      t.equal(await tokenOf(stores), 'access one')
      t.strictSame(await materialOf(stores), { generation: 1, refreshToken: 'refresh one', history: [] })
      t.equal(await stores.codes.accountOf(hashOf('one')), ACCOUNT)
      t.ok(((await stores.dueInMs(ACCOUNT)) ?? 0) > 3_500_000)
    },
  },
  {
    says: 'one without an access token is read as none, and is due as its exchange says',
    async isTrue(t, stores) {
      await authorize(stores, { issuesToken: false })
      t.equal(await tokenOf(stores), undefined)
      t.ok((await stores.dueInMs(ACCOUNT)) !== undefined)
    },
  },
  {
    says: 'the same exchange stored twice, as a driver sends it after a lost answer, counts once',
    async isTrue(t, stores) {
      await authorize(stores)
      t.equal(await save(stores), 'saved')
      t.equal((await materialOf(stores)).generation, 1)
    },
  },
  {
    says: 'a rotated refresh token is the one that is used, and those before are kept, newest first, five at most',
    async isTrue(t, stores) {
      await authorize(stores)
      for (let round = 1; round <= 7; round += 1) await refresh(stores, `a${round}`, `refresh ${round}`)
      const { refreshToken, history } = await materialOf(stores)
      t.equal(refreshToken, 'refresh 7')
      t.strictSame(history, ['refresh 6', 'refresh 5', 'refresh 4', 'refresh 3', 'refresh 2'])
    },
  },
  {
    says: 'a refresh that came too late to be stored leaves its refresh token to be tried',
    async isTrue(t, stores) {
      await authorize(stores)
      const late = await claimed(stores, 'a')
      await stores.pass(LEASE_MS)
      await refresh(stores, 'b', 'refresh b')
      const { generation } = late.material
      const outcome = await commit(stores, {
        owner: 'a',
        fence: late.fence,
        generation,
        newRefreshToken: new Secret('refresh a'),
      })
      t.equal(outcome.kind, 'lost')
      t.strictSame(await materialOf(stores), {
        generation,
        refreshToken: 'refresh b',
        history: ['refresh a', 'refresh one'],
      })
    },
  },
  {
    says: 'a new authorization refuses a refresh of the one before, and is due at once',
    async isTrue(t, stores) {
      await authorize(stores)
      const { fence, material } = await claimed(stores, 'a')
      await authorize(stores, { name: 'two' })
      t.equal((await commit(stores, { owner: 'a', fence, generation: material.generation })).kind, 'lost')
      t.equal(await tokenOf(stores), 'access two')
      t.ok(((await stores.dueInMs(ACCOUNT)) ?? Infinity) <= 0)
      t.strictSame(await materialOf(stores), { generation: 2, refreshToken: 'refresh two', history: ['refresh one'] })
    },
  },
  {
    says: 'of two exchanges at once, the second stores no access token: nobody knows which WeChat issued last',
    async isTrue(t, stores) {
      await claimCode(stores, 'two')
      await stores.pass(1_000)
      await authorize(stores)
      t.equal(await save(stores, { name: 'two' }), 'saved')
      t.equal(await tokenOf(stores), undefined)
      t.equal((await materialOf(stores)).refreshToken, 'refresh two')
      t.ok(((await stores.dueInMs(ACCOUNT)) ?? Infinity) <= 0)
    },
  },
  {
    says: 'nor does an exchange that a refresh has overtaken',
    async isTrue(t, stores) {
      await authorize(stores)
      await stores.pass(1_000)
      await claimCode(stores, 'two')
      await stores.pass(1_000)
      await refresh(stores, 'a')
      await save(stores, { name: 'two' })
      t.equal(await tokenOf(stores), undefined)
    },
  },
  {
    says: 'a revocation ends tokens, lease and place in the schedule',
    async isTrue(t, stores) {
      const { authorizers } = stores
      await authorize(stores, { createTimeSeconds: 1_000 })
      const { fence, material } = await claimed(stores, 'a')
      t.equal(await authorizers.revoke(ACCOUNT, 1_001), 'revoked')
      await t.rejects(authorizers.read(ACCOUNT), { code: 'AUTHORIZER_REVOKED' })
      await t.rejects(claimed(stores, 'b'), { code: 'AUTHORIZER_REVOKED' })
      t.equal((await commit(stores, { owner: 'a', fence, generation: material.generation })).kind, 'lost')
      t.equal(await authorizers.statusOf(ACCOUNT), 'revoked')
      t.equal(await stores.dueInMs(ACCOUNT), undefined)
    },
  },
  {
    says: 'what WeChat’s events say is judged by their CreateTime, whichever comes first',
    async isTrue(t, stores) {
      const { authorizers } = stores
      await authorize(stores, { createTimeSeconds: 1_000 })
      t.equal(await authorizers.revoke(ACCOUNT, 999), 'ignored', 'older than the authorization')
      t.equal(await authorizers.revoke(ACCOUNT, 1_000), 'equal', 'in the same second')
      t.equal(await authorizers.revoke(ACCOUNT, 1_000, true), 'revoked', 'in the same second, and WeChat says so')
      t.equal(await authorizers.revoke(ACCOUNT, 1_000), 'ignored', 'known')
      t.equal(await authorizers.isRevokedSince(ACCOUNT, 999), true)
      t.equal(await authorizers.isRevokedSince(ACCOUNT, 1_000), false)
      t.equal(await authorize(stores, { name: 'late', createTimeSeconds: 999 }), 'revoked')
      t.equal(await authorizers.statusOf(ACCOUNT), 'revoked')
      t.equal(await authorize(stores, { name: 'next', createTimeSeconds: 1_001 }), 'saved')
      t.equal(await authorizers.isRevokedSince(ACCOUNT, 0), false)
      t.strictSame((await materialOf(stores)).history, [], 'nothing of the revoked one is left')
    },
  },
  {
    says: 'a revocation of an account nobody knew is remembered',
    async isTrue(t, stores) {
      t.equal(await stores.authorizers.revoke(ACCOUNT, 1_000), 'revoked')
      t.equal(await authorize(stores, { createTimeSeconds: 999 }), 'revoked')
    },
  },
  {
    says: 'a code without a CreateTime does not bring back what was revoked while it was exchanged',
    async isTrue(t, stores) {
      await claimCode(stores, 'one')
      await stores.pass(1_000)
      await stores.authorizers.revoke(ACCOUNT, await secondsOf(stores))
      t.equal(await save(stores), 'revoked')
      await stores.pass(1_000)
      t.equal(await authorize(stores, { name: 'two' }), 'saved', 'a code claimed after it does')
    },
  },
  {
    says: 'the pushed event of a code gives its authorization its time, another event does not',
    async isTrue(t, stores) {
      const { authorizers } = stores
      const nowSeconds = await secondsOf(stores)
      const pushed = { createTimeSeconds: nowSeconds - 500, pushedAs: 'authorized' } as const
      await authorize(stores)
      await authorizers.confirmAuthorization(ACCOUNT, hashOf('another'), pushed)
      t.equal(await authorizers.revoke(ACCOUNT, nowSeconds - 100), 'ignored')
      await authorizers.confirmAuthorization(ACCOUNT, hashOf('one'), pushed)
      t.equal(await authorizers.revoke(ACCOUNT, nowSeconds - 100), 'revoked')
    },
  },
  {
    says: 'the verdict that a person is needed counts once, and only while lease and generation are the asker’s',
    async isTrue(t, stores) {
      const { authorizers } = stores
      await authorize(stores)
      const { material } = await claimed(stores, 'a')
      const { generation } = material
      t.equal(
        await authorizers.markReauthorizationRequired(ACCOUNT, { generation: generation + 1, owner: 'a' }),
        'superseded',
      )
      t.equal(await authorizers.markReauthorizationRequired(ACCOUNT, { generation, owner: 'b' }), 'superseded')
      t.equal(await authorizers.markReauthorizationRequired(ACCOUNT, { generation, owner: 'a' }), 'marked')
      t.equal(await authorizers.markReauthorizationRequired(ACCOUNT, { generation, owner: 'a' }), 'known')
      t.equal(await authorizers.statusOf(ACCOUNT), 'reauthorization_required')
      t.equal(await stores.dueInMs(ACCOUNT), undefined)
      t.equal(await tokenOf(stores), 'access one', 'what still works is served')
      await stores.pass(LIFE_SECONDS * 1000)
      await t.rejects(authorizers.read(ACCOUNT), { code: 'REAUTHORIZATION_REQUIRED' })
    },
  },
  {
    says: 'a refresh that works after all makes the account active again',
    async isTrue(t, stores) {
      const { authorizers } = stores
      await authorize(stores)
      const { fence, material } = await claimed(stores, 'a')
      const { generation } = material
      await authorizers.markReauthorizationRequired(ACCOUNT, { generation, owner: 'a' })
      t.equal((await commit(stores, { owner: 'a', fence, generation })).kind, 'stored')
      t.equal(await authorizers.statusOf(ACCOUNT), 'active')
    },
  },
  {
    says: 'the verdict "revoked" of a refresh counts for the generation that it was about',
    async isTrue(t, stores) {
      const { authorizers } = stores
      await authorize(stores)
      await authorize(stores, { name: 'two' })
      t.equal(await authorizers.markRevoked(ACCOUNT, 1), false)
      t.equal(await authorizers.markRevoked(ACCOUNT, 2), true)
      t.equal(await authorizers.markRevoked(ACCOUNT, 2), false)
      t.equal(await authorizers.statusOf(ACCOUNT), 'revoked')
    },
  },
]
