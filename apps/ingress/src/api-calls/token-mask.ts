// Owns: masking the call's token in WeChat's answer, for callers that may not read tokens.

const MASK = 'x'.charCodeAt(0)

/** Replaces the token's bytes by `x`, which keeps the length. A token may span two chunks. */
export type TokenMask = {
  /** The bytes to send now. Holds back a possible start of the token at the end until the next chunk. */
  push(chunk: Buffer): Buffer
  /** The bytes held back. */
  end(): Buffer
}

export function createTokenMask(token: string): TokenMask {
  const secret = Buffer.from(token, 'latin1')
  let waiting: Buffer = Buffer.alloc(0)

  return {
    push(chunk) {
      const bytes = masked(waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]), secret)
      const cut = bytes.length - beginningAtEnd(bytes, secret)
      waiting = bytes.subarray(cut)
      return bytes.subarray(0, cut)
    },
    end() {
      const rest = waiting
      waiting = Buffer.alloc(0)
      return rest
    },
  }
}

function masked(bytes: Buffer, secret: Buffer): Buffer {
  let at = bytes.indexOf(secret)
  if (at < 0) return bytes
  const copy = Buffer.from(bytes)
  for (; at >= 0; at = copy.indexOf(secret, at + secret.length)) copy.fill(MASK, at, at + secret.length)
  return copy
}

/** How many bytes at the end could be the beginning of the token. */
function beginningAtEnd(bytes: Buffer, secret: Buffer): number {
  const first = secret[0] ?? 0
  for (
    let at = bytes.indexOf(first, Math.max(0, bytes.length - secret.length + 1));
    at >= 0;
    at = bytes.indexOf(first, at + 1)
  ) {
    if (bytes.subarray(at).equals(secret.subarray(0, bytes.length - at))) return bytes.length - at
  }
  return 0
}
