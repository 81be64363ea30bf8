// Owns: what every store remembers of an authorization code.
import { ACCOUNT, authorize, claimCode, hashOf, LEASE_MS } from './accounts.ts'
import type { Sentence } from './sentence.ts'

const HASH = hashOf('one')
const FIRST = { kind: 'claimed', ambiguous: false, listSearched: false }

export const CODES: readonly Sentence[] = [
  {
    says: 'a code is exchanged by one at a time',
    async isTrue(t, stores) {
      t.strictSame(await claimCode(stores, 'one'), FIRST)
      t.strictSame(await claimCode(stores, 'one', { insist: true }), { kind: 'busy' })
      t.strictSame(await claimCode(stores, 'two'), FIRST, 'another code is another')
      t.equal(await stores.codes.accountOf(HASH), undefined)
    },
  },
  {
    says: 'a code that was given back is as new',
    async isTrue(t, stores) {
      await claimCode(stores, 'one')
      await stores.codes.release(HASH, { owner: 'owner one', ambiguous: false, listSearched: false })
      t.strictSame(await claimCode(stores, 'one'), FIRST)
    },
  },
  {
    says: 'a code whose exchange may have reached WeChat is claimed as such, with when the list was searched for it',
    async isTrue(t, stores) {
      await claimCode(stores, 'one')
      await stores.codes.release(HASH, { owner: 'owner one', ambiguous: true, listSearched: true })
      t.strictSame(await claimCode(stores, 'one'), { kind: 'claimed', ambiguous: true, listSearched: true })
      await stores.codes.release(HASH, { owner: 'owner one', ambiguous: true, listSearched: false })
      await stores.pass(600_000)
      t.strictSame(await claimCode(stores, 'one'), { kind: 'claimed', ambiguous: true, listSearched: false })
    },
  },
  {
    says: 'so is one whose holder never came back',
    async isTrue(t, stores) {
      await claimCode(stores, 'one')
      await stores.pass(LEASE_MS)
      t.match(await claimCode(stores, 'one'), { kind: 'claimed', ambiguous: true })
    },
  },
  {
    says: 'a refused code is refused for a minute, but for who insists',
    async isTrue(t, stores) {
      const refused = { errcode: 61010, errmsg: 'code is expired' }
      await claimCode(stores, 'one')
      await stores.codes.refuse(HASH, { owner: 'owner one', ...refused })
      t.strictSame(await claimCode(stores, 'one'), { kind: 'refused', ...refused })
      t.match(await claimCode(stores, 'one', { insist: true }), { kind: 'claimed', ambiguous: false })
      await stores.codes.refuse(HASH, { owner: 'owner one', ...refused })
      await stores.pass(60_000)
      t.match(await claimCode(stores, 'one'), { kind: 'claimed', ambiguous: false })
    },
  },
  {
    says: 'an exchanged code names its account, for two hours',
    async isTrue(t, stores) {
      await authorize(stores)
      t.strictSame(await claimCode(stores, 'one', { insist: true }), { kind: 'exchanged', appId: ACCOUNT })
      t.equal(await stores.codes.accountOf(HASH), ACCOUNT)
      await stores.pass(7_200_000)
      t.strictSame(await claimCode(stores, 'one'), FIRST)
    },
  },
  {
    says: 'who does not hold a code any more changes nothing of it',
    async isTrue(t, stores) {
      const refused = { errcode: 61010, errmsg: 'code is expired' }
      await claimCode(stores, 'one')
      await stores.codes.refuse(HASH, { owner: 'another', ...refused })
      await stores.codes.release(HASH, { owner: 'another', ambiguous: false, listSearched: false })
      t.strictSame(await claimCode(stores, 'one'), { kind: 'busy' })
      await authorize(stores)
      await stores.codes.release(HASH, { owner: 'owner one', ambiguous: true, listSearched: false })
      t.strictSame(await claimCode(stores, 'one'), { kind: 'exchanged', appId: ACCOUNT })
    },
  },
]
