// Owns: what `subscriptions` of CONFIG_FILE come to, and how wrong ones are named.
import { configSummary, loadConfig } from '@wxgw/runtime'
import t from 'tap'
import { COMPLETE, filesOf, problemsIn } from './settings-for-tests.ts'

const SECRET = `whsec_${Buffer.alloc(32, 'S').toString('base64')}`

function load(subscriptions: string, env: Record<string, string> = {}) {
  const file = `subscriptions:\n${subscriptions}`
  return loadConfig({
    env: { ...COMPLETE, CONFIG_FILE: 'f', HOOK_SECRET: SECRET, ...env },
    readFile: filesOf({ f: file }),
  })
}

const problemsOf = (subscriptions: string) => problemsIn(() => load(subscriptions))

void t.test('every member is read as the API reads it, the secret from the environment', async (t) => {
  const { subscriptions } = load(`
  - platform: open1
    name: crm
    match:
      types: [wechat.message.*]
      authorizers: [wx0123456789abcdef]
      data: { MsgType: [text], EventKey: { prefix: qrscene_ }, Status: [1, 2], MsgId: { exists: true } }
    sink: { kind: webhook, url: https://crm.example/, timeoutMs: 5000, secret: "\${HOOK_SECRET}" }
    retry: { scheduleSeconds: [1, 60] }
    reply: true
    fallback: customer-service
    ordering: subject
    orderingTimeoutSeconds: 30
    throttle: { perSecond: 5 }
    maxBacklog: 10
    disableAfterSeconds: 0
    enabled: false
    paused: true
  - { platform: open1, name: audit, match: {}, sink: { kind: queue } }`)
  t.match(subscriptions, [
    {
      platform: 'open1',
      name: 'crm',
      input: {
        match: {
          types: ['wechat.message.*'],
          authorizers: ['wx0123456789abcdef'],
          data: { MsgType: ['text'], EventKey: { prefix: 'qrscene_' }, Status: ['1', '2'], MsgId: { exists: true } },
        },
        sink: { kind: 'webhook', url: 'https://crm.example/', timeoutMs: 5000 },
        retry: { scheduleSeconds: [1, 60] },
        reply: true,
        fallback: 'customer-service',
        ordering: 'subject',
        orderingTimeoutSeconds: 30,
        throttle: { perSecond: 5 },
        maxBacklog: 10,
        disableAfterSeconds: 0,
        enabled: false,
        paused: true,
      },
    },
    { name: 'audit', input: { sink: { kind: 'queue' } }, secret: undefined },
  ])
  t.equal(subscriptions?.[0]?.secret?.reveal(), SECRET)
})

void t.test('a file without the list declares none, and without a file nothing is said', async (t) => {
  const key = 'k'.repeat(32)
  t.same(
    loadConfig({
      env: { ...COMPLETE, CONFIG_FILE: 'f' },
      readFile: filesOf({ f: `callers: [{ name: crm, key: ${key}x }]` }),
    }).subscriptions,
    [],
  )
  t.equal(loadConfig({ env: COMPLETE, readFile: filesOf({}) }).subscriptions, undefined)
})

void t.test('the summary names them, and shows no secret', async (t) => {
  const config = load(
    `  - { platform: open1, name: crm, sink: { kind: webhook, url: https://crm.example/, secret: "\${HOOK_SECRET}" } }`,
  )
  const text = JSON.stringify(configSummary(config))
  t.match(text, /"subscriptions":\["open1.crm"\]/)
  t.notOk(text.includes(SECRET) || JSON.stringify(config).includes(SECRET))
})

const hook = (rest: string) =>
  `  - { platform: open1, name: crm, sink: { kind: webhook, url: https://crm.example/, secret: ${SECRET} }, ${rest} }`

const WRONG: ReadonlyArray<[what: string, file: string, setting: string, problem: RegExp]> = [
  ['a member that is not known', hook('matches: {}'), 'CONFIG_FILE subscriptions[0].matches', /not known/],
  [
    'a member that is not known inside',
    hook('match: { autorizers: [] }'),
    'CONFIG_FILE subscriptions[0].match.autorizers',
    /^is not known here$/,
  ],
  [
    'an appid that is none',
    hook('match: { authorizers: [x] }'),
    'CONFIG_FILE subscriptions[0].match.authorizers.0',
    /pattern/,
  ],
  [
    'a number that is none',
    hook('retry: { scheduleSeconds: [soon] }'),
    'CONFIG_FILE subscriptions[0].retry.scheduleSeconds.0',
    /integer/,
  ],
  [
    'a kind of sink that is none',
    '  - { platform: open1, name: a, sink: { kind: mail } }',
    'CONFIG_FILE subscriptions[0].sink.kind',
    /one of/,
  ],
  ['no sink', '  - { platform: open1, name: a }', 'CONFIG_FILE subscriptions[0].sink.kind', /one of/],
  [
    'a stream that is too long',
    '  - { platform: open1, name: a, sink: { kind: stream, maxLength: 0 } }',
    'CONFIG_FILE subscriptions[0].sink.maxLength',
    /1/,
  ],
  [
    'a webhook without a secret',
    '  - { platform: open1, name: a, sink: { kind: webhook, url: https://crm.example/ } }',
    'CONFIG_FILE subscriptions[0].sink.secret',
    /required/,
  ],
  [
    'a private address',
    `  - { platform: open1, name: a, sink: { kind: webhook, url: https://10.0.0.1/, secret: ${SECRET} } }`,
    'CONFIG_FILE subscriptions[0].sink.url',
    /refused/,
  ],
  [
    'a name of a queue',
    '  - { platform: open1, name: a, sink: { kind: queue, queue: mine } }',
    'CONFIG_FILE subscriptions[0].sink.queue',
    /given by the gateway/,
  ],
  [
    'a secret that is too short',
    '  - { platform: open1, name: a, sink: { kind: webhook, url: https://crm.example/, secret: whsec_AAAA } }',
    'CONFIG_FILE subscriptions[0].sink.secret',
    /24 to 64 bytes/,
  ],
  [
    'a name that is none',
    '  - { platform: open1, name: A b, sink: { kind: queue } }',
    'CONFIG_FILE subscriptions[0].name',
    /must be 1 to 63/,
  ],
  [
    'a platform that is not there',
    '  - { platform: open2, name: a, sink: { kind: queue } }',
    'CONFIG_FILE subscriptions[0]',
    /not configured/,
  ],
  [
    'the same twice',
    '  - { platform: open1, name: a, sink: { kind: queue } }\n  - { platform: open1, name: a, sink: { kind: stream } }',
    'CONFIG_FILE subscriptions[1]',
    /same platform and name/,
  ],
  [
    'a value that the environment lacks',
    hook('match: { types: ["${GONE}"] }'),
    'CONFIG_FILE subscriptions[0].match.types[0]',
    /GONE/,
  ],
]

for (const [what, file, setting, problem] of WRONG) {
  void t.test(`refused by name: ${what}`, async (t) => {
    const problems = problemsOf(file)
    t.match(problems, { [setting]: problem }, JSON.stringify(problems))
    t.notOk(JSON.stringify(problems).includes(SECRET))
  })
}
