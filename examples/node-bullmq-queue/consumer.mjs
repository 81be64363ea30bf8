// A consumer of a `queue` subscription. QUEUE is `sink.queue` of the subscription's answer.
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'

const { REDIS_URL = 'redis://127.0.0.1:6379', QUEUE = '{wx-queue.open1.crm}' } = process.env

const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null })
connection.on('error', (error) => console.error('redis:', error.code ?? error.name))

// job.id and event.id name the event; they are the same when it comes again.
const worker = new Worker(
  QUEUE,
  async (job) => {
    const event = job.data
    console.log(event.type, event.id, JSON.stringify(event.data))
    // What the job returns answers the user when the subscription has `"reply": true` and the push still waits.
    if (event.type === 'wechat.message.text') return { reply: { MsgType: 'text', Content: `收到：${event.data.Content}` } }
    return undefined
  },
  { connection, concurrency: 10 },
)
worker.on('failed', (job, error) => console.error('failed:', job?.id, error.message))
worker.on('error', (error) => console.error('worker:', error.code ?? error.name))

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await worker.close()
    connection.disconnect()
  })
}
