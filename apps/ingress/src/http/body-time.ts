// Owns: how long the body of a request may take to arrive on routes that read it whole, where the listener itself
// allows uploads.
import { BODY_TOO_LATE } from '@wxgw/runtime'
import type { preParsingHookHandler } from 'fastify'
import { REQUEST_TIMEOUT_MS } from './limits.ts'

/** Route hook: refused with 408 after REQUEST_TIMEOUT_MS. A request that announces no body gets no timer. */
// oxlint-disable-next-line max-params -- Fastify's own signature
export const boundBodyTime: preParsingHookHandler = (request, reply, _payload, done) => {
  const { raw, headers } = request
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  if (hasBody && !raw.complete) {
    const timer = setTimeout(() => {
      // The body is complete; only the answer takes long.
      if (raw.complete) return
      void reply.send(Object.assign(new Error('the body is late'), { code: BODY_TOO_LATE }))
    }, REQUEST_TIMEOUT_MS)
    raw.once('close', () => clearTimeout(timer))
    raw.once('end', () => clearTimeout(timer))
  }
  done()
}
