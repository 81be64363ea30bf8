// A consumer of a `stream` subscription, as one member of a group.
//   npm install ioredis
//   REDIS_URL=redis://127.0.0.1:6379 STREAM='sink.stream of the subscription' node stream.mjs
import { hostname } from 'node:os'
import { connect } from './connect.mjs'

const { STREAM, GROUP = 'crm', MEMBER = `${hostname()}-${process.pid}` } = process.env
const CLAIM_AFTER_MS = Number(process.env.CLAIM_AFTER_MS ?? 60_000)
const KEPT_IDS = 10_000
// Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
const handled = new Set()

const redis = connect()
let running = true
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (running = false))

// From '0': what came before the group was made is read, too.
await redis.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM').catch((error) => {
  if (!error.message.startsWith('BUSYGROUP')) throw error
})

while (running) {
  // What another member took and did not acknowledge, because it crashed, then what is new.
  const [, claimed] = await redis.xautoclaim(STREAM, GROUP, MEMBER, CLAIM_AFTER_MS, '0', 'COUNT', 100)
  const fresh = await redis.xreadgroup('GROUP', GROUP, MEMBER, 'COUNT', 100, 'BLOCK', 1_000, 'STREAMS', STREAM, '>')
  for (const [entryId, fields] of [...claimed, ...(fresh?.[0]?.[1] ?? [])]) {
    handle(JSON.parse(fields[fields.indexOf('event') + 1]))
    await redis.xack(STREAM, GROUP, entryId)
  }
}
redis.disconnect()

/** Throwing ends the process; the entry stays unacknowledged and comes again. */
function handle(event) {
  if (handled.has(event.id)) return
  console.log(event.type, event.id, JSON.stringify(event.data))
  handled.add(event.id)
  if (handled.size > KEPT_IDS) handled.delete(handled.values().next().value)
}
