// Owns: how files that people write become settings: the notations of `.env`, and the encodings of it and of the files that settings name.
import { type Config, ConfigError, loadConfig } from '@wxgw/runtime'
import t from 'tap'
import { createAuthority } from '../../helpers/certificates.ts'
import { AES_KEY, CALLER_KEY, COMPLETE, filesOf } from './settings-for-tests.ts'

type Files = Readonly<Record<string, string | Uint8Array>>

const { WX_TOKEN: _, ...WITHOUT_TOKEN } = COMPLETE
const BOM = '\uFEFF'

/** What the setting WX_TOKEN is, or the problems when the start is refused. */
function tokenFrom(dotEnv: string | Uint8Array): string | Record<string, string> {
  const outcome = load({ '.env': dotEnv })
  return outcome instanceof ConfigError ? problemsOf(outcome) : (outcome.platforms[0]?.token.reveal() ?? '')
}

function load(files: Files, env: Readonly<Record<string, string>> = WITHOUT_TOKEN): Config | ConfigError {
  try {
    return loadConfig({ env, readFile: filesOf(files) })
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

function problemsOf({ problems }: ConfigError): Record<string, string> {
  return Object.fromEntries(problems.map(({ setting, problem }) => [setting, problem]))
}

void t.test('each notation of .env gives the value that was meant', async (t) => {
  const table: Record<string, readonly [text: string, token: string]> = {
    'a byte order mark before the first line': [`${BOM}WX_TOKEN=first\nLOG_LEVEL=warn\n`, 'first'],
    'a byte order mark before a later line, of files joined': [`LOG_LEVEL=warn\n${BOM}WX_TOKEN=later\n`, 'later'],
    'lines of Windows': ['LOG_LEVEL=warn\r\nWX_TOKEN=crlf\r\n', 'crlf'],
    'lines of an old Mac': ['LOG_LEVEL=warn\rWX_TOKEN=cr\r', 'cr'],
    'no line end after the last line': ['WX_TOKEN=last', 'last'],
    'blanks and tabs around everything': ['\t WX_TOKEN \t=\t blanks \t \n', 'blanks'],
    export: ['export WX_TOKEN=exported\n', 'exported'],
    'export and a tab': ['export\tWX_TOKEN=exported\n', 'exported'],
    'double quotes': ['WX_TOKEN="double"\n', 'double'],
    'single quotes': ["WX_TOKEN='single'  \n", 'single'],
    backticks: ['WX_TOKEN=`back`\n', 'back'],
    'quotes of the other kind inside': [`WX_TOKEN='a"b'\n`, 'a"b'],
    'an escaped quote': ['WX_TOKEN="a\\"b"\n', 'a"b'],
    'a comment after a value': ['WX_TOKEN=value # a comment\n', 'value'],
    'a comment after quotes': ['WX_TOKEN="a#b" # a comment\n', 'a#b'],
    'a # that begins no comment': ['WX_TOKEN=a#b\n', 'a#b'],
    'a value that begins with #': ['WX_TOKEN=#ab\n', '#ab'],
    'comments of any indent before it': ['# one\n  # two\n\n\t#three\nWX_TOKEN=commented\n', 'commented'],
    'an = in the value': ['WX_TOKEN=a=b==\n', 'a=b=='],
    'a $ in the value, which is not substituted': ['WX_TOKEN=$HOME${HOME}\n', '$HOME${HOME}'],
    'Chinese in a comment and in another value': ['# 令牌\nNOTE=令牌\nWX_TOKEN=utf8\n', 'utf8'],
    'a value of several lines before it': ['PEM="-BEGIN-\nWX_TOKEN=no\n-END-"\nWX_TOKEN=after\n', 'after'],
    'names that other software writes so': ['a.b-c=1\n_x=2\nWX_TOKEN=others\n', 'others'],
  }
  for (const [what, [text, token]] of Object.entries(table)) t.equal(tokenFrom(text), token, what)
})

void t.test('a line that cannot be read stops the start, by its number and without what it says', async (t) => {
  const table: Record<string, readonly [text: string, line: number]> = {
    'no =': ['LOG_LEVEL=warn\nWX_TOKEN leak\n', 2],
    'a colon': ['WX_TOKEN: leak\n', 1],
    'a character that nobody sees before the name': ['LOG_LEVEL=warn\n\u200bWX_TOKEN=leak\n', 2],
    'a name with blanks in it': ['WX TOKEN=leak\n', 1],
    'a quote that is not closed': ['LOG_LEVEL=warn\nWX_TOKEN="leak\n', 2],
    'text after the closing quote': ['WX_TOKEN="leak"leak\n', 1],
  }
  for (const [what, [text, line]] of Object.entries(table)) {
    const problems = tokenFrom(text)
    t.match(problems, { [`.env line ${line}`]: String, WX_TOKEN: 'is required' }, what)
    t.notMatch(JSON.stringify(problems), /leak/, what)
  }
})

void t.test('of a name that stands twice the last value counts, and a warning says so', async (t) => {
  const config = load({ '.env': 'WX_TOKEN=first\nLOG_LEVEL=warn\nLOG_LEVEL=warn\nWX_TOKEN=second\n' })
  t.match(config, { platforms: [{}], warnings: [{ setting: '.env line 4', problem: /WX_TOKEN.*last/ }] })
  t.equal(config instanceof ConfigError ? '' : config.platforms[0]?.token.reveal(), 'second')
  t.notMatch(JSON.stringify(config.warnings), /first|second/)
  t.equal(config.warnings.length, 1, 'the same value twice is no matter')
})

void t.test('a .env in another encoding stops the start', async (t) => {
  const text = 'WX_TOKEN=leak # 令牌\n'
  const utf16 = Buffer.from(text, 'utf16le')
  const table: Record<string, readonly [bytes: Uint8Array, problem: RegExp]> = {
    'UTF-16 with its mark, little end first': [Buffer.from(BOM + text, 'utf16le'), /UTF-16.*save it as UTF-8/],
    'UTF-16 with its mark, big end first': [Buffer.from(BOM + text, 'utf16le').swap16(), /UTF-16.*save it as UTF-8/],
    'UTF-16 without a mark': [utf16, /UTF-16.*save it as UTF-8/],
    GBK: [Buffer.from('WX_TOKEN=leak # \xc1\xee\xc5\xc6', 'latin1'), /not UTF-8.*save it as UTF-8/],
  }
  for (const [what, [bytes, problem]] of Object.entries(table)) t.match(tokenFrom(bytes), { '.env': problem }, what)
})

void t.test('CONFIG_FILE may have a byte order mark and lines of Windows; another encoding is refused', async (t) => {
  const yaml = [
    'platforms:',
    `  - {id: one, componentAppid: wxaaaaaaaaaaaaaaaa, componentAppsecret: s, token: 令牌, encodingAesKey: ${AES_KEY}}`,
    'callers:',
    `  - {name: ops, key: ${CALLER_KEY}}`,
    '',
  ].join('\r\n')
  const env = { CONFIG_FILE: 'gateway.yaml', SEALING_KEYS: COMPLETE['SEALING_KEYS'] ?? '' }
  for (const mark of ['', BOM]) {
    const config = load({ 'gateway.yaml': mark + yaml }, env)
    t.equal(config instanceof ConfigError ? config.message : config.platforms[0]?.token.reveal(), '令牌')
  }
  const refused = load({ 'gateway.yaml': Buffer.from(BOM + yaml, 'utf16le') }, env)
  t.match(refused instanceof ConfigError && problemsOf(refused), { CONFIG_FILE: /UTF-16.*save it as UTF-8/ })
  t.equal(refused instanceof ConfigError && refused.problems.length, 1, 'what it would have given is not asked for')
})

void t.test('a PEM file may have a byte order mark; another encoding is refused by setting name', async (t) => {
  const { ca } = createAuthority()
  const env = { ...COMPLETE, REDIS_URL: 'rediss://h', REDIS_TLS_CA_FILE: 'ca.pem' }
  const config = load({ 'ca.pem': BOM + ca.replaceAll('\n', '\r\n') }, env)
  t.equal(config instanceof ConfigError ? config.message : config.redis.tls?.ca, ca)
  const refused = load({ 'ca.pem': Buffer.from(BOM + ca, 'utf16le') }, env)
  t.match(refused instanceof ConfigError && problemsOf(refused), { REDIS_TLS_CA_FILE: /UTF-16.*save it as UTF-8/ })
})
