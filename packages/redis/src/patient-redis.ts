// Owns: a Redis client whose time-outs do not fire because this process itself was slow. connect.ts decides which
// connections use it.
import { afterReading } from '@wxgw/wechat-core'
import { Redis, type RedisOptions } from 'ioredis'
import { isVersionKnown } from './driver-versions.ts'

export type PatientTimeouts = {
  /** A command fails after this time without an answer. */
  commandTimeoutMs: number
  /** The connection is closed after this time without any data since a command. Longer than `commandTimeoutMs`. */
  socketTimeoutMs: number
}

type Options = Omit<RedisOptions, 'replyMapping'>
type Socket = Redis['stream']

/** With an ioredis that PatientRedis was not made for: the driver's own time-outs. `version`: default the installed. */
export function createPatientRedis(options: Options, timeouts: PatientTimeouts, version?: string): Redis {
  if (isVersionKnown('ioredis', version)) return new PatientRedis(options, timeouts)
  const { commandTimeoutMs, socketTimeoutMs } = timeouts
  return new Redis({ ...options, commandTimeout: commandTimeoutMs, socketTimeout: socketTimeoutMs })
}

/**
 * In place of ioredis' `commandTimeout` and `socketTimeout`: before a command fails, the socket is read once more. When
 * this process got no CPU for a second, its timers run before it has read the answers that have arrived: all pending
 * commands would fail, and again after each such pause.
 */
class PatientRedis extends Redis {
  readonly #timeouts: PatientTimeouts
  /** The socket that is about to be closed. */
  #suspected: Socket | undefined

  constructor(options: Options, timeouts: PatientTimeouts) {
    super(options)
    this.#timeouts = timeouts
  }

  // Every command of ioredis 6.0.0 goes through this method, and has `isSettled`, `promise` and `reject`.
  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const [command] = args
    const sent = super.sendCommand(...args)
    if (command.isSettled) return sent
    const socket = this.stream
    const { bytesRead } = socket
    const timer = afterReading(this.#timeouts.commandTimeoutMs, () => {
      if (command.isSettled) return
      command.reject(new Error('Command timed out'))
      this.#suspect(socket, bytesRead)
    })
    const settled = () => clearTimeout(timer)
    command.promise.then(settled, settled)
    return sent
  }

  #suspect(socket: Socket, bytesRead: number): void {
    const isSilent = () => this.stream === socket && socket.bytesRead === bytesRead
    if (this.#suspected === socket || !isSilent()) return
    this.#suspected = socket
    const { commandTimeoutMs, socketTimeoutMs } = this.#timeouts
    afterReading(socketTimeoutMs - commandTimeoutMs, () => {
      this.#suspected = undefined
      if (isSilent()) socket.destroy(new Error('Socket timeout. Nothing came on the connection.'))
    }).unref()
  }
}
