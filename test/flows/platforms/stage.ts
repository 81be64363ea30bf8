// Owns: the stack of one gateway with several platforms, in CONFIG_FILE beside that of the settings, and what of it the stories use.
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '@wxgw/simulator'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { freePort } from '../../helpers/free-port.ts'
import { type Gateway, startGateway } from '../../helpers/gateway.ts'
import { type Component, newComponent, pushUrls } from '../../helpers/stack.ts'
import { vector } from '../../helpers/wxbizmsgcrypt-vectors.ts'
import { COMPONENT } from '../pushed-documents.ts'

/** The account that the caller `crm` is narrowed to. */
export const CRM_APP = 'wx00000000000000aa'
export const keyOf = (caller: string) => `key-of-${caller}-${'x'.repeat(32)}`

const CALLERS = [
  {
    name: 'crm',
    key: keyOf('crm'),
    grants: [{ platforms: ['one'], authorizers: [CRM_APP], actions: ['tokens:read', 'authorizers:read'] }],
  },
  { name: 'force', key: keyOf('force'), grants: [{ platforms: ['two'], actions: ['tokens:read', 'tokens:force'] }] },
]

export type Stage = {
  /** Its `simulator` is that of `open1`. */
  gateway: Gateway
  /** Each with an own component; `quiet` has no event log. */
  simulators: { one: Simulator; two: Simulator; quiet: Simulator }
  redis: Redis
  /** Writes CONFIG_FILE with these subscriptions of `open1`, each with a stream. */
  declare(subscriptions: readonly string[]): Promise<void>
}

export async function startStage(t: Test): Promise<Stage> {
  const components = { one: newComponent(), two: newComponent(), quiet: newComponent() }
  const platforms = [
    ...Object.entries(components).map(([id, component]) => platformOf(id, component)),
    ...['O1', 'V3'].map((name) => {
      const { receiveId: appId, ...keys } = vector(name)
      return platformOf(name.toLowerCase(), { appId, appSecret: 'unused-secret', ...keys })
    }),
  ]
  const configFile = join(t.testdir(), 'gateway.yaml')
  const declare = (names: readonly string[]) => {
    const subscriptions = names.map((name) => ({ platform: 'open1', name, sink: { kind: 'stream' } }))
    return writeFile(configFile, JSON.stringify({ platforms, callers: CALLERS, subscriptions }))
  }
  await declare([])
  const all: Simulator[] = []
  const wechat = await startWechat(all)
  const gateway = await startGateway({
    component: { appId: COMPONENT },
    env: {
      CONFIG_FILE: configFile,
      WX_API_BASE_URL: wechat.url,
      REPLY_DEADLINE_MS: '1000',
      // Old captures are pushed: any age of the envelope is accepted, and what is old is still dispatched.
      PUSH_MAX_SKEW_SECONDS: '1000000000',
    },
  })
  const publicPort = Number(new URL(gateway.publicUrl).port)
  const start = (id: keyof typeof components) =>
    startSimulator({ component: components[id], ...pushUrls(publicPort, id), port: 0 })
  const simulators = { one: await start('one'), two: await start('two'), quiet: await start('quiet') }
  all.push(gateway.simulator, ...Object.values(simulators))
  const redis = new Redis(gateway.redis.url)
  t.teardown(async () => {
    redis.disconnect()
    await gateway.stop()
    await Promise.all(Object.values(simulators).map((simulator) => simulator.close()))
    wechat.close()
  })
  return { gateway, simulators, redis, declare }
}

function platformOf(id: string, { appId, appSecret, token, encodingAesKey }: Component) {
  return {
    id,
    componentAppid: appId,
    componentAppsecret: appSecret,
    token,
    encodingAesKey,
    ...(id === 'quiet' ? { eventLog: false } : {}),
  }
}

/** One address for all platforms: whose call it is stands in its body, else it is the first one's. */
async function startWechat(simulators: readonly Simulator[]): Promise<{ url: string; close(): void }> {
  async function pass({ method = 'GET', url, ...request }: Passed, response: ServerResponse) {
    const body = Buffer.concat(request.chunks)
    const meant = simulators.find(({ component }) => body.includes(component.appId)) ?? simulators[0]
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${meant?.url}${url}`, { method, headers, ...(method === 'GET' ? {} : { body }) })
    response.writeHead(answer.status, headers).end(await answer.text())
  }
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      pass({ method: request.method, url: request.url, chunks }, response).catch(() => response.destroy())
    })
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

type Passed = { method: string | undefined; url: string | undefined; chunks: readonly Buffer[] }
