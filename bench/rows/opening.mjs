// Owns: the row "verify + decrypt + parse": on one core, without anything else: the gateway's own functions against
// the packages of this field.
import { openEnvelope, parseAuthorizerMessage, decodeEncodingAesKey, Secret } from '@wxgw/wechat-core'
import { encryptPush, messageXml } from '@wxgw/simulator'
import { median, round } from '../load/histogram.mjs'
import { messageId } from '../load/requests.mjs'
import { installedPeers } from '../peers/peers.mjs'

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
  const contenders = [{ name: 'gateway', open: ours }, ...installedPeers(component)]
  const [own, ...peers] = await ratesOf(contenders, pushes, plan)
  const perSecond = median(own.rates)
  const detail = { perSecond, microseconds: round(1e6 / perSecond, 1) }
  for (const { name, rates } of peers) detail[name] = median(rates)
  if (peers.length === 0) {
    return [
      {
        row: 'verify + decrypt + parse',
        unit: 'per s',
        runs: own.rates,
        value: perSecond,
        goal: `>= ${GOAL} x the best peer (none installed)`,
        detail,
        ok: null,
      },
    ]
  }
  const ratios = own.rates.map((rate, repeat) => round(rate / Math.max(...peers.map(({ rates }) => rates[repeat])), 1))
  return [
    {
      row: 'verify + decrypt + parse',
      unit: 'x the best peer',
      runs: ratios,
      value: median(ratios),
      goal: `>= ${GOAL}`,
      detail,
      ok: median(ratios) >= GOAL,
    },
  ]
}

function makePushes(component, { appId, userName }) {
  const createTimeSeconds = Math.floor(Date.now() / 1000)
  return Array.from({ length: BODIES }, (_, index) => {
    const expected = messageId(index)
    const content = '你好，请问今天的订单什么时候可以发货？'.repeat(13)
    const xml = messageXml({ toUserName: userName, openId: `oBench${index}`, createTimeSeconds }, 'text', {
      Content: content,
      MsgId: expected,
    })
    const url = `http://127.0.0.1/apis/v1/wx/open1/${appId}/callback`
    const push = encryptPush({
      kind: 'authorizer',
      url,
      xml,
      credentials: component,
      receiveId: component.appId,
      addressee: userName,
    })
    return { query: push.query, body: Buffer.from(push.body), expected }
  })
}

/** Rates per second, one per repeat, in turn. Every result is checked: a package with a wrong one has no rate. */
async function ratesOf(contenders, pushes, { repeats, openingMs }) {
  const measured = contenders.map(({ name }) => ({ name, rates: [] }))
  for (const { open } of contenders) await oneRate(open, pushes, openingMs / 2)
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const [index, { open }] of contenders.entries())
      measured[index].rates.push(await oneRate(open, pushes, openingMs))
  }
  return measured
}

/** Per second of CPU time, garbage collection included, so that other processes do not affect it. */
async function oneRate(open, pushes, durationMs) {
  const startedAt = process.cpuUsage()
  let count = 0
  let spentMs = 0
  while (spentMs < durationMs) {
    for (let index = 0; index < 100; index += 1) {
      const push = pushes[count % pushes.length]
      const opened = open(push)
      const id = typeof opened?.then === 'function' ? await opened : opened
      if (id !== push.expected) throw new Error(`read ${id} instead of ${push.expected}`)
      count += 1
    }
    const { user, system } = process.cpuUsage(startedAt)
    spentMs = (user + system) / 1000
  }
  return round(count / (spentMs / 1000), 0)
}
