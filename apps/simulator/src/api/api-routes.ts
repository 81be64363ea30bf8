// Owns: the API over HTTP: it reads the body, applies a fault, logs the call and answers. The endpoints do the rest.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { newRid } from '../ledger/opaque-values.ts'
import type { Pauses } from '../pauses.ts'
import type { SimulationClock } from '../simulation-clock.ts'
import { type Answer, cut, cutAfter, drip, send } from './answer.ts'
import type { CallLog } from './call-log.ts'
import {
  type AdmissionDeps,
  type ApiRequest,
  callEndpoint,
  type Endpoint,
  type FileAnswer,
  isFile,
  jsonObject,
  textIn,
  tokenOf,
} from './endpoint.ts'
import { distort, type FaultPlan, type Faults } from './faults.ts'
import { ApiError } from './api-error.ts'

type ApiDeps = AdmissionDeps & {
  endpoints: readonly Endpoint[]
  clock: SimulationClock
  calls: CallLog
  faults: Faults
  pauses: Pick<Pauses, 'pause'>
  /** Called with the simulator's own errors. */
  onError: (error: unknown) => void
}

/** More than WeChat accepts: a gateway may forward more. */
const MAX_FILE_BYTES = 40 * 1024 * 1024

/** All other paths; unknown ones answer 40066. A plugin of its own: only here are all bodies read as bytes. */
export function apiRoutes(deps: ApiDeps) {
  return async function register(app: FastifyInstance) {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      // As a web server in front of the API answers.
      if (error.statusCode === 413)
        return reply.code(413).type('text/html').send('<html><body>413 Request Entity Too Large</body></html>')
      deps.onError(error)
      return refuse(reply, new ApiError(-1), deps)
    })
    // All methods: the endpoint itself checks the method.
    for (const endpoint of deps.endpoints) {
      const options = endpoint.takesFile ? { bodyLimit: MAX_FILE_BYTES } : {}
      app.all(endpoint.path, options, (_request, reply) => serve(deps, endpoint, reply))
    }
    app.all('/*', (_request, reply) => refuse(reply, new ApiError(40066), deps))
  }
}

/** Answers a URL that cannot be parsed. */
export function refuseUnreadable(reply: FastifyReply, deps: Pick<ApiDeps, 'clock' | 'settings'>): Promise<void> {
  return refuse(reply, new ApiError(40066), deps)
}

function refuse(reply: FastifyReply, error: ApiError, deps: Pick<ApiDeps, 'clock' | 'settings'>): Promise<void> {
  return send(reply, ordinaryAnswer(errorFields(error, deps), deps))
}

async function serve(deps: ApiDeps, endpoint: Endpoint, reply: FastifyReply): Promise<void> {
  const request = apiRequest(reply.request)
  const body = jsonObject(request.rawBody) ?? {}
  const appId = subjectOf(deps, endpoint, { request, body })
  const fault = deps.faults.take(endpoint.api, appId)
  const at = new Date(deps.clock.nowMs()).toISOString()
  const open = deps.calls.open({ api: endpoint.api, appId, at, body, faultId: fault?.id })
  const plan = fault?.plan ?? {}

  await deps.pauses.pause(plan.delayMs ?? 0)
  await plan.holdUntil
  if (plan.resetBefore) {
    open.close({ errcode: null, httpStatus: null })
    cut(reply)
    return
  }
  const { fields, errcode } = outcome(deps, endpoint, { request, plan })
  const answer = answerOf(fields, plan, deps)
  await deps.pauses.pause(plan.delayAnswerMs ?? 0)
  await plan.holdAnswerUntil
  open.close({ errcode, httpStatus: plan.resetAfter ? null : answer.status })
  if (plan.resetAfter) cut(reply)
  else if (plan.cutAfterBytes !== undefined) cutAfter(reply, answer, plan.cutAfterBytes)
  else if (plan.drip) await drip(reply, answer, { ...plan.drip, pause: deps.pauses.pause })
  else await send(reply, answer)
}

function outcome(deps: ApiDeps, endpoint: Endpoint, { request, plan }: { request: ApiRequest; plan: FaultPlan }) {
  const replacesAnswer = plan.errcode !== undefined || plan.status !== undefined || plan.body !== undefined
  try {
    const fields = replacesAnswer && !plan.takesEffect ? {} : callEndpoint(endpoint, request, deps)
    if (plan.errcode !== undefined) throw new ApiError(plan.errcode, plan.errmsg)
    return { fields, errcode: replacesAnswer ? null : 0 }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { fields: errorFields(error, deps), errcode: error.errcode }
  }
}

function answerOf(fields: Record<string, unknown> | FileAnswer, plan: FaultPlan, deps: ApiDeps): Answer {
  const ordinary = isFile(fields) ? fileAnswer(fields) : ordinaryAnswer(distort(fields, plan), deps)
  return {
    ...ordinary,
    status: plan.status ?? ordinary.status,
    body: plan.body ?? ordinary.body,
    contentType: plan.contentType ?? ordinary.contentType,
  }
}

function ordinaryAnswer(fields: unknown, { settings }: Pick<ApiDeps, 'settings'>): Answer {
  return { status: 200, body: JSON.stringify(fields) ?? '', contentType: settings().apiContentType }
}

function fileAnswer({ bytes, contentType, fileName }: FileAnswer): Answer {
  return { status: 200, body: bytes, contentType, fileName }
}

function errorFields(error: ApiError, { clock }: Pick<ApiDeps, 'clock'>): Record<string, unknown> {
  return { errcode: error.errcode, errmsg: `${error.message} rid: ${newRid(clock.nowSeconds())}` }
}

type Call = { request: ApiRequest; body: Record<string, unknown> }

/** The account or component that a call is about, read from the call before any check. */
function subjectOf(deps: ApiDeps, endpoint: Endpoint, { request, body }: Call): string | undefined {
  if (endpoint.api === 'api_query_auth') return deps.authorizations.ownerOfCode(textIn(body, 'authorization_code'))
  const named = textIn(body, 'authorizer_appid')
  if (named !== '') return named
  const token = tokenOf(request.query)
  return deps.authorizations.ownerOfAccessToken(token)?.appId ?? (textIn(body, 'component_appid') || undefined)
}

function apiRequest(request: FastifyRequest): ApiRequest {
  const { query, body, headers } = request
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  return {
    method: request.method,
    query: typeof query === 'object' && query !== null ? { ...query } : {},
    rawBody: bytes.toString(),
    payload: {
      bytes,
      contentType: headers['content-type'] ?? '',
      isChunked: headers['transfer-encoding'] !== undefined,
    },
    // A dual-stack socket writes an IPv4 address as `::ffff:127.0.0.1`.
    remoteAddress: request.ip.replace(/^::ffff:/, ''),
  }
}
