// A consumer of a `stream` subscription, as one member of a group. STREAM is `sink.stream` of the subscription's answer.
// What a member took and did not acknowledge, because it crashed, is claimed by another after CLAIM_AFTER_MS.
import { hostname } from 'node:os'
import { Redis } from 'ioredis'

const { REDIS_URL = 'redis://127.0.0.1:6379', STREAM = 'wx:{stream.open1.crm}', GROUP = 'crm' } = process.env
const MEMBER = process.env.MEMBER ?? `${hostname()}-${process.pid}`
const CLAIM_AFTER_MS = Number(process.env.CLAIM_AFTER_MS ?? 60_000)

const redis = new Redis(REDIS_URL)
redis.on('error', (error) => console.error('redis:', error.code ?? error.name))
let running = true
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (running = false))

// From '0': what came before the group was made is read, too.
await redis.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM').catch((error) => {
  if (!error.message.startsWith('BUSYGROUP')) throw error
})

while (running) {
  const [, abandoned] = await redis.xautoclaim(STREAM, GROUP, MEMBER, CLAIM_AFTER_MS, '0', 'COUNT', 100)
  const fresh = await redis.xreadgroup('GROUP', GROUP, MEMBER, 'COUNT', 100, 'BLOCK', 1_000, 'STREAMS', STREAM, '>')
  for (const [entryId, fields] of [...abandoned, ...(fresh?.[0]?.[1] ?? [])]) {
    // A trimmed entry is claimed without its fields.
    if (fields) handle(JSON.parse(fields[fields.indexOf('event') + 1]))
    await redis.xack(STREAM, GROUP, entryId)
  }
}
redis.disconnect()

/** Throwing ends the process; the entry stays unacknowledged and comes again. */
function handle(event) {
  console.log(event.type, event.id, JSON.stringify(event.data))
}
