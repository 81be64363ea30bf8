// A consumer of a `webhook` subscription. WEBHOOK_SECRET is `sink.secret` of the answer that created the subscription.
import { createServer } from 'node:http'
import { Webhook } from 'standardwebhooks'

const { WEBHOOK_SECRET, PORT = '8080' } = process.env
if (!WEBHOOK_SECRET) throw new Error('WEBHOOK_SECRET is missing')
const webhook = new Webhook(WEBHOOK_SECRET)
const MAX_BODY_BYTES = 2 * 1024 * 1024

const server = createServer(async (request, response) => {
  const { status, reply } = answer(await read(request), request.headers)
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(reply === undefined ? '' : JSON.stringify({ reply }))
})

/** 2xx says "I have it": answer soon and work later. `reply` is read only when the subscription has `"reply": true`. */
function answer(body, headers) {
  if (body === undefined) return { status: 413 }
  let event
  try {
    // Refuses a wrong signature, and a timestamp that is more than five minutes off.
    event = webhook.verify(body, headers)
  } catch {
    return { status: 401 }
  }
  console.log(event.type, event.id, JSON.stringify(event.data))
  if (event.type !== 'wechat.message.text') return { status: 200 }
  return { status: 200, reply: { MsgType: 'text', Content: `收到：${event.data.Content}` } }
}

server.listen(Number(PORT), () => console.log(`listening on port ${server.address().port}`))
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    server.closeIdleConnections()
  })
}

/** The body as it came, for the signature; undefined when it is too long. */
async function read(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
