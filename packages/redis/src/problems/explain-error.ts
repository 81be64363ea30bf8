// Owns: the meaning of an error of Redis or of its connection, and what to do, in a sentence that may be public. The
// driver's texts are never shown, because they may contain arguments. diagnose.ts finds causes that an error lacks.
import { refusedCommand, storeErrorCode } from '../store-errors.ts'

/** `reason`: the cause, and what to do. Neither member contains a secret. */
export type RedisProblem = { code: string; reason: string }

const BY_REPLY: Readonly<Record<string, string>> = {
  WRONGPASS: 'Redis refuses the user name or the password: correct them in REDIS_URL',
  NOAUTH: 'Redis wants a password: put it into REDIS_URL',
  OOM: 'Redis has reached maxmemory: give it more memory, or find out what grows',
  READONLY: 'Redis is a replica: connect to the master, or use REDIS_MODE=sentinel or cluster',
  MISCONF: 'Redis cannot write its RDB file or AOF and so takes no writes: look at its disk and its log',
  LOADING: 'Redis is loading its data: wait until it has',
  BUSY: 'Redis is busy with a script that does not end: SCRIPT KILL on the server',
  NOREPLICAS: 'Redis has fewer replicas than min-replicas-to-write: bring the replicas back',
  MASTERDOWN: 'Redis is a replica whose master is down',
  CLUSTERDOWN: 'the cluster does not serve the slot: a master is down or slots are uncovered (CLUSTER INFO)',
  TRYAGAIN: 'the cluster is moving the slot: it is tried again',
  MOVED: 'this is a node of a Redis Cluster: set REDIS_MODE=cluster',
  ASK: 'this is a node of a Redis Cluster: set REDIS_MODE=cluster',
  CROSSSLOT: 'this is a Redis Cluster: set REDIS_MODE=cluster',
}

const UNKNOWN_CA = 'the certificate of Redis is signed by a CA that is not known here: name the CA in REDIS_TLS_CA_FILE'

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at this address: is Redis running, is REDIS_URL right?',
  ENOTFOUND: 'the host name cannot be resolved: correct it in REDIS_URL',
  EAI_AGAIN: 'the host name cannot be resolved now: the name server does not answer',
  EHOSTUNREACH: 'the host cannot be reached: routes, firewall, REDIS_URL?',
  ENETUNREACH: 'the network cannot be reached: routes, firewall, REDIS_URL?',
  ETIMEDOUT: 'Redis does not answer in time',
  ECONNRESET: 'Redis closed the connection',
  EPIPE: 'Redis closed the connection',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS: use redis: in REDIS_URL',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  CERT_HAS_EXPIRED: 'the certificate of Redis has expired',
  CERT_NOT_YET_VALID: 'the certificate of Redis is not valid yet: look at the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of Redis is for another host than REDIS_URL names',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'Redis wants a client certificate: REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'Redis refuses the TLS handshake: it may want a client certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'Redis does not trust the client certificate of REDIS_TLS_CERT_FILE',
}

/** undefined: the error does not contain the cause. */
export function explainRedisError(error: unknown): RedisProblem | undefined {
  const code = storeErrorCode(error)
  const reason = code === 'NOPERM' ? missingRight(error) : (BY_REPLY[code] ?? BY_CODE[code] ?? byText(error))
  return reason === undefined ? undefined : { code, reason }
}

function missingRight(error: unknown): string {
  const command = refusedCommand(error)
  const user = 'the ACL user of REDIS_URL'
  if (command !== undefined) return `${user} has no right to the command ${command}: use the users of the documentation`
  return `${user} has no right to a key, a channel or a command within a script: use the users of the documentation, see ACL LOG`
}

/** The driver throws these as plain Errors. */
function byText(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.message.startsWith('connect ETIMEDOUT')) return BY_CODE['ETIMEDOUT']
  if (error.message.startsWith('Command timed out') || error.message.startsWith('Socket timeout'))
    return BY_CODE['ETIMEDOUT']
  return undefined
}
