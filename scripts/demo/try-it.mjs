// Owns: what the demo offers at its end: subscriptions that wait for a consumer of yours, and the commands of examples/ for them.
import { fact, title } from './print.mjs'
import { freePort } from './processes.mjs'

const FIRST_PORT = 3030
// Known to everybody, as the demo's other secrets are.
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 'demo').toString('base64')}`

/** Makes the subscriptions, and prints commands that work as they stand while the demo runs. */
export async function offerPrograms({ gateway, apiKey, accountAppId, platform, redisUrl, simulatorUrl }) {
  const port = await freePort(FIRST_PORT)
  const { sink: queue } = await subscribe('try-queue', { kind: 'queue' })
  const { sink: stream } = await subscribe('try-stream', { kind: 'stream', maxLength: 1000 })
  await subscribe('try-webhook', { kind: 'webhook', url: `http://127.0.0.1:${port}/`, secret: WEBHOOK_SECRET })

  async function subscribe(name, sink) {
    const answer = await fetch(`${gateway}/subscriptions/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      // Nobody may ever come for these: one attempt is enough.
      body: JSON.stringify({ sink, match: { types: ['wechat.message.*'] }, retry: { scheduleSeconds: [] } }),
    })
    if (!answer.ok) throw new Error(`PUT /subscriptions/${name} answered ${answer.status}`)
    return answer.json()
  }

  const settings = {
    ...redisSettings(redisUrl),
    QUEUE: queue.queue,
    STREAM: stream.stream,
    WEBHOOK_SECRET,
    PORT: String(port),
    GATEWAY: gateway,
    GATEWAY_KEY: apiKey,
    PLATFORM: platform,
  }
  const exported = Object.entries(settings).map(([name, value]) => `${name}='${value}'`)
  const message = JSON.stringify({ openId: 'oYou', content: '你好' })

  title('Consumers of your own, in another terminal and in this folder / 在另一个终端里试一试')
  fact('first', `export ${exported.join(' ')}`)
  fact('a queue', 'node examples/node/queue.mjs')
  fact('a stream', 'node examples/node/stream.mjs')
  fact('', 'php examples/php/stream.php')
  fact('', 'python3 examples/python/stream.py')
  fact('', 'javac -d /tmp/wxgw examples/java/Redis*.java examples/java/Stream.java && java -cp /tmp/wxgw Stream')
  fact('a webhook, one of', 'node examples/node/webhook.mjs')
  fact('', `php -S 127.0.0.1:${port} examples/php/webhook.php`)
  fact('', 'python3 examples/python/webhook.py')
  fact('', 'java examples/java/Webhook.java')
  fact('', 'go run examples/go/webhook/main.go')
  fact('a message for them', `curl -s ${simulatorUrl}/_simulator/accounts/${accountAppId}/messages/text -H 'content-type: application/json' -d '${message}'`)
  fact('a token', `node examples/node/access-token.mjs ${accountAppId}`)
  fact('the same from Redis', `node examples/node/redis-token.mjs ${accountAppId}`)
}

/** The one of a REDIS_URL with a password stands in your environment, and need not stand on a screen. */
function redisSettings(url) {
  if (url.includes('@') || url.includes(',')) return {}
  return { REDIS_URL: url }
}
