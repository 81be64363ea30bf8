// Owns: which credentials the sentinels get when none are configured for them: those of the servers, or none where a sentinel
// does not take these. Charts set the same password for both; older installations protect the servers only.
import { type RedisOptions, SentinelConnector } from 'ioredis'
import { openOnce } from './problems/open-once.ts'

type Options = Pick<RedisOptions, 'sentinels' | 'sentinelTLS' | 'sentinelUsername' | 'sentinelPassword'>
type Login = { username?: string; password?: string }

/** The driver hands the options of its connection over. */
export type SentinelConnectorClass = new (options: unknown) => SentinelConnector

/**
 * A connector for one connection of the driver. Before each attempt it asks the first sentinel that answers whether it takes
 * `login`; when that one says WRONGPASS, the attempt is made without. A sentinel that is away decides nothing.
 */
export function sentinelConnectorWith(login: Login): SentinelConnectorClass {
  return class extends SentinelConnector {
    constructor(options: unknown) {
      super(options as RedisOptions)
    }

    override async connect(emit: Parameters<SentinelConnector['connect']>[0]): ReturnType<SentinelConnector['connect']> {
      const options: Options = this.options
      const { username, password } = await acceptedLogin(options, login)
      Object.assign(options, { sentinelUsername: username, sentinelPassword: password })
      return super.connect(emit)
    }
  }
}

/** `login`, or none when a sentinel refuses it. */
export async function acceptedLogin({ sentinels = [], sentinelTLS }: Options, login: Login): Promise<Login> {
  for (const { host, port } of sentinels) {
    try {
      const tls = sentinelTLS ? { tls: sentinelTLS } : {}
      const sentinel = await openOnce({ ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }), ...login, ...tls })
      sentinel.disconnect()
      return login
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('WRONGPASS')) return {}
    }
  }
  return login
}
