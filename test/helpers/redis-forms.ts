// Owns: Redis in every form that the gateway supports, started on the loopback by the test and thrown away with it:
// one server, a server with replicas and sentinels, a cluster; each with or without TLS and passwords.
import { Redis, type RedisOptions } from 'ioredis'
import { type Authority, createAuthority } from './certificates.ts'
import { type RedisServer, type ServerTls, startRedis, writtenTo } from './redis-server.ts'
import { until } from './until.ts'

export type RedisForm = {
  /** What the gateway's processes are to be configured with. */
  env: Record<string, string>
  servers: RedisServer[]
  sentinels: RedisServer[]
  /** Of all servers, without those that are down. */
  masters(): Promise<RedisServer[]>
  /** A client of the driver for one server or sentinel, closed with the form. */
  client(server: RedisServer): Redis
  stop(): Promise<void>
}

export type Security = {
  tls?: boolean
  /** As `tls`, and every client has to show a certificate. */
  clientCertificates?: boolean
  password?: string
  /** Further arguments of each server. */
  args?: readonly string[]
  /** The gateway's user, with the same password. */
  user?: { name: string; rights: readonly string[] }
  /** Of the servers; default: as startRedis. */
  binary?: string
}

export type SentinelFormOptions = Security & {
  replicas?: number
  sentinels?: number
  /** Of the sentinels; default: none. */
  sentinelPassword?: string
  /** Further lines of each sentinel's configuration. */
  sentinelLines?: readonly string[]
}

export type ClusterFormOptions = Security & {
  masters?: number
  replicasEach?: number
  /** So long without an answer and a node is given up. */
  nodeTimeoutMs?: number
}

export const SENTINEL_NAME = 'wxgw-main'
const HOST = '127.0.0.1'
const SLOTS = 16_384
const FORMED_WITHIN_MS = 30_000
/** A line that a failover left dead must not hold up who waits for a condition. */
const ANSWERED_WITHIN_MS = 2_000

export async function startStandalone(security: Security = {}): Promise<RedisForm> {
  const base = await createBase(security)
  const server = await base.start(passwordArguments(security))
  return base.form({ REDIS_URL: base.urls([server], security.password) })
}

