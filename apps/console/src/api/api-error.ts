// Owns: an error that the gateway answered.

/** From the gateway's error body; `errcode` and `errmsg` are WeChat's. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly requestId: string | undefined
  readonly errcode: number | undefined

  constructor(status: number, body: unknown) {
    const { code, message, requestId, errcode, errmsg } = parse(body)
    super([message ?? `HTTP ${status}`, errmsg].filter(Boolean).join(': '))
    this.status = status
    this.code = code ?? `HTTP_${status}`
    this.requestId = requestId
    this.errcode = errcode
  }
}

type Body = Partial<{ code: string; message: string; requestId: string; errcode: number; errmsg: string }>

function parse(body: unknown): Body {
  return typeof body === 'object' && body !== null ? body : {}
}

/** The gateway is older than the console and lacks the route. Missing items have codes of their own. */
export function isUnknownRoute(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'ROUTE_NOT_FOUND'
}
