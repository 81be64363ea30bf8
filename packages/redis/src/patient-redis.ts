// Owns: a Redis client whose time-outs do not fire because this process itself was slow. connect.ts decides which
// connections use it.
import { afterReading } from '@wxgw/wechat-core'
import { Redis, type RedisOptions } from 'ioredis'

export type Patience = {
  /** A command fails after this time without an answer. */
  commandTimeoutMs: number
  /** The connection is closed after this time without any data since a command. Longer than `commandTimeoutMs`. */
  lineTimeoutMs: number
}

type Line = Redis['stream']

/**
 * In place of ioredis' `commandTimeout` and `socketTimeout`: before it gives up, it reads the socket once more. When
 * this process got no processor for a second, its timers run before it has read the answers that are there already: all
 * commands under way would fail, and again after each such pause.
 */
export class PatientRedis extends Redis {
  readonly #patience: Patience
  /** The connection that is about to be closed. */
  #suspected: Line | undefined

  constructor(options: Omit<RedisOptions, 'replyMapping'>, patience: Patience) {
    super(options)
    this.#patience = patience
  }

  // Every command goes through this method of ioredis. A test fails should another version pass it by.
  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const [command] = args
    const sent = super.sendCommand(...args)
    if (command.isSettled) return sent
    const line = this.stream
    const { bytesRead } = line
    const timer = afterReading(this.#patience.commandTimeoutMs, () => {
      if (command.isSettled) return
      command.reject(new Error('Command timed out'))
      this.#suspect(line, bytesRead)
    })
    const settled = () => clearTimeout(timer)
    command.promise.then(settled, settled)
    return sent
  }

  #suspect(line: Line, bytesRead: number): void {
    const isSilent = () => this.stream === line && line.bytesRead === bytesRead
    if (this.#suspected === line || !isSilent()) return
    this.#suspected = line
    const { commandTimeoutMs, lineTimeoutMs } = this.#patience
    afterReading(lineTimeoutMs - commandTimeoutMs, () => {
      this.#suspected = undefined
      if (isSilent()) line.destroy(new Error('Socket timeout. Nothing came on the line.'))
    }).unref()
  }
}
