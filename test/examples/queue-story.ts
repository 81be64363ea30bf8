// Owns: what a consumer of a queue has to do.
import type { Test } from 'tap'
import { eventIdIn, startProgram } from './programs.ts'
import { answerTo, createConsumer, type Stage } from './stage.ts'

export async function takesFromQueue(t: Test, stage: Stage): Promise<void> {
  const { gateway, folder, language } = stage
  const { call } = gateway
  const subscription = `${language.name}-queue`
  const match = { types: ['wechat.message.*'] }
  const { body } = await call('PUT', `/subscriptions/${subscription}`, { match, sink: { kind: 'queue' }, reply: true })
  const env = { ...(await createConsumer(stage, 'crm-queue', subscription)), QUEUE: String(body.sink?.queue) }
  const program = startProgram(t, { language, kind: 'queue', folder, env })
  const reply = async () => (await answerTo(stage, '再见')) === '收到：再见'
  await program.until('it replies', reply)
  const id = await program.until('it wrote that', () => eventIdIn(program.output(), '再见'))
  await call('POST', `/events/${id}/replay`)
  await answerTo(stage, 'after the replay')
  await program.until('it took what came after', () => program.output().includes('after the replay'))
  t.equal(program.output().split(`${id} `).length, 2, 'it was handled once')
  if (language.name === 'node') t.equal(await program.end('SIGTERM'), 0, 'it ends when it is told to')
  await call('DELETE', `/subscriptions/${subscription}`)
}
