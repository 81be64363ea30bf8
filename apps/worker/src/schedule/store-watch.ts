// Owns: noticing that Redis has lost its data while this process runs, and starting the rebuild from WeChat.
import type { Platform } from '@wxgw/platform'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'
import { isStoreAway } from '@wxgw/wechat-core'
import type { Alarm } from './alarm.ts'

type StoredPlatform = {
  id: string
  installation: Platform['installation']
  authorizations: Pick<Platform['authorizations'], 'startPushTicket'>
}

type StoreWatchDeps = {
  platforms: ReadonlyMap<string, StoredPlatform>
  alarm: Alarm
  log: Log
  everyMs?: number
}

const EVERY_MS = 5_000

/**
 * An installation sets a mark in its Redis. A mark that disappears means a flushed Redis: requests a new ticket from
 * WeChat, and a platform's first ticket starts the sync (control-plane/handle-component-event.ts).
 */
export function startStoreWatch({ platforms, alarm, log, everyMs = EVERY_MS }: StoreWatchDeps): Repetition {
  const marked = new Set<string>()
  return repeat({ firstMs: 0, everyMs }, async () => {
    for (const platform of platforms.values()) await check(platform)
  })

  async function check(platform: StoredPlatform): Promise<void> {
    try {
      if (await platform.installation.isMarked()) {
        marked.add(platform.id)
        return
      }
      const isNew = await platform.installation.mark()
      if (!marked.has(platform.id) || !isNew) return
      log.error({ platform: platform.id }, 'store.emptied')
      await alarm(platform.id, 'gateway.store.emptied', {})
      const outcome = await platform.authorizations.startPushTicket()
      log.info({ platform: platform.id, outcome }, 'store.rebuild_started')
    } catch (error) {
      // Readiness and the connection's log lines report an unavailable Redis.
      if (!isStoreAway(error)) {
        log.warn({ err: error, platform: platform.id }, 'store.rebuild_failed')
      }
    }
  }
}
