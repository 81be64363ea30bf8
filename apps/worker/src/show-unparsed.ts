// Owns: the command `npm run wxgw -- unparsed`: what came to the component's URLs and is no event, listed, or one of them in clear.
import { connectRedis, createSealer, createUnparsedPushes, platformKeys, storeErrorCode } from '@wxgw/redis'
import { loadConfig } from '@wxgw/runtime'

export type ShowUnparsedDeps = {
  env: Record<string, string | undefined>
  /** The event whose push is shown; all are listed without it. */
  eventId?: string | undefined
  /** One line: an item of the list, or the push itself. It may hold a ticket or codes: for the operator's eyes alone. */
  print(line: string): void
  /** Redis is not there yet. */
  warn(line: string): void
}

/** Answers whether there was anything to show. Throws a ConfigError, STORE_UNAVAILABLE, or INTERNAL when no key opens it. */
export async function showUnparsed({ env, eventId, print, warn }: ShowUnparsedDeps): Promise<boolean> {
  const config = loadConfig({ env })
  // The role that waits for Redis: a command has the time.
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
