// Owns: decoding text files: UTF-8 with or without a byte order mark, with any line ends.
import type { Parsed } from './parsed.ts'

/** The bytes of a file; throws `ENOENT` for a missing file. */
export type ReadFile = (path: string) => Uint8Array

const SAVE_AS_UTF8 = 'save it as UTF-8'

/** The text without a byte order mark, each line ended by `\n`. */
export function decodeText(bytes: Uint8Array): Parsed<string> {
  const [first, second] = bytes
  const hasUtf16Mark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  // Text has no NUL; UTF-16 without a mark has one in every ASCII character.
  if (hasUtf16Mark || bytes.includes(0)) return { problem: `is UTF-16, or no text; ${SAVE_AS_UTF8}` }
  try {
    return { value: new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n') }
  } catch (error) {
    if (error instanceof TypeError) return { problem: `is not UTF-8; ${SAVE_AS_UTF8}` }
    throw error
  }
}

/** The text of the file that a setting names. */
export function readTextFile(path: string, readFile: ReadFile): Parsed<string> {
  let bytes: Uint8Array
  try {
    bytes = readFile(path)
  } catch (error) {
    const reason = isErrno(error, 'ENOENT') ? 'does not exist' : 'cannot be read'
    return { problem: `names a file that ${reason}` }
  }
  const decoded = decodeText(bytes)
  return 'problem' in decoded ? { problem: `names a file that ${decoded.problem}` } : decoded
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
