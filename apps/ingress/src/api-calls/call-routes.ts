// Owns: WeChat's APIs on the internal listener: api/:APPID/* and component-api/*. They use the raw URL and bytes:
// neither Fastify nor our checks of other routes parse query or body.
import { Socket } from 'node:net'
import type { ApiBrake } from '@wxgw/redis'
import type { CallerConfig, Config, Log, Metrics } from '@wxgw/runtime'
import {
  GatewayError,
  readVerdict,
  Stop,
  type StreamedCalls,
  UnansweredCallError,
  type Verdict,
} from '@wxgw/wechat-core'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { authorizationHeaders, challenge, decorateCalls } from '../auth/authenticate.ts'
import { createCallers } from '../auth/callers.ts'
import type { ConsoleSessions } from '../console/sessions.ts'
import type { CountAnswer } from '../metrics.ts'
import { whenOver } from '../http/request-over.ts'
import { callSchemas } from '../schemas/calls.ts'
import { PREFIX } from '../schemas/paths.ts'
import type { GatewayServer } from '../server.ts'
import { admitCall, type AdmittedCall, type CallPlatform } from './admit-call.ts'
import { addedHeaders, answerHeaders } from './answer-headers.ts'
import type { CallObserver, CallRecord } from './call-observer.ts'
import { makeCall, type Outgoing, peekToken } from './make-call.ts'
import { missingScope, saysNoPermission } from './missing-scope.ts'
import type { ApiCallSlots } from './call-slots.ts'
import type { QuotaBrake } from './quota-brake.ts'
import { CLIENT_GONE, createRequestBody } from './request-body.ts'
import { sendAnswer } from './send-answer.ts'
import type { StandIns } from './stand-ins.ts'
import { createTokenMask } from './token-mask.ts'
import type { TokenKind } from './wrong-token.ts'

export type CallDeps = {
  config: Pick<Config, 'callers' | 'apiCalls'>
  platforms: ReadonlyMap<string, CallPlatform>
  calls: StreamedCalls
  standIns: StandIns
  sessions: ConsoleSessions | undefined
  slots: ApiCallSlots
  brake: QuotaBrake
  observer: CallObserver
  log: Log
  metrics?: Metrics | undefined
  countAnswer: CountAnswer
}

type CallRoute = { Params: { platform: string; APPID?: string } }
type Prepared = Pick<ApiBrake, 'isProbe'> & Pick<Outgoing, 'peeking'>
type Exchange = { request: FastifyRequest<CallRoute>; reply: FastifyReply; record: CallRecord }

/** A token read takes 15 s at most, and so does a refresh. A call to WeChat follows each. */
const MAX_TOKEN_READ_MS = 15_000
const SPARE_MS = 5_000
const STAND_IN_GIVEN = /[?&]access_token=/

