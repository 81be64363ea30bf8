// Owns: what every store of tokens does when they are claimed, committed and given back.
import { COMPONENT_SUBJECT, type RefreshFailure, Secret } from '@wxgw/wechat-core'
import type { Test } from 'tap'
import { ACCOUNT, authorize, LEASE_MS, LIFE_SECONDS } from './accounts.ts'
import type { Sentence } from './sentence.ts'
import type { StoresUnderTest } from './stores-under-test.ts'

const DUE_IN_MS = 3_600_000
const DOUBT_MS = 60_000
/** Redis' clock goes on while a test runs. */
const TOLERANCE_MS = 5_000
const FAILURE: RefreshFailure = { code: 'WECHAT_API_ERROR', errcode: -1, errmsg: 'busy', api: 'api_x' }

type Life = { lifetimeSeconds: number; elapsedMs: number }

/** What WeChat has given to `owner`. */
function issuedTo(owner: string, life: Partial<Life> = {}) {
  return { token: new Secret(`by ${owner}`), lifetimeSeconds: LIFE_SECONDS, elapsedMs: 0, dueInMs: DUE_IN_MS, ...life }
}

/** The component's token or an account's, by one form. */
type Subject = ReturnType<typeof componentOf>

function componentOf(stores: StoresUnderTest) {
  const { component } = stores
  return {
    read: () => component.read(COMPONENT_SUBJECT),
    claim: (owner: string, seenVersion?: number) =>
      component.claim(COMPONENT_SUBJECT, { owner, leaseMs: LEASE_MS, seenVersion }),
    fail: (owner: string, fence: number, failed: { holdMs: number; isUnsettled: boolean }) =>
      component.fail(COMPONENT_SUBJECT, { owner, fence, failure: FAILURE, ...failed }),
    commit: (owner: string, fence: number, life?: Partial<Life>) =>
      component.commit({ owner, fence, ...issuedTo(owner, life) }),
    dueInMs: () => stores.dueInMs(COMPONENT_SUBJECT),
    pass: (ms: number) => stores.pass(ms),
  }
}

function accountOf(stores: StoresUnderTest): Subject {
  const { authorizers } = stores
  return {
    read: () => authorizers.read(ACCOUNT),
    claim: async (owner, seenVersion) => {
      const claim = await authorizers.claim(ACCOUNT, { owner, leaseMs: LEASE_MS, seenVersion })
      return claim.kind === 'claimed' ? { ...claim, material: { ticket: undefined } } : claim
    },
    fail: (owner, fence, failed) => authorizers.fail(ACCOUNT, { owner, fence, failure: FAILURE, ...failed }),
    commit: (owner, fence, life) =>
      authorizers.commit(ACCOUNT, {
        owner,
        fence,
        generation: 1,
        newRefreshToken: undefined,
        ...issuedTo(owner, life),
      }),
    dueInMs: () => stores.dueInMs(ACCOUNT),
    pass: (ms) => stores.pass(ms),
  }
}

async function claimed(subject: Subject, owner: string): Promise<number> {
  const claim = await subject.claim(owner)
  if (claim.kind !== 'claimed') throw new Error(`${owner} found it ${claim.kind}`)
  return claim.fence
}

async function tokenOf(subject: Subject): Promise<string | undefined> {
  return (await subject.read()).stored?.token.reveal()
}

function isAbout(t: Test, actualMs: number | undefined, expectedMs: number, message: string): void {
  t.ok(
    actualMs !== undefined && actualMs <= expectedMs && actualMs > expectedMs - TOLERANCE_MS,
    `${message}: ${actualMs}`,
  )
}

type OfSubject = { says: string; isTrue(t: Test, subject: Subject): Promise<void> }

