// Owns: both listeners over a fake platform, for one test: a clock that stands still, log lines that can be read.
import type { Grant, LogFields } from '@wxgw/runtime'
import { createInternalServer, createPublicServer, type GatewayServer, type ServerDeps } from '@wxgw/ingress'
import { createStreamedCalls, Secret } from '@wxgw/wechat-core'
import type { AuditEntry, RefusedCall } from '@wxgw/contracts'
import type { RecentEntries } from '@wxgw/redis'
import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import { createFakePlatform, type FakePlatform } from './fake-platform.ts'
import { NOW_MS } from './samples.ts'

export const ROOT_KEY = 'r'.repeat(40)
export const BASE_URL = 'https://gateway.example'
export const PREFIX = '/apis/v1/wx/open1'

export type LogLine = { level: string; message: string; fields: LogFields }

export type Fixture = {
  publicServer: GatewayServer
  internalServer: GatewayServer
  fake: FakePlatform
  clock: { nowMs(): number; set(ms: number): void }
  lines: LogLine[]
  callers: ServerDeps['config']['callers']
  records: { audit: MemoryEntries<AuditEntry>; refusedCalls: MemoryEntries<RefusedCall> }
  /** A header that lets in. */
  bearer(key?: string): { authorization: string }
  /** To the internal listener, with a key that lets in. */
  request(url: string, options?: RequestOptions): Promise<LightMyRequestResponse>
}

type RequestOptions = {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
  key?: string | undefined
  headers?: Record<string, string> | undefined
  payload?: object | string | undefined
}

const WECHAT = {
  apiBaseUrl: 'https://api.weixin.qq.com',
  apiTimeoutMs: 5000,
  proxyUrl: undefined,
  mpBaseUrl: 'https://mp.weixin.qq.com',
  openBaseUrl: 'https://open.weixin.qq.com',
}

type Options = {
  config?: Partial<ServerDeps['config']>
  grants?: Record<string, readonly Grant[]>
  /** All of them are the one fake platform. */
  platformIds?: readonly string[]
  /** Default: an address where nobody listens. */
  wechatUrl?: string
  maxConcurrent?: number
} & Partial<
  Pick<ServerDeps, 'console' | 'metrics' | 'readiness' | 'diagnosis' | 'settings' | 'passiveReplies' | 'releaseCheck'>
>

/** Keys of the callers in `grants`: their name, filled up to 40 characters. */
export function keyOf(name: string): string {
  return name.padEnd(40, '.')
}

export function createGateway(t: Pick<Test, 'teardown'>, options: Options = {}): Fixture {
  const {
    config,
    grants = {},
    platformIds = ['open1'],
    wechatUrl = 'http://127.0.0.1:9',
    maxConcurrent = 64,
    ...rest
  } = options
  const fake = createFakePlatform()
  const lines: LogLine[] = []
  let nowMs = NOW_MS
  const clock = { nowMs: () => nowMs, set: (ms: number) => void (nowMs = ms) }
  const line = (level: string) => (fields: LogFields, message: string) => void lines.push({ level, message, fields })
  const timeoutMs = config?.apiCalls?.timeoutMs ?? 30_000
  const calls = createStreamedCalls({ baseUrl: wechatUrl, timeoutMs, connections: 512 })
  const ended = new Set<string>()
  const records = { audit: memoryEntries<AuditEntry>(), refusedCalls: memoryEntries<RefusedCall>() }
  const deps: ServerDeps = {
    records,
    console: {
      siteDir: '/nowhere',
      ended: { end: async (id) => void ended.add(id), isEnded: async (id) => ended.has(id) },
    },
    config: {
      publicListener: { host: '127.0.0.1', port: 0, baseUrl: BASE_URL, trustProxy: [] },
      wechat: WECHAT,
      callers: [
        { name: 'root', key: new Secret(ROOT_KEY), grants: undefined, maxSubscriptions: 200, maxConcurrent },
        ...Object.entries(grants).map(([name, given]) => ({
          name,
          key: new Secret(keyOf(name)),
          grants: given,
          maxSubscriptions: 7,
          maxConcurrent,
        })),
      ],
      sealingKeys: [],
      apiCalls: { maxBodyBytes: 33_554_432, timeoutMs: 30_000 },
      authRedirectOrigins: [],
      authurlRatePerMinute: 1000,
      pushMaxSkewSeconds: 600,
      messageShards: 1,
      ...config,
    },
    calls,
    platforms: new Map(platformIds.map((id) => [id, fake.platform])),
    intake: fake.intake,
    memory: { assertRoomFor: () => undefined },
    goesOnWithoutStore: false,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    readiness: [],
    diagnosis: [],
    settings: { platforms: [], callers: [], subscriptions: undefined },
    clock,
    version: '9.9.9',
    ...rest,
  }
  let publicServer: GatewayServer | undefined
  let internalServer: GatewayServer | undefined
  t.teardown(async () => {
    await publicServer?.close()
    await internalServer?.close()
    calls.close()
  })
  const bearer = (key = ROOT_KEY) => ({ authorization: `Bearer ${key}` })
  const fixture: Fixture = {
    // Each compiles the schemas of its routes, a tenth of a second and more: only the one that the test uses.
    get publicServer() {
      return (publicServer ??= createPublicServer(deps))
    },
    get internalServer() {
      return (internalServer ??= createInternalServer(deps))
    },
    fake,
    clock,
    lines,
    records,
    callers: deps.config.callers,
    bearer,
    request(url, { method = 'GET', key, headers, payload } = {}) {
      const body = payload === undefined ? {} : { payload }
      return fixture.internalServer.inject({ method, url, headers: { ...bearer(key), ...headers }, ...body })
    },
  }
  return fixture
}

type MemoryEntries<T> = RecentEntries<T> & { all: T[] }

function memoryEntries<T>(): MemoryEntries<T> {
  const all: T[] = []
  return {
    all,
    note: (entry) => void all.unshift(entry),
    flush: async () => undefined,
    find: async ({ matches, limit }) => ({ items: all.filter(matches).slice(0, limit), nextCursor: null }),
  }
}

/** `404 EVENT_NOT_FOUND`. */
export function refusalOf(answer: LightMyRequestResponse): string {
  return `${answer.statusCode} ${answer.json<{ code: string }>().code}`
}
