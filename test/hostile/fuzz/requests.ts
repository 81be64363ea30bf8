// Owns: one good request for every route of both listeners, as bytes: what the fuzzer starts from.
import { componentDocument, textMessage } from '../../apps/ingress/sealed-push.ts'
import { nowSeconds } from '../../helpers/push-text.ts'
import { AUTHORIZER, type HostileGateway, type Listener, PREFIX, pushBytes } from '../hostile-gateway.ts'
import { requestBytes } from '../raw-http.ts'

export type Seed = { listener: Listener; route: string; bytes: Buffer }

/**
 * The pushes are signed with a token of nobody, so that none of them can become authentic; calls that write want a key and
 * have a wrong one.
 */
export function requestSeeds(gateway: HostileGateway): Seed[] {
  const { component, auth } = gateway
  const { appId, userName } = AUTHORIZER
  const now = nowSeconds()
  const seal = (document: string) => gateway.seal(document, { token: 'tokenOfNobody' })
  const message = seal(textMessage({ to: userName, createTime: now }))
  const ticket = seal(
    componentDocument(
      'component_verify_ticket',
      now,
      '<ComponentVerifyTicket>ticket@@@x</ComponentVerifyTicket>',
      component.appId,
    ),
  )
  const json = { 'content-type': 'application/json' }
  const stranger = { authorization: `Bearer ${'x'.repeat(44)}` }
  const seeds: Seed[] = [
    { listener: 'public', route: 'event', bytes: pushBytes('event', ticket) },
    { listener: 'public', route: 'callback', bytes: pushBytes(`${appId}/callback`, message) },
    {
      listener: 'public',
      route: 'url check',
      bytes: requestBytes(
        'GET',
        `${PREFIX}/${appId}/callback?signature=${'a'.repeat(40)}&timestamp=${now}&nonce=1&echostr=2`,
      ),
    },
    {
      listener: 'public',
      route: 'authorize',
      bytes: requestBytes('GET', `${PREFIX}/authorize?type=x`, { headers: { accept: 'text/html' } }),
    },
    {
      listener: 'public',
      route: 'authorized',
      bytes: requestBytes('GET', `${PREFIX}/authorized?auth_code=%00&expires_in=3600`, {
        headers: { accept: 'text/html' },
      }),
    },
    {
      listener: 'public',
      route: 'mpinfo',
      bytes: requestBytes('GET', `${PREFIX}/mpinfo?auth_code=%00&expires_in=3600`),
    },
    {
      listener: 'public',
      route: 'authurl',
      bytes: requestBytes('POST', `${PREFIX}/authurl`, {
        headers: json,
        body: '{"type":"x","redirectUri":"ftp://a.example","auth_type":3}',
      }),
    },
    {
      listener: 'public',
      route: 'authurl form',
      bytes: requestBytes('POST', `${PREFIX}/authurl`, {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'type=x&redirectUri=ftp%3A%2F%2Fa.example',
      }),
    },
    { listener: 'public', route: 'healthz', bytes: requestBytes('GET', '/healthz') },
  ]
  const reads = [
    'component_access_token',
    `access_token/${appId}`,
    `ticket/${appId}?type=jsapi`,
    `jssdk_config/${appId}?url=https://a.example`,
    'authorizers?limit=2',
    `authorizers/${appId}`,
    'authorizers/sync/x',
    'subscriptions',
    'subscriptions/everything',
    'subscriptions/everything/dead-letters',
    `events?authorizer=${appId}&type=wechat.*&from=2026-01-01T00:00:00Z`,
    'events/ev_x',
  ]
  const writes: Array<[method: string, path: string, body: unknown]> = [
    [
      'PUT',
      'subscriptions/new',
      {
        match: { types: ['wechat.message.*'] },
        sink: { kind: 'webhook', url: 'https://a.example', timeoutMs: 1000 },
        retry: { scheduleSeconds: [1] },
      },
    ],
    ['DELETE', 'subscriptions/everything', undefined],
    ['POST', 'subscriptions/everything/test', {}],
    ['POST', 'subscriptions/everything/dead-letters/replay', { ids: ['a'] }],
    ['DELETE', 'subscriptions/everything/dead-letters?ids=a', undefined],
    ['POST', 'events/ev_x/replay', {}],
    ['POST', 'replies/ev_x', { reply: { MsgType: 'text', Content: 'x' } }],
    ['POST', 'authorizers/sync', undefined],
    ['POST', `access_token/${appId}/invalid`, { token: 'x' }],
  ]
  for (const path of reads)
    seeds.push({
      listener: 'internal',
      route: path,
      bytes: requestBytes('GET', `${PREFIX}/${path}`, { headers: auth }),
    })
  for (const [method, path, body] of writes) {
    const parts = { headers: { ...json, ...stranger }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    seeds.push({ listener: 'internal', route: path, bytes: requestBytes(method, `${PREFIX}/${path}`, parts) })
  }
  for (const path of ['/healthz', '/metrics', '/openapi.json', '/docs/'])
    seeds.push({ listener: 'internal', route: path, bytes: requestBytes('GET', path) })
  return seeds
}
