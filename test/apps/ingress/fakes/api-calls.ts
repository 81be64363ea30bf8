// Owns: what calls of WeChat's APIs need beside tokens, in memory: brakes, refused paths, clearing a quota.
import type { ApiBrake, BrakedAnswer, CalledPath } from '@wxgw/redis'
import { type AuthorizerAppId, Secret } from '@wxgw/wechat-core'
import { SECRETS } from '../samples.ts'
import { COMPONENT_APPID } from '../sealed-push.ts'
import type { Recorder } from './recorder.ts'

export type ApiCallState = {
  /** By `subject path`. */
  brakes: Map<string, ApiBrake>
  refusedPaths: Set<string>
}

export const apiCallState = (): ApiCallState => ({ brakes: new Map(), refusedPaths: new Set() })

export function fakeApiCalls(fake: Recorder & ApiCallState) {
  const { method } = fake
  return {
    apiBrakes: {
      check: method('apiBrakes.check', (subject: string, path: string) => fake.brakes.get(`${subject} ${path}`)),
      open: method('apiBrakes.open', (subject: string, path: string, answer: BrakedAnswer) => {
        fake.brakes.set(`${subject} ${path}`, { answer, isProbe: false })
      }),
      giveBack: method('apiBrakes.giveBack', (subject: string, path: string) => {
        const brake = fake.brakes.get(`${subject} ${path}`)
        if (brake) brake.isProbe = true
      }),
      lift: method('apiBrakes.lift', (subject: string, path?: string) => {
        for (const key of fake.brakes.keys()) if (key.startsWith(`${subject} ${path ?? ''}`)) fake.brakes.delete(key)
      }),
    },
    refusedPaths: {
      add: method('refusedPaths.add', ({ subject, path }: CalledPath, fresh?: Secret) => {
        fake.refusedPaths.add(`${subject} ${path} ${fresh?.reveal() ?? '*'}`)
      }),
      has: method('refusedPaths.has', ({ subject, path }: CalledPath, refused: Secret) =>
        ['*', refused.reveal()].some((token) => fake.refusedPaths.has(`${subject} ${path} ${token}`)),
      ),
    },
    quotaClearing: (appid?: AuthorizerAppId) => {
      const body = Buffer.from(
        JSON.stringify({ component_appid: COMPONENT_APPID, appid, appsecret: SECRETS.componentSecret }),
      )
      return { path: '/cgi-bin/component/clear_quota/v2', body, secret: new Secret(SECRETS.componentSecret) }
    },
  }
}
