// Owns: the row "verify + decrypt + parse": one core, nothing else; the gateway's own way against the packages of this field.
import { createRequire } from 'node:module'
import { openEnvelope, parseAuthorizerMessage, decodeEncodingAesKey, Secret } from '@wxgw/wechat-core'
import { encryptPush, messageXml } from '@wxgw/simulator'
import { median, round } from '../load/histogram.mjs'
import { messageId } from '../load/requests.mjs'
import { peersOpening } from './opening-peers.mjs'

const GOAL = 5
const BODIES = 2_000

export async function opening({ gateway, plan }) {
  const { component, account } = gateway
  const pushes = makePushes(component, account)
  const keys = {
    tokens: [new Secret(component.token)],
    aesKeys: [decodeEncodingAesKey(component.encodingAesKey)],
    componentAppId: component.appId,
  }
  const ours = ({ query, body }) => {
    const { plaintext } = openEnvelope({ keys, query, body, nowMs: Date.now(), maxSkewSeconds: 3600 })
    return parseAuthorizerMessage(plaintext).data.MsgId
  }
  const peers = await peersOpening({ component, require: createRequire(import.meta.url) })
  const own = await rates(ours, pushes, plan)
  const perSecond = median(own)
  const detail = { perSecond, microseconds: round(1e6 / perSecond, 1) }
  let best
  for (const { name, open } of peers) {
    const theirs = median(await rates(open, pushes, plan))
    detail[name] = theirs
    if (best === undefined || theirs > best) best = theirs
  }
  if (best === undefined) {
    return [{ row: 'verify + decrypt + parse', unit: 'per s', runs: own, value: perSecond, goal: `>= ${GOAL} x the best peer (none installed)`, detail, ok: null }]
  }
  const ratios = own.map((rate) => round(rate / best, 1))
  return [{ row: 'verify + decrypt + parse', unit: 'x the best peer', runs: ratios, value: median(ratios), goal: `>= ${GOAL}`, detail, ok: median(ratios) >= GOAL }]
}

function makePushes(component, { appId, userName }) {
  const createTimeSeconds = Math.floor(Date.now() / 1000)
  return Array.from({ length: BODIES }, (_, index) => {
    const expected = messageId(index)
    const content = '你好，请问今天的订单什么时候可以发货？'.repeat(13)
    const xml = messageXml({ toUserName: userName, openId: `oBench${index}`, createTimeSeconds }, 'text', { Content: content, MsgId: expected })
    const url = `http://127.0.0.1/apis/v1/wx/open1/${appId}/callback`
    const push = encryptPush({ kind: 'authorizer', url, xml, credentials: component, receiveId: component.appId, addressee: userName })
    return { query: push.query, body: Buffer.from(push.body), expected }
  })
}

/** Per second, one rate for each repeat. Every answer is checked: who reads wrongly has no rate. */
async function rates(open, pushes, { repeats, openingMs }) {
  await oneRate(open, pushes, openingMs / 2)
  const measured = []
  for (let repeat = 0; repeat < repeats; repeat += 1) measured.push(await oneRate(open, pushes, openingMs))
  return measured
}

async function oneRate(open, pushes, durationMs) {
  const startedAt = performance.now()
  let count = 0
  while (performance.now() - startedAt < durationMs) {
    for (let index = 0; index < 100; index += 1) {
      const push = pushes[count % pushes.length]
      const opened = open(push)
      const id = typeof opened?.then === 'function' ? await opened : opened
      if (id !== push.expected) throw new Error(`read ${id} instead of ${push.expected}`)
      count += 1
    }
  }
  return round(count / ((performance.now() - startedAt) / 1000), 0)
}
