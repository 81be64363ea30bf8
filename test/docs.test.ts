// Owns: that the documentation names what the code has, and nothing else: links, commands, settings, error codes, keys, queues.
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { catalogueDocs, withRepeatedElements } from '@wxgw/catalogue'
import {
  AUDIT_KEY,
  COMPONENT_EVENTS_QUEUE,
  deliveriesQueue,
  endedConsoleSessionKey,
  INBOX_WORKERS_KEY,
  QUEUE_FIGURES_KEY,
  QUEUE_GATHERING_KEY,
  inboxProbeKey,
  MAINTENANCE_QUEUE,
  messageInbox,
  MESSAGES_QUEUE,
  PLATFORM_EVENTS_QUEUE,
  platformKeys,
  QUEUE_PREFIX,
  READINESS_PROBE_KEY,
  REFUSED_API_CALLS_KEY,
  replicaProbeKey,
  scriptProbeKey,
  laneKey,
  laneLeaseKey,
  waitingLanesKey,
  orderKey,
  orderPlacesKey,
  throttleKey,
  SHARD_COUNT_KEY,
  shardCountCopyKey,
  shardKeys,
  sinkQueue,
  sinkStream,
  UNSHARDED_KEY,
} from '@wxgw/redis'
import t from 'tap'
import { pages, PROJECT_ROOT, projectText, section, tableRows } from './helpers/docs.ts'

type ConsoleClient = { consoleClient(): Promise<Record<string, string>> }

const { consoleClient }: ConsoleClient = await import(
  pathToFileURL(join(PROJECT_ROOT, 'scripts/console/client.mjs')).href
)

const CODE = /^`([A-Z][A-Z0-9_]+)`$/

