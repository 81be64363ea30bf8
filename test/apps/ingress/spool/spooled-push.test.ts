// Owns: that what waits on the disk is handed over as it was taken, with the time that it was made: its age is judged then.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEnqueuePush, openSpool } from '@wxgw/ingress'
import { createSealer } from '@wxgw/redis'
import { GatewayError, parseAuthorizerAppId, Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { collectLog, makeEvent } from '../../../packages/redis/queues-fixture.ts'
import { until } from '../../../helpers/until.ts'

void t.test('a push that waited on the disk is handed over with the time that it was made', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-spool-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  const taken: unknown[][] = []
  let isAway = true
  const queue =
    <Answer>(answer: Answer) =>
    async (...args: unknown[]) => {
      if (isAway) throw new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
      taken.push(args)
      return answer
    }
  const pushQueue = {
    message: queue('accepted' as const),
    componentEvent: queue('accepted' as const),
    releaseCheck: queue(undefined),
  }
  const spool = await openSpool({ dir, sealer: createSealer([]), log: collectLog() })
  t.teardown(() => spool.close())
  spool.drainInto(createEnqueuePush(new Map([['open1', { pushQueue }]])))
  const appId = parseAuthorizerAppId('wx0123456789abcdef')
  if (!appId) throw new Error('no appid')

  const event = makeEvent('ev_m')
  const reply = { subscription: 'crm', deadlineAtMs: 3 }
  const about = { v: 1, platform: 'open1', receivedAtMs: 2 } as const
  await spool.keep({ ...about, kind: 'message', event, made: 1, reply })
  await spool.keep({ ...about, kind: 'message', event, made: 'unknown' })
  await spool.keep({ ...about, kind: 'component-event', eventId: 'ev_c', plaintext: '<xml/>', made: 'ordered' })
  await spool.keep({
    ...about,
    kind: 'release-check',
    eventId: 'ev_r',
    appId,
    openId: 'oUSER',
    code: new Secret('c'),
    made: 1,
  })
  isAway = false
  await until('all are handed over', () => taken.length === 4)
  const byId = (id: string) => taken.filter(([first]) => JSON.stringify(first).includes(id))
  t.match(
    byId('ev_m').map(([, ...rest]) => rest),
    [
      [{ receivedAtMs: 2, made: 1 }, reply],
      [{ receivedAtMs: 2, made: 'unknown' }, undefined],
    ],
  )
  t.match(byId('ev_c'), [[{ eventId: 'ev_c', receivedAtMs: 2, made: 'ordered' }]])
  t.match(byId('ev_r'), [[{ eventId: 'ev_r', receivedAtMs: 2, made: 1 }]])
})
