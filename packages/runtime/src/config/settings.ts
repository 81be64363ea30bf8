// Owns: the one table of settings. Parsing, docs/configuration.md and .env.example are made from it.
import { host, httpBaseUrl, httpOrigin, httpProxyUrl, network } from './addresses.ts'
import { componentAppId, encodingAesKey, namedCallerKey, platformId, sealingKey, secretWord } from './credentials.ts'
import { distinctList, filled, flag, integer, integerUpTo, list, oneOf, type Parser, path, word } from './parsed.ts'
import { redisUrl } from './redis-url.ts'

export const LISTENERS = ['public', 'internal'] as const
export type ListenerName = (typeof LISTENERS)[number]

export type Setting<T> = {
  /** As text in the environment; undefined = none. */
  defaultText: string | undefined
  /** The documentation's text in place of the default: whether it is required, or what its absence means. */
  absence: string
  unit: string | undefined
  description: string
  secret: boolean
  parse: Parser<T>
  /** The value when it is not set. */
  absent: T
}

type About = { description: string; unit?: string; absence?: string; secret?: boolean }

function optional<T>(parse: Parser<T>, about: About): Setting<T | undefined> {
  return { ...described(about), absence: about.absence ?? 'none', defaultText: undefined, parse, absent: undefined }
}

function defaulted<T>(defaultText: string, parse: Parser<T>, about: About): Setting<T> {
  const parsed = parse(defaultText)
  if ('problem' in parsed) throw new Error(`the default of a setting ${parsed.problem}`)
  return { ...described(about), absence: about.absence ?? '', defaultText, parse, absent: parsed.value }
}

function described({ description, unit, secret = false }: About) {
  return { description, unit, secret }
}

const port = integer({ min: 0, max: 65_535 })
const DAY_SECONDS = 86_400
// Longer than any CreateTime is old. With more, milliseconds would exceed the integers that Lua prints exactly.
const ALL_OF_TIME_SECONDS = 50_000_000_000
const REQUIRED_PLATFORM = 'required unless `CONFIG_FILE` has platforms'

export const DEFAULT_DEDUPE_SECONDS = 3600

