// Owns: the cursors of every list: whose they are, what they are good for, and that they say nothing.
import type { Grant, SealingKey } from '@wxgw/runtime'
import t, { type Test } from 'tap'
import { APPID_A, APPID_B, loggedEvent, subscription } from './samples.ts'
import { createGateway, keyOf, ROOT_KEY, type Fixture } from './gateway-fixture.ts'

const ALL: Grant = {
  platforms: undefined,
  actions: ['authorizers:read', 'subscriptions:read', 'events:read', 'events:replay', 'sessions:read'],
  authorizers: undefined,
}
const GRANTS = { one: [ALL], other: [ALL], narrow: [{ ...ALL, authorizers: [APPID_A] }] }
const OLD = { id: 'old', key: Buffer.alloc(32, 1) }
const NEW = { id: 'new', key: Buffer.alloc(32, 2) }
const PLATFORMS = { platformIds: ['open1', 'open2'], grants: GRANTS }

type Asked = { url: string; key?: string; cursor?: string }

async function ask({ request }: Fixture, { url, key, cursor }: Asked) {
  const target = cursor === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}cursor=${cursor}`
  return request(target, { key })
}

async function cursorFrom(gateway: Fixture, asked: Asked, position = 'ev_1'): Promise<string> {
  gateway.fake.nextPosition = position
  return (await ask(gateway, asked)).json().nextCursor
}

/** Every list of a platform, out of the gateway's own document: what is added is held to this, too. */
async function lists(gateway: Fixture, platform = 'open1'): Promise<string[]> {
  const { paths } = (await gateway.internalServer.inject('/openapi.json')).json()
  const urls = Object.keys(paths).filter(
    (path) =>
      path.includes('{platform}') && JSON.stringify(paths[path].get?.responses?.['200'] ?? '').includes('nextCursor'),
  )
  return urls.map((url) =>
    url.replace('{platform}', platform).replace('{name}', 'crm').replace('{APPID}', APPID_A).replace('{id}', 'ev_a'),
  )
}

function gatewayWith(t: Test, sealingKeys: readonly SealingKey[]): Fixture {
  const gateway = createGateway(t, { ...PLATFORMS, config: { sealingKeys } })
  for (const name of ['crm', 'crm2'])
    gateway.fake.subscriptions.set(name, subscription(name, { match: { authorizers: [APPID_A], types: undefined } }))
  gateway.fake.events.set('ev_a', loggedEvent('ev_a'))
  return gateway
}

void t.test('a cursor continues after a restart, at another ingress and with rotated keys', async (t) => {
  for (const sealingKeys of [[], [OLD]]) {
    const gateway = gatewayWith(t, sealingKeys)
    const urls = await lists(gateway)
    t.ok(urls.length >= 4, urls.join())
    for (const url of urls) {
      const cursor = await cursorFrom(gateway, { url }, '1767225600000 ev_é')
      const others = [gateway, gatewayWith(t, sealingKeys)]
      if (sealingKeys.length > 0) others.push(gatewayWith(t, [NEW, OLD]))
      for (const other of others) {
        other.fake.calls.length = 0
        t.equal((await ask(other, { url, cursor })).statusCode, 200, url)
        t.match(other.fake.calls.flatMap(({ args }) => args).filter(hasCursor), [{ cursor: '1767225600000 ev_é' }], url)
      }
    }
  }
})

void t.test('a cursor is good for its caller, list, platform and filter only', async (t) => {
  for (const sealingKeys of [[], [OLD]]) {
    const gateway = gatewayWith(t, sealingKeys)
    const urls = await lists(gateway)
    for (const url of urls) {
      const cursor = await cursorFrom(gateway, { url, key: keyOf('one') })
      const others: Asked[] = [
        { url, key: keyOf('other') },
        { url, key: keyOf('narrow') },
        { url, key: ROOT_KEY },
        { url: url.replace('open1', 'open2'), key: keyOf('one') },
        ...urls.filter((another) => another !== url).map((another) => ({ url: another, key: keyOf('one') })),
      ]
      if (url.includes('crm')) others.push({ url: url.replace('crm', 'crm2'), key: keyOf('one') })
      for (const other of others)
        t.match(await refusal(gateway, { ...other, cursor }), 'INVALID_REQUEST', `${url} at ${other.url}`)
      t.equal((await ask(gateway, { url: `${url}?limit=7`, key: keyOf('one'), cursor })).statusCode, 200, 'any limit')
    }
    const filtered = `/apis/v1/wx/open1/events?authorizer=${APPID_A}&type=wechat.message.*`
    const cursor = await cursorFrom(gateway, { url: filtered })
    t.equal(
      (await ask(gateway, { url: `/apis/v1/wx/open1/events?type=wechat.message.*&authorizer=${APPID_A}`, cursor }))
        .statusCode,
      200,
    )
    for (const url of [
      '',
      `?authorizer=${APPID_A}`,
      `?authorizer=${APPID_B}&type=wechat.message.*`,
      `?authorizer=${APPID_A}&type=wechat.*`,
    ]) {
      t.equal(await refusal(gateway, { url: `/apis/v1/wx/open1/events${url}`, cursor }), 'INVALID_REQUEST', url)
    }
  }
})

void t.test('what is no cursor, or was changed, is INVALID_REQUEST, and the list is not asked', async (t) => {
  const gateway = gatewayWith(t, [OLD])
  const strange = gatewayWith(t, [NEW])
  for (const url of await lists(gateway)) {
    const cursor = await cursorFrom(gateway, { url })
    const asked = gateway.fake.calls.filter(({ name }) => /list|find/.test(name)).length
    const flipped = (at: number) => `${cursor.slice(0, at)}${cursor[at] === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`
    const wrong = [
      '',
      'x',
      'crm',
      APPID_A,
      '*',
      '__proto__',
      cursor.slice(1),
      `${cursor}A`,
      ...[0, 20, 60, 200, 377].map(flipped),
      await cursorFrom(strange, { url }),
    ]
    for (const text of wrong)
      t.equal(await refusal(gateway, { url, cursor: encodeURIComponent(text) }), 'INVALID_REQUEST', text)
    t.equal(gateway.fake.calls.filter(({ name }) => /list|find/.test(name)).length, asked)
  }
})

void t.test('neither the text nor the length of a cursor tells the position', async (t) => {
  const gateway = gatewayWith(t, [OLD])
  for (const url of await lists(gateway)) {
    const cursors = []
    for (const position of ['a', 'a', 'secret-campaign', '1767225600000 '.padEnd(255, 'x')])
      cursors.push(await cursorFrom(gateway, { url }, position))
    t.same(new Set(cursors.map(({ length }) => length)), new Set([379]))
    t.equal(new Set(cursors).size, cursors.length, 'and one position never has the same cursor twice')
    t.notMatch(Buffer.from(cursors[2] ?? '', 'base64url').toString('latin1'), 'secret')
  }
})

function hasCursor(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && 'cursor' in argument
}

async function refusal(gateway: Fixture, asked: Asked): Promise<string> {
  const answer = await ask(gateway, asked)
  return answer.statusCode === 400 ? answer.json().code : String(answer.statusCode)
}
