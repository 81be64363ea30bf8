// Owns: reading errcode and request id from the body of a proxied answer.
import { isAbsent, parseInteger, parseObject } from './answer.ts'

export type Verdict = {
  /** undefined: none, or 0. */
  errcode: number | undefined
  /** The id by which WeChat's support finds the request. */
  rid: string | undefined
}

/** WeChat appends it to errmsg: `rid: 6523f8ee-1a2b3c4d-5e6f7a8b`. */
const RID = /\brid:\s*([0-9a-z]+(?:-[0-9a-z]+)*)/i
const MAX_RID_LENGTH = 64

const NO_VERDICT: Verdict = { errcode: undefined, rid: undefined }

/** Of a whole body. Only members of a JSON object count, and only its own, not those of objects within. */
export function readVerdict(body: Buffer): Verdict {
  if (!mayNameAny(body)) return NO_VERDICT
  const fields = parseObject(body.toString().replace(/^\ufeff/, ''))
  if (fields === undefined) return NO_VERDICT
  const { errcode, errmsg } = fields
  const [, rid = ''] = typeof errmsg === 'string' ? (RID.exec(errmsg) ?? []) : []
  return {
    errcode: isAbsent(errcode) ? undefined : parseInteger(errcode) || undefined,
    rid: rid === '' || rid.length > MAX_RID_LENGTH ? undefined : rid,
  }
}

/**
 * Whether the body has to be parsed: most answers to reads have neither. A letter of a name may be written as `\u0065`.
 */
function mayNameAny(body: Buffer): boolean {
  return body.includes('errcode') || body.includes('errmsg') || body.includes('\\u00')
}
