// A consumer of a `queue` subscription.
//   npm install bullmq ioredis
//   REDIS_URL=redis://127.0.0.1:6379 QUEUE='sink.queue of the subscription' node queue.mjs
import { Worker } from 'bullmq'
import { connect } from './connect.mjs'

const { QUEUE } = process.env
const KEPT_IDS = 10_000
// Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
const handled = new Set()

const connection = connect({ maxRetriesPerRequest: null })

const worker = new Worker(
  QUEUE,
  async ({ data: event }) => {
    if (handled.has(event.id)) return undefined
    console.log(event.type, event.id, JSON.stringify(event.data))
    handled.add(event.id)
    if (handled.size > KEPT_IDS) handled.delete(handled.values().next().value)
    // What the job returns answers the user when the subscription has `"reply": true` and the push still waits.
    if (event.type === 'wechat.message.text')
      return { reply: { MsgType: 'text', Content: `收到：${event.data.Content}` } }
    return undefined
  },
  { connection, concurrency: 10 },
)
worker.on('failed', (job, error) => console.error('failed:', job?.id, error.message))
worker.on('error', (error) => console.error('worker:', error.code ?? error.name))

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    // While Redis is away, close() waits for it.
    setTimeout(() => process.exit(1), 10_000).unref()
    await worker.close()
    connection.disconnect()
  })
}
