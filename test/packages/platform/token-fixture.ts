// Owns: the token authority without HTTP around it: several "processes" (platforms of their own connections) over one Redis, WeChat
// played by the simulator. Faults decide who is served when.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createPlatforms, type Platform } from '@wxgw/platform'
import { connectRedis, createSealer, createShardCount, type RedisConnection } from '@wxgw/redis'
import { type Config, loadConfig, type Log } from '@wxgw/runtime'
import { type Simulator, startSimulator } from '@wxgw/simulator'
import { type AuthorizerAppId, parseAuthorizerAppId, Secret, systemClock } from '@wxgw/wechat-core'
import { Redis } from 'ioredis'
import { type RedisServer, startRedis } from '../../helpers/redis-server.ts'

export type TokenAuthority = {
  server: RedisServer
  redis: Redis
  simulator: Simulator
  config: Config
  /** One per process. */
  platforms: [Platform, Platform]
  connections: RedisConnection[]
  env: Record<string, string>
  /** A new account whose code is exchanged and stored. */
  authorized(): Promise<AuthorizerAppId>
  stop(): Promise<void>
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

export function environmentFor(
  server: RedisServer,
  simulator: Simulator,
  extra: Record<string, string> = {},
): Record<string, string> {
  const { appId, appSecret, token, encodingAesKey } = simulator.component
  return {
    REDIS_URL: server.url,
    WX_COMPONENT_APPID: appId,
    WX_COMPONENT_APPSECRET: appSecret,
    WX_TOKEN: token,
    WX_ENCODING_AES_KEY: encodingAesKey,
    WX_API_BASE_URL: simulator.url,
    API_KEYS: `test=${'k'.repeat(40)}`,
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ...extra,
  }
}

export function appIdOf(number: number): AuthorizerAppId {
  const appId = parseAuthorizerAppId(`wx${number.toString(16).padStart(16, '0')}`)
  if (!appId) throw new Error('not an appid')
  return appId
}

export async function startAuthority(
  options: { env?: Record<string, string>; simulator?: Parameters<typeof startSimulator>[0] } = {},
): Promise<TokenAuthority> {
  // Killed and started again by tests: with `everysec`, Redis puts a write off while the disk is busy, and a kill then loses what
  // it had acknowledged.
  const server = await startRedis(['--appendfsync', 'always'])
  const simulator = await startSimulator(options.simulator)
  const env = environmentFor(server, simulator, options.env)
  const config = loadConfig({ env })
  const opened = await Promise.all([openProcess(config), openProcess(config)])
  const [first, second] = opened
  const redis = new Redis(server.url)
  const { ticket } = await simulator.pushTicket()
  await first.platform.tickets.saveIfNewer(new Secret(ticket), Math.floor(Date.now() / 1000))
  let accounts = 0
  return {
    server,
    redis,
    simulator,
    config,
    platforms: [first.platform, second.platform],
    connections: opened.map(({ commands }) => commands),
    env,
    async authorized() {
      accounts += 1
      const appId = appIdOf(accounts)
      simulator.addAccount({ appId, userName: `gh_${accounts}` })
      const { authorizationCode } = await simulator.authorize(appId, { push: false })
      await first.platform.authorizations.exchangeCode(new Secret(authorizationCode))
      return appId
    },
    async stop() {
      redis.disconnect()
      await Promise.all(opened.map(({ close }) => close()))
      await simulator.close()
      await server.stop()
    },
  }
}

export async function openProcess(config: Config) {
  const commands = connectRedis(config.redis, 'commands', () => {})
  const subscriber = connectRedis(config.redis, 'subscriber', () => {})
  await once(commands, 'ready')
  const sealer = createSealer(config.sealingKeys)
  const shardCount = createShardCount({
    redis: commands,
    configured: config.messageShards,
    marks: [],
    rememberedSeconds: 1,
  })
  await shardCount.settle()
  const connections = { commands, subscriber }
  const platforms = createPlatforms({ config, connections, sealer, shardCount, clock: systemClock, log: quiet })
  const [platform] = platforms.byId.values()
  if (!platform) throw new Error('no platform')
  return {
    platform,
    commands,
    async close() {
      await platforms.close()
      commands.disconnect()
      subscriber.disconnect()
    },
  }
}
