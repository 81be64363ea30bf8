// Owns: what CONFIG_FILE comes to, and how wrong places in it are told.
import { loadConfig } from '@wxgw/runtime'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { words } from '../../helpers/words.ts'
import { AES_KEY, CALLER_KEY, COMPLETE, filesOf, problemsIn } from './settings-for-tests.ts'

const SEALED = { SEALING_KEYS: COMPLETE['SEALING_KEYS'] }

const FILE = `
platforms:
  - id: open2
    componentAppid: wxaaaaaaaaaaaaaaaa
    componentAppsecret: \${OPEN2_SECRET}
    token: 00123
    encodingAesKey: ${AES_KEY}
    previousToken: \${PRE}-\${PRE}   # and \${NOT_A_VARIABLE} in a comment is none
callers:
  - name: crm
    key: \${CRM_KEY}
    grants:
      - platforms: [open2]
        authorizers: [wx\${TAIL}]
        actions: [tokens:read, events:read]
      - actions: [replies:write]
  - name: idle
    key: ${'i'.repeat(32)}
    grants: []
`

const VARIABLES = { OPEN2_SECRET: 'sealed: "of" #2', CRM_KEY: CALLER_KEY, PRE: 'old', TAIL: 'bbbbbbbbbbbbbbbb' }

function load(env: Readonly<Record<string, string | undefined>>, file: string) {
  return loadConfig({
    env: { CONFIG_FILE: 'gateway.yaml', ...SEALED, ...env },
    readFile: filesOf({ 'gateway.yaml': file }),
  })
}

const problemsOf = (env: Readonly<Record<string, string | undefined>>, file: string) =>
  problemsIn(() => load(env, file))

void t.test('a platform keeps an event log unless it says otherwise', async (t) => {
  const env = { ...VARIABLES, OPEN2_SECRET: 'appsecret2' }
  const withLog = (value: string) => FILE.replace('    token: 00123\n', `    token: 00123\n    eventLog: ${value}\n`)
  t.equal(load(env, FILE).platforms[0]?.eventLog, true)
  t.equal(load(env, withLog('true')).platforms[0]?.eventLog, true)
  t.equal(load(env, withLog('false')).platforms[0]?.eventLog, false)
  t.match(problemsOf(env, withLog('nope')), { 'CONFIG_FILE platforms[0].eventLog': 'must be true or false' })
})

void t.test('a file with platforms and callers needs no WX_* and no API_KEYS', async (t) => {
  const config = load({ ...VARIABLES, OPEN2_SECRET: 'appsecret2' }, FILE)
  const [platform, ...others] = config.platforms
  t.strictSame(others, [])
  t.equal(platform?.id, 'open2')
  t.equal(platform?.componentAppSecret.reveal(), 'appsecret2')
  t.equal(platform?.token.reveal(), '00123', 'digits are text')
  t.equal(platform?.previousToken?.reveal(), 'old-old', 'several ${NAME} in one text')
  t.equal(platform?.previousEncodingAesKey, undefined)
  t.strictSame(
    config.callers.map(({ name, grants }) => ({ name, grants })),
    [
      {
        name: 'crm',
        grants: [
          { platforms: ['open2'], authorizers: ['wxbbbbbbbbbbbbbbbb'], actions: ['tokens:read', 'events:read'] },
          { platforms: undefined, authorizers: undefined, actions: ['replies:write'] },
        ],
      },
      { name: 'idle', grants: [] },
    ],
  )
})

void t.test('what a variable holds is a value, never YAML', async (t) => {
  t.match(problemsOf(VARIABLES, FILE), { 'CONFIG_FILE platforms[0].componentAppsecret': /white space/ })
})

void t.test('${NAME} is looked up in .env as well', async (t) => {
  const readFile = filesOf({ 'gateway.yaml': FILE, '.env': `OPEN2_SECRET=fromdotenv\nCONFIG_FILE=gateway.yaml` })
  const { OPEN2_SECRET: _, ...env } = VARIABLES
  t.equal(loadConfig({ env: { ...SEALED, ...env }, readFile }).platforms[0]?.componentAppSecret.reveal(), 'fromdotenv')
})

void t.test('WX_* and API_KEYS stand beside what the file gives', async (t) => {
  const config = load({ ...COMPLETE, ...VARIABLES, OPEN2_SECRET: 's', API_KEYS: `ops=${'o'.repeat(32)}` }, FILE)
  t.strictSame(pluck(config.platforms, 'id'), ['open1', 'open2'])
  t.strictSame(pluck(config.callers, 'name'), ['ops', 'crm', 'idle'])
})

