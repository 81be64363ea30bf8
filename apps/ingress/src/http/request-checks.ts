// Owns: the checks of every request of both listeners before its route, beyond those of the HTTP parser.
import { isHarmlessName, TOO_MANY_HEADERS } from '@wxgw/runtime'
import { GatewayError } from '@wxgw/wechat-core'
import type { FastifyRequest } from 'fastify'
import { MAX_HEADERS } from './limits.ts'
import { pairsFault, type PairsFault } from './query-string.ts'

/**
 * Not checked here: the push routes answer a malformed signature like a wrong one. Other routes do not use these names.
 */
const SIGNED_NAMES = new Set(['msg_signature', 'signature', 'timestamp', 'nonce'])

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Query and body are passed on to WeChat unread. */
    isPassedOn?: boolean
    /**
     * The parameters that the route reads; others may be repeated. WeChat's client adds its own each time a link is
     * shared.
     */
    reads?: readonly string[]
  }
}

/** Throws INVALID_REQUEST or UNSUPPORTED_MEDIA_TYPE. */
export function checkRequest(request: FastifyRequest): void {
  checkVersion(request)
  checkHeaderCount(request)
  checkHost(request)
  const { isPassedOn, reads } = request.routeOptions.config
  if (isPassedOn === true) return
  const fault = pairsFault(request.query)
  if (!isPassedOver(fault, reads)) checkPairs(fault)
  checkEncodings(request.headers)
}

export function checkPairs(fault: PairsFault | undefined): void {
  if (fault === undefined) return
  switch (fault.kind) {
    case 'repeated':
      throw new GatewayError('INVALID_REQUEST', `${parameterOf(fault)} is given more than once`)
    case 'encoding':
      throw new GatewayError('INVALID_REQUEST', `${parameterOf(fault)} is not validly percent-encoded`)
    case 'too-many':
      throw new GatewayError('INVALID_REQUEST', 'there are too many parameters')
    case 'control':
      if (fault.names.every((name) => SIGNED_NAMES.has(name))) return
      throw new GatewayError('INVALID_REQUEST', `${parameterOf(fault)} contains control characters`)
    default:
      fault satisfies never
  }
}

function isPassedOver(fault: PairsFault | undefined, reads: readonly string[] | undefined): boolean {
  return reads !== undefined && fault?.kind === 'repeated' && !fault.names.some((name) => reads.includes(name))
}

function parameterOf({ names: [name] }: { names: readonly string[] }): string {
  return isHarmlessName(name) ? `the parameter ${name}` : 'a parameter'
}

function checkHeaderCount({ raw }: FastifyRequest): void {
  if (raw.rawHeaders.length > 2 * MAX_HEADERS)
    throw Object.assign(new Error('too many headers'), { code: TOO_MANY_HEADERS })
}

// Node serves a bare `GET /path` as HTTP/0.9, without a Host.
function checkVersion({ raw }: FastifyRequest): void {
  if (raw.httpVersionMajor < 1) throw new GatewayError('INVALID_REQUEST', 'HTTP/1.0 or newer is needed')
}

// Node silently keeps the first of two Host headers. A proxy may have routed by the second.
function checkHost({ raw }: FastifyRequest): void {
  let hosts = 0
  for (let index = 0; index < raw.rawHeaders.length; index += 2) {
    const name = raw.rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1 || (hosts === 0 && raw.httpVersion === '1.1')) {
    throw new GatewayError('INVALID_REQUEST', 'there must be exactly one Host header')
  }
}

function checkEncodings(headers: FastifyRequest['headers']): void {
  if (headers['content-encoding'] !== undefined) {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'encoded bodies are not accepted')
  }
  const charset = contentTypeOf(headers)?.charset
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'bodies must be UTF-8')
  }
}

type ContentType = { mediaType: string; charset: string | undefined }

/** The size of the cache of parsed content types. Clients send few different ones. */
const MAX_KNOWN_TYPES = 100
const MAX_KNOWN_CHARACTERS = 64
const knownTypes = new Map<string, ContentType>()

/** In lower case. undefined when there is no content type, or an empty one. */
export function contentTypeOf(headers: FastifyRequest['headers']): ContentType | undefined {
  const header = headers['content-type']
  if (header === undefined) return undefined
  const known = knownTypes.get(header)
  if (known) return known
  const read = readContentType(header)
  if (read === undefined || header.length > MAX_KNOWN_CHARACTERS) return read
  if (knownTypes.size >= MAX_KNOWN_TYPES) knownTypes.clear()
  knownTypes.set(header, read)
  return read
}

function readContentType(header: string): ContentType | undefined {
  if (header.trim() === '') return undefined
  const [mediaType = '', ...parameters] = header.toLowerCase().split(';')
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='))
  return { mediaType: mediaType.trim(), charset: charset?.slice('charset='.length).replace(/^"(.*)"$/, '$1') }
}
