// Owns: making a call of WeChat's API through the gateway, and reading its answer.
import { sendCall } from '../../api/client.ts'
import { ApiError } from '../../api/api-error.ts'
import type { CallDraft } from './call-draft.ts'

/** A longer answer is offered for download only. */
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
  /** The gateway's own error: WeChat was not called, or did not answer. */
  gatewayError: { error: ApiError; sent: 'no' | 'unknown' | undefined } | undefined
  /** undefined: no text, or too long. */
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
    gatewayError: headers.has('x-gateway-error') ? gatewayErrorOf(status, text) : undefined,
    text,
    // Without WeChat's content-type: the browser must not render the file in the console's origin.
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

/** An answer without a type is text when it is valid UTF-8. */
async function textOf(body: Blob, contentType: string): Promise<string | undefined> {
  if (TEXTUAL.test(contentType)) return body.text()
  if (contentType !== '') return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await body.arrayBuffer())
  } catch {
    // Not UTF-8.
    return undefined
  }
}

function gatewayErrorOf(status: number, text: string | undefined): NonNullable<CallAnswer['gatewayError']> {
  const body = parseErrorBody(text)
  return { error: new ApiError(status, body), sent: body?.sent }
}

function parseErrorBody(text: string | undefined): { sent?: 'no' | 'unknown' } | undefined {
  return text === undefined ? undefined : JSON.parse(text)
}

function fileNameOf(disposition: string | null, contentType: string): string {
  const named = /filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1]
  const kind = /^[a-z]+\/([a-z0-9]+)/i.exec(contentType)?.[1] ?? 'bin'
  return named ?? `answer.${kind}`
}
