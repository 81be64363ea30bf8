// Owns: writes to consumers' BullMQ queues and streams. Concurrent writes to the same one are one step.
import type { GatewayEvent, QueueSink, StreamSink } from '@wxgw/contracts'
import { createBatches } from '../batches.ts'
import { createConsumerJobs } from '../bullmq-format/consumer-jobs.ts'
import type { RedisConnection } from '../connect.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'
import { CONSUMER_JOB_OPTIONS } from '../queues/job-options.ts'
import type { Queues } from '../queues/queues.ts'

export type SinkWriter = {
  /**
   * One job, named after the event's type. A repeat with the same `jobId` adds nothing while the job exists.
   * Rejects with STORE_UNAVAILABLE.
   */
  addToConsumerQueue(job: { queue: string; jobId: string; name: string; data: GatewayEvent }): Promise<void>
  /**
   * One entry; with `maxLength` the stream is trimmed to it. A repeat adds another entry. Rejects with
   * STORE_UNAVAILABLE.
   */
  appendToStream(entry: {
    stream: string
    fields: Readonly<Record<string, string>>
    maxLength?: number | undefined
  }): Promise<void>
  /**
   * Several jobs or entries in their order, in one step. Rejects when they are refused, or with STORE_UNAVAILABLE; then
   * the first few may have been written, but none after a missing one.
   */
  writeInOrder(sink: LocalSink, deliveries: ReadonlyArray<{ event: GatewayEvent; deliveryId: string }>): Promise<void>
}

type LocalSink = Pick<QueueSink, 'kind' | 'queue'> | Pick<StreamSink, 'kind' | 'stream' | 'maxLength'>

type Entry = { fields: Readonly<Record<string, string>>; maxLength: number | undefined }

const appendEntries = defineScript({
  name: 'consumers/append-entries',
  keys: ['stream'],
  moreArgs: 'entries',
  records: { entry: ['maxLength', 'count'] },
})

type SinkWriterDeps = { queues: Pick<Queues, 'open'>; redis: RedisConnection }

export function createSinkWriter({ queues, redis }: SinkWriterDeps): SinkWriter {
  const jobs = createConsumerJobs({ connection: redis, open: queues.open })
  const entries = createBatches<Entry, string>({
    write: async (stream, added) => {
      const written = added.flatMap(({ fields, maxLength }) => entryOf(fields, maxLength))
      const answers = await appendEntries(redis, { stream, entries: written })
      return Array.isArray(answers)
        ? answers.map((answer: unknown) => (answer instanceof Error ? answer : String(answer)))
        : []
    },
  })

  return {
    addToConsumerQueue: ({ queue, jobId, name, data }) =>
      guardStore(() => jobs.add(queue, { id: jobId, name, data, options: CONSUMER_JOB_OPTIONS })),
    appendToStream: ({ stream, fields, maxLength }) =>
      guardStore(async () => void (await entries.add(stream, { fields, maxLength }))),
    writeInOrder: (sink, deliveries) =>
      guardStore(async () => {
        if (sink.kind === 'queue') {
          const options = CONSUMER_JOB_OPTIONS
          const added = deliveries.map(({ event, deliveryId }) => ({
            id: deliveryId,
            name: event.type,
            data: event,
            options,
          }))
          return jobs.addInOrder(sink.queue, added)
        }
        const written = deliveries.flatMap(({ event }) => {
          return entryOf({ id: event.id, type: event.type, event: JSON.stringify(event) }, sink.maxLength)
        })
        const answers = await appendEntries(redis, { stream: sink.stream, entries: written })
        // The entries of one step are refused together or not at all.
        for (const answer of Array.isArray(answers) ? answers : []) if (answer instanceof Error) throw answer
      }),
  }
}

function entryOf(fields: Entry['fields'], maxLength: number | undefined): Array<string | number> {
  const flat = Object.entries(fields).flat()
  return [...appendEntries.records.entry({ maxLength: maxLength ?? '', count: flat.length }), ...flat]
}
