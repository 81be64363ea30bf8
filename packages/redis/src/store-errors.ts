// Owns: turning errors of ioredis and BullMQ into ours: the store is away or refuses (retry), or a fault of ours. The
// drivers' errors never leave this package: they contain the command's arguments.
import { GatewayError } from '@wxgw/wechat-core'

/** Error codes of replies to commands that may succeed later, or at another server. */
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

/** ioredis throws these as plain Errors, which only their texts identify. */
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

/** Refusals within a script begin with ERR. */
const IN_SCRIPTS: ReadonlyArray<[text: RegExp, code: string]> = [
  [/^ERR The user executing the script can't /, 'NOPERM'],
  [/^ERR Script attempted to (execute a|access a non local)/, 'CLUSTERDOWN'],
]

/** The code of a failure: `OOM`, `ECONNREFUSED`, `MaxRetriesPerRequestError`. It contains no arguments. */
export function storeErrorCode(cause: unknown): string {
  if (cause instanceof GatewayError) return cause.code
  if (!(cause instanceof Error)) return 'unknown'
  if (isReply(cause)) return IN_SCRIPTS.find(([text]) => text.test(cause.message))?.[1] ?? firstWord(cause.message)
  const code = codeOf(cause)
  return code === undefined ? cause.name : code
}

/**
 * STORE_UNAVAILABLE when the store is away or refuses; INTERNAL when it rejects our command as wrong. Both have
 * `retry`: not every reply of a failover is known here, and one of them must not fail a job for good. The original
 * error is left out.
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

/** The command that NOPERM names: Redis 7 does, except within a script. */
export function refusedCommand(error: unknown): string | undefined {
  return error instanceof Error ? /'([a-z_|-]{1,64})' command/i.exec(error.message)?.[1] : undefined
}

/** Whether the user of REDIS_URL has no right to the command, or to one of its keys. */
export function isRightMissing(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return storeErrorCode(error) === 'NOPERM'
  const { cause } = error
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'NOPERM'
}

/** As `run`, or as `instead` when a right is missing: for keys of one subscription, which must not stop the others. */
export async function unlessRightMissing<T>(run: () => Promise<T>, instead: (error: unknown) => T): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (isRightMissing(error)) return instead(error)
    throw error
  }
}

/** Runs a function against the store. Failures of the store are thrown as `storeError`, other errors unchanged. */
export async function guardStore<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    throw isStoreFailure(cause) ? storeError(cause) : cause
  }
}

/** The answers of a MULTI or a pipeline. Throws the first failure: `exec` resolves even if a command failed. */
export function allSucceeded(answers: ReadonlyArray<[error: Error | null, result: unknown]> | null): unknown[] {
  if (answers === null) throw new GatewayError('STORE_UNAVAILABLE', 'the store gave a transaction up', { retry: true })
  return answers.map(([error, result]) => {
    if (error) throw error
    return result
  })
}

/** The answer of an HGETALL in a MULTI or a pipeline. */
export function hashIn(answer: unknown): Record<string, string> {
  return typeof answer === 'object' && answer !== null ? (answer as Record<string, string>) : {}
}

/** Whether the error comes from Redis or the connection to it, not from our own code. */
export function isStoreFailure(cause: unknown): boolean {
  if (!(cause instanceof Error) || cause instanceof GatewayError) return false
  if (isReply(cause) || UNREACHABLE_NAMES.has(cause.name)) return true
  if (UNREACHABLE_CODES.test(codeOf(cause) ?? '')) return true
  return UNREACHABLE_TEXTS.some((text) => cause.message.startsWith(text))
}

/** Whether the server answered with an error. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/** Whether the server always refuses this command: the user has no right to it, or it does not exist there. */
export function isForbidden(error: unknown): boolean {
  return isReply(error) && /^(NOPERM|ERR)$/.test(storeErrorCode(error))
}

function firstWord(message: string): string {
  return /^[A-Z]+(?= |$)/.exec(message)?.[0] ?? 'ReplyError'
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
