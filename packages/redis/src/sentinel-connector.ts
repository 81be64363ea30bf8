// Owns: which credentials the sentinels get when none are configured for them: those of the servers, or none where a sentinel
// does not take these. Charts set the same password for both; older installations protect the servers only.
import { type RedisOptions, SentinelConnector } from 'ioredis'
import { openOnce } from './problems/open-once.ts'

type Options = Pick<RedisOptions, 'sentinels' | 'sentinelTLS' | 'sentinelUsername' | 'sentinelPassword'>
type Login = { username?: string; password?: string }

/** The driver hands the options of its connection over. */
export type SentinelConnectorClass = new (options: unknown) => SentinelConnector

/** During a failover many connections come anew: the sentinels are asked once for all of them. */
const VERDICT_HOLDS_MS = 60_000

/** A connector for a connection of the driver and its duplicates. A sentinel that says WRONGPASS to `login` gets none. */
export function sentinelConnectorWith(login: Login): SentinelConnectorClass {
  let verdict: { login: Login; atMs: number } | undefined

  async function loginNow(options: Options): Promise<Login> {
    const nowMs = performance.now()
    if (verdict && nowMs - verdict.atMs < VERDICT_HOLDS_MS) return verdict.login
    const accepted = await acceptedLogin(options, login)
    if (accepted) verdict = { login: accepted, atMs: nowMs }
    return accepted ?? login
  }

  return class extends SentinelConnector {
    constructor(options: unknown) {
      super(options as RedisOptions)
    }

    override async connect(
      emit: Parameters<SentinelConnector['connect']>[0],
    ): ReturnType<SentinelConnector['connect']> {
      const options: Options = this.options
      const { username, password } = await loginNow(options)
      Object.assign(options, { sentinelUsername: username, sentinelPassword: password })
      return super.connect(emit)
    }
  }
}

/** `login`, or none when it is refused: what the first sentinel says that answers. undefined when none does. */
export async function acceptedLogin(
  { sentinels = [], sentinelTLS }: Options,
  login: Login,
): Promise<Login | undefined> {
  const tls = sentinelTLS ? { tls: sentinelTLS } : {}
  const asked = sentinels.map(async ({ host, port }) => {
    const address = { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) }
    try {
      const sentinel = await openOnce({ ...address, ...login, ...tls })
      sentinel.disconnect()
      return login
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('WRONGPASS')) return {}
      throw error
    }
  })
  return Promise.any(asked).catch(() => undefined)
}
