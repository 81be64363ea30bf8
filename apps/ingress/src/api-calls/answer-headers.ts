// Owns: which headers of WeChat's answer reach the caller, and what the gateway adds to them.
import type { OutgoingHttpHeader } from 'node:http'
import type { StreamedHead, Verdict } from '@wxgw/wechat-core'
import { locationWithoutToken } from './call-query.ts'

/** Names and values in turn. Merging objects costs a call more than checking URL, key and grants. */
export type HeaderList = OutgoingHttpHeader[]

const PASSED = ['content-type', 'content-disposition'] as const

export type Added = {
  attempts: number
  /** The permission sets that the account would have to grant. */
  missingScope?: string | undefined
}

/** The forwarded headers, without content-length. None contains `token`, the token of the call. */
export function answerHeaders(head: StreamedHead, token: string): HeaderList {
  const list: HeaderList = []
  for (const name of PASSED) {
    const value = head.headers.get(name)
    if (value !== undefined && !value.includes(token)) list.push(name, value)
  }
  const location = head.headers.get('location')
  if (location !== undefined) list.push('location', locationWithoutToken(location, token))
  // We do not request an encoding. If WeChat encodes anyway, the caller needs the header to read the body.
  const encoding = head.headers.get('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') list.push('content-encoding', encoding)
  return list
}

export function contentTypeOf(head: StreamedHead, token: string): string | undefined {
  const type = head.headers.get('content-type')
  return type?.includes(token) === true ? undefined : type
}

export function addedHeaders({ errcode, rid }: Verdict, { attempts, missingScope }: Added): HeaderList {
  const list: HeaderList = ['x-gateway-attempts', String(attempts)]
  if (errcode !== undefined) list.push('x-wechat-errcode', String(errcode))
  if (rid !== undefined) list.push('x-wechat-rid', rid)
  if (missingScope !== undefined) list.push('x-gateway-missing-scope', missingScope)
  return list
}
