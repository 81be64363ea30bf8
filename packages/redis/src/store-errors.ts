// Owns: what a failure of ioredis or BullMQ is to the rest: the store is away or refuses (try again), or a fault of
// ours. Their own errors never leave: they carry the command's arguments, and some texts repeat them.
import { GatewayError } from '@wxgw/wechat-core'

/** First words of the replies by which a server says "not now" or "not here". */
const REFUSALS = new Set([
  'OOM',
  'READONLY',
  'MISCONF',
  'LOADING',
  'BUSY',
  'MASTERDOWN',
  'NOREPLICAS',
  'CLUSTERDOWN',
  'EXECABORT',
  'TRYAGAIN',
  'MOVED',
  'ASK',
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
])

const UNREACHABLE_NAMES = new Set([
  'MaxRetriesPerRequestError',
  'ClusterAllFailedError',
  'ConnectionClosedError',
  'AbortError',
])

const UNREACHABLE_CODES = /^(ECONN|EHOST|ENET|EPIPE$|ETIMEDOUT$|EAI_|ENOTFOUND$|ERR_(TLS|SSL|SOCKET))/

/** ioredis throws these as bare Errors, so that their fixed texts are all there is to know them by. */
const UNREACHABLE_TEXTS = [
  'Command timed out',
  'Connection is closed.',
  "Stream isn't writeable",
  "Cluster isn't ready",
  'Cluster is ',
  'None of startup nodes is available',
  'Too many Cluster redirections',
  'All sentinels are unreachable',
  'Node is disconnected',
  'Socket timeout.',
  'connect ETIMEDOUT',
]

/** What is refused within a script begins with ERR. */
const IN_SCRIPTS: ReadonlyArray<[text: RegExp, code: string]> = [
  [/^ERR The user executing the script can't /, 'NOPERM'],
  [/^ERR Script attempted to (execute a|access a non local)/, 'CLUSTERDOWN'],
]

/**
 * A word that names the failure and nothing else: `OOM`, `ECONNREFUSED`, `MaxRetriesPerRequestError`. Safe to log, good
 * to group by.
 */
export function storeErrorCode(cause: unknown): string {
  if (cause instanceof GatewayError) return cause.code
  if (!(cause instanceof Error)) return 'unknown'
  if (isReply(cause)) return IN_SCRIPTS.find(([text]) => text.test(cause.message))?.[1] ?? firstWord(cause.message)
  const code = codeOf(cause)
  return code === undefined ? cause.name : code
}

/**
 * STORE_UNAVAILABLE when the store is away or refuses; INTERNAL when it calls our command wrong. Both may be tried
 * again: what a failover makes a server say is not always known here, and a job must not end by one such answer.
 * Without the original.
 */
export function storeError(cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause
  const code = storeErrorCode(cause)
  const trace = { cause: { name: cause instanceof Error ? cause.name : typeof cause, code } }
  if (isReply(cause) && !REFUSALS.has(code)) {
    return new GatewayError('INTERNAL', `the store does not accept a command: ${code}`, { ...trace, retry: true })
  }
  if (code === 'NOPERM') {
    const what = refusedCommand(cause) ?? 'a command, key or channel'
    return new GatewayError('STORE_UNAVAILABLE', `the user of REDIS_URL has no right to ${what}: see ACL LOG`, {
      ...trace,
      retry: true,
    })
  }
  return new GatewayError('STORE_UNAVAILABLE', 'the store cannot be reached or takes no writes', {
    ...trace,
    retry: true,
  })
}

/** Of NOPERM: Redis 7 names the command, never a key; within a script neither. */
export function refusedCommand(error: unknown): string | undefined {
  return error instanceof Error ? /'([a-z_|-]{1,64})' command/i.exec(error.message)?.[1] : undefined
}

/**
 * Runs a function against the store. Its failures leave as `storeError`s; what is no failure of the store leaves as it
 * is.
 */
export async function guardStore<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    throw isStoreFailure(cause) ? storeError(cause) : cause
  }
}

/**
 * The answers of MULTI or of a pipeline, which resolve although a command in them failed: rejects with the first
 * failure.
 */
export function allSucceeded(answers: ReadonlyArray<[error: Error | null, result: unknown]> | null): unknown[] {
  if (answers === null) throw new GatewayError('STORE_UNAVAILABLE', 'the store gave a transaction up', { retry: true })
  return answers.map(([error, result]) => {
    if (error) throw error
    return result
  })
}

/** Does this come from Redis or the way to it, rather than from our own code? */
export function isStoreFailure(cause: unknown): boolean {
  if (!(cause instanceof Error) || cause instanceof GatewayError) return false
  if (isReply(cause) || UNREACHABLE_NAMES.has(cause.name)) return true
  if (UNREACHABLE_CODES.test(codeOf(cause) ?? '')) return true
  return UNREACHABLE_TEXTS.some((text) => cause.message.startsWith(text))
}

/** Did the server answer, with an error? */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/** Will the server refuse this command for ever: to this user, or because it does not have it? */
export function isForbidden(error: unknown): boolean {
  return isReply(error) && /^(NOPERM|ERR)$/.test(storeErrorCode(error))
}

function firstWord(message: string): string {
  return /^[A-Z]+(?= |$)/.exec(message)?.[0] ?? 'ReplyError'
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
