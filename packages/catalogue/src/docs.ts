// Owns: the pages of docs/catalogue, and the table of repeated elements in docs/events.md.
import { catalogue } from './catalogue.ts'
import { type RepeatedElement, repeatedElements } from './repeated-elements.ts'
import type { Api, CataloguedEvent, Errcode, PermissionSet } from './schemas.ts'

const MADE = 'Made from `packages/catalogue/data` by `npm run docs`. A `?`: public sources are silent or disagree.'

type Row = { uncertain?: string[]; page: string }

/** Text of each page, by its path from the project's root. */
export function catalogueDocs(): Record<string, string> {
  const { permissionSets, events, apis, errcodes } = catalogue
  return {
    'docs/catalogue/permission-sets.md': page('Permission sets', [table(PERMISSION_SET_COLUMNS, permissionSets)]),
    'docs/catalogue/events.md': page('Events and messages', [
      'Fields are those of `data`. A dot separates levels, `[]` marks an array. Fields of every push, and codes, are left out.',
      ...SOURCES.flatMap(([source, heading]) => [
        `## ${heading}`,
        table(
          EVENT_COLUMNS,
          events.filter((event) => event.source === source),
        ),
      ]),
    ]),
    'docs/catalogue/apis.md': page('APIs', [table(API_COLUMNS, apis)]),
    'docs/catalogue/errcodes.md': page('Errcodes', [
      '[errors.md](../errors.md#wechats-errcodes) lists what the gateway itself does with them. An errcode that is not here may be retried.',
      table(ERRCODE_COLUMNS, errcodes),
    ]),
  }
}

const BEGIN = '<!-- repeated elements: made by npm run docs -->'
const END = '<!-- end of repeated elements -->'

/** Writes the table of repeated elements between its two markers. */
export function withRepeatedElements(text: string): string {
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('the markers of the repeated elements are missing')
  return [
    before,
    BEGIN,
    '\n\n',
    grid(['element', 'events that have it'], repeatedElements.map(repeatedRow)),
    '\n\n',
    END,
    after,
  ].join('')
}

function repeatedRow({ name, parent, seenIn }: RepeatedElement): string[] {
  const events = [...new Set(seenIn)].map((event) => `\`${event}\``).join(', ')
  const below = parent === 'xml' ? 'Directly below the root only: ' : `Below \`${parent}\` only: `
  return [`\`${name}\``, parent === undefined ? events : `${below}${events}`]
}

const SOURCES = [
  ['component', "To the component's event URL (授权事件接收URL)"],
  ['callback', "To an account's message and event URL (消息与事件接收URL)"],
] as const

type Columns<R> = ReadonlyArray<readonly [heading: string, cell: (row: R) => string]>

const ACCOUNT_NAMES = { 'official-account': '公众号', 'mini-program': '小程序' }
const accounts = ({ accounts }: Pick<CataloguedEvent, 'accounts'>) =>
  accounts.map((account) => ACCOUNT_NAMES[account]).join(', ')
const exclusive = (set: PermissionSet) =>
  set.exclusive === null ? '' : set.exclusive ? 'one platform only' : 'any number of platforms'

const PERMISSION_SET_COLUMNS: Columns<PermissionSet> = [
  ['id', ({ id }) => String(id)],
  ['name', (set) => `${set.nameZh} / ${set.nameEn}${mark(set, 'nameZh')}`],
  ['granted by', (set) => `${accounts(set)}${mark(set, 'accounts')}`],
  ['to', (set) => `${exclusive(set)}${mark(set, 'exclusive')}`],
  ['official page', link],
]

const EVENT_COLUMNS: Columns<CataloguedEvent> = [
  ['type', (event) => `\`${event.type}\`${mark(event, 'event')}`],
  ['when', (event) => `${event.whenZh} / ${event.whenEn}${event.ownAnswer ? '. Has an answer format of its own' : ''}`],
  ['of', accounts],
  ['fields', (event) => `${fieldPaths(event)}${mark(event, 'fields')}`],
  ['official page', link],
]

function fieldPaths({ fields }: CataloguedEvent): string {
  const parents = new Set(fields.map(({ path }) => path.slice(0, path.lastIndexOf('.'))))
  const arrays = new Set(fields.flatMap(({ path, repeated }) => (repeated ? [path] : [])))
  const written = (path: string) =>
    path
      .split('.')
      .map((name, index, names) => (arrays.has(names.slice(0, index + 1).join('.')) ? `${name}[]` : name))
      .join('.')
  const shown = fields.filter(({ path, hidden }) => !parents.has(path) && !hidden)
  return shown.map(({ path }) => `\`${written(path)}\``).join(' ')
}

const THROUGH_GATEWAY = { denied: 'never', 'needs-tokens-read': 'with `tokens:read`' }

const API_COLUMNS: Columns<Api> = [
  ['path', ({ path }) => `\`${path}\``],
  ['method', (api) => `${api.method}${mark(api, 'method')}`],
  ['what it does', (api) => `${api.titleZh} / ${api.titleEn}`],
  ['token', (api) => `${api.token}${api.tokenParameter ? ` in \`${api.tokenParameter}\`` : ''}${mark(api, 'token')}`],
  ['effect', ({ effect }) => effect],
  ['permission sets', (api) => `${api.permissionSets.join(', ')}${mark(api, 'permissionSets')}`],
  ['through the gateway', ({ proxy }) => (proxy ? THROUGH_GATEWAY[proxy] : '')],
  ['official page', link],
]

const ERRCODE_COLUMNS: Columns<Errcode> = [
  ['errcode', ({ code }) => String(code)],
  ['meaning', (errcode) => `${errcode.meaningZh} / ${errcode.meaningEn}${mark(errcode, 'meaningEn')}`],
  ['what to do', ({ actionZh, actionEn }) => `${actionZh} / ${actionEn}`],
  ['again', ({ retry }) => retry],
]

function mark({ uncertain }: Row, member: string): string {
  return uncertain?.includes(member) ? ' ?' : ''
}

function link(row: Row): string {
  return `[page](${row.page})${mark(row, 'page')}`
}

function page(title: string, parts: readonly string[]): string {
  return `# ${title}\n\n${[MADE, ...parts].join('\n\n')}\n`
}

function table<R>(columns: Columns<R>, rows: readonly R[]): string {
  return grid(
    columns.map(([heading]) => heading),
    rows.map((row) => columns.map(([, cell]) => cell(row))),
  )
}

function grid(heads: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines.join('\n')
}
