// Owns: the end of the demo: subscriptions for your own consumers, and the commands of examples/ that run them.
import { fact, title } from './print.mjs'
import { freePort } from '../../test/dist/helpers/free-port.js'

const FIRST_PORT = 3030
// Public, as the demo's other secrets are.
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 'demo').toString('base64')}`
const MATCH = { types: ['wechat.message.*'] }
/** One attempt: there may never be a consumer. */
const NO_RETRIES = { scheduleSeconds: [] }

/** Creates the subscriptions, and prints commands that work while the demo runs. */
export async function offerPrograms({ gateway, apiKey, accountAppId, platform, redisUrl, simulatorUrl }) {
  const port = await freePort(FIRST_PORT)
  const { sink: queue } = await subscribe('try-queue', { kind: 'queue' })
  const { sink: stream } = await subscribe('try-stream', { kind: 'stream', maxLength: 1000 })
  const webhook = { kind: 'webhook', url: `http://127.0.0.1:${port}/` }
  await subscribe('try-webhook', { ...webhook, secret: WEBHOOK_SECRET })

  async function subscribe(name, sink) {
    const answer = await fetch(`${gateway}/subscriptions/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sink, match: MATCH, retry: NO_RETRIES }),
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

  const answering = JSON.stringify({ sink: webhook, match: MATCH, retry: NO_RETRIES, reply: true })
  title(
    'Consumers of your own, in other terminals and in this folder: start some, then send / 在另外的终端里试一试：先启动接收方，再发消息',
  )
  fact('first', `export ${exported.join(' ')}`)
  fact('a queue', 'node examples/node/queue.mjs')
  fact('a stream', 'node examples/node/stream.mjs')
  fact('', 'php examples/php/stream.php # phpredis')
  fact('', 'python3 examples/python/stream.py # pip install redis')
  fact('', 'javac -d /tmp/wxgw examples/java/Redis*.java examples/java/Stream.java && java -cp /tmp/wxgw Stream')
  fact('a webhook, one of', 'node examples/node/webhook.mjs')
  fact('', `php -S 127.0.0.1:${port} examples/php/webhook.php`)
  fact('', 'python3 examples/python/webhook.py')
  fact('', 'java examples/java/Webhook.java')
  fact('', 'go run examples/go/webhook/main.go')
  fact(
    'then a message for them',
    `curl -s ${simulatorUrl}/_simulator/accounts/${accountAppId}/messages/text -H 'content-type: application/json' -d '${message}'`,
  )
  fact(
    'let the webhook answer',
    `curl -s -X PUT "$GATEWAY/subscriptions/try-webhook" -H "Authorization: Bearer $GATEWAY_KEY" -H 'content-type: application/json' -d '${answering}'`,
  )
  fact('', '… and send again: the simulator prints the user’s passive reply / 再发一次，可看到被动回复')
  fact('a token', `node examples/node/access-token.mjs ${accountAppId}`)
  fact('the same from Redis', `node examples/node/redis-token.mjs ${accountAppId}`)
}

/** Does not print a REDIS_URL with a password: your environment has it. */
function redisSettings(url) {
  if (url.includes('@') || url.includes(',')) return {}
  return { REDIS_URL: url }
}
