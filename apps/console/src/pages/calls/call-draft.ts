// Owns: a call as it stands in the form, and what is wrong with one, said while it is typed. The gateway decides.
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
export type Wrongs = Partial<Record<keyof CallDraft, string>>

const APPID = /^wx[0-9A-Za-z]{16}$/
const PATH = /^\/[!-~]*$/
/** What a URL may have behind its `?`. */
const QUERY = /^[!-~]*$/

export function isAppid(text: string): boolean {
  return APPID.test(text)
}

export function wrongsOf(
  { kind, appid, method, path, query, body }: CallDraft,
  texts: (typeof callTexts)['zh'],
): Wrongs {
  const noJson = method === 'POST' && body.trim() !== '' ? wrongJson(body) : undefined
  return {
    ...(kind === 'component' || isAppid(appid) ? {} : { appid: appid === '' ? texts.appidMissing : texts.appidWrong }),
    ...(PATH.test(path) && !/[?#]/.test(path) ? {} : { path: texts.pathWrong }),
    ...(QUERY.test(query) && !/[?#]/.test(query) ? {} : { query: texts.queryWrong }),
    ...(noJson === undefined ? {} : { body: texts.bodyWrong(noJson) }),
  }
}

/** Only looked at: the text goes out as it is, 64-bit numbers included. */
function wrongJson(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