const OF_EVERY_SUBJECT: readonly OfSubject[] = [
  {
    says: 'a committed token is read by its version, its life and the time of its refresh',
    async isTrue(t, subject) {
      const before = await subject.read()
      const outcome = await subject.commit('a', await claimed(subject, 'a'), { elapsedMs: 2_000 })
      const after = await subject.read()
      t.equal(outcome.kind, 'stored')
      t.equal(after.version, before.version + 1)
      t.ok(after.nowMs - after.refreshedAtMs < TOLERANCE_MS)
      t.equal(after.stored?.token.reveal(), 'by a')
      t.equal(after.stored?.lifetimeSeconds, LIFE_SECONDS)
      isAbout(
        t,
        (after.stored?.expiresAtMs ?? 0) - after.nowMs,
        LIFE_SECONDS * 1000 - 2_000,
        'its life began at WeChat',
      )
      isAbout(t, await subject.dueInMs(), DUE_IN_MS, 'it is due when the refresh says')
    },
  },
  {
    says: 'one owner at a time has the lease, until he commits, gives it back or it runs out',
    async isTrue(t, subject) {
      const first = await claimed(subject, 'a')
      t.equal((await subject.claim('b')).kind, 'busy')
      await subject.commit('a', first)
      const second = await claimed(subject, 'b')
      t.ok(second > first)
      await subject.fail('b', second, { holdMs: 0, isUnsettled: false })
      await claimed(subject, 'c')
      t.equal((await subject.claim('d')).kind, 'busy')
      await subject.pass(LEASE_MS)
      t.equal((await subject.claim('d')).kind, 'claimed')
    },
  },
  {
    says: 'who has seen an older version is given the newer one instead of the lease',
    async isTrue(t, subject) {
      const { version } = await subject.read()
      await subject.commit('a', await claimed(subject, 'a'))
      t.match(await subject.claim('b', version), { kind: 'changed', snapshot: { version: version + 1 } })
      t.equal((await subject.claim('b', version + 1)).kind, 'claimed')
    },
  },
  {
    says: 'a token that is over is not given to who has seen an older version',
    async isTrue(t, subject) {
      const { version } = await subject.read()
      await subject.commit('a', await claimed(subject, 'a'))
      await subject.pass(LIFE_SECONDS * 1000)
      t.equal((await subject.read()).stored, undefined)
      t.equal((await subject.claim('b', version)).kind, 'claimed')
    },
  },
  {
    says: 'a failure is everybody’s for as long as it is held, and no longer',
    async isTrue(t, subject) {
      await subject.fail('a', await claimed(subject, 'a'), { holdMs: 20_000, isUnsettled: false })
      t.strictSame(await subject.claim('b'), { kind: 'failed', failure: FAILURE })
      await subject.pass(20_000)
      t.equal((await subject.claim('b')).kind, 'claimed')
    },
  },
  {
    says: 'a failure that is not held stops nobody',
    async isTrue(t, subject) {
      await subject.fail('a', await claimed(subject, 'a'), { holdMs: 0, isUnsettled: false })
      t.equal((await subject.claim('b')).kind, 'claimed')
    },
  },
  {
    says: 'who has lost the lease neither ends it nor leaves a failure',
    async isTrue(t, subject) {
      const late = await claimed(subject, 'a')
      await subject.pass(LEASE_MS)
      await claimed(subject, 'b')
      await subject.fail('a', late, { holdMs: 20_000, isUnsettled: false })
      t.equal((await subject.claim('c')).kind, 'busy')
    },
  },
  {
    says: 'a commit whose lease is over is stored when nothing newer is, and leaves the subject due at once',
    async isTrue(t, subject) {
      const fence = await claimed(subject, 'a')
      await subject.pass(LEASE_MS)
      t.equal((await subject.commit('a', fence)).kind, 'lost')
      t.equal(await tokenOf(subject), 'by a')
      isAbout(t, await subject.dueInMs(), 0, 'due')
    },
  },
  {
    says: 'an older claim never overwrites what a newer one has stored',
    async isTrue(t, subject) {
      const older = await claimed(subject, 'a')
      await subject.pass(LEASE_MS)
      t.equal((await subject.commit('b', await claimed(subject, 'b'))).kind, 'stored')
      t.equal((await subject.commit('a', older)).kind, 'lost')
      t.equal(await tokenOf(subject), 'by b')
      isAbout(t, await subject.dueInMs(), 0, 'due')
    },
  },
  {
    says: 'the same commit twice, as a driver sends it after a lost answer, counts once',
    async isTrue(t, subject) {
      const fence = await claimed(subject, 'a')
      await subject.commit('a', fence)
      const { version } = await subject.read()
      t.equal((await subject.commit('a', fence)).kind, 'stored')
      t.equal((await subject.read()).version, version)
    },
  },
  {
    says: 'a call whose end nobody knows makes the next token due within a minute',
    async isTrue(t, subject) {
      await subject.fail('a', await claimed(subject, 'a'), { holdMs: 0, isUnsettled: true })
      await subject.commit('b', await claimed(subject, 'b'))
      isAbout(t, await subject.dueInMs(), DOUBT_MS, 'within the minute')
      await subject.pass(DOUBT_MS)
      await subject.commit('c', await claimed(subject, 'c'))
      isAbout(t, await subject.dueInMs(), DUE_IN_MS, 'as usual again')
    },
  },
  {
    says: 'so does a holder that never came back',
    async isTrue(t, subject) {
      await claimed(subject, 'a')
      await subject.pass(LEASE_MS)
      await subject.commit('b', await claimed(subject, 'b'))
      isAbout(t, await subject.dueInMs(), DOUBT_MS, 'within the minute')
    },
  },
  {
    says: 'a refusal that is a verdict leaves no doubt',
    async isTrue(t, subject) {
      await subject.fail('a', await claimed(subject, 'a'), { holdMs: 0, isUnsettled: false })
      await subject.commit('b', await claimed(subject, 'b'))
      isAbout(t, await subject.dueInMs(), DUE_IN_MS, 'as usual')
    },
  },
  {
    says: 'a token that was over when it came is not handed out',
    async isTrue(t, subject) {
      await subject.commit('a', await claimed(subject, 'a'), { lifetimeSeconds: 1, elapsedMs: 5_000 })
      await subject.pass(1)
      t.equal((await subject.read()).stored, undefined)
    },
  },
]

export const REFRESHES: readonly Sentence[] = [
  ...OF_EVERY_SUBJECT.map(({ says, isTrue }) => ({
    says: `the component: ${says}`,
    isTrue: (t: Test, stores: StoresUnderTest) => isTrue(t, componentOf(stores)),
  })),
  ...OF_EVERY_SUBJECT.map(({ says, isTrue }) => ({
    says: `an account: ${says}`,
    async isTrue(t: Test, stores: StoresUnderTest) {
      await authorize(stores)
      await isTrue(t, accountOf(stores))
    },
  })),
  {
    says: 'the component is claimed with its newest ticket, and a ticket ends the failure that missed it',
    async isTrue(t, stores) {
      const subject = componentOf(stores)
      const first = await subject.claim('a')
      t.strictSame(first.kind === 'claimed' && first.material, { ticket: undefined })
      await subject.fail('a', 1, { holdMs: 20_000, isUnsettled: false })
      await stores.saveTicket(new Secret('ticket'))
      const second = await subject.claim('b')
      t.equal(second.kind === 'claimed' && second.material.ticket?.reveal(), 'ticket')
    },
  },
]
