// Owns: the bounds on what a client may send and how slowly. One place, so that both listeners agree.

/** 1 MiB, for pushes and for everything else that carries a body. */
export const MAX_BODY_BYTES = 1_048_576
/** Request line and headers together; above it the parser answers 431. */
export const MAX_HEADER_BYTES = 8192
/** Above it: 431. Node itself takes 2000 and drops the rest in silence. */
export const MAX_HEADERS = 100
/** Longest path parameter. Event ids have at most 128 characters. */
export const MAX_PARAM_LENGTH = 256
/** Routes read a handful; WeChat sends five or six. */
export const MAX_QUERY_PARAMETERS = 64
/** From the first byte to the end of the headers. */
export const HEADERS_TIMEOUT_MS = 3000
/** From the first byte to the end of the body. WeChat closes the connection after 5 s. */
export const REQUEST_TIMEOUT_MS = 5000
/**
 * The same for the internal listener, where a call may upload 32 MiB. Its other routes keep to REQUEST_TIMEOUT_MS:
 * body-time.ts.
 */
export const CALL_REQUEST_TIMEOUT_MS = 600_000
/** How often Node checks for requests beyond the two limits above. */
export const CONNECTIONS_CHECK_INTERVAL_MS = 500
/** Longer than the idle time of usual load balancers (60 s), so that they close first and never race with us. */
export const KEEP_ALIVE_TIMEOUT_MS = 65_000
/**
 * A connection with a running request is closed when nothing was read or written for so long: the client does not read
 * its answer. Longer than the slowest answer (15 s, a token read).
 */
export const SOCKET_TIMEOUT_MS = 20_000
/**
 * Connections that wait to be accepted. The system lowers it to its own limit (`net.core.somaxconn`, 4096 on Linux).
 * Beyond it the system drops the first packets, and the client retries only after 1 s and 3 s. Node's default of 511 is
 * less than a busy platform gets in a second.
 */
export const LISTEN_BACKLOG = 4_096
