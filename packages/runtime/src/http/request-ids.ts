// Owns: the ids of requests.
import { randomBytes } from 'node:crypto'

/** Unique over processes and restarts; never taken from the client. */
export function createRequestIds(): () => string {
  const prefix = randomBytes(6).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `${prefix}-${count.toString(36)}`
  }
}
