// Owns: which headers of WeChat's answer reach the caller, and what the gateway adds to them.
import type { StreamedHead, Verdict } from '@wxgw/wechat-core'
import { locationWithoutToken } from './call-query.ts'

/** The length last: Node reads a content-disposition that comes after one as UTF-8, and it is latin1 here. */
const PASSED = ['content-type', 'content-disposition', 'content-length'] as const

export type Added = {
  attempts: number
  /** The permission sets that the account would have to grant. */
  missingScope?: string | undefined
}

/** `token`: what the call was made with; it stands in none of them. */
export function answerHeaders(head: StreamedHead, token: string): Record<string, string | number> {
  const headers: Record<string, string | number> = {}
  for (const name of PASSED) {
    const value = head.headers.get(name)
    if (value !== undefined && !value.includes(token)) headers[name] = value
  }
  const location = head.headers.get('location')
  if (location !== undefined) headers['location'] = locationWithoutToken(location, token)
  // Not asked for. Without the label nobody could read what came all the same.
  const encoding = head.headers.get('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') headers['content-encoding'] = encoding
  return headers
}

export function addedHeaders({ errcode, rid }: Verdict, { attempts, missingScope }: Added): Record<string, string | number> {
  return {
    'x-gateway-attempts': attempts,
    ...(errcode === undefined ? {} : { 'x-wechat-errcode': errcode }),
    ...(rid === undefined ? {} : { 'x-wechat-rid': rid }),
    ...(missingScope === undefined ? {} : { 'x-gateway-missing-scope': missingScope }),
  }
}
