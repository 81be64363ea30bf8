// Owns: what a consumer of a webhook has to do: take what is signed, refuse everything else, reply, handle an event once.
import { Webhook } from 'standardwebhooks'
import type { Test } from 'tap'
import { freePort } from '../helpers/free-port.ts'
import { until } from '../helpers/until.ts'
import { eventIdIn, startProgram } from './programs.ts'
import { answerTo, type Stage } from './stage.ts'

const SECRET = secretOf(7)

export async function takesWebhooks(t: Test, stage: Stage): Promise<void> {
  const { gateway, folder, language } = stage
  const { call } = gateway
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/hooks`
  const program = startProgram(t, {
    language,
    kind: 'webhook',
    folder,
    env: { PORT: String(port), WEBHOOK_SECRET: SECRET },
  })
  await program.until('it listens', () => post(url, {}, '').then(Boolean, () => false))
  const timesHandled = (id: string) => program.output().split(`${id} `).length - 1

  const id = `${language.name}-1`
  const body = JSON.stringify({ id, type: 'wechat.message.image', data: { PicUrl: '你好 <b>' } })
  const now = new Date()
  const signed = signedHeaders({ id, at: now, body })
  const other = `v1,${Buffer.alloc(32).toString('base64')}`
  const signature = signed['webhook-signature']
  const taken: Array<[string, Record<string, string>]> = [
    ['what is signed', signed],
    [
      'the second of two signatures, while a secret is replaced',
      { ...signed, 'webhook-signature': `${other} ${signature}` },
    ],
    ['the first of two', { ...signed, 'webhook-signature': `${signature} ${other}` }],
  ]
  for (const [what, headers] of taken) t.equal(await post(url, headers, body), 200, what)
  t.equal(timesHandled(id), 1, 'the same id is handled once')

  const shifted = (ms: number) => signedHeaders({ id, at: new Date(now.getTime() + ms), body })
  const foreign = new Webhook(secretOf(8)).sign(id, now, body)
  const refused: Array<[string, Record<string, string>, string]> = [
    ['another body', signed, body.replace('image', 'video')],
    ['another id', { ...signed, 'webhook-id': 'another' }, body],
    ['another time', { ...signed, 'webhook-timestamp': String(Number(signed['webhook-timestamp']) + 1) }, body],
    ['ten minutes old', shifted(-600_000), body],
    ['ten minutes ahead', shifted(600_000), body],
    ['no time at all', { ...signed, 'webhook-timestamp': 'now' }, body],
    ['unsigned', {}, body],
    ['signed with another secret', { ...signed, 'webhook-signature': foreign }, body],
    ['of another version', { ...signed, 'webhook-signature': signature.replace('v1,', 'v2,') }, body],
  ]
  for (const [what, headers, sent] of refused) t.equal(await post(url, headers, sent), 401, what)
  t.equal(await post(url, signed, 'x'.repeat(2 * 1024 * 1024 + 1)).catch(() => 413), 413, 'more than an event can be')

  const subscription = `${language.name}-webhook`
  const put = (secret: string) => {
    const sink = { kind: 'webhook', url, secret }
    const match = { types: ['wechat.message.*'] }
    return call('PUT', `/subscriptions/${subscription}`, { match, reply: true, retry: { scheduleSeconds: [] }, sink })
  }
  await put(SECRET)
  await program.until(
    'it replies',
    async () => (await answerTo(stage, '你好')) === (language.name === 'java' ? 'received' : '收到：你好'),
  )
  await put(secretOf(9))
  await program.until('both secrets sign, and it replies', async () => (await answerTo(stage, '再见')) !== undefined)
  const eventId = await program.until('it handled that', () => eventIdIn(program.output(), '再见'))
  const deliveredAt = async () => {
    const { deliveries = [] } = (await call('GET', `/events/${eventId}`)).body
    return deliveries.find((one) => one.subscription === subscription)?.deliveredAt
  }
  const firstAt = await until('it has that', deliveredAt)
  await call('POST', `/events/${eventId}/replay`)
  await until('it got that again', async () => ((await deliveredAt()) ?? firstAt) !== firstAt)
  t.equal(timesHandled(eventId), 1, 'and handled it once')
  if (language.name === 'node') t.equal(await program.end('SIGTERM'), 0, 'it ends when it is told to')
  await call('DELETE', `/subscriptions/${subscription}`)
}

function secretOf(byte: number): string {
  return `whsec_${Buffer.alloc(32, byte).toString('base64')}`
}

function signedHeaders({ id, at, body }: { id: string; at: Date; body: string }) {
  return {
    'content-type': 'application/cloudevents+json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign(id, at, body),
  }
}

async function post(url: string, headers: Record<string, string>, body: string): Promise<number> {
  const answer = await fetch(url, { method: 'POST', headers, body })
  await answer.arrayBuffer()
  return answer.status
}