void t.test('part of WX_* is a platform that is incomplete, also beside a file', async (t) => {
  t.strictSame(Object.keys(problemsOf({ ...VARIABLES, OPEN2_SECRET: 's', WX_TOKEN: 'x' }, FILE)), [
    'WX_COMPONENT_APPID',
    'WX_COMPONENT_APPSECRET',
    'WX_ENCODING_AES_KEY',
  ])
})

void t.test('a variable that is not there is told by its name and its place', async (t) => {
  t.match(problemsOf({ ...VARIABLES, OPEN2_SECRET: undefined, TAIL: undefined }, FILE), {
    'CONFIG_FILE platforms[0].componentAppsecret': /OPEN2_SECRET/,
    'CONFIG_FILE callers[0].grants[0].authorizers[0]': /TAIL/,
  })
})

void t.test('a double id, component appid, caller name or caller key stops the start', async (t) => {
  const platform = (id: string, appId: string) =>
    `{id: ${id}, componentAppid: ${appId}, componentAppsecret: s, token: t, encodingAesKey: ${AES_KEY}}`
  const caller = (name: string, key: string) => `{name: ${name}, key: ${key}}`
  const file = (platforms: string[], callers: string[]) =>
    `platforms: [${platforms.join(', ')}]\ncallers: [${callers.join(', ')}]\n`
  const one = platform('one', 'wxaaaaaaaaaaaaaaaa')
  const ops = caller('ops2', 'o'.repeat(32))

  const two = (id = 'two', appId = 'wxbbbbbbbbbbbbbbbb') => [one, platform(id, appId)]
  t.strictSame(problemsOf({}, file(two(), [ops])), {})
  const rows: Array<[place: string, problem: RegExp, file: string, env?: Readonly<Record<string, string>>]> = [
    ['platforms[1]', /same id/, file(two('one'), [ops])],
    ['platforms[1]', /same component appid/, file(two('two', 'wxaaaaaaaaaaaaaaaa'), [ops])],
    ['callers[1]', /same name/, file([one], [ops, caller('ops2', 'p'.repeat(32))])],
    ['callers[1]', /same key/, file([one], [ops, caller('ops3', 'o'.repeat(32))])],
    ['callers[0]', /same name/, file([one], [ops]), { API_KEYS: `ops2=${'q'.repeat(32)}` }],
    ['platforms[0]', /same id/, file([platform('open1', 'wxaaaaaaaaaaaaaaaa')], [ops]), COMPLETE],
  ]
  for (const [place, problem, text, env = {}] of rows)
    t.match(problemsOf(env, text), { [`CONFIG_FILE ${place}`]: problem })
})

void t.test('every wrong place is told by its path and without its value', async (t) => {
  const file = `
platforms:
  - id: Leak-1
    componentAppid: [leak-2]
    token: leak 3
    encodingAesKey: leak-4
    surplus: leak-5
  - leak-6
callers:
  - name: crm
    key: leak-7
    grants:
      - platforms: leak-8
        actions: [leak:9]
        authorizers: [leak-10]
        rights: [leak-11]
  - name: leak 12
    grants: leak-13
leaks: leak-14
`
  const problems = problemsOf({}, file)
  t.strictSame(
    Object.keys(problems)
      .map((place) => place.replace('CONFIG_FILE ', ''))
      .toSorted(),
    words`
      callers[0].grants[0].actions[0] callers[0].grants[0].authorizers[0] callers[0].grants[0].platforms
      callers[0].grants[0].rights callers[0].key callers[1].grants callers[1].key callers[1].name leaks
      platforms[0].componentAppid platforms[0].componentAppsecret platforms[0].encodingAesKey platforms[0].id
      platforms[0].surplus platforms[0].token platforms[1]
    `,
  )
  t.notMatch(Object.values(problems).join('\n'), /leak/i)
})

for (const { member, usual, good, bad, problem } of [
  {
    member: 'maxSubscriptions',
    usual: 200,
    good: [0, 5000],
    bad: ['-1', '1.5', 'many', '1e3', '99999999'],
    problem: /whole number from 0/,
  },
  {
    member: 'maxConcurrent',
    usual: 64,
    good: [1, 512],
    bad: ['0', '513', '-1', '1.5', 'many'],
    problem: /whole number from 1 to 512/,
  },
] as const) {
  void t.test(`${member} of a caller is ${usual} unless its entry says otherwise`, async (t) => {
    const env = { ...VARIABLES, OPEN2_SECRET: 'appsecret2', API_KEYS: `ops=${'o'.repeat(32)}` }
    const withLimit = (value: string | number) =>
      FILE.replace('  - name: idle\n', `  - name: idle\n    ${member}: ${value}\n`)
    const limits = (file: string) => pluck(load(env, file).callers, member)
    t.same(limits(FILE), [usual, usual, usual])
    for (const value of good) t.same(limits(withLimit(value)), [usual, usual, value])
    for (const wrong of bad)
      t.match(problemsOf(env, withLimit(wrong)), { [`CONFIG_FILE callers[1].${member}`]: problem }, wrong)
  })
}

