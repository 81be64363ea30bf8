// Owns: that readers of tokens and consumers work on each form of Redis with TLS, as the documented users, by the settings that the
// gateway has. No gateway runs: what it writes is put there.
import { queueKey, sinkQueue, sinkStream } from '@wxgw/redis'
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Test } from 'tap'
import { ownerOf } from '../helpers/cluster-slots.ts'
import { type RedisForm, startCluster, startSentinels, startStandalone } from '../helpers/redis-forms.ts'
import { documentedUsers, loginOf, userArguments, userLines, usersOfRedis } from '../helpers/redis-users.ts'
import { type Kind, type Language, LANGUAGES, runProgram, startProgram } from './programs.ts'
import { APP } from './stage.ts'

type Form = { start(): Promise<RedisForm>; env?: Record<string, string> }

const ofOneServer = userArguments(documentedUsers())
const client = loginOf('sentinel-client')

export const FORMS: Record<string, Form> = {
  'one server by TLS': { start: () => startStandalone({ tls: true, args: ofOneServer }) },
  'sentinels by TLS': {
    start: () =>
      startSentinels({
        tls: true,
        sentinels: 1,
        replicas: 0,
        args: ofOneServer,
        sentinelLines: userLines(usersOfRedis().filter(({ name }) => name === client.username)),
      }),
    env: { REDIS_SENTINEL_USERNAME: client.username, REDIS_SENTINEL_PASSWORD: client.password },
  },
  'a cluster by TLS': { start: () => startCluster({ tls: true, args: userArguments(documentedUsers('cluster')) }) },
}

const TOKEN_KEY = `wx:{open1}:access_token:${APP}`
const STREAM = sinkStream('open1', 'crm')
const QUEUE = sinkQueue('open1', 'crm')
const TOKEN = 'a-token'
const EVENT = { id: 'ev_a', type: 'wechat.message.image', data: { PicUrl: 'through this form' } }

export type OnForm = { form: Form; folder: string; languages: readonly Language[] }

export async function worksOnForm(t: Test, { form: { start, env = {} }, folder, languages }: OnForm): Promise<void> {
  const form = await start()
  t.teardown(() => form.stop())
  await (await clientFor(form, TOKEN_KEY)).set(TOKEN_KEY, TOKEN)
  await (
    await clientFor(form, STREAM)
  ).xadd(STREAM, '*', 'id', EVENT.id, 'type', EVENT.type, 'event', JSON.stringify(EVENT))
  const queue = new Queue(QUEUE, { connection: await clientFor(form, queueKey(QUEUE, 'wait')) })
  t.teardown(() => queue.close())
  await queue.add('event', EVENT)

  const envOf = (user: string) => {
    const { username, password } = loginOf(user)
    return {
      ...form.env,
      ...env,
      REDIS_URL: form.env['REDIS_URL']?.replaceAll('//', `//${username}:${password}@`) ?? '',
    }
  }
  async function takes(language: Language, kind: Kind, own: Record<string, string>): Promise<void> {
    const program = startProgram(t, { language, kind, folder, env: own })
    await program.until('it takes the event', () => program.output().includes('through this form'))
    await program.end('SIGTERM')
  }
  await Promise.all(
    languages.flatMap((language) => [
      runProgram(t, { language, kind: 'redis-token', folder, env: envOf('token-reader'), args: [APP] }).then((read) =>
        t.same(read, { code: 0, output: TOKEN }, `${language.name} reads the token`),
      ),
      takes(language, 'stream', { ...envOf('crm-stream'), STREAM, GROUP: language.name }),
    ]),
  )
  const [node] = LANGUAGES
  if (node) await takes(node, 'queue', { ...envOf('crm-queue'), QUEUE })
}

async function clientFor(form: RedisForm, key: string): Promise<Redis> {
  const [first] = form.servers
  if (!first) throw new Error('no server')
  return form.client(form.env['REDIS_MODE'] === 'cluster' ? (await ownerOf(form, key)).owner : first)
}
