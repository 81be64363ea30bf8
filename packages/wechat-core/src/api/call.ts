// Owns: one call of WeChat's API, from Secrets in to fields out.
import { Secret } from '../secret.ts'
import { type Answer, parseAnswer } from './answer.ts'
import type { Http } from './http.ts'
import type { CallOptions } from './apis.ts'

export type Call = {
  /** WeChat's name of the API, for errors. */
  api: string
  path: string
  query?: Readonly<Record<string, string | Secret>>
  /** With a body the request is a POST. */
  body?: Readonly<Record<string, unknown>>
  /** The longest answer; default 256 KB. */
  maxAnswerBytes?: number | undefined
}

/** A client that holds connections open until it is closed. */
export type Closable = {
  /** Closes all connections; calls that still run fail. */
  close(): void
}

/** Rejects with WeChatApiError or WeChatTransportError only. */
export async function callWeChat(
  http: Http,
  { api, path, query = {}, body, maxAnswerBytes }: Call,
  options: CallOptions = {},
): Promise<Answer> {
  const knownSecrets: string[] = []
  const reveal = (value: unknown) => {
    if (!(value instanceof Secret)) return value
    const revealed = wellFormed(value.reveal())
    knownSecrets.push(revealed)
    return revealed
  }
  const answer = await http.exchange({
    api,
    path,
    query: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(reveal(value))])),
    body: body && toJson(Object.fromEntries(Object.entries(body).map(([name, value]) => [name, reveal(value)]))),
    signal: options.signal,
    maxAnswerBytes,
  })
  return parseAnswer(api, answer, knownSecrets)
}

/** Raw UTF-8, because WeChat shows `\uXXXX` to users unchanged. */
function toJson(body: Record<string, unknown>): string {
  return JSON.stringify(body, (_name, value: unknown) => (typeof value === 'string' ? wellFormed(value) : value))
}

/** Half a surrogate pair has no UTF-8 and no percent-encoding. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
