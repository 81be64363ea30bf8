// Owns: wiring of all configured platforms over one pair of Redis connections and WeChat's API, for both processes.
import { createInboxChoice, createMasterOutages, createQueues, type InboxChoice, type Queues } from '@wxgw/redis'
import type { StreamedCalls } from '@wxgw/wechat-core'
import { createCalls } from './api-calls.ts'
import { createPlatform, type PlatformDeps } from './create-platform.ts'
import type { Platform } from './platform.ts'

export type PlatformsDeps = Omit<PlatformDeps, 'platform' | 'connections' | 'queues' | 'inboxes' | 'outages'> & {
  /** `commands` fails fast. `subscriber` serves the reply mailboxes. The caller closes both after `close`. */
  connections: PlatformDeps['connections']
}

export type Platforms = {
  byId: ReadonlyMap<string, Platform>
  /** The API proxy's calls, of all platforms. */
  calls: StreamedCalls
  queues: Queues
  inboxes: InboxChoice
  close(): Promise<void>
}

export function createPlatforms(deps: PlatformsDeps): Platforms {
  const { config, connections, shardCount, log } = deps
  const redis = connections.commands
  const queues = createQueues({ connection: redis, log })
  const outages = createMasterOutages(redis)
  const inboxes = createInboxChoice({ redis, count: shardCount, outages })
  const shared = { queues, inboxes, outages }
  const opened = config.platforms.map((platform) => createPlatform({ ...deps, ...shared, platform }))
  const calls = createCalls(config)
  return {
    calls,
    byId: new Map(opened.map(({ platform }) => [platform.id, platform])),
    queues,
    inboxes,
    async close() {
      await Promise.all(opened.map(({ close }) => close()))
      calls.close()
      await queues.close()
    },
  }
}
