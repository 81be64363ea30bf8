// Owns: which headers of WeChat's answer reach the caller, and what the gateway adds to them.
import type { OutgoingHttpHeader } from 'node:http'
import type { StreamedHead, Verdict } from '@wxgw/wechat-core'
import { locationWithoutToken } from './call-query.ts'

/** Names and values in turn: objects that are made of each other cost a call more than its URL, key and grants. */
export type HeaderList = OutgoingHttpHeader[]

const PASSED = ['content-type', 'content-disposition'] as const

export type Added = {
  attempts: number
  /** The permission sets that the account would have to grant. */
  missingScope?: string | undefined
}

/** The headers that are passed on, except content-length. None contains `token`, with which the call was made. */
export function answerHeaders(head: StreamedHead, token: string): HeaderList {
  const list: HeaderList = []
  for (const name of PASSED) {
    const value = head.headers.get(name)
    if (value !== undefined && !value.includes(token)) list.push(name, value)
  }
  const location = head.headers.get('location')
  if (location !== undefined) list.push('location', locationWithoutToken(location, token))
  // Not asked for. Without the label nobody could read what came all the same.
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
