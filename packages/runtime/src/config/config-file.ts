// Owns: CONFIG_FILE, the YAML with several platforms, callers and subscriptions. load-config.ts checks it against other
// settings.
import { parseAuthorizerAppId } from '@wxgw/wechat-core'
import { parseDocument } from 'yaml'
import {
  type Action,
  ACTIONS,
  type CallerConfig,
  DEFAULT_MAX_CONCURRENT,
  DEFAULT_MAX_SUBSCRIPTIONS,
  type Grant,
  MAX_CONCURRENT_OF_PROCESS,
  WHOLE_PLATFORM_ACTIONS,
} from './caller-config.ts'
import type { PlatformConfig } from './platform-config.ts'
import type { ReportProblem } from './config-error.ts'
import { type DeclaredSubscription, readDeclaredSubscription } from './declared-subscriptions.ts'
import { callerKey, callerName, componentAppId, encodingAesKey, platformId, secretWord } from './credentials.ts'
import {
  type Field,
  readList,
  readMap,
  readRequiredText,
  readText,
  readTexts,
  reportAt,
  UNRESOLVED,
} from './file-fields.ts'
import { flag, integer, matching, oneOf, type Parser } from './parsed.ts'
import type { Variables } from './read-settings.ts'
import { type ReadFile, readTextFile } from './text-file.ts'

/** A value, and where it was read. */
export type Placed<T> = { place: string; value: T }

export type ConfigFile = {
  platforms: readonly Placed<PlatformConfig>[]
  callers: readonly Placed<CallerConfig>[]
  /** Empty without such a list in the file. undefined = there is no file. */
  subscriptions: readonly Placed<DeclaredSubscription>[] | undefined
  /** Whether the file has platforms, valid or not. True when the file cannot be read. */
  givesPlatforms: boolean
  givesCallers: boolean
  /** The names in its `${NAME}` references. */
  names: ReadonlySet<string>
}

export const NO_CONFIG_FILE: ConfigFile = {
  platforms: [],
  callers: [],
  subscriptions: undefined,
  givesPlatforms: false,
  givesCallers: false,
  names: new Set(),
}
const UNREADABLE: ConfigFile = { ...NO_CONFIG_FILE, givesPlatforms: true, givesCallers: true }

/** A YAML alias may contain itself. The gateway's own members have fewer levels. */
const MAX_DEPTH = 20
const MARKS = /[\uE000\uE001]/

const PLATFORM_KEYS = [
  'id',
  'componentAppid',
  'componentAppsecret',
  'token',
  'encodingAesKey',
  'previousToken',
  'previousEncodingAesKey',
  'eventLog',
] as const

const authorizerAppId: Parser<string> = (text) => {
  const value = parseAuthorizerAppId(text)
  return value === undefined ? { problem: 'must be wx and 16 letters or digits' } : { value }
}

/** An action in a grant that is narrowed to authorizers. */
const narrowedAction: Parser<Action> = (text) => {
  const action = oneOf(ACTIONS)(text)
  if ('problem' in action || !WHOLE_PLATFORM_ACTIONS.has(action.value)) return action
  return { problem: 'is given only by a grant that is not narrowed to authorizers' }
}

const subscriptionCount = integer({ min: 0, max: 1_000_000 })
const callCount = integer({ min: 1, max: MAX_CONCURRENT_OF_PROCESS })

/** A path as WeChat documents it, without a query. */
const apiPattern = matching(
  /^[/*][\x21-\x22\x24-\x3e\x40-\x7e]{0,511}$/,
  'must begin with / or *, without a query, 512 characters at most',
)

type ConfigFileDeps = {
  variables: Variables
  readFile: ReadFile
  report: ReportProblem
  /** Returns the problem of a webhook's URL, or undefined. */
  checkWebhookUrl(url: string): string | undefined
}

/** `${NAME}` in any text is replaced by the value in `variables`. A missing variable is a problem, reported by name. */
export function readConfigFile(
  path: string,
  { variables, readFile, report, checkWebhookUrl }: ConfigFileDeps,
): ConfigFile {
  const content = contentOf(path, readFile, report)
  if (content === undefined) return UNREADABLE
  const names = new Set<string>()
  const resolved = resolve({ path: '', value: content }, { variables, names, report })
  const root = readMap({ path: '', value: resolved }, ['platforms', 'subscriptions', 'callers'], report)
  if (!root) return UNREADABLE
  const platforms = readList(root.platforms, report) ?? []
  const callers = readList(root.callers, report) ?? []
  const subscriptions = readList(root.subscriptions, report)
  return {
    platforms: platforms.flatMap((field) => readPlatform(field, report) ?? []),
    callers: callers.flatMap((field) => readCaller(field, report) ?? []),
    subscriptions: (subscriptions ?? []).flatMap(
      (field) => readDeclaredSubscription(field, { report, checkWebhookUrl }) ?? [],
    ),
    givesPlatforms: platforms.length > 0,
    givesCallers: callers.length > 0,
    names,
  }
}

function contentOf(path: string, readFile: ReadFile, report: ReportProblem): unknown {
  const text = readTextFile(path, readFile)
  if ('problem' in text) {
    report('CONFIG_FILE', text.problem)
    return undefined
  }
  // YAML parses braces (`[${ID}]` is no list of one text), so each reference is put between two characters of Unicode's
  // private use before the parsing. Values replace them afterwards and are never parsed as YAML.
  const withMarks = text.value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, '\uE000$1\uE001')
  // `failsafe` keeps every scalar a text: a token of digits keeps its zeros. YAML's own messages quote the file, so
  // only the line number is reported.
  const document = parseDocument(withMarks, { schema: 'failsafe' })
  const [error] = document.errors
  if (error) {
    const line = error.linePos?.[0].line
    report('CONFIG_FILE', `is not valid YAML${line === undefined ? '' : `, see line ${line}`}`)
    return undefined
  }
  try {
    return document.contents === null ? {} : document.toJS()
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    const hint = 'a text that begins with * needs quotes'
    report('CONFIG_FILE', `has an alias (*name) without an anchor (&name), or far too many aliases; ${hint}`)
    return undefined
  }
}

