// Owns: the two consumers of the demo: processes of examples/, and the events they print.
import { randomBytes } from 'node:crypto'
import { freePort } from '../../test/dist/helpers/free-port.js'

const FIRST_PORT = 3020

export function createConsumers({ processes, redisUrl }) {
  /** The example prints a line `type id data` for each event. */
  function collect() {
    const received = []
    const onLine = (line) => {
      const match = /^(\S+) (\S+) (\{.*\})$/.exec(line)
      if (match) received.push({ type: match[1], id: match[2], data: JSON.parse(match[3]) })
    }
    return { received, onLine }
  }

  return {
    startQueue(queue) {
      const { received, onLine } = collect()
      processes.start('crm', {
        script: 'examples/node/queue.mjs',
        env: { REDIS_URL: redisUrl, QUEUE: queue },
        onLine,
      })
      return received
    },
    /** The demo chooses the subscription's secret, so that the consumer can start before the first event. */
    async startWebhook() {
      const { received, onLine } = collect()
      const port = await freePort(FIRST_PORT)
      const secret = `whsec_${randomBytes(32).toString('base64')}`
      const consumer = processes.start('billing', {
        script: 'examples/node/webhook.mjs',
        env: { PORT: String(port), WEBHOOK_SECRET: secret },
        onLine,
      })
      const url = `http://127.0.0.1:${port}/`
      await processes.untilItSays(consumer, 'listening on port')
      return { url, secret, received }
    },
  }
}
