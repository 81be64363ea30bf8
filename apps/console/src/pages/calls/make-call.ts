// Owns: a call of WeChat's API through the gateway, and its answer as it is shown.
import { sendCall } from '../../api/client.ts'
import { Refusal } from '../../api/refusal.ts'
import type { CallDraft } from './call-draft.ts'

/** Longer ones are for a program of their own. */
const MAX_SHOWN_BYTES = 1024 * 1024
const TEXTUAL = /^(application\/([a-z.+-]*\+)?json|text\/|application\/xml)/i

export type CallAnswer = {
  status: number
  ms: number
  contentType: string
  errcode: number | undefined
  rid: string | undefined
  attempts: string | undefined
  missingScopes: number[]
  isBraked: boolean
  /** The code of the gateway's own refusal: WeChat was not called, or did not answer. */
  refusal: { error: Refusal; sent: 'no' | 'unknown' | undefined } | undefined
  /** undefined: no text, or too long a one. */
  text: string | undefined
  body: Blob
  fileName: string
}

export async function makeCall(platform: string, call: CallDraft): Promise<CallAnswer> {
  const startedAt = performance.now()
  const response = await sendCall(urlOf(platform, call), initOf(call))
  const body = await response.blob()
  const { headers, status } = response
  const contentType = headers.get('content-type') ?? ''
  const text = body.size <= MAX_SHOWN_BYTES ? await textOf(body, contentType) : undefined
  const errcode = headers.get('x-wechat-errcode')
  return {
    status,
    ms: Math.round(performance.now() - startedAt),
    contentType,
    errcode: errcode === null ? undefined : Number(errcode),
    rid: headers.get('x-wechat-rid') ?? undefined,
    attempts: headers.get('x-gateway-attempts') ?? undefined,
    missingScopes: (headers.get('x-gateway-missing-scope') ?? '').split(',').filter(Boolean).map(Number),
    isBraked: headers.has('x-gateway-brake'),
    refusal: headers.has('x-gateway-error') ? refusalOf(status, text) : undefined,
    text,
    // WeChat's content-type is dropped: the browser must not render the file in the console's origin.
    body: new Blob([body], { type: 'application/octet-stream' }),
    fileName: fileNameOf(headers.get('content-disposition'), contentType),
  }
}

function urlOf(platform: string, { kind, appid, path, query }: CallDraft): string {
  const route = kind === 'account' ? `api/${appid}` : 'component-api'
  return `/apis/v1/wx/${encodeURIComponent(platform)}/${route}${path}${query === '' ? '' : `?${query}`}`
}

function initOf({ method, body }: CallDraft): RequestInit {
  if (method === 'GET') return { method }
  const content = body.trim() === '' ? {} : { body, headers: { 'content-type': 'application/json' } }
  return { method, ...content }
}

/** Without a type it may be text: then it is when it can be. */
async function textOf(body: Blob, contentType: string): Promise<string | undefined> {
  if (TEXTUAL.test(contentType)) return body.text()
  if (contentType !== '') return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await body.arrayBuffer())
  } catch {
    // No text.
    return undefined
  }
}

function refusalOf(status: number, text: string | undefined): NonNullable<CallAnswer['refusal']> {
  const body = parseRefusal(text)
  return { error: new Refusal(status, body), sent: body?.sent }
}

function parseRefusal(text: string | undefined): { sent?: 'no' | 'unknown' } | undefined {
  return text === undefined ? undefined : JSON.parse(text)
}

function fileNameOf(disposition: string | null, contentType: string): string {
  const named = /filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1]
  const kind = /^[a-z]+\/([a-z0-9]+)/i.exec(contentType)?.[1] ?? 'bin'
  return named ?? `answer.${kind}`
}
