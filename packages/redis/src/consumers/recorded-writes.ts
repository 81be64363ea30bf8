// Owns: the writes to consumers in the step that records events: which of them the script may make, and its arguments
// for them. Their Lua is write-to-consumers.lua. sink-writer.ts makes all other writes.
import type { Queue } from 'bullmq'
import { keysToAdd, optionsJson, prefixOf } from '../bullmq-format/add-jobs.ts'
import { isVersionKnown } from '../driver-versions.ts'
import type { RedisConnection } from '../connect.ts'
import { CONSUMER_JOB_OPTIONS } from '../queues/job-options.ts'
import type { Queues } from '../queues/queues.ts'
import { createScriptReach, type ScriptReach } from './script-reach.ts'

/** The stream or the BullMQ queue of a subscription, under the names of its record. */
export type ConsumerWrite = { subscription: string } & (
  | { stream: string; maxLength: number | undefined }
  | { queue: string }
)

export type RecordedWrites = {
  /** Begins one call of the script. `home`: a key of the log that the script uses. */
  begin(home: string, keys: KeyPlaces): CallWrites
  /** A call with these writes was refused for a missing right: they are made by it again after a probe. */
  doubt(home: string, writes: readonly ConsumerWrite[]): void
}

/** The keys of one call; both return the place of the key, from 1. */
export type KeyPlaces = {
  /** Added once. */
  placeOf(key: string): number
  /** Added in any case. */
  add(key: string): number
}

type CallWrites = {
  /** `sink` and `how` of write-to-consumers.lua; without a write, when the script must not make it. */
  write(write: ConsumerWrite | undefined, eventId: string): { sink: number; how: string | number }
  /** The queues that the writes go to. */
  queues(): QueueRecord[]
}

type QueueRecord = { prefix: string; jobs: number } & ReturnType<typeof placesToAdd>

export type RecordedWritesDeps = {
  redis: RedisConnection
  /** The consumers' queues. Without them the script writes to no queue. */
  queues?: Pick<Queues, 'open'> | undefined
  /** The version of the installed BullMQ. Default: from its package.json. */
  version?: string | undefined
}

/** Writes per call, all events together: Redis serves no other command meanwhile (measured: up to 9 µs each). */
export const MAX_WRITES = 250
const NO_WRITE = { sink: 0, how: '' }

export function createRecordedWrites({ redis, queues, version }: RecordedWritesDeps): RecordedWrites {
  const mayAdd = isVersionKnown('bullmq', version)
  const reaches = new Map<string, ScriptReach>()

  function reachOf(home: string): ScriptReach {
    const reach = reaches.get(home) ?? createScriptReach(redis, home)
    reaches.set(home, reach)
    return reach
  }

  return {
    begin(home, keys) {
      const reach = reachOf(home)
      const records = new Map<string, QueueRecord>()
      let writes = 0

      function recordOf(name: string): QueueRecord | undefined {
        const known = records.get(name)
        if (known !== undefined || !queues || !mayAdd) return known
        if (!reach.reaches(name, () => Object.values(keysToAdd(queues.open(name))))) return undefined
        const queue = queues.open(name)
        const record = { ...placesToAdd(queue, keys), prefix: prefixOf(queue), jobs: 0 }
        records.set(name, record)
        return record
      }

      return {
        write(write, eventId) {
          if (write === undefined || writes >= MAX_WRITES) return NO_WRITE
          if ('stream' in write) {
            const { stream, maxLength } = write
            if (!reach.reaches(stream, () => [stream])) return NO_WRITE
            writes += 1
            return { sink: keys.placeOf(stream), how: maxLength ?? '' }
          }
          const queue = recordOf(write.queue)
          if (queue === undefined) return NO_WRITE
          writes += 1
          queue.jobs += 1
          return { sink: queue.wait, how: optionsJson({ id: eventId, options: CONSUMER_JOB_OPTIONS }) }
        },
        queues: () => [...records.values()],
      }
    },
    doubt(home, writes) {
      reachOf(home).doubt(writes.map((write) => ('stream' in write ? write.stream : write.queue)))
    },
  }
}

function placesToAdd(queue: Queue, keys: Pick<KeyPlaces, 'add'>) {
  const { wait, meta, counter, active, events, marker } = keysToAdd(queue)
  return {
    wait: keys.add(wait),
    meta: keys.add(meta),
    counter: keys.add(counter),
    active: keys.add(active),
    events: keys.add(events),
    marker: keys.add(marker),
  }
}
