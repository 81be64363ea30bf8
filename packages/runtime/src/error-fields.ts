// Owns: which fields may be logged: of errors an allow-list, of other objects all but those with requests, arguments
// and credentials. Only the logger uses it.

type ErrorFields = {
  type: string
  message: string
  code?: string | number
  errcode?: number
  stack?: string
  cause?: ErrorFields
}

const MAX_CAUSES = 4
const MAX_DEPTH = 6
const MAX_MESSAGE_LENGTH = 500
const MASK = '[masked]'

// Libraries attach requests, arguments and whole jobs to their errors; the log needs none of them.
const DROPPED = new Set(
  [
    ['args', 'argv', 'body', 'rawbody', 'payload', 'data', 'jobdata', 'request', 'rawxml', 'content'],
    ['headers', 'rawheaders', 'cookie', 'cookies', 'authorization', 'query', 'querystring'],
    ['password', 'secret', 'appsecret', 'component_appsecret', 'componentappsecret', 'encodingaeskey', 'apikey'],
    [
      'token',
      'access_token',
      'accesstoken',
      'refresh_token',
      'refreshtoken',
      'component_access_token',
      'componentaccesstoken',
    ],
    [
      'authorizer_access_token',
      'authorizer_refresh_token',
      'ticket',
      'component_verify_ticket',
      'componentverifyticket',
    ],
    ['auth_code', 'authcode', 'authorization_code', 'authorizationcode', 'pre_auth_code', 'preauthcode'],
  ].flat(),
)

/** `withStack`: at level debug. The stack is masked like the message. */
export function errorFields(
  error: unknown,
  { withStack, depth = 0 }: { withStack: boolean; depth?: number },
): ErrorFields {
  if (!(error instanceof Error)) return { type: typeof error, message: 'something was thrown that is no Error' }
  const { code, errcode, cause } = error as { code?: unknown; errcode?: unknown; cause?: unknown }
  return {
    type: error.name,
    message: maskText(error.message),
    ...(isCode(code) ? { code } : {}),
    ...(typeof errcode === 'number' ? { errcode } : {}),
    ...(withStack && error.stack !== undefined ? { stack: maskStack(error) } : {}),
    ...(cause instanceof Error && depth < MAX_CAUSES
      ? { cause: errorFields(cause, { withStack, depth: depth + 1 }) }
      : {}),
  }
}

/**
 * Masks queries and credentials of URLs and long token-like runs, and cuts the text at 500 characters.
 */
export function maskText(text: string): string {
  return masked(text.slice(0, 2 * MAX_MESSAGE_LENGTH)).slice(0, MAX_MESSAGE_LENGTH)
}

/** A copy for the log: errors become their fields at any depth, dropped names are left out. */
export function loggableFields(fields: object, withStack: boolean, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
      return isDropped(name, value) ? [] : [[name, loggable(value, { withStack, depth: depth + 1 })]]
    }),
  )
}

function loggable(value: unknown, { withStack, depth }: { withStack: boolean; depth: number }): unknown {
  if (value instanceof Error) return errorFields(value, { withStack })
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (printsItself(value)) return value
  if (depth > MAX_DEPTH) return '[deep]'
  if (Array.isArray(value)) return value.map((entry: unknown) => loggable(entry, { withStack, depth: depth + 1 }))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return `[${value.constructor.name}]`
  return loggableFields(value, withStack, depth)
}

// Numbers and booleans are no secrets, and a Secret prints as `[secret]`.
function isDropped(name: string, value: unknown): boolean {
  return (
    DROPPED.has(name.toLowerCase()) && typeof value !== 'number' && typeof value !== 'boolean' && !printsItself(value)
  )
}

function printsItself(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function'
}

function isCode(code: unknown): code is string | number {
  return typeof code === 'number' || (typeof code === 'string' && /^[\w.-]{1,64}$/.test(code))
}

function maskStack(error: Error): string {
  const stack = error.stack ?? ''
  const frames = stack.indexOf('\n    at ')
  return `${error.name}: ${maskText(error.message)}${frames < 0 ? '' : stack.slice(frames)}`
}

function masked(text: string): string {
  return text
    .replace(/:\/\/[^\s/@]*@/g, `://${MASK}@`)
    .replace(/\?[^\s'"<>)]*/g, (query) => (query.includes('=') ? `?${MASK}` : query))
    .replace(/[A-Za-z0-9_\-@+=]{24,}/g, (run) => (run.length >= 40 || /\d/.test(run) ? MASK : run))
}
