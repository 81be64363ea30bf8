// Owns: the body of a push: `text/xml`, `application/xml` or no media type, at most 1 MiB, passed on as bytes.
import { GatewayError } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { MAX_BODY_BYTES } from '../http/limits.ts'
import { contentTypeOf } from '../http/request-checks.ts'
import type { GatewayServer } from '../server.ts'

const XML_TYPES = new Set(['text/xml', 'application/xml'])

/** For the routes of this scope only. */
export function acceptPushBodies(scope: GatewayServer): void {
  scope.removeAllContentTypeParsers()
  // Paths and queries are texts by themselves; which texts is checked by those who read them, and a schema says it to readers only.
  scope.setValidatorCompiler(() => () => true)
  // By name as well: what only the wildcard takes is parsed anew as a content type for every push.
  scope.addContentTypeParser([...XML_TYPES, '*'], { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  )
}

/** Throws UNSUPPORTED_MEDIA_TYPE. */
export function checkMediaType({ headers }: FastifyRequest): void {
  const contentType = contentTypeOf(headers)
  if (contentType !== undefined && !XML_TYPES.has(contentType.mediaType)) {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'a push is text/xml or application/xml')
  }
}

export function pushBodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}
