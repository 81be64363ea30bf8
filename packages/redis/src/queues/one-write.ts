// Owns: sending two commands in one write: each write wakes Redis, which costs more than a small command.
import { Redis } from 'ioredis'
import type { RedisConnection } from '../connect.ts'

/** `second` is sent after `first`, whose command is sent before the event loop goes on. On a cluster they are separate. */
export function inOneWrite<First, Second>(
  redis: RedisConnection,
  first: () => Promise<First>,
  second: () => Promise<Second>,
): Promise<[First, Second]> {
  const stream = redis instanceof Redis ? redis.stream : undefined
  stream?.cork()
  const behind = new Promise<Second>((resolve, reject) => {
    // After the microtasks in which the driver sends the first.
    process.nextTick(() => {
      second().then(resolve, reject)
      stream?.uncork()
    })
  })
  return Promise.all([first(), behind])
}
