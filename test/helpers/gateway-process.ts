// Owns: what the gateways of the tests and of the chaos suite have in common: the environment, and waiting for a process to start.
import { randomBytes } from 'node:crypto'
import type { RunningProcess } from './process.ts'
import { until } from './until.ts'

export const API_KEY = 'test-key-of-at-least-32-characters-0123456789'

export type Component = { appId: string; appSecret: string; token: string; encodingAesKey: string }

export function newComponent(): Component {
  return {
    appId: `wx${randomBytes(8).toString('hex')}`,
    appSecret: randomBytes(16).toString('hex'),
    token: randomBytes(8).toString('hex'),
    encodingAesKey: randomBytes(40).toString('base64').replace(/[^A-Za-z0-9]/g, 'x').slice(0, 43),
  }
}

/** Of ingress and worker, without Redis and ports; new sealing keys each time. */
export function environmentOf(component: Component, wechatUrl: string): Record<string, string> {
  return {
    WX_COMPONENT_APPID: component.appId,
    WX_COMPONENT_APPSECRET: component.appSecret,
    WX_TOKEN: component.token,
    WX_ENCODING_AES_KEY: component.encodingAesKey,
    WX_API_BASE_URL: wechatUrl,
    WX_MP_BASE_URL: wechatUrl,
    WX_OPEN_BASE_URL: wechatUrl,
    API_KEYS: `test=${API_KEY}`,
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
    PUBLIC_HOST: '127.0.0.1',
    INTERNAL_HOST: '127.0.0.1',
    WORKER_HOST: '127.0.0.1',
  }
}

/** A start costs a second or two of a core, which a suite that uses all of them gives it late. */
const START_TIMEOUT_MS = 60_000

/** Until `/healthz` answers. Rejects when the process ends before. */
export async function untilAlive(process: RunningProcess, url: string): Promise<void> {
  await until(
    `${url} answers`,
    async () => {
      if (process.child.exitCode !== null) throw new Error(`the process ended with ${process.child.exitCode}:\n${process.output()}`)
      return fetch(`${url}/healthz`).then(
        (response) => response.ok,
        () => false,
      )
    },
    { timeoutMs: START_TIMEOUT_MS, everyMs: 50 },
  )
}