export function callRoutes(scope: GatewayServer, deps: CallDeps): void {
  const { config, observer, slots, brake } = deps
  const { maxBodyBytes, timeoutMs } = config.apiCalls
  const admission = { ...deps, callers: createCallers(config.callers) }
  const silenceMs = 2 * (timeoutMs + MAX_TOKEN_READ_MS) + SPARE_MS
  decorateCalls(scope)

  for (const [kind, path] of [
    ['account', 'api/:APPID/*'],
    ['component', 'component-api/*'],
  ] as const) {
    for (const method of ['GET', 'POST'] as const) {
      scope.route<CallRoute>({
        method,
        url: `${PREFIX}/${path}`,
        schema: callSchemas[kind][method],
        config: { isPassedOn: true },
        // In onRequest, before Fastify checks the content type: WeChat's SDKs send some that it refuses.
        onRequest: (request, reply) => answerCall(kind, request, reply),
        handler: (_request, reply) => void reply,
      })
    }
  }

  async function answerCall(kind: TokenKind, request: FastifyRequest<CallRoute>, reply: FastifyReply): Promise<void> {
    const exchange = { request, reply, record: observer.begin(request, reply) }
    const call = admitted(kind, exchange, await signedIn(request))
    // Both reads of Redis go out in one batch.
    const peeking = peekToken(call)
    const braked = await brake.find(call)
    if (braked !== undefined && !braked.isProbe) return answerBraked(exchange, braked)
    try {
      await passOn(exchange, call, { isProbe: braked !== undefined, peeking })
    } catch (error) {
      if (braked !== undefined && !mayBeSent(error)) await brake.giveBack(call)
      throw error
    }
  }

  async function passOn(exchange: Exchange, call: AdmittedCall, { isProbe, peeking }: Prepared): Promise<void> {
    const { request, reply } = exchange
    const gone = takeSlot(exchange, call)
    checkEncoding(request)
    const body = createRequestBody(request.raw, maxBodyBytes)
    // Nothing is written until the answer begins, so the socket's time-out must cover WeChat's. An injected request has
    // no socket.
    if (request.raw.socket instanceof Socket) request.raw.socket.setTimeout(silenceMs)
    try {
      const { method, headers } = request
      const outgoing = {
        method: method === 'GET' ? method : 'POST',
        contentType: headers['content-type'],
        body,
        gone,
        peeking,
      } as const
      const { answer, token, attempts } = await makeCall(deps, call, outgoing)
      const settling = brake.settle(call, { answer, token, wasProbe: isProbe, body: () => body.again() })
      if (settling !== undefined) await settling
      const { head, errcode } = answer
      noteVerdict(exchange.record, answer, attempts)
      const scope = errcode !== undefined && saysNoPermission(errcode) ? await missingScope(call) : undefined
      deps.countAnswer(request, head.status)
      sendAnswer(request, reply, {
        status: head.status,
        headers: [...answerHeaders(head, token.reveal()), ...addedHeaders(answer, { attempts, missingScope: scope })],
        length: head.headers.get('content-length'),
        body: answer.body,
        rest: answer.rest,
        mask: call.mayReadToken ? undefined : createTokenMask(token.reveal()),
      })
    } catch (error) {
      throw body.failure ?? error
    } finally {
      body.discard()
    }
  }

  /** A key or a stand-in takes precedence over a session. Without a cookie Redis is not read. */
  async function signedIn(request: FastifyRequest<CallRoute>): Promise<CallerConfig | undefined> {
    if (deps.sessions === undefined || request.headers.cookie === undefined) return undefined
    if (authorizationHeaders(request).length > 0 || STAND_IN_GIVEN.test(request.raw.url ?? '')) return undefined
    return (await deps.sessions.prove(request))?.caller
  }

  function admitted(
    kind: TokenKind,
    { request, reply, record }: Exchange,
    session: CallerConfig | undefined,
  ): AdmittedCall {
    try {
      const { raw, params } = request
      const asked = { kind, url: raw.url ?? '', authorizationHeaders: authorizationHeaders(request), session, params }
      const call = admitCall(admission, asked, record)
      record.platform = call.platform.id
      request.caller = call.caller
      request.bySession = call.caller === session
      request.neededAction = kind === 'account' ? 'api:call' : 'component_api:call'
      return call
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'UNAUTHENTICATED') challenge(request, reply)
      throw error
    }
  }

  /** Throws RATE_LIMITED. The signal aborts when the client disconnects. */
  function takeSlot({ request: { raw }, reply: { raw: response } }: Exchange, { caller }: AdmittedCall): Stop {
    // `close` was emitted already, so the slot would never be released.
    if (response.destroyed || raw.socket.destroyed) throw CLIENT_GONE
    const release = slots.take(caller)
    const gone = new Stop()
    whenOver(raw, response, () => {
      release()
      gone.abort(CLIENT_GONE)
    })
    return gone
  }

  function answerBraked({ request, reply, record }: Exchange, { answer }: ApiBrake): void {
    const verdict = readVerdict(answer.body)
    noteVerdict(record, verdict, 0)
    deps.countAnswer(request, answer.status)
    const type = answer.contentType === undefined ? [] : ['content-type', answer.contentType]
    sendAnswer(request, reply, {
      status: answer.status,
      headers: [...type, ...addedHeaders(verdict, { attempts: 0 }), 'x-gateway-brake', '1'],
      length: undefined,
      body: answer.body,
      rest: undefined,
      mask: undefined,
    })
  }
}

function noteVerdict(record: CallRecord, { errcode, rid }: Verdict, attempts: number): void {
  record.errcode = errcode
  record.rid = rid
  record.attempts = attempts
}

/** False: WeChat has not received a whole call. */
function mayBeSent(error: unknown): boolean {
  return error instanceof UnansweredCallError ? error.sent !== 'no' : error === CLIENT_GONE
}

/** The call to WeChat has no content-encoding header, so an encoded body would be misread. */
function checkEncoding({ headers }: FastifyRequest): void {
  const { 'content-encoding': encoding, 'transfer-encoding': coding = 'chunked' } = headers
  if (encoding === undefined && coding.toLowerCase() === 'chunked') return
  throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'encoded bodies are not passed on')
}
