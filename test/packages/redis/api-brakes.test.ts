// Owns: the brake of an API that is out of quota, as it stands in Redis: for all processes, until midnight in Shanghai.
import { createApiBrakes, createRefusedPaths } from '@wxgw/redis'
import { Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { keys, startStore } from './queues-fixture.ts'

const APP = 'wx00000000000000aa'
const PATH = '/cgi-bin/message/custom/send'
const answer = (text: string) => ({ status: 200, contentType: 'application/json', body: Buffer.from(text) })

void t.test('every process sees a brake with its newest answer, for that path and account only', async (t) => {
  const { commands } = await startStore(t)
  const [one, other] = [createApiBrakes({ redis: commands, keys }), createApiBrakes({ redis: commands, keys })]
  t.equal(await other.check(APP, PATH), undefined)
  t.same(await commands.keys('*'), [], 'to look leaves nothing')
  await one.open(APP, PATH, answer('first'))
  const bytes = { ...answer('\u0000你\ud83d\ude00'), contentType: undefined, body: Buffer.from([0, 255, 10, 34]) }
  await one.open(APP, PATH, bytes)
  t.same(await other.check(APP, PATH), { answer: bytes, isProbe: false })
  t.equal(await other.check(APP, `${PATH}/x`), undefined)
  t.equal(await other.check('component', PATH), undefined)
  await other.lift(APP, `${PATH}/x`)
  t.ok(await one.check(APP, PATH))
  await other.lift(APP, PATH)
  t.equal(await other.check(APP, PATH), undefined)
  await until('the other process sees it, too', async () => (await one.check(APP, PATH)) === undefined)
  await one.open(APP, PATH, bytes)
  await one.open(APP, '/b', bytes)
  await one.lift(APP)
  t.same(await commands.keys('*'), [])
})

void t.test('it ends at the next midnight of Shanghai, whenever it began', async (t) => {
  const { commands } = await startStore(t)
  const brakes = createApiBrakes({ redis: commands, keys })
  await brakes.open(APP, PATH, answer('x'))
  const endsAt = new Date(await commands.pexpiretime(keys.apiBrakes(APP)))
  t.match(endsAt.toISOString(), /T16:00:00\.000Z$/)
  t.ok(endsAt.getTime() - Date.now() <= 86_400_000 && endsAt.getTime() > Date.now())
  await brakes.open(APP, '/other', answer('x'))
  t.equal(await commands.pexpiretime(keys.apiBrakes(APP)), endsAt.getTime())
})

void t.test('of all who ask, one call in ten minutes is to see', async (t) => {
  const { commands } = await startStore(t)
  const processes = [1, 2, 3].map(() => createApiBrakes({ redis: commands, keys }))
  await processes[0]?.open(APP, PATH, answer('x'))
  const probes = async () => {
    const found = await Promise.all(processes.flatMap((brakes) => [1, 2, 3].map(() => brakes.check(APP, PATH))))
    t.ok(found.every((brake) => brake?.answer.body.toString() === 'x'))
    return found.filter((brake) => brake?.isProbe).length
  }
  t.equal(await probes(), 0, 'not in the first ten minutes')
  const due = await commands.hget(keys.apiBrakes(APP), `p:${PATH}`)
  t.ok(Number(due) - Date.now() > 590_000)
  await commands.hset(keys.apiBrakes(APP), `p:${PATH}`, '1')
  await until('one is to see', async () => (await probes()) === 1)
  t.equal(await probes(), 0, 'and then not for ten minutes again')
  await processes[0]?.giveBack(APP, PATH)
  await until('another is, for one that was not made', async () => (await probes()) === 1)
  await processes[0]?.giveBack(APP, '/free')
  t.equal(await processes[0]?.check(APP, '/free'), undefined)
})

void t.test('an account has so many brakes and no more; one that it has is renewed', async (t) => {
  const { commands } = await startStore(t)
  const brakes = createApiBrakes({ redis: commands, keys })
  for (let path = 0; path < 1_001; path += 1) await brakes.open(APP, `/${path}`, answer('x'))
  t.equal(await commands.hlen(keys.apiBrakes(APP)), 2_000)
  t.equal(await brakes.check(APP, '/1000'), undefined)
  await brakes.open(APP, '/0', answer('y'))
  t.equal((await brakes.check(APP, '/0'))?.answer.body.toString(), 'y')
})

void t.test('a path that refused a fresh token is remembered for an hour, for its subject alone', async (t) => {
  const { commands } = await startStore(t)
  const refused = createRefusedPaths({ redis: commands, keys })
  const at = (subject: string, path: string) => ({ subject, path, isKnown: true })
  const [one, other] = [new Secret('one'), new Secret('other')]
  const answers = (token: Secret) =>
    Promise.all([at(APP, PATH), at(APP, '/x'), at('component', PATH)].map((called) => refused.has(called, token)))
  await refused.add(at(APP, PATH), one)
  t.same(await answers(one), [true, false, false])
  t.same(await answers(other), [false, false, false], 'not of a token that it was not told of')
  await refused.add(at(APP, PATH))
  await refused.add(at(APP, PATH), one)
  t.same(await answers(other), [true, false, false], 'of any')
  const [key = ''] = await commands.keys('*')
  const life = await commands.ttl(key)
  t.ok(life > 3_590 && life <= 3_600)
})

void t.test('paths that are made up do not buy one token after the other', async (t) => {
  const { commands } = await startStore(t)
  const refused = createRefusedPaths({ redis: commands, keys })
  const token = new Secret('one')
  const madeUp = (path: number, subject = APP) => ({ subject, path: `/${path}`, isKnown: false })
  for (let path = 0; path < 16; path += 1) {
    t.equal(await refused.has(madeUp(path), token), false)
    await refused.add(madeUp(path))
    await refused.add(madeUp(path))
  }
  t.equal(await refused.has(madeUp(16), token), true)
  t.equal(await refused.has({ ...madeUp(16), isKnown: true }, token), false, 'one that is known does')
  t.equal(await refused.has(madeUp(16, 'component'), token), false)
  for (const key of await commands.keys('*')) t.ok((await commands.ttl(key)) > 3_590)
})
