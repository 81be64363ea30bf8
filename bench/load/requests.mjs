// Owns: the bytes of the load's requests: distinct pushes as WeChat sends them, and plain GETs. The simulator's own
// cryptography encrypts them, so that a mistake of the gateway is not repeated.
import { encryptPush, messageXml } from '@wxgw/simulator'

/** Fills a push's plaintext to about 1 KB. */
const CONTENT = '你好，请问今天的订单什么时候可以发货？'.repeat(13)

/** `first`: number of the first MsgId, so that no two runs push the same message. Timestamps are those of the preparation. */
export function pushRequests({ component, appId, userName, path, port, count, first = 0, uniqueSenders = false }) {
  const requests = []
  const createTimeSeconds = Math.floor(Date.now() / 1000)
  for (let index = first; index < first + count; index += 1) {
    const openId = `oBench${String(uniqueSenders ? index : index % 5_000).padStart(22, '0')}`
    const xml = messageXml({ toUserName: userName, openId, createTimeSeconds }, 'text', {
      Content: CONTENT,
      MsgId: messageId(index),
    })
    const push = encryptPush({
      kind: 'authorizer',
      url: `http://127.0.0.1:${port}${path ?? `/apis/v1/wx/open1/${appId}/callback`}`,
      xml,
      credentials: component,
      receiveId: component.appId,
      addressee: userName,
      openId,
    })
    const { pathname, search } = new URL(push.url)
    requests.push(postBytes({ path: pathname + search, port, body: push.body }))
  }
  return requests
}

/** 64 bits, as WeChat's, so a string. */
export function messageId(index) {
  return `24${String(index).padStart(15, '0')}`
}

export function postBytes({ path, port, body, contentType = 'text/xml' }) {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ${contentType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  return Buffer.from(head + body)
}

export function getBytes({ path, port, headers = {} }) {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
}
