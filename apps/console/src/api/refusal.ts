// Owns: what the gateway's refusals are to the console.

/** The gateway's error shape; `errcode` and `errmsg` when WeChat refused. */
export class Refusal extends Error {
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

/** The route is not there: an older gateway. What the route is about has codes of its own. */
export function isUnknownRoute(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'ROUTE_NOT_FOUND'
}
