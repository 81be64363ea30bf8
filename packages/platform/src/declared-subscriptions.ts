// Owns: storing the subscriptions of CONFIG_FILE: at the start of a process, and again after Redis has lost them.
import type { Declaration } from '@wxgw/redis'
import type { DeclaredSubscription, Log } from '@wxgw/runtime'
import { isStoreAway, pause } from '@wxgw/wechat-core'
import type { Platform } from './platform.ts'

type DeclaringDeps = {
  declared: readonly DeclaredSubscription[]
  platforms: ReadonlyMap<string, Pick<Platform, 'subscriptions'>>
  signal: AbortSignal
  log: Log
  everyMs?: number
}

const RETRY_MS = 500
/** A flushed Redis has its subscriptions again within this time. */
const EVERY_MS = 10_000

/**
 * Ends with `signal`; never rejects. Logs each change, and once that another process has a different file.
 */
export async function keepDeclared({ everyMs = EVERY_MS, ...deps }: DeclaringDeps): Promise<void> {
  const { platforms, signal } = deps
  const keeping = [...platforms].map(async ([id, { subscriptions }]) => {
    const declarations = declarationsOf(deps.declared, id)
    let isStart = true
    let [isDifferent, isRefused] = [false, false]
    while (!signal.aborted) {
      try {
        const { different, refused, ...changes } = await subscriptions.declare(declarations, { isStart })
        isStart = false
        if (Object.values(changes).some((names) => names.length > 0))
          deps.log.info({ platform: id, ...changes }, 'subscriptions.declared')
        if (refused.length > 0 && !isRefused) deps.log.error({ platform: id, names: refused }, 'subscriptions.refused')
        if (different.length > 0 && !isDifferent)
          deps.log.warn({ platform: id, names: different }, 'subscriptions.declared_differently')
        isDifferent = different.length > 0
        isRefused = refused.length > 0
      } catch (error) {
        // Readiness reports that Redis is unavailable.
        if (!isStoreAway(error)) {
          deps.log.error({ err: error, platform: id }, 'subscriptions.not_declared')
        }
      }
      await pause(isStart ? RETRY_MS : everyMs, signal, { ref: false })
    }
  })
  await Promise.all(keeping)
}

function declarationsOf(declared: readonly DeclaredSubscription[], platform: string): Declaration[] {
  return declared
    .filter((one) => one.platform === platform)
    .map(({ name, input, secret }) => ({ name, input, secret: secret?.reveal() }))
}
