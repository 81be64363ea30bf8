// Owns: which credentials the sentinels get when none are configured for them: those of the servers, or none where a sentinel
// does not take these. Charts set the same password for both; older installations protect the servers only.
import { Redis, SentinelConnector, type RedisOptions } from 'ioredis'

type Options = Omit<RedisOptions, 'replyMapping'>
type Login = { username?: string; password?: string }

/** `SentinelConnector`'s parameter; the driver hands the options of its connection over. */
export type SentinelConnectorClass = new (options: unknown) => SentinelConnector

/**
 * A connector for one connection of the driver. Before each attempt it asks the first sentinel that answers whether it takes
 * `login`; one that says WRONGPASS is asked without. A sentinel that is away decides nothing.
 */
export function sentinelConnectorWith(login: Login): SentinelConnectorClass {
  return class extends SentinelConnector {
    constructor(options: unknown) {
      super(options as Options)
    }

    override async connect(emit: Parameters<SentinelConnector['connect']>[0]): ReturnType<SentinelConnector['connect']> {
      const taken = (await isRefused(this.options as Options, login)) ? {} : login
      Object.assign(this.options, { sentinelUsername: taken.username, sentinelPassword: taken.password })
      return super.connect(emit)
    }
  }
}

async function isRefused({ sentinels = [], sentinelTLS, connectTimeout }: Options, login: Login): Promise<boolean> {
  for (const { host, port } of sentinels) {
    const sentinel = new Redis({
      ...{ ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
      ...login,
      ...(sentinelTLS ? { tls: sentinelTLS } : {}),
      ...(connectTimeout === undefined ? {} : { connectTimeout }),
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
    })
    sentinel.on('error', ignoreSinceConnectRejects)
    try {
      await sentinel.connect()
      return false
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('WRONGPASS')) return true
    } finally {
      sentinel.disconnect()
    }
  }
  return false
}

/** The driver reports a failed first connection both ways. */
function ignoreSinceConnectRejects(): void {}
