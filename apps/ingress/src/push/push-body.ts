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
  // No validation here: params and query are strings already, and openEnvelope checks them. The schemas are
  // documentation.
  scope.setValidatorCompiler(() => () => true)
  // By name, too: Fastify parses a content type again for every push when only the wildcard matches it.
  const options = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const
  scope.addContentTypeParser([...XML_TYPES, '*'], options, (_request, body, done) => done(null, body))
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