void t.test('a grant may name the paths of WeChat that it reaches', async (t) => {
  const env = { ...VARIABLES, OPEN2_SECRET: 'appsecret2' }
  const withApis = (apis: string) =>
    FILE.replace('- actions: [replies:write]', `- { actions: [api:call], apis: ${apis} }`)
  const apisOf = (apis: string) => load(env, withApis(apis)).callers[0]?.grants?.[1]?.apis
  t.same(apisOf('["/cgi-bin/message/*", "*"]'), ['/cgi-bin/message/*', '*'])
  t.same(apisOf('[]'), [])
  for (const wrong of ['["cgi-bin/x"]', '["/a?b=c"]', '["/a b"]', '["/a#b"]', `["/${'a'.repeat(512)}"]`]) {
    t.match(problemsOf(env, withApis(wrong)), { 'CONFIG_FILE callers[0].grants[1].apis[0]': /must begin with/ }, wrong)
  }
})

void t.test('a grant narrowed to authorizers cannot give an action on the whole platform', async (t) => {
  const env = { ...VARIABLES, OPEN2_SECRET: 'appsecret2' }
  const actions = (grant: string) => problemsOf(env, FILE.replace('- actions: [replies:write]', `- ${grant}`))
  const told = { 'CONFIG_FILE callers[0].grants[1].actions[1]': /not narrowed to authorizers/ }
  t.match(actions('{ authorizers: [wxbbbbbbbbbbbbbbbb], actions: [tokens:read, authorizers:sync] }'), told)
  t.match(actions('{ authorizers: [], actions: [tokens:read, authorizers:sync] }'), told)
  t.match(actions('{ authorizers: [], actions: [tokens:read, component_api:call] }'), told)
  t.same(actions('{ actions: [tokens:read, authorizers:sync, component_api:call] }'), {})
  t.same(actions('{ authorizers: [wxbbbbbbbbbbbbbbbb], actions: [authorizations:write] }'), {})
  t.same(actions('{ authorizers: [wxbbbbbbbbbbbbbbbb] }'), {}, 'all actions are all that such a grant can give')
})

void t.test('a file that is no YAML is told by its line, without quoting it', async (t) => {
  const problems = problemsOf({}, 'platforms:\n  - id: open1\n    token: "leak\n')
  t.match(problems, { CONFIG_FILE: /line \d/ })
  t.notMatch(JSON.stringify(problems), /leak/)
  t.match(problemsOf({}, 'a: 1\na: 2\n'), { CONFIG_FILE: /not valid YAML/ })
})

void t.test('aliases without anchor, cyclic aliases and alias bombs are problems of the file', async (t) => {
  const levels = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...['ba', 'cb', 'dc', 'ed'].map(([to, from]) => `${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`),
  ]
  t.match(problemsOf({}, 'callers: [*leak]\n'), { CONFIG_FILE: /^has an alias/ })
  t.match(problemsOf({}, levels.join('\n')), { CONFIG_FILE: /^has an alias/ })
  t.match(Object.values(problemsOf({}, 'callers: &loop [ *loop ]\n')).join('\n'), /nested too deeply/)
})

void t.test('${NAME} in the name of a member is a problem, which shows no value', async (t) => {
  const problems = problemsOf({ NAME: 'leak' }, 'callers: [{ ${NAME}: x }]\n')
  t.match(problems, { 'CONFIG_FILE callers[0]': /name of a member|not known/ })
  t.notMatch(JSON.stringify(problems), /leak/)
})

void t.test('a file that is not there is the one problem: what it would have given is not asked for', async (t) => {
  t.strictSame(Object.keys(problemsOf({ CONFIG_FILE: 'gone.yaml' }, FILE)), ['CONFIG_FILE'])
})

void t.test('an empty file gives nothing, so WX_* and API_KEYS are asked for', async (t) => {
  t.strictSame(
    Object.keys(problemsOf({}, '')).toSorted(),
    words`
    API_KEYS WX_COMPONENT_APPID WX_COMPONENT_APPSECRET WX_ENCODING_AES_KEY WX_TOKEN
  `,
  )
})
