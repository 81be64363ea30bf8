// Owns: the cookie of a console session: its sealed content, and setting it. sessions.ts checks whether the session is
// valid.
import { createHash, hkdfSync } from 'node:crypto'
import type { CallerConfig, Config } from '@wxgw/runtime'
import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { openBytes, sealBytes } from '../auth/sealed-bytes.ts'

export const COOKIE_NAME = 'wxgw-console'

export type HeldSession = {
  id: string
  caller: string
  /** A changed key ends the sessions of its caller. */
  keyDigest: string
  /** The CSRF tokens are derived from it. */
  csrfSecret: string
  seenAtMs: number
}

type SessionCookie = {
  read(request: FastifyRequest): HeldSession | undefined
  set(request: FastifyRequest, reply: FastifyReply, session: HeldSession): void
  clear(request: FastifyRequest, reply: FastifyReply): void
}

const PLACE = Buffer.from('console session')
/** Longer values are ignored: our cookies are much shorter. */
const MAX_CHARACTERS = 2_048

/**
 * Valid at every ingress and after restarts: the key is derived from `SEALING_KEYS`, of which the first seals and all
 * open; without them from the keys of all callers together, so that no caller can forge another's session.
 */
export function createSessionCookie({ sealingKeys, callers }: Pick<Config, 'sealingKeys' | 'callers'>): SessionCookie {
  const bases = sealingKeys.length > 0 ? sealingKeys.map(({ key }) => key) : [allKeys(callers)]
  const keys = bases.map((base) => Buffer.from(hkdfSync('sha256', base, '', 'wxgw console session v1', 32)))

  function write(
    request: FastifyRequest,
    reply: FastifyReply,
    { value, maxAge }: { value: string; maxAge?: number },
  ): void {
    const lasting = maxAge === undefined ? {} : { maxAge }
    const secure = request.protocol === 'https'
    void reply.header(
      'set-cookie',
      stringifySetCookie({
        name: COOKIE_NAME,
        value,
        path: '/',
        httpOnly: true,
        sameSite: 'strict',
        secure,
        ...lasting,
      }),
    )
  }

  return {
    read({ headers }) {
      const value = headers.cookie === undefined ? undefined : parseCookie(headers.cookie)[COOKIE_NAME]
      if (value === undefined || value.length > MAX_CHARACTERS) return undefined
      const plain = openBytes(Buffer.from(value, 'base64url'), { keys, place: PLACE })
      return plain === undefined ? undefined : parseSession(plain.toString())
    },
    set(request, reply, session) {
      const [key] = keys
      if (key === undefined) throw new Error('there is always a key')
      const plain = Buffer.from(JSON.stringify(session))
      write(request, reply, { value: sealBytes(plain, { key, place: PLACE }).toString('base64url') })
    },
    clear: (request, reply) => write(request, reply, { value: '', maxAge: 0 }),
  }
}

function allKeys(callers: readonly CallerConfig[]): Buffer {
  const known = callers
    .map(({ name, key }) => [name, key.reveal()] as const)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(known)).digest()
}

// The text was sealed here, so its shape is known.
function parseSession(text: string): HeldSession {
  return JSON.parse(text) as HeldSession
}