void t.test('every relative link of every page leads to a file, and to a heading in it', async (t) => {
  for (const page of pages()) {
    for (const [, target = ''] of withoutCode(projectText(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', anchor] = decodeURI(target).split('#')
      const file = path === '' ? page : join(dirname(page), path)
      const found = existsSync(join(PROJECT_ROOT, file))
      t.ok(found, `${page}: ${target} exists`)
      if (!found || anchor === undefined || statSync(join(PROJECT_ROOT, file)).isDirectory()) continue
      t.ok(anchorsOf(projectText(file)).has(anchor), `${page}: ${target} has its heading`)
    }
  }
})

void t.test('the six ways of how-to-read.md name files that exist, each once a way, in at most 18 steps', async (t) => {
  const ways = projectText('docs/how-to-read.md').split(/^## /m).slice(1)
  t.equal(ways.length, 6)
  for (const way of ways) {
    const [title = ''] = way.split('\n')
    const files = [...way.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path = '']) => path)
    const steps = way.match(/^\d+\. /gm)?.length ?? 0
    t.ok(steps >= 5 && steps <= 18, `${title}: ${steps} steps`)
    t.same(
      files.filter((path) => !existsSync(join(PROJECT_ROOT, path))),
      [],
      title,
    )
    t.equal(new Set(files).size, files.length, title)
  }
})

void t.test('every npm command that a page names exists', async (t) => {
  const { scripts } = parsePackage(projectText('package.json'))
  for (const page of pages()) {
    const text = projectText(page)
    const named = [...text.matchAll(/\bnpm run ([a-z][a-z:-]*)/g), ...text.matchAll(/\bnpm (start|test)\b/g)]
    for (const name of new Set(named.map(([, name = '']) => name))) t.ok(name in scripts, `${page}: npm run ${name}`)
    for (const [, script = '', command = ''] of text.matchAll(/\bnpm run (wxgw|console) -- ([a-z-]+)/g)) {
      t.ok(
        existsSync(join(PROJECT_ROOT, 'scripts', script, `${command}.mjs`)),
        `${page}: npm run ${script} -- ${command}`,
      )
    }
  }
})

void t.test('every setting that a page names is in docs/configuration.md', async (t) => {
  const settings = projectText('docs/configuration.md')
  // Words of WeChat's that look like settings, and names that only the recipes' own programs read.
  const others = new Set([
    'QUERY_AUTH_CODE',
    'TESTCOMPONENT_MSG_TYPE_TEXT',
    'GATEWAY_KEY',
    'WEBHOOK_SECRET',
    ...errorCodes(),
  ])
  for (const page of pages().filter((page) => !/^(apps|examples)\//.test(page))) {
    for (const [, name = ''] of projectText(page).matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g)) {
      if (!others.has(name)) t.ok(settings.includes(`\`${name}\``), `${page}: ${name}`)
    }
  }
})

void t.test('docs/errors.md has every error code with its status, and no other', async (t) => {
  const answers = projectText('packages/runtime/src/http/error-answer.ts')
  const statuses = new Map(
    [...answers.matchAll(/^ {2}([A-Z_]+): (\d{3}),$/gm)].map(([, code = '', status = '']) => [code, status]),
  )
  const rows = tableRows(section(projectText('docs/errors.md'), '## Codes'))
  const documented = new Map(rows.map(([code = '', status = '']) => [CODE.exec(code)?.[1] ?? code, status]))
  t.strictSame([...documented.keys()].sort(), errorCodes().sort(), 'the codes')
  for (const [code, status] of documented) t.equal(status, statuses.get(code), `the status of ${code}`)
})

void t.test("the console's client is as `npm run docs` writes it", async (t) => {
  for (const [path, text] of Object.entries(await consoleClient())) t.ok(projectText(path) === text, path)
})

void t.test('the pages that are made from the catalogue are as `npm run docs` writes them', async (t) => {
  for (const [page, text] of Object.entries(catalogueDocs())) t.equal(projectText(page), text, page)
  t.equal(projectText('docs/events.md'), withRepeatedElements(projectText('docs/events.md')))
})

void t.test('docs/redis-keys.md has every key of the gateway, and no other', async (t) => {
  // Of shard 0: the others have its number in their hash tag.
  const keys = Object.values({ ...platformKeys('<>'), ...shardKeys('<>', 0) }).map((key) =>
    typeof key === 'string' ? key : keyWithHoles(key),
  )
  keys.push(
    sinkStream('<>', '<>'),
    READINESS_PROBE_KEY,
    scriptProbeKey('<>', '<>'),
    replicaProbeKey('{<>}'),
    throttleKey('<>', '<>'),
  )
  keys.push(endedConsoleSessionKey('<>'), orderKey('<>', '<>'), orderPlacesKey('<>', '<>'))
  const lane = { platform: '<>', account: '<>' }
  keys.push(
    ...[waitingLanesKey(NaN), laneKey(NaN, lane), laneLeaseKey(NaN, lane)].map((key) => key.replace('NaN', '<>')),
  )
  keys.push(AUDIT_KEY, REFUSED_API_CALLS_KEY)
  keys.push(
    SHARD_COUNT_KEY,
    UNSHARDED_KEY,
    INBOX_WORKERS_KEY,
    QUEUE_FIGURES_KEY,
    QUEUE_GATHERING_KEY,
    ...[inboxProbeKey(NaN), shardCountCopyKey(NaN)].map((key) => key.replace('NaN', '<>')),
  )
  const documented = tableRows(projectText('docs/redis-keys.md')).flatMap(([cell = '']) => {
    const key = /^`(wx:[^`]+)`$/.exec(cell)?.[1]
    return key === undefined ? [] : [key.replaceAll(/<[^>]+>/g, '<>')]
  })
  t.strictSame(documented.sort(), keys.sort())
})

void t.test('docs/redis-keys.md has every queue', async (t) => {
  const queues = [
    COMPONENT_EVENTS_QUEUE,
    messageInbox(NaN).replace('NaN', '<shard>'),
    MESSAGES_QUEUE,
    PLATFORM_EVENTS_QUEUE,
    MAINTENANCE_QUEUE,
  ]
  queues.push(deliveriesQueue('<platform>', '<subscription>'), sinkQueue('<platform>', '<subscription>'))
  const documented = tableRows(projectText('docs/redis-keys.md')).flatMap(
    ([cell = '']) => /^`(bull:[^`]+)`$/.exec(cell)?.[1] ?? [],
  )
  t.strictSame(documented.sort(), queues.map((queue) => `${QUEUE_PREFIX}:${queue}`).sort())
})

void t.test('every decision is numbered in order and says its price', async (t) => {
  const decisions = pages()
    .filter((page) => page.startsWith('docs/decisions/'))
    .sort()
  for (const [index, page] of decisions.entries()) {
    const number = index + 1
    t.match(page, new RegExp(`/${String(number).padStart(4, '0')}-`), page)
    const text = projectText(page)
    t.ok(text.startsWith(`# ${number}. `), `${page} has its number in the title`)
    t.ok(text.includes('\n**Price.** '), `${page} says its price`)
  }
})

void t.test('both READMEs have the same sections, commands and links', async (t) => {
  const [english, chinese] = ['README.md', 'README.zh-CN.md'].map(projectText)
  const linksOf = (text = '') =>
    new Set(
      [...text.matchAll(/\]\(([^)]+)\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !target.startsWith('README')),
    )
  t.strictSame([...linksOf(chinese)].sort(), [...linksOf(english)].sort(), 'links')
  const count = (text = '', what: RegExp) => [...text.matchAll(what)].length
  t.equal(count(chinese, /^## /gm), count(english, /^## /gm), 'sections')
  t.equal(count(chinese, /^\|/gm), count(english, /^\|/gm), 'rows of tables')
})

/** From the type itself: at run time there is none. */
function errorCodes(): string[] {
  return [...projectText('packages/wechat-core/src/errors.ts').matchAll(/^ {2}\| '([A-Z_]+)'$/gm)].map(
    ([, code = '']) => code,
  )
}

function keyWithHoles(key: (...parts: string[]) => string): string {
  return key(...Array.from({ length: key.length }, () => '<>'))
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
}

/** As GitHub makes them: lower case, without punctuation, blanks as `-`. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm)].map(
    ([, heading = '']) => heading,
  )
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function parsePackage(text: string): { scripts: Record<string, string> } {
  return JSON.parse(text) as { scripts: Record<string, string> }
}
