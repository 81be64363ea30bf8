// A consumer of a `webhook` subscription, behind your TLS proxy. Needs nothing but Node.js.
//   WEBHOOK_SECRET=whsec_... PORT=8080 node webhook.mjs
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const { WEBHOOK_SECRET = '', PORT = '8080' } = process.env
const key = Buffer.from(WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64')
if (key.length === 0) throw new Error('WEBHOOK_SECRET is missing')
const TOLERANCE_SECONDS = 300
const MAX_BODY_BYTES = 2 * 1024 * 1024
const KEPT_IDS = 10_000
// Events come at least once. In production: a table with the id as its key, written in the transaction of your work.
const handled = new Set()

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. While the secret is replaced there are two signatures. */
function isAuthentic(headers, body) {
  const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '', 'webhook-signature': signatures = '' } = headers
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false
  const expected = Buffer.from(
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`,
  )
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

/** What it answers is read when the subscription has `"reply": true`. Be quick: work afterwards. */
function handle(event) {
  if (handled.has(event.id)) return {}
  console.log(event.type, event.id, JSON.stringify(event.data))
  handled.add(event.id)
  if (handled.size > KEPT_IDS) handled.delete(handled.values().next().value)
  return event.type === 'wechat.message.text'
    ? { reply: { MsgType: 'text', Content: `收到：${event.data.Content}` } }
    : {}
}

/** The bytes as they came: what is parsed and written again has another signature. undefined when there are too many. */
async function read(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const server = createServer(async (request, response) => {
  const body = await read(request)
  if (body === undefined) return response.writeHead(413, { connection: 'close' }).end()
  if (!isAuthentic(request.headers, body)) return response.writeHead(401).end()
  const answer = handle(JSON.parse(body.toString('utf8')))
  return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on port ${server.address().port}`))
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    server.closeIdleConnections()
  })
}
