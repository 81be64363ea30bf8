// Owns: pushes that are refused, on both push routes: rows C, E and K of the table, as far as they end in a refusal.
import type { Test } from 'tap'
import { componentDocument, sign, textMessage } from '../apps/ingress/sealed-push.ts'
import { refusedPushes } from '../apps/ingress/refused-pushes.ts'
import { nowSeconds } from '../helpers/push-text.ts'
import {
  type Attempt,
  AUTHORIZER,
  CANARY,
  type HostileGateway,
  OTHER_AUTHORIZER,
  parsed,
  PREFIX,
  pushBytes,
} from './hostile-gateway.ts'
import { requestBytes, sendBytes } from './raw-http.ts'

const INVALID = 'INVALID_REQUEST'

export async function attackPushes(t: Test, gateway: HostileGateway): Promise<void> {
  const { component } = gateway
  const message = (to = AUTHORIZER.userName) => textMessage({ to, createTime: nowSeconds(), content: CANARY })
  const callback = `${AUTHORIZER.appId}/callback`
  const aesKey = Buffer.from(`${component.encodingAesKey}=`, 'base64')
  const rowsC = (route: string, plaintext: string): Attempt[] => {
    const sender = {
      token: component.token,
      aesKey,
      componentAppId: component.appId,
      nowSeconds: nowSeconds(),
      canary: CANARY,
      plaintext,
    }
    return refusedPushes(sender).map(({ id, name, status, code, query, rawQuery, body, headers }) => {
      const parts = { ...(rawQuery === undefined ? {} : { rawQuery }), ...(headers ? { headers } : {}) }
      return { id, name, status, code, bytes: pushBytes(route, { query, body: '' }, { body, ...parts }) }
    })
  }

  for (const [route, document] of [
    ['event', () => componentDocument('x', nowSeconds(), '', component.appId)],
    [callback, () => message()],
  ] as const) {
    await t.test(`rows C at ${route === 'event' ? 'event' : 'callback'}`, (t) =>
      gateway.attack(t, rowsC(route, document())),
    )
  }

  await t.test('C71 what fails in the cipher answers alike, whatever failed', async (t) => {
    const rows = rowsC('event', componentDocument('x', nowSeconds(), '', component.appId))
    const bodies = new Set<string>()
    for (const { id, bytes } of rows) {
      if (!/^C5[6-9]|^C6[01]/.test(id)) continue
      const { requestId: _requestId, ...rest } = parsed((await sendBytes(gateway.ports.public, bytes)).body)
      bodies.add(JSON.stringify(rest))
    }
    t.equal(bodies.size, 1)
  })

  await t.test(
    'rows E and K: authentic, but for another component, another authorizer, or no authorizer at all',
    async (t) => {
      const of = (
        id: string,
        name: string,
        path: string,
        status: number,
        code: string | readonly string[],
        plaintext = message(),
      ): Attempt => ({
        id,
        name,
        status,
        code,
        bytes: pushBytes(path, gateway.seal(plaintext)),
      })
      await gateway.attack(t, [
        of(
          'E09',
          'the AppId of another component',
          'event',
          403,
          'APPID_MISMATCH',
          componentDocument('unauthorized', nowSeconds(), '', 'wxc000000000000999'),
        ),
        ...[
          '..%2f..%2fetc',
          '%2e%2e',
          'a%2fb',
          '%00',
          '%0d%0aX-Injected:1',
          '%E2%80%AEabc',
          '%F0%9F%98%80',
          `${AUTHORIZER.appId}%20`,
          '%20',
          'wx000000000000a1',
          `${AUTHORIZER.appId}0`,
          'xw00000000000000a1',
          CANARY,
          'x'.repeat(101),
          CANARY.repeat(600),
          '__proto__',
          'constructor',
          'toString',
          '*',
          'a:b',
          '%7Btag%7D',
          'bull',
          component.appId,
        ].map((path) =>
          of(
            'K01-K06, K10',
            `${path.slice(0, 30).replaceAll(CANARY, 'canary')} for an appid`,
            `${path}/callback`,
            400,
            INVALID,
          ),
        ),
        of('K06', '?x for an appid', '%3Fx/callback', 400, INVALID),
        of('K01', 'one segment too many', `${AUTHORIZER.appId}/x/callback`, 404, 'ROUTE_NOT_FOUND'),
        {
          ...of(
            'K08',
            "a push of another authorizer's",
            callback,
            403,
            'APPID_MISMATCH',
            message(OTHER_AUTHORIZER.userName),
          ),
          reads: true,
        },
        { ...of('K08', 'the same at a stranger', 'wx00000000000000ff/callback', 403, 'APPID_MISMATCH'), reads: true },
        {
          id: 'H41',
          name: 'an unknown platform',
          status: 404,
          code: 'PLATFORM_NOT_FOUND',
          bytes: requestBytes('POST', '/apis/v1/wx/__proto__/event', { body: '' }),
        },
      ])
    },
  )

  await t.test('K15 the check of a URL reflects nothing that is not signed, and no markup that is', async (t) => {
    const check = (query: Record<string, string>) =>
      requestBytes('GET', `${PREFIX}/${callback}?${new URLSearchParams(query)}`)
    const [timestamp, nonce] = [String(nowSeconds()), 'abc']
    const good = { timestamp, nonce, signature: sign([component.token, timestamp, nonce]) }
    const old = String(nowSeconds() - 3600)
    await gateway.attack(t, [
      { id: 'K15', name: 'echostr alone', bytes: check({ echostr: CANARY }), status: 401, code: 'SIGNATURE_MISMATCH' },
      {
        id: 'K15',
        name: 'a wrong signature',
        bytes: check({ ...good, signature: 'a'.repeat(40), echostr: CANARY }),
        status: 401,
        code: 'SIGNATURE_MISMATCH',
      },
      {
        id: 'K15',
        name: 'msg_signature for signature',
        bytes: check({ timestamp, nonce, msg_signature: good.signature, echostr: CANARY }),
        status: 401,
        code: 'SIGNATURE_MISMATCH',
      },
      {
        id: 'K15',
        name: 'markup',
        bytes: check({ ...good, echostr: `<script>${CANARY}</script>` }),
        status: 400,
        code: INVALID,
      },
      { id: 'K15', name: 'no echostr', bytes: check(good), status: 400, code: INVALID },
      {
        id: 'K15',
        name: 'an old timestamp',
        bytes: check({ timestamp: old, nonce, signature: sign([component.token, old, nonce]), echostr: 'x' }),
        status: 401,
        code: 'TIMESTAMP_OUT_OF_RANGE',
      },
      {
        id: 'K15',
        name: 'a right one',
        bytes: check({ ...good, echostr: '1234567' }),
        status: 200,
        check: (t, { body }) => void t.equal(body, '1234567'),
      },
    ])
  })

  await t.test('nothing of it was dispatched', async (t) => {
    t.same(
      gateway.received.filter(({ type }) => !type.startsWith('wechat.component.')),
      [],
    )
    t.equal(
      (
        await sendBytes(
          gateway.ports.public,
          pushBytes(callback, gateway.seal(textMessage({ to: AUTHORIZER.userName, createTime: nowSeconds() }))),
        )
      ).body,
      'success',
    )
  })
}
