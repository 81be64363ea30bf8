// Owns: the parts that both push routes share: opening the envelope, the push's age, the answer.
import {
  openEnvelope,
  type Clock,
  type ComponentAppId,
  type OpenedPush,
  type PushKeys,
  type PushQuery,
} from '@wxgw/wechat-core'
import type { PushMade } from '@wxgw/platform'
import type { Config, Log } from '@wxgw/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Pairs } from '../http/query-string.ts'
import { pushBodyOf } from './push-body.ts'

/** The parts of a platform that open its pushes. */
export type PushPlatform = { id: string; componentAppId: ComponentAppId; pushKeys: PushKeys }

export type PushDeps<P = PushPlatform> = {
  config: Pick<Config, 'pushMaxSkewSeconds'>
  platforms: ReadonlyMap<string, P>
  log: Log
  clock: Clock
}

/** Exactly this with 200; WeChat retries a push after any other answer. */
export const SUCCESS = 'success'

/** Costs no Redis command. Throws as openEnvelope does. */
export function openPush(
  { config }: Pick<PushDeps, 'config'>,
  { request, platform, query, nowMs }: { request: FastifyRequest; platform: PushPlatform; query: Pairs; nowMs: number },
): OpenedPush {
  return openEnvelope({
    keys: platform.pushKeys,
    query: pushQuery(query),
    body: pushBodyOf(request),
    nowMs,
    maxSkewSeconds: config.pushMaxSkewSeconds,
  })
}

export function pushQuery({ timestamp, nonce, msg_signature, signature, encrypt_type }: Pairs): PushQuery {
  return { timestamp, nonce, msg_signature, signature, encrypt_type }
}

/** When a push was made, by its CreateTime; unknown without one. */
export function madeAt(createTimeSeconds: number | undefined): PushMade {
  return createTimeSeconds === undefined ? 'unknown' : createTimeSeconds * 1000
}

/** Sets the type of the answer and gives its text back, for a route to return. */
export function answerText(reply: FastifyReply, text: string): string {
  reply.type(text.startsWith('<') ? 'text/xml; charset=utf-8' : 'text/plain; charset=utf-8')
  return text
}
