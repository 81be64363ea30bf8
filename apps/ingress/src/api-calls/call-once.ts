// Owns: one attempt at a call. Buffers a small JSON answer to read its errcode; streams everything else from the first
// byte.
import {
  type ApiExchange,
  readVerdict,
  type Secret,
  type StreamedCall,
  type StreamedCalls,
  type StreamedHead,
  type StopSignal,
  type UnansweredCallError,
  type Verdict,
} from '@wxgw/wechat-core'

/** A larger answer is streamed without reading its errcode. */
const MAX_EXAMINED_BYTES = 65_536

export type Answer = Verdict & {
  head: StreamedHead
  /** The whole body, or its beginning when there is a `rest`. */
  body: Buffer
  rest: AnswerRest | undefined
}

/** Paused until `into` is called. */
export type AnswerRest = Pick<ApiExchange, 'pause' | 'resume' | 'abort'> & { into(sink: AnswerSink): void }

type AnswerSink = { data(chunk: Buffer): void; end(): void; failed(error: UnansweredCallError): void }

type Attempt = {
  calls: StreamedCalls
  call: StreamedCall
  /** The token of the call, which must not be taken for a request id. */
  secret: Secret
  gone: StopSignal
}

/**
 * Rejects with UnansweredCallError, also when a small answer breaks off before its end. `gone`: the client has
 * disconnected; aborts the call and rejects.
 */
export function callOnce({ calls, call, secret, gone }: Attempt): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let head: StreamedHead = { status: 0, headers: new Map() }
    const chunks: Buffer[] = []
    let size = 0
    let state: 'unseen' | 'examined' | 'passed' = 'unseen'
    let sink: AnswerSink | undefined
    /** The end or the error that arrived before there was a sink. */
    let ending: ((sink: AnswerSink) => void) | undefined

    const over = () => gone.removeEventListener('abort', onGone)
    const onGone = () => {
      exchange.abort()
      reject(gone.reason)
    }
    const settle = (rest: AnswerRest | undefined) => {
      const body = chunks.length === 1 ? (chunks[0] ?? EMPTY) : Buffer.concat(chunks)
      const verdict = state === 'examined' && rest === undefined ? verdictOf(body, secret) : NO_VERDICT
      resolve({ head, body, rest, ...verdict })
    }
    const passOn = () => {
      state = 'passed'
      exchange.pause()
      settle({
        pause: () => exchange.pause(),
        resume: () => exchange.resume(),
        abort: () => exchange.abort(),
        into(given) {
          sink = given
          if (ending === undefined) exchange.resume()
          else ending(given)
        },
      })
    }

    const exchange = calls.send(call, {
      onHead(received) {
        head = received
        if (!mayBeExamined(received)) passOn()
      },
      onData(chunk) {
        if (sink !== undefined) return sink.data(chunk)
        size += chunk.length
        chunks.push(chunk)
        if (state === 'unseen') state = beginningOf(chunks)
        if (state === 'passed' || size > MAX_EXAMINED_BYTES) passOn()
      },
      onEnd() {
        over()
        if (state !== 'passed') return settle(undefined)
        ending = (to) => to.end()
        if (sink !== undefined) ending(sink)
      },
      onError(error) {
        over()
        if (state !== 'passed') return reject(error)
        ending = (to) => to.failed(error)
        if (sink !== undefined) ending(sink)
      },
    })
    if (gone.aborted) onGone()
    else gone.addEventListener('abort', onGone)
  })
}

const EMPTY = Buffer.alloc(0)
const NO_VERDICT: Verdict = { errcode: undefined, rid: undefined }
/** WeChat may echo the token after `rid:`; it must not get into headers and log lines. */
function verdictOf(body: Buffer, secret: Secret): Verdict {
  const { errcode, rid } = readVerdict(body)
  return { errcode, rid: rid !== undefined && secret.reveal().includes(rid) ? undefined : rid }
}

const TEXT_TYPE = /^(?:text\/|application\/(?:[\w.-]+\+)?json\b)/i

function mayBeExamined({ headers }: StreamedHead): boolean {
  const type = headers.get('content-type')?.trim() ?? ''
  if (type !== '' && !TEXT_TYPE.test(type)) return false
  return Number(headers.get('content-length') ?? 0) <= MAX_EXAMINED_BYTES
}

const BRACE = '{'.charCodeAt(0)

/** Skips a byte order mark and blanks before the brace. */
function beginningOf(chunks: readonly Buffer[]): 'unseen' | 'examined' | 'passed' {
  if (chunks[0]?.[0] === BRACE) return 'examined'
  const text = Buffer.concat(chunks)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
  if (text === '') return 'unseen'
  return text.startsWith('{') ? 'examined' : 'passed'
}
