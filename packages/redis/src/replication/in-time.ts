// Owns: that whoever waits for Redis is not held longer than he has time.
import { afterReading } from '@wxgw/wechat-core'

/** Rejects with `late` when there is no answer after `ms`. What was asked may be carried out all the same. */
export async function inTime<T>(ms: number, answer: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    timer = afterReading(ms, () => reject(late()))
  })
  try {
    return await Promise.race([answer, over])
  } finally {
    clearTimeout(timer)
  }
}
