// Owns: faults that come again and again until the load is over.
import { setTimeout as delay } from 'node:timers/promises'
import type { RedisForm } from '../../helpers/redis-forms.ts'
import type { Gateway } from '../rig.ts'
import { oneMaster, promoted, whole } from './form-faults.ts'

/** `killed` is called after each. */
export type Faulty = { gateway: Gateway; form: RedisForm | undefined; killed(): void }

/** Until it is aborted. Answers how often. */
export type RepeatedFault = (faulty: Faulty, ending: AbortSignal) => Promise<number>

/** A scenario over one form of Redis with one fault. */
export type FaultVariant = {
  name: string
  about: string
  start?(): Promise<RedisForm>
  env?: Record<string, string>
  fault: RepeatedFault
}

export const SHARDED = { MESSAGE_SHARDS: '8' }

const KILL_EVERY_MS = 2_000
const BETWEEN_FAILOVERS_MS = 3_000
const DOWN_MS = 500

/** Its successor first, as a supervisor's is soon: never fewer than two. */
export const killWorkers: RepeatedFault = async ({ gateway, killed }, ending) => {
  let kills = 0
  for (; !ending.aborted; kills += 1) {
    await Promise.all([gateway.startWorker(), delay(KILL_EVERY_MS)])
    const [victim] = gateway.workers.splice(0, 1)
    await victim?.process.end('SIGKILL')
    killed()
  }
  return kills
}

/** The former master is back after a while. */
export const failOver: RepeatedFault = onMasters(async (form) => {
  const master = await oneMaster(form)
  await master.kill()
  await promoted(form, master)
  await delay(BETWEEN_FAILOVERS_MS)
})

export const restartMaster: RepeatedFault = onMasters(async (form) => {
  const master = await oneMaster(form)
  await master.kill()
  await delay(DOWN_MS)
  await master.start()
})

function onMasters(fault: (form: RedisForm) => Promise<void>): RepeatedFault {
  return async ({ form, killed }, ending) => {
    if (!form) throw new Error('one server has no masters of its own')
    const masters = (await form.masters()).length
    let times = 0
    do {
      await delay(BETWEEN_FAILOVERS_MS)
      await fault(form)
      await whole(form, masters)
      times += 1
      killed()
    } while (!ending.aborted)
    return times
  }
}
