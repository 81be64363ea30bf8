// Owns: finding out whether WeChat's API can be reached from here: one request without a token, which costs no quota
// and has no effect.
import type { Secret } from '../secret.ts'
import { createApiConnection } from './api-connection.ts'

type ApiProbeOptions = { baseUrl: string; proxyUrl?: Secret | undefined; timeoutMs: number }

/** `code`: the network's own, such as ENOTFOUND or CERT_HAS_EXPIRED; `timeout` when nobody answered in time. */
type ApiProbe = { reached: true } | { reached: false; code: string }

/** Any status is an answer. Never rejects; ends within `timeoutMs`. */
export function probeApi({ baseUrl, proxyUrl, timeoutMs }: ApiProbeOptions): Promise<ApiProbe> {
  return new Promise((resolve) => {
    const connection = createApiConnection({ baseUrl, proxyUrl, connections: 1, connectTimeoutMs: timeoutMs })
    const end = (probe: ApiProbe) => {
      clearTimeout(timer)
      resolve(probe)
      connection.close()
    }
    const timer = setTimeout(() => end({ reached: false, code: 'timeout' }), timeoutMs)
    connection.send(
      { method: 'GET', path: '/', headers: {} },
      {
        onHead: () => end({ reached: true }),
        onData: () => undefined,
        onEnd: () => undefined,
        onError: (error) => end({ reached: false, code: codeOf(error) }),
      },
    )
  })
}

/** The text of an error may contain the URL of a proxy with its credentials. */
function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
