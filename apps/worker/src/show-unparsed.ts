// Owns: the command `npm run wxgw -- unparsed`: lists the pushes to the component's URLs that are no event, or shows
// one of them in clear.
import { connectRedis, createSealer, createUnparsedPushes, platformKeys, storeErrorCode } from '@wxgw/redis'
import { loadConfig } from '@wxgw/runtime'

type ShowUnparsedDeps = {
  env: Record<string, string | undefined>
  /** Shows the push of this event. Without it, all are listed. */
  eventId?: string | undefined
  /** Prints an item of the list, or the push itself, which may contain a ticket or codes: for the operator only. */
  print(line: string): void
  /** Warns that Redis is not reachable yet. */
  warn(line: string): void
}

/**
 * Whether there was anything to show. Throws a ConfigError, STORE_UNAVAILABLE, or INTERNAL when no key opens the push.
 */
export async function showUnparsed({ env, eventId, print, warn }: ShowUnparsedDeps): Promise<boolean> {
  const config = loadConfig({ env })
  // The role whose commands wait for the connection: this command may take its time.
  const redis = connectRedis(config.redis, 'subscriber', (error) => warn(`Redis: ${storeErrorCode(error)}`))
  const sealer = createSealer(config.sealingKeys)
  try {
    let found = false
    for (const { id } of config.platforms) {
      const pushes = createUnparsedPushes({ platform: id, redis, keys: platformKeys(id), sealer })
      const lines = eventId === undefined ? await listed(id, pushes) : await shown(eventId, pushes)
      for (const line of lines) print(line)
      found ||= lines.length > 0
    }
    return found
  } finally {
    redis.disconnect()
  }
}

type Pushes = ReturnType<typeof createUnparsedPushes>

async function listed(platform: string, pushes: Pushes): Promise<string[]> {
  return (await pushes.list()).map(({ eventId, receivedAtMs }) =>
    JSON.stringify({ platform, eventId, receivedAt: new Date(receivedAtMs).toISOString() }),
  )
}

async function shown(eventId: string, pushes: Pushes): Promise<string[]> {
  const push = await pushes.read(eventId)
  return push === undefined ? [] : [push.reveal()]
}
