// Owns: handing an event over to consumers that read Redis themselves: a BullMQ queue of theirs, or a stream.
import type { GatewayEvent } from '@wxgw/contracts'
import { APPEND_TO } from '../append-script.ts'
import { createBatches } from '../batches.ts'
import { createConsumerJobs } from '../bullmq-format/consumer-jobs.ts'
import type { RedisConnection } from '../connect.ts'
import { runScript, script } from '../script.ts'
import { guardStore } from '../store-errors.ts'
import { CONSUMER_JOB_OPTIONS } from './job-options.ts'
import type { Queues } from './queues.ts'

export type SinkWriter = {
  /**
   * One job, named after the event's type. Again with the same `jobId` it adds nothing while the job is kept.
   * Rejects with STORE_UNAVAILABLE.
   */
  addToConsumerQueue(job: { queue: string; jobId: string; name: string; data: GatewayEvent }): Promise<void>
  /** One entry. Never more than `maxLength` remain, when given. Again it adds again. Rejects with STORE_UNAVAILABLE. */
  appendToStream(entry: { stream: string; fields: Readonly<Record<string, string>>; maxLength?: number | undefined }): Promise<void>
}

type Entry = { fields: Readonly<Record<string, string>>; maxLength: number | undefined }

/**
 * Appends entries to a stream, each for itself: one that is refused leaves the others alone.
 * KEYS: stream
 * ARGV: for each entry: most entries that remain ('' = all), how many arguments follow, field, value …
 * -> the id of each, or its error
 */
const appendEntries = script(`${APPEND_TO}
local answers = {}
local at = 1
while at <= #ARGV do
  local most, last = ARGV[at], at + 1 + tonumber(ARGV[at + 1])
  answers[#answers + 1] = appendTo(KEYS[1], most, unpack(ARGV, at + 2, last))
  at = last + 1
end
return answers
`)

export type SinkWriterDeps = { queues: Pick<Queues, 'open'>; redis: RedisConnection }

export function createSinkWriter({ queues, redis }: SinkWriterDeps): SinkWriter {
  const jobs = createConsumerJobs({ connection: redis, open: queues.open })
  const entries = createBatches<Entry, string>({
    write: async (stream, added) => {
      const args = added.flatMap(({ fields, maxLength }) => {
        const flat = Object.entries(fields).flat()
        return [maxLength ?? '', flat.length, ...flat]
      })
      const answers = await runScript(redis, appendEntries, { keys: [stream], args })
      return Array.isArray(answers) ? answers.map((answer: unknown) => (answer instanceof Error ? answer : String(answer))) : []
    },
  })

  return {
    addToConsumerQueue: ({ queue, jobId, name, data }) =>
      guardStore(() => jobs.add(queue, { id: jobId, name, data, options: CONSUMER_JOB_OPTIONS })),
    appendToStream: ({ stream, fields, maxLength }) =>
      guardStore(async () => void (await entries.add(stream, { fields, maxLength }))),
  }
}