type Resolving = { variables: Variables; names: Set<string>; report: ReportProblem }

function resolve({ path, value }: Field, deps: Resolving, depth = 0): unknown {
  if (typeof value === 'string') return resolveText(path, value, deps)
  if (depth > MAX_DEPTH) {
    reportAt(deps.report, path, 'is nested too deeply')
    return UNRESOLVED
  }
  if (Array.isArray(value)) {
    return value.map((entry: unknown, index) => resolve({ path: `${path}[${index}]`, value: entry }, deps, depth + 1))
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    // Messages contain names of members, and must not contain values.
    if (MARKS.test(key)) reportAt(deps.report, path, 'has ${NAME} in the name of a member; it gives values only')
    return [key, resolve({ path: path === '' ? key : `${path}.${key}`, value: inner }, deps, depth + 1)] as const
  })
  return Object.fromEntries(entries)
}

function resolveText(path: string, text: string, { variables, names, report }: Resolving): string | typeof UNRESOLVED {
  const missing = new Set<string>()
  const resolved = text.replace(/\uE000(\w+)\uE001/g, (_, name: string) => {
    names.add(name)
    const value = variables[name]
    if (value === undefined) missing.add(name)
    return value ?? ''
  })
  for (const name of missing) reportAt(report, path, `needs ${name}, which the environment does not have`)
  return missing.size > 0 ? UNRESOLVED : resolved
}

function readPlatform(field: Field, report: ReportProblem): Placed<PlatformConfig>[] | undefined {
  const fields = readMap(field, PLATFORM_KEYS, report)
  if (!fields) return undefined
  const required = <T>(key: (typeof PLATFORM_KEYS)[number], parse: Parser<T>) =>
    readRequiredText({ field: fields[key], path: `${field.path}.${key}` }, parse, report)
  const id = required('id', platformId)
  const appId = required('componentAppid', componentAppId)
  const appSecret = required('componentAppsecret', secretWord)
  const token = required('token', secretWord)
  const aesKey = required('encodingAesKey', encodingAesKey)
  const previousToken = readText(fields.previousToken, secretWord, report)
  const previousEncodingAesKey = readText(fields.previousEncodingAesKey, encodingAesKey, report)
  const eventLog = readText(fields.eventLog, flag, report) ?? true
  if (id === undefined || appId === undefined || !appSecret || !token || !aesKey) return undefined
  const credentials = {
    componentAppId: appId,
    componentAppSecret: appSecret,
    token,
    encodingAesKey: aesKey,
    previousToken,
    previousEncodingAesKey,
  }
  const value = { id, ...credentials, eventLog }
  return [{ place: `CONFIG_FILE ${field.path}`, value }]
}

function readCaller(field: Field, report: ReportProblem): Placed<CallerConfig>[] | undefined {
  const fields = readMap(field, ['name', 'key', 'maxSubscriptions', 'maxConcurrent', 'grants'], report)
  if (!fields) return undefined
  const name = readRequiredText({ field: fields.name, path: `${field.path}.name` }, callerName, report)
  const key = readRequiredText({ field: fields.key, path: `${field.path}.key` }, callerKey, report)
  const maxSubscriptions = readText(fields.maxSubscriptions, subscriptionCount, report) ?? DEFAULT_MAX_SUBSCRIPTIONS
  const maxConcurrent = readText(fields.maxConcurrent, callCount, report) ?? DEFAULT_MAX_CONCURRENT
  const grants = readList(fields.grants, report)?.map((grant) => readGrant(grant, report))
  if (name === undefined || !key) return undefined
  return [{ place: `CONFIG_FILE ${field.path}`, value: { name, key, grants, maxSubscriptions, maxConcurrent } }]
}

// An invalid list becomes undefined, which means "all"; but any problem in a grant stops the start.
function readGrant(field: Field, report: ReportProblem): Grant {
  const fields = readMap(field, ['platforms', 'authorizers', 'actions', 'apis'], report) ?? {}
  const authorizers = readTexts(fields.authorizers, authorizerAppId, report)
  const action = authorizers === undefined ? oneOf(ACTIONS) : narrowedAction
  const apis = readTexts(fields.apis, apiPattern, report)
  return {
    platforms: readTexts(fields.platforms, platformId, report),
    authorizers,
    actions: readTexts(fields.actions, action, report),
    ...(apis === undefined ? {} : { apis }),
  }
}