export async function startSentinels(options: SentinelFormOptions = {}): Promise<RedisForm> {
  const { replicas = 1, sentinels = 3, sentinelPassword, sentinelLines = [], password } = options
  const base = await createBase(options)
  const master = await base.start(passwordArguments(options))
  for (let count = 0; count < replicas; count += 1) {
    await base.start([...passwordArguments(options), '--replicaof', HOST, String(master.port)])
  }
  await untilReplicated(base.client(master), replicas)
  const quorum = Math.floor(sentinels / 2) + 1
  const watching: RedisServer[] = []
  for (let count = 0; count < sentinels; count += 1) {
    const lines = [
      `sentinel monitor ${SENTINEL_NAME} ${HOST} ${master.port} ${quorum}`,
      `sentinel down-after-milliseconds ${SENTINEL_NAME} 1000`,
      `sentinel failover-timeout ${SENTINEL_NAME} 3000`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${SENTINEL_NAME} ${password}`]),
      ...(sentinelPassword === undefined
        ? []
        : [`requirepass ${sentinelPassword}`, `sentinel sentinel-pass ${sentinelPassword}`]),
      ...sentinelLines,
    ]
    watching.push(await base.start([], lines))
  }
  await until(
    'the sentinels know each other and the replicas',
    async () => {
      const views = await Promise.all(
        watching.map((sentinel) => viewOf(base.sentinelClient(sentinel, sentinelPassword))),
      )
      return views.every(
        (view) => view['num-other-sentinels'] === String(sentinels - 1) && view['num-slaves'] === String(replicas),
      )
    },
    { timeoutMs: FORMED_WITHIN_MS, everyMs: 50 },
  )
  return base.form({
    REDIS_MODE: 'sentinel',
    REDIS_SENTINEL_NAME: SENTINEL_NAME,
    REDIS_URL: base.urls(watching, password),
    ...(sentinelPassword === undefined || sentinelPassword === password
      ? {}
      : { REDIS_SENTINEL_PASSWORD: sentinelPassword }),
  })
}

export async function startCluster(options: ClusterFormOptions = {}): Promise<RedisForm> {
  const { masters = 3, replicasEach = 0, nodeTimeoutMs = 2_000, password } = options
  const base = await createBase(options)
  const nodes: RedisServer[] = []
  for (let count = 0; count < masters * (1 + replicasEach); count += 1) {
    const bus = base.hasTls ? ['--tls-cluster', 'yes'] : []
    const enabled = [
      '--cluster-enabled',
      'yes',
      '--cluster-node-timeout',
      String(nodeTimeoutMs),
      '--cluster-announce-ip',
      HOST,
    ]
    nodes.push(await base.start([...passwordArguments(options), ...enabled, ...bus]))
  }
  const clients = nodes.map((node) => base.client(node))
  const [first] = clients
  if (!first) throw new Error('a cluster without nodes')
  for (const [index, client] of clients.slice(0, masters).entries()) {
    const from = Math.ceil((SLOTS * index) / masters)
    await client.call('CLUSTER', 'ADDSLOTSRANGE', from, Math.ceil((SLOTS * (index + 1)) / masters) - 1)
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
  }
  for (const [index, node] of nodes.entries()) {
    if (index > 0) await first.call('CLUSTER', 'MEET', HOST, node.port, Number(await busPortOf(clients[index])))
  }
  await untilAll(clients, async (client) => (await fieldOf(client, 'cluster_known_nodes')) === String(nodes.length))
  for (const [index, client] of clients.slice(masters).entries()) {
    const master = clients[index % masters]
    if (master) await client.call('CLUSTER', 'REPLICATE', String(await master.call('CLUSTER', 'MYID')))
  }
  await untilAll(clients, async (client) => (await fieldOf(client, 'cluster_state')) === 'ok')
  for (const client of clients.slice(0, masters)) await untilReplicated(client, replicasEach)
  return base.form({ REDIS_MODE: 'cluster', REDIS_URL: base.urls(nodes, password) })
}

/** A replica that is online has not acknowledged anything yet. */
export async function untilReplicated(master: Redis, replicas: number): Promise<void> {
  if (replicas === 0) return
  const isReplicated = async () => {
    await master.publish('a write that no key keeps', '')
    return (
      (await master.wait(replicas, 100)) >= replicas && (await infoOf(master, 'connected_slaves')) === String(replicas)
    )
  }
  // A server that is busy with a replica's first copy may answer too late: it is asked again.
  await until('the replicas follow', () => isReplicated().catch(() => false), { timeoutMs: FORMED_WITHIN_MS })
}

async function createBase(security: Security) {
  const hasTls = security.tls === true || security.clientCertificates === true
  const authority = hasTls ? createAuthority() : undefined
  const tls = authority ? serverTls(authority, security) : undefined
  const clientTls: Pick<RedisOptions, 'tls'> = tls ? { tls: { ca: tls.ca, cert: tls.cert, key: tls.key } } : {}
  const servers: RedisServer[] = []
  const sentinels: RedisServer[] = []
  const clients = new Map<RedisServer, Redis>()

  function clientOf(server: RedisServer, password: string | undefined): Redis {
    const known = clients.get(server)
    if (known) return known
    const options = {
      ...clientTls,
      ...(password === undefined ? {} : { password }),
      maxRetriesPerRequest: null,
      commandTimeout: ANSWERED_WITHIN_MS,
    }
    const client = new Redis({ host: HOST, port: server.port, ...options, retryStrategy: () => 100 })
    // A server that the test has killed: it is asked again until it is back, or the form ends.
    client.on('error', () => undefined)
    clients.set(server, client)
    return client
  }

  async function stop(): Promise<void> {
    for (const client of clients.values()) client.disconnect()
    await Promise.all([...servers, ...sentinels].map((server) => server.stop()))
  }

  const client = (server: RedisServer) => clientOf(server, security.password)

  async function isMaster(server: RedisServer): Promise<boolean> {
    return server.isRunning() && (await infoOf(client(server), 'role').catch(() => undefined)) === 'master'
  }

  return {
    hasTls,
    client,
    sentinelClient: clientOf,
    async start(args: readonly string[], sentinelLines?: readonly string[]): Promise<RedisServer> {
      const server = await startRedis(args, { tls, sentinel: sentinelLines, binary: security.binary })
      ;(sentinelLines ? sentinels : servers).push(server)
      return server
    },
    urls: (of: readonly RedisServer[], password: string | undefined) =>
      of.map(({ port }) => `${hasTls ? 'rediss' : 'redis'}://${loginOf(security, password)}${HOST}:${port}`).join(','),
    async form(env: Record<string, string>): Promise<RedisForm> {
      const [first] = servers
      if (!first) throw new Error('a form without servers')
      const files = tls && {
        REDIS_TLS_CA_FILE: await writtenTo(first.dir, 'trusted.pem', tls.ca),
        ...(security.clientCertificates
          ? {
              REDIS_TLS_CERT_FILE: await writtenTo(first.dir, 'client.pem', tls.cert),
              REDIS_TLS_KEY_FILE: await writtenTo(first.dir, 'client-key.pem', tls.key),
            }
          : {}),
      }
      return {
        env: { ...env, ...files },
        servers,
        sentinels,
        async masters() {
          const are = await Promise.all(servers.map(isMaster))
          return servers.filter((_, index) => are[index])
        },
        client,
        stop,
      }
    },
  }
}

function loginOf({ user }: Security, password: string | undefined): string {
  return password === undefined ? '' : `${user?.name ?? ''}:${password}@`
}

function serverTls(authority: Authority, { clientCertificates }: Security): ServerTls {
  return { ca: authority.ca, ...authority.issue(), clients: clientCertificates ? 'with a certificate' : 'any' }
}

function passwordArguments({ password, args = [], user }: Security): string[] {
  const login = password === undefined ? [] : ['--requirepass', password, '--masterauth', password]
  return [...login, ...args, ...(user ? ['--user', user.name, 'on', `>${password}`, ...user.rights] : [])]
}

async function infoOf(client: Redis, field: string): Promise<string | undefined> {
  return new RegExp(`^${field}:(\\S+)`, 'm').exec(await client.info())?.[1]
}

async function fieldOf(client: Redis, field: string): Promise<string | undefined> {
  return new RegExp(`^${field}:(\\S+)`, 'm').exec(String(await client.call('CLUSTER', 'INFO')))?.[1]
}

async function busPortOf(client: Redis | undefined): Promise<string | undefined> {
  return /@(\d+)/.exec(String(await client?.call('CLUSTER', 'NODES')))?.[1]
}

async function viewOf(sentinel: Redis): Promise<Record<string, string>> {
  const flat: unknown = await sentinel.call('SENTINEL', 'MASTER', SENTINEL_NAME)
  const view: Record<string, string> = {}
  if (Array.isArray(flat))
    for (let index = 0; index + 1 < flat.length; index += 2) view[String(flat[index])] = String(flat[index + 1])
  return view
}

async function untilAll(clients: readonly Redis[], holds: (client: Redis) => Promise<boolean>): Promise<void> {
  const all = async () => (await Promise.all(clients.map(holds))).every(Boolean)
  await until('all nodes of the cluster agree', all, { timeoutMs: FORMED_WITHIN_MS, everyMs: 50 })
}
