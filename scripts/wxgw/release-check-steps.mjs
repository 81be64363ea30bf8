// Owns: the steps of the release check that can run against a deployment.
import { createHash, randomInt } from 'node:crypto'

const USER = 'ozy4qt5QUADNXORxCVipKMV9dss0'
const TEXT = 'TESTCOMPONENT_MSG_TYPE_TEXT'
/** Older than every real ticket: the deployment keeps the newest. */
const LONG_AGO = { createTimeSeconds: 1 }
const TIMEOUT_MS = 5_000

/** The check that WeChat makes when the two URLs are saved: they are reachable, and have the same Token. */
export async function checkUrls({ base, token }) {
  const urls = { 授权事件接收URL: `${base}/event`, 消息与事件接收URL: `${base}/wx570bc396a51b8ff8/callback` }
  return Promise.all(
    Object.entries(urls).map(async ([name, url]) => {
      const echostr = String(randomInt(1e9, 2e9))
      const timestamp = String(Math.floor(Date.now() / 1000))
      const nonce = String(randomInt(1e9, 2e9))
      const signature = createHash('sha1')
        .update(sortedParts(token, timestamp, nonce))
        .digest('hex')
      const query = new URLSearchParams({ signature, timestamp, nonce, echostr })
      try {
        const answer = await fetch(`${url}?${query}`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' })
        const body = await answer.text()
        const ok = answer.status === 200 && body === echostr
        const push = { attempts: [{ status: answer.status, body, failure: 'status' }] }
        return { name, ok, detail: ok ? 'reachable, and the Token is right' : `HTTP ${answer.status}`, push }
      } catch (error) {
        const failure = error.name === 'TimeoutError' ? 'timeout' : 'unreachable'
        return {
          name,
          ok: false,
          detail: error.cause?.code ?? error.name,
          push: { attempts: [{ status: null, body: '', failure }] },
        }
      }
    }),
  )
}

/** Sorted by code units, as WeChat does. */
function sortedParts(...parts) {
  return parts.toSorted((left, right) => (left < right ? -1 : 1)).join('')
}

/** All steps that need the ingress only. WeChat's API does not know the invented code, so nothing is exchanged. */
export async function runIngressSteps({ simulator }, { officialAccount, miniProgram }) {
  for (const account of [officialAccount, miniProgram]) simulator.addAccount(account)
  const { appId } = officialAccount
  const steps = [acknowledged('ticket', await simulator.pushTicket(LONG_AGO))]
  const text = await simulator.sendText(appId, { openId: USER, content: TEXT })
  steps.push(replied(`text callback ${appId}`, text, `${TEXT}_callback`))
  for (const account of [officialAccount, miniProgram]) {
    const content = `QUERY_AUTH_CODE:queryauthcode@@@release-check-${randomInt(1e9, 2e9)}`
    const push = await simulator.sendText(account.appId, { openId: USER, content })
    steps.push(answeredEmpty(`QUERY_AUTH_CODE ${account.appId}`, push))
  }
  const event = await simulator.sendEvent(appId, {
    openId: USER,
    event: 'LOCATION',
    fields: { Latitude: 23.1, Longitude: 113.3 },
  })
  steps.push(replied(`event callback ${appId}`, event, 'LOCATIONfrom_callback'))
  return steps
}

/** All steps, with the simulator's API. */
export async function runAllSteps({ simulator }, group) {
  const before = simulator.pushes.length
  const { steps } = await simulator.runReleaseCheck({ group })
  // One push per step, in order.
  return steps.map((step, index) => ({ ...step, push: simulator.pushes[before + index] }))
}

function acknowledged(name, push) {
  return { name, push, ok: push.ok, detail: push.ok ? 'acknowledged' : failureOf(push) }
}

function answeredEmpty(name, push) {
  const attempt = push.attempts.at(-1)
  const ok = push.ok && attempt?.body === ''
  return { name, push, ok, detail: ok ? `the empty answer, after ${Math.round(attempt.ms)} ms` : failureOf(push) }
}

function replied(name, push, wanted) {
  const content = push.reply?.fields.Content
  const ok = push.ok && content === wanted
  return {
    name,
    push,
    ok,
    detail: ok ? `the right passive reply, after ${Math.round(push.attempts.at(-1).ms)} ms` : failureOf(push),
  }
}

function failureOf(push) {
  const attempt = push.attempts.at(-1)
  if (push.ok) return 'answered, but not with what the check wants'
  return push.skipped ?? attempt?.detail ?? 'no attempt'
}
