// The Redis users that the pages document are enough for everything that the pages say they do, on every form of Redis. What they
// may not do is asked of Redis in test/packages/redis/acl.test.ts; consumers on one server run in test/examples.
import type { RedisSettings } from '@wxgw/contracts'
import { createProblemWatch } from '@wxgw/redis'
import { Secret } from '@wxgw/wechat-core'
import { Cluster, Redis } from 'ioredis'
import t from 'tap'
import { moveSlot, ownerOf } from '../helpers/cluster-slots.ts'
import { startGateway } from '../helpers/gateway.ts'
import { type RedisForm, SENTINEL_NAME, startCluster, startSentinels } from '../helpers/redis-forms.ts'
import type { RedisServer } from '../helpers/redis-server.ts'
import { denied, documentedUsers, loginOf, userArguments, userLines, usersOfRedis } from '../helpers/redis-users.ts'
import { standaloneSettings } from '../helpers/redis-settings.ts'
import { until } from '../helpers/until.ts'
import {
  goesOn,
  playsGateway,
  playsQueueConsumer,
  playsStreamConsumer,
  playsTokenReader,
  readsTokens,
  type Stage,
} from './redis-user-stories.ts'

type Form = {
  start(): Promise<RedisForm>
  connect(form: RedisForm, user: string): Redis | Cluster
  env?: Record<string, string>
  /** What happens to it in the end; `between` is to be run in its middle, if it has one. */
  change?: string
  happen?(form: RedisForm, between: () => Promise<void>): Promise<void>
}

const replication = ['--masteruser', 'replica', '--masterauth', loginOf('replica').password]
const ofSentinels = ['sentinel-client', 'sentinel-peer']
const atServers = usersOfRedis().filter(({ name }) => !ofSentinels.includes(name))
const atSentinels = usersOfRedis().filter(({ name }) => ofSentinels.includes(name))
/** Of the default user, by which the test looks on. */
const PASSWORD = 'of-the-test'
const patient = { maxRetriesPerRequest: null, enableReadyCheck: false }

/** The users of one server are those of the servers behind sentinels. */
const FORMS: Record<string, Form> = {
  sentinels: {
    start: () =>
      startSentinels({
        sentinels: 2,
        args: [...userArguments([...documentedUsers(), ...atServers]), ...replication],
        sentinelPassword: PASSWORD,
        sentinelLines: [
          ...userLines(atSentinels),
          `sentinel auth-user ${SENTINEL_NAME} sentinel`,
          `sentinel auth-pass ${SENTINEL_NAME} ${loginOf('sentinel').password}`,
          'sentinel sentinel-user sentinel-peer',
          `sentinel sentinel-pass ${loginOf('sentinel-peer').password}`,
        ],
      }),
    env: {
      REDIS_SENTINEL_USERNAME: 'sentinel-client',
      REDIS_SENTINEL_PASSWORD: loginOf('sentinel-client').password,
      REDIS_MIN_REPLICAS: '1',
    },
    connect({ sentinels }, user) {
      const { username: sentinelUsername, password: sentinelPassword } = loginOf('sentinel-client')
      const addresses = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }))
      return new Redis({
        sentinels: addresses,
        name: SENTINEL_NAME,
        sentinelUsername,
        sentinelPassword,
        ...loginOf(user),
        ...patient,
      })
    },
    change: 'the master dies, and comes back as a replica',
    async happen(form) {
      const [master] = await form.masters()
      await master?.kill()
      await until('another is promoted', async () => (await form.masters()).length > 0, { timeoutMs: 30_000 })
      await master?.start()
    },
  },
  'a cluster': {
    // No master is to be replaced here: on a busy machine a short time-out is enough to look dead.
    start: () =>
      startCluster({
        replicasEach: 1,
        nodeTimeoutMs: 30_000,
        args: [...userArguments([...documentedUsers('cluster'), ...atServers]), ...replication],
      }),
    env: { REDIS_MIN_REPLICAS: '1' },
    connect: ({ servers }, user) =>
      new Cluster(
        servers.map(({ port }) => ({ host: '127.0.0.1', port })),
        { redisOptions: { ...loginOf(user), ...patient } },
      ),
    change: 'somebody asks what is wrong, a slot moves',
    async happen(form, between) {
      await diagnose(form)
      const { slot, owner } = await ownerOf(form, '{open1}')
      const to = (await form.masters()).find((server) => server !== owner)
      if (!to) throw new Error('a cluster of one')
      await moveSlot(form, { slot, from: owner, to, between })
      t.match(await form.client(to).info('commandstats'), /^cmdstat_asking:/m, 'somebody was sent on by ASK')
    },
  },
}

/** It is asked for, and done without where it is refused. */
const OPTIONAL = ['gateway: config|get']

// Much of the time a form waits to agree with itself.
t.jobs = 2

for (const [name, { start, connect, env = {}, change, happen }] of Object.entries(FORMS)) {
  void t.test(`the documented Redis users carry the whole story on ${name}`, { buffered: true }, async (t) => {
    const form = await start()
    t.teardown(() => form.stop())
    const all = [...form.servers, ...form.sentinels]
    const refused = async () => (await refusedBy(all, form)).filter((refusal) => !OPTIONAL.includes(refusal))
    t.same(await refused(), [], 'the form itself')
    const { username, password } = loginOf('gateway')
    const urls = form.env['REDIS_URL']?.replaceAll('//', `//${username}:${password}@`) ?? ''
    const gateway = await startGateway({ form, env: { REDIS_URL: urls, REPLY_DEADLINE_MS: '300', ...env } })
    t.teardown(() => gateway.stop())
    const stage: Stage = {
      gateway,
      refused,
      connect(user) {
        const redis = connect(form, user)
        // Of the master that dies. Those of a command reject it.
        redis.on('error', () => undefined)
        t.teardown(() => redis.disconnect())
        return redis
      },
    }
    await t.test('the gateway: pushes, tokens, subscriptions, dead letters, replays, synchronisation', (t) =>
      playsGateway(t, stage),
    )
    await t.test('the consumer of a queue: work, progress, failures, retries, delays, pauses', (t) =>
      playsQueueConsumer(t, stage),
    )
    await t.test('the consumer of a stream: groups, reading, acknowledging, taking over, trimming', (t) =>
      playsStreamConsumer(t, stage),
    )
    await t.test('the reader of tokens', (t) => playsTokenReader(t, stage))
    if (!happen) return
    await t.test(`${change}, and everybody goes on`, async (t) => {
      await happen(form, () => readsTokens(t, stage))
      await goesOn(t, stage)
      t.same(await refused(), [])
    })
  })
}

/** As a process of the gateway does when its connection fails without a reason. */
async function diagnose({ servers }: RedisForm): Promise<void> {
  const { username, password } = loginOf('gateway')
  const settings: RedisSettings = {
    ...standaloneSettings('redis://127.0.0.1'),
    mode: 'cluster',
    endpoints: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    login: { username, password: new Secret(password) },
  }
  const problems = createProblemWatch({ settings, log: { warn: () => undefined } })
  t.match(
    await problems.explain(Object.assign(new Error('none'), { code: 'ECONNRESET' })),
    /closed the connection|connection was lost/,
  )
}

async function refusedBy(servers: readonly RedisServer[], form: RedisForm): Promise<string[]> {
  const running = servers.filter((server) => server.isRunning())
  return (await Promise.all(running.map((server) => denied(form.client(server))))).flat()
}
