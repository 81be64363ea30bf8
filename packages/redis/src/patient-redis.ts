// Owns: time-outs that hold Redis responsible, not this process. Which connections have them is connect.ts' business.
import { afterReading } from '@wxgw/wechat-core'
import type { Redis } from 'ioredis'

export type Patience = {
  /** A command without an answer fails after this. */
  commandTimeoutMs: number
  /** A line on which nothing at all comes for this long after a command is given up; longer than the above. */
  lineTimeoutMs: number
}

/**
 * Instead of ioredis' `commandTimeout` and `socketTimeout`: before it gives up, it reads the socket once more. After a second in which
 * this process got no processor, was collecting garbage or stopped, timers run before the answers are read that have been there all
 * the time: everything under way would fail, and on a machine short of time again and again, each time until after the next stall.
 */
export function waitPatiently(redis: Redis, { commandTimeoutMs, lineTimeoutMs }: Patience): Redis {
  const send = redis.sendCommand.bind(redis)
  /** The line that is being given its last chance. */
  let suspected: Redis['stream'] | undefined

  function suspect(line: Redis['stream'], bytesRead: number): void {
    if (suspected === line || !isSilent(line, bytesRead)) return
    suspected = line
    afterReading(lineTimeoutMs - commandTimeoutMs, () => {
      suspected = undefined
      if (isSilent(line, bytesRead)) line.destroy(new Error('Socket timeout. Nothing came on the line.'))
    }).unref()
  }

  const isSilent = (line: Redis['stream'], bytesRead: number) => redis.stream === line && line.bytesRead === bytesRead

  redis.sendCommand = (...args) => {
    const [command] = args
    const sent = send(...args)
    if (command.isSettled) return sent
    const line = redis.stream
    const { bytesRead } = line
    const timer = afterReading(commandTimeoutMs, () => {
      if (command.isSettled) return
      command.reject(new Error('Command timed out'))
      suspect(line, bytesRead)
    })
    const settled = () => clearTimeout(timer)
    command.promise.then(settled, settled)
    return sent
  }
  return redis
}
