// Owns: the values of the call form and their validation. The gateway validates again.
import { isAppid } from '../../ui/checks.ts'
import type { callTexts } from './texts.ts'

export const KINDS = ['account', 'component'] as const
export const METHODS = ['GET', 'POST'] as const
export type Kind = (typeof KINDS)[number]

export type CallDraft = {
  kind: Kind
  appid: string
  method: (typeof METHODS)[number]
  path: string
  query: string
  body: string
}
export type FieldErrors = Partial<Record<keyof CallDraft, string>>

/** Visible ASCII without `?` and `#`. */
const PATH = /^\/(?:(?![?#])[!-~])*$/
const QUERY = /^(?:(?![?#])[!-~])*$/

export function errorsOf(
  { kind, appid, method, path, query, body }: CallDraft,
  texts: (typeof callTexts)['zh'],
): FieldErrors {
  const reason = method === 'POST' && body.trim() !== '' ? jsonError(body) : undefined
  return {
    ...(kind === 'component' || isAppid(appid)
      ? {}
      : { appid: appid === '' ? texts.appidMissing : texts.appidInvalid }),
    ...(PATH.test(path) ? {} : { path: texts.pathInvalid }),
    ...(QUERY.test(query) ? {} : { query: texts.queryInvalid }),
    ...(reason === undefined ? {} : { body: texts.bodyInvalid(reason) }),
  }
}

/** Validates only: the text is sent unchanged, so that 64-bit numbers keep their digits. */
function jsonError(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
