// Owns: which rights each call of the internal listener needs: the table of needed-actions.ts against every kind of narrow key.
import { type Action, ACTIONS, type Grant } from '@wxgw/runtime'
import t from 'tap'
import { words } from '../../helpers/words.ts'
import { startWeChatDouble } from './api-calls/wechat-double.ts'
import { APPID_A, APPID_B } from './samples.ts'
import { createGateway, keyOf } from './gateway-fixture.ts'
import { gatewayWith, grantsOf } from './granted-gateway.ts'
import { ANY_OF, CALLS, KNOWN_MEMBERS, type Needing } from './needed-actions.ts'

void t.test('every route and every member that is served stands in the table of what it needs', async (t) => {
  const { internalServer } = createGateway(t)
  const { paths } = (await internalServer.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, Operation>>
  }>()
  const served = Object.entries(paths).flatMap(([path, operations]) => {
    const route = /^\/apis\/v1\/wx\/\{platform\}\/(.*)$/.exec(path)?.[1]
    if (route === undefined) return []
    return Object.entries(operations).flatMap(([method, { security, ...operation }]) => {
      const wantsKey = security?.some((scheme) => 'key' in scheme)
      const named = `${method.toUpperCase()} ${route}`
      return wantsKey ? [named, ...membersOf(operation).map((member) => `${named} ${member}`)] : []
    })
  })
  t.same(served.toSorted(), KNOWN_MEMBERS.toSorted())
})

type Operation = {
  security?: Array<Record<string, unknown>>
  parameters?: Array<{ in: string; name: string }>
  requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown> } }> }
}

function membersOf({ parameters = [], requestBody }: Operation): string[] {
  const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => `query.${name}`)
  const bodies = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => Object.keys(schema.properties ?? {}))
  return [...query, ...[...new Set(bodies)].map((name) => `body.${name}`)]
}

/** May be asked on the way to a refusal: nothing of it leaves the gateway, and WeChat is not asked. */
const LOOKS = new Set(words`
  subscriptions.get subscriptions.put subscriptions.patch subscriptions.rotateSecret subscriptions.delete events.get
  sessions.get accountOf
`)

type Kind = { name: string; grants(call: Needing): Grant[]; opens(call: Needing): boolean }

const only = (authorizer: string, call: Needing) => grantsOf({ authorizers: [authorizer], actions: call.needs })

const KINDS: Kind[] = [
  ...ACTIONS.map((action): Kind => ({
    name: `${action} alone`,
    grants: () => grantsOf({ actions: [action] }),
    opens: ({ needs }) => needs.every((needed) => needed === action),
  })),
  ...ACTIONS.map((action): Kind => ({
    name: `everything but ${action}`,
    grants: () => grantsOf({ actions: ACTIONS.filter((other) => other !== action) }),
    opens: ({ needs }) => !needs.includes(action),
  })),
  {
    name: 'what is needed, one action a grant',
    grants: ({ needs }) => grantsOf(...needs.map((action) => ({ actions: [action] }))),
    opens: () => true,
  },
  { name: 'what is needed, for A', grants: (call) => only(APPID_A, call), opens: ({ scope }) => scope !== 'platform' },
  {
    name: 'everything, for A',
    grants: () => grantsOf({ authorizers: [APPID_A] }),
    opens: ({ scope }) => scope !== 'platform',
  },
  { name: 'what is needed, for B', grants: (call) => only(APPID_B, call), opens: ({ scope }) => scope === 'list' },
  {
    name: 'what is needed, for nobody',
    grants: ({ needs }) => grantsOf({ authorizers: [], actions: needs }),
    opens: ({ scope }) => scope === 'list',
  },
  ...[0, 1].map((first): Kind => ({
    name: `what is needed, action ${first} for A and the other for B`,
    grants: ({ needs }) =>
      grantsOf(
        ...needs.map((action, index) => ({ authorizers: [index === first ? APPID_A : APPID_B], actions: [action] })),
      ),
    opens: ({ needs, scope }) => scope === 'list' || (needs.length === 1 && first === 0 && scope === undefined),
  })),
  { name: 'everything, on another platform', grants: () => grantsOf({ platforms: ['open2'] }), opens: () => false },
  {
    name: 'everything but on another platform, and another action here',
    grants: ({ needs }) => grantsOf({ platforms: ['open2'] }, { actions: unneeded(needs) }),
    opens: () => false,
  },
  { name: 'nothing', grants: () => [], opens: () => false },
]

function unneeded(needs: readonly Action[]): Action[] {
  return ACTIONS.filter((action) => !needs.includes(action))
}

void t.test('each call is open to whoever has all that it needs, and to nobody else', async (t) => {
  const rows = CALLS.flatMap((wanted, number) =>
    KINDS.map((kind, index) => ({ wanted, kind, key: `c${number}k${index}` })),
  )
  const grants = Object.fromEntries(rows.map(({ wanted, kind, key }) => [key, kind.grants(wanted)]))
  const { call, fake, fill } = gatewayWith(t, grants, { wechatUrl: (await startWeChatDouble(t)).url })
  for (const { wanted, kind, key } of rows) {
    fill()
    const { statusCode } = await call(wanted, keyOf(key))
    const expected = kind.opens(wanted)
    const told = `${kind.name}: ${wanted.method} ${wanted.path} ${JSON.stringify(wanted.payload)} answered ${statusCode}`
    if (expected ? statusCode >= 300 : statusCode !== 403) t.fail(told)
    const asked = fake.calls.filter(({ name }) => !LOOKS.has(name))
    if (!expected && asked.length > 0) t.fail(`${told}, and asked ${asked.map(({ name }) => name).join()}`)
    if (!expected && fake.subscriptions.size !== 2) t.fail(`${told}, and changed the subscriptions`)
  }
  t.ok(rows.length > 500)
})

void t.test('a route with alternative actions opens with each of them, per account, and no other', async (t) => {
  for (const { actions, ...wanted } of ANY_OF) {
    const needed = new Set<Action>(actions)
    const kinds: Record<string, { grants: Grant[]; opens: boolean }> = { nothing: { grants: [], opens: false } }
    for (const action of ACTIONS) {
      kinds[action] = { grants: grantsOf({ actions: [action] }), opens: needed.has(action) }
      kinds[`${action} for A`] = {
        grants: grantsOf({ actions: [action], authorizers: [APPID_A] }),
        opens: needed.has(action),
      }
      kinds[`${action} for B`] = { grants: grantsOf({ actions: [action], authorizers: [APPID_B] }), opens: false }
    }
    const { call } = gatewayWith(
      t,
      Object.fromEntries(Object.values(kinds).map(({ grants }, number) => [`k${number}`, grants])),
    )
    for (const [number, [name, { opens }]] of Object.entries(kinds).entries()) {
      t.equal((await call(wanted, keyOf(`k${number}`))).statusCode, opens ? 200 : 403, `${wanted.path} with ${name}`)
    }
  }
})
