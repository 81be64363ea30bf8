// Owns: pushing text messages to a gateway, as fast as possible or at a steady rate.
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { encryptPush, messageXml } from '@wxgw/simulator'

const AGAIN_MS = 50
const TICK_MS = 5

/** `accounts` and `users` are used in turn. Refused pushes are retried. */
export function createTextLoad({ component, ports }, { accounts, users, concurrency }) {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  let sent = 0

  function pushOne(number) {
    const appId = accounts[number % accounts.length]
    const userName = `gh_${appId}`
    const head = {
      toUserName: userName,
      openId: `o${number % users}`,
      createTimeSeconds: Math.floor(Date.now() / 1000),
    }
    const xml = messageXml(head, 'text', { Content: 'x'.repeat(100), MsgId: msgIdOf(number) })
    const url = `http://127.0.0.1:${ports.public}/apis/v1/wx/open1/${appId}/callback`
    const push = encryptPush({
      kind: 'authorizer',
      url,
      xml,
      credentials: component,
      receiveId: component.appId,
      addressee: userName,
    })
    return new Promise((resolve, reject) => {
      const headers = { ...push.headers, 'content-length': String(Buffer.byteLength(push.body)) }
      const outgoing = request(push.url, { method: 'POST', agent, headers })
      outgoing.on('error', reject)
      outgoing.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode === 200)))
      outgoing.end(push.body)
    })
  }

  return {
    /** Of all earlier pushes. */
    sent: () => sent,
    async pushAll(count) {
      let left = count
      const pushing = Array.from({ length: concurrency }, async () => {
        while (left > 0) {
          left -= 1
          sent += 1
          const number = sent
          while (!(await pushOne(number))) await delay(AGAIN_MS)
        }
      })
      await Promise.all(pushing)
    },
    /** One attempt each. `began` and `answered` are called with the MsgId. */
    async pushSteadily({ perSecond, seconds, began, answered }) {
      const startedAt = performance.now()
      const pushing = []
      for (let due = 0; pushing.length < perSecond * seconds;) {
        due = Math.min(((performance.now() - startedAt) / 1_000) * perSecond, perSecond * seconds)
        while (pushing.length < due) {
          sent += 1
          const msgId = msgIdOf(sent)
          began(msgId)
          pushing.push(pushOne(sent).then(() => answered(msgId)))
        }
        await delay(TICK_MS)
      }
      await Promise.all(pushing)
    },
    close: () => agent.destroy(),
  }
}

function msgIdOf(number) {
  return String(8_000_000_000_000_000_000n + BigInt(number))
}
