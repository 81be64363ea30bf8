// Owns: the figures of the gateway's own queues, of all platforms, and reading them.
import {
  aliveWorkers,
  COMPONENT_EVENTS_QUEUE,
  MAINTENANCE_QUEUE,
  messageInbox,
  MESSAGES_QUEUE,
  PLATFORM_EVENTS_QUEUE,
  type QueueCounts,
  readQueueCounts,
  type RedisConnection,
  waitingMessages,
} from '@wxgw/redis'

/** `queue`: the name without its braces. `messages`: the sum of all inboxes. `workers`: how many are alive. */
export type QueueFigures = { v: 1; queues: Array<QueueCounts & { queue: string }>; messages: number; workers: number }

/** Rejects with STORE_UNAVAILABLE. */
export async function gatherQueueFigures(redis: RedisConnection, inboxes: number): Promise<QueueFigures> {
  const shards = Array.from({ length: inboxes }, (_, index) => messageInbox(index))
  const names = [COMPONENT_EVENTS_QUEUE, PLATFORM_EVENTS_QUEUE, MAINTENANCE_QUEUE, MESSAGES_QUEUE, ...shards]
  const [workers, messages, counts] = await Promise.all([
    aliveWorkers(redis),
    waitingMessages(redis, inboxes),
    Promise.all(names.map((name) => readQueueCounts(redis, name))),
  ])
  return {
    v: 1,
    workers: workers.length,
    messages,
    queues: counts.map((one, index) => ({ queue: (names[index] ?? '').replace(/[{}]/g, ''), ...one })),
  }
}

/** undefined: another version wrote it. Only this file writes it. */
export function parseQueueFigures(json: unknown): QueueFigures | undefined {
  return typeof json === 'object' && json !== null && 'v' in json && json.v === 1 ? (json as QueueFigures) : undefined
}