export const SETTING_GROUPS = {
  Redis: {
    REDIS_URL: defaulted('redis://127.0.0.1:6379', list(redisUrl), {
      description:
        '`redis:` or `rediss:`, database and credentials included (percent-encoded); several, comma-separated, for cluster and sentinel',
      secret: true,
    }),
    REDIS_MODE: defaulted('standalone', oneOf(['standalone', 'cluster', 'sentinel']), {
      description: '`standalone`, `cluster` or `sentinel`',
    }),
    REDIS_SENTINEL_NAME: optional(word, {
      description: "the master's name at the sentinels",
      absence: 'required with `REDIS_MODE=sentinel`',
    }),
    REDIS_SENTINEL_USERNAME: optional(word, {
      description: 'ACL user of the sentinels',
      absence: 'with `REDIS_SENTINEL_PASSWORD`: `default`',
    }),
    REDIS_SENTINEL_PASSWORD: optional(secretWord, {
      description: 'password of the sentinels',
      absence: 'the credentials of `REDIS_URL`; none for sentinels that refuse those',
      secret: true,
    }),
    REDIS_TLS_CA_FILE: optional(path, {
      description: 'with `rediss:`, in every mode, sentinels included: PEM certificates of the CAs to trust',
      absence: "Node.js' own list",
    }),
    REDIS_TLS_CERT_FILE: optional(path, { description: 'with `rediss:`: PEM client certificate' }),
    REDIS_TLS_KEY_FILE: optional(path, { description: 'its key, PEM, without a passphrase' }),
    REDIS_MIN_REPLICAS: defaulted('0', integer({ min: 0, max: 16 }), {
      description:
        '`success` only after so many replicas have it too, otherwise `503` (or the spool) within the usual time',
    }),
    MESSAGE_SHARDS: defaulted('1', integer({ min: 1, max: 64 }), {
      description:
        'over how many hash tags messages and the event log are spread, so that every master of a Redis Cluster takes part; the same in all processes, and for ever that of the first start, see docs/scaling.md#messages-over-several-masters',
    }),
  },
  Listeners: {
    LISTENERS: defaulted('public,internal', filled(distinctList(oneOf(LISTENERS), (name) => name, 'name')), {
      description:
        'which listeners an ingress serves: `public`, `internal` or both; calls of APIs then need not share a process with pushes',
    }),
    CONSOLE: defaulted('on', oneOf(['on', 'off']), {
      description: 'whether the internal listener serves the console with its routes and sessions, see docs/console.md',
    }),
    PUBLIC_HOST: defaulted('0.0.0.0', host, { description: 'ingress, what WeChat and browsers reach' }),
    PUBLIC_PORT: defaulted('3000', port, { description: '0 takes any free port' }),
    INTERNAL_HOST: defaulted('127.0.0.1', host, { description: 'ingress, what your own services reach' }),
    INTERNAL_PORT: defaulted('3001', port, { description: '0 takes any free port' }),
    INGRESS_PROCESSES: defaulted('1', integer({ min: 1, max: 64 }), {
      description:
        'how many processes serve the two ports of the ingress; one that ends is started again. About one per core',
    }),
    WORKER_HOST: defaulted('127.0.0.1', host, { description: "worker's health and metrics" }),
    WORKER_PORT: defaulted('3002', port, { description: '0 takes any free port' }),
    PUBLIC_BASE_URL: optional(httpBaseUrl, { description: 'how browsers reach the public listener' }),
    TRUST_PROXY: defaulted('', list(network), {
      description: 'CIDRs whose `X-Forwarded-*` are believed, comma-separated; `Forwarded` is not read',
      absence: 'none',
    }),
  },
  'The platform': {
    WX_PLATFORM_ID: defaulted('open1', platformId, {
      description:
        "the `:platform` of the routes; words of the gateway's own in Redis, such as `component`, are refused",
    }),
    WX_COMPONENT_APPID: optional(componentAppId, { description: "the component's appid", absence: REQUIRED_PLATFORM }),
    WX_COMPONENT_APPSECRET: optional(secretWord, {
      description: "the component's secret",
      absence: REQUIRED_PLATFORM,
      secret: true,
    }),
    WX_TOKEN: optional(secretWord, { description: 'Token, 消息校验Token', absence: REQUIRED_PLATFORM, secret: true }),
    WX_ENCODING_AES_KEY: optional(encodingAesKey, {
      description: 'EncodingAESKey, 消息加解密Key, 43 characters',
      absence: REQUIRED_PLATFORM,
      secret: true,
    }),
    WX_PREVIOUS_TOKEN: optional(secretWord, { description: 'still accepted while rotating', secret: true }),
    WX_PREVIOUS_ENCODING_AES_KEY: optional(encodingAesKey, {
      description: 'still accepted while rotating; a reply uses the key that opened the push',
      secret: true,
    }),
    CONFIG_FILE: optional(path, {
      description: 'YAML for several platforms, callers and subscriptions, see docs/configuration.md#config_file',
    }),
  },
  WeChat: {
    WX_API_BASE_URL: defaulted('https://api.weixin.qq.com', httpBaseUrl, { description: "WeChat's API" }),
    WX_API_TIMEOUT_MS: defaulted('5000', integer({ min: 1, max: 600_000 }), {
      description: "bounds one whole call of the gateway's own",
      unit: 'ms',
    }),
    WX_API_PROXY_URL: optional(httpProxyUrl, {
      description:
        "an HTTP CONNECT proxy for all calls to WeChat's API, for a fixed outgoing address: `http://[user:password@]host:port`",
      secret: true,
    }),
    API_MAX_BODY_BYTES: defaulted('33554432', integer({ min: 1, max: 1_073_741_824 }), {
      description: "[calls of WeChat's APIs](api-calls.md): the largest body; 32 MiB",
      unit: 'bytes',
    }),
    API_TIMEOUT_MS: defaulted('30000', integer({ min: 1, max: 600_000 }), {
      description:
        "[calls of WeChat's APIs](api-calls.md): from the last byte sent to the head of WeChat's answer, and from then on each silence",
      unit: 'ms',
    }),
    WX_MP_BASE_URL: defaulted('https://mp.weixin.qq.com', httpBaseUrl, {
      description: 'authorization page for scanning',
    }),
    WX_OPEN_BASE_URL: defaulted('https://open.weixin.qq.com', httpBaseUrl, {
      description: 'authorization page for mobiles',
    }),
  },
  'Keys and rights': {
    API_KEYS: optional(
      distinctList(namedCallerKey, (caller) => caller.name, 'name'),
      {
        description:
          '`name=key,name=key`, keys of 32 characters or more: callers of the internal listener with all rights',
        absence: 'required unless `CONFIG_FILE` has callers',
        secret: true,
      },
    ),
    SEALING_KEYS: optional(
      distinctList(sealingKey, (key) => key.id, 'id'),
      {
        description:
          '`id:base64 of 32 bytes,…`: the first seals what Redis keeps, all open; `openssl rand -base64 32` makes one',
        absence: 'required unless `ALLOW_UNSEALED=true`',
        secret: true,
      },
    ),
    ALLOW_UNSEALED: defaulted('false', flag, {
      description: '`true` lets long-lived secrets stand in Redis in clear when there is no sealing key',
    }),
    AUTH_REDIRECT_ORIGINS: defaulted('', list(httpOrigin), {
      description:
        'origins that `redirectUri` may, and `returnUrl` of authorization sessions must have; comma-separated',
      absence: 'any http(s) for `redirectUri`, none for `returnUrl`',
    }),
    AUTHURL_RATE_PER_MINUTE: defaulted('30', integer({ min: 1, max: 1_000_000 }), {
      description: 'authorization URLs per address, public listener; a /64 of IPv6 is one address',
      unit: 'per minute',
    }),
    WEBHOOK_ALLOW_NETWORKS: defaulted('', list(network), {
      description: 'CIDRs that webhooks may reach although private, comma-separated',
      absence: 'none',
    }),
  },
  Tokens: {
    REFRESH_MARGIN_SECONDS: defaulted('600', integer({ min: 1, max: DAY_SECONDS }), {
      description: 'a token with less than this left is refreshed; keep it well above `SWEEP_INTERVAL_SECONDS`',
      unit: 's',
    }),
    SWEEP_INTERVAL_SECONDS: defaulted('60', integer({ min: 1, max: DAY_SECONDS }), {
      description: 'how often a worker polls for due tokens',
      unit: 's',
    }),
    FORCE_MIN_INTERVAL_SECONDS: defaulted('10', integer({ min: 0, max: DAY_SECONDS }), {
      description: 'a refresh younger than this is shared by every `force` and `invalid`',
      unit: 's',
    }),
  },
  'Pushes and events': {
    PUSH_MAX_SKEW_SECONDS: defaulted('600', integerUpTo({ min: 1, ceiling: ALL_OF_TIME_SECONDS / 2 }), {
      description: 'a push whose URL `timestamp` is further off is refused; any size',
      unit: 's',
    }),
    DEDUPE_SECONDS: optional(integerUpTo({ min: 1, ceiling: ALL_OF_TIME_SECONDS }), {
      description:
        'how long a push is remembered; at least 2 × `PUSH_MAX_SKEW_SECONDS`. One that is older when it comes, or does not say, is dispatched unless the event log knows it, and remembered for `EVENT_LOG_SECONDS`',
      unit: 's',
      absence: `${DEFAULT_DEDUPE_SECONDS}, or 2 × \`PUSH_MAX_SKEW_SECONDS\` when that is more`,
    }),
    REPLY_DEADLINE_MS: defaulted('4000', integer({ min: 1, max: 4999 }), {
      description: 'passive reply, counted from arrival; WeChat waits for 5 s',
      unit: 'ms',
    }),
    SPOOL_DIR: optional(path, {
      description:
        'ingress: a directory on a disk that outlives the process; authentic pushes wait there, at most 256 MB per process, while Redis does not take them',
      absence: 'off: they are answered `503`',
    }),
    EVENT_LOG_SECONDS: defaulted('86400', integer({ min: 1, max: 366 * DAY_SECONDS }), {
      description:
        'how long `/events` remembers, and how long a push is remembered that was older than `DEDUPE_SECONDS` when it came',
      unit: 's',
    }),
    EVENT_LOG_MAX_EVENTS: defaulted('1000000', integer({ min: 1, max: 100_000_000 }), {
      description:
        'how many events of a platform `/events` remembers: beyond it the oldest go before their time; about 1.5 KB of Redis each',
    }),
  },
  Log: {
    LOG_LEVEL: defaulted('info', oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']), {
      description: 'pino, JSON to stdout; stacks of errors from `debug` on',
    }),
  },
} as const satisfies Record<string, Record<string, Setting<unknown>>>

type Groups = typeof SETTING_GROUPS
type Merged<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer All) => void ? All : never
type Settings = Merged<Groups[keyof Groups]>
type ValueOf<S> = S extends Setting<infer T> ? T : never

export type SettingName = keyof Settings
export type SettingValues = { [Name in SettingName]: ValueOf<Settings[Name]> }

export const SETTINGS = Object.assign({}, ...Object.values(SETTING_GROUPS)) as Record<SettingName, Setting<unknown>>
