// Owns: writing log lines to stdout. A reader that stops reading costs lines, never requests: the backlog is bounded,
// further lines are dropped and counted. The last lines of a killed process may be lost.
import type { Writable } from 'node:stream'

const MAX_BACKLOG_BYTES = 4 * 1024 * 1024
const FLUSH_DEADLINE_MS = 1_000

export type LogSink = {
  write(line: string): void
  /** Calls back when all is written, after a second at the latest. */
  flush(done: () => void): void
  /** Lines dropped since the start. */
  droppedLines(): number
}

/** Never blocks, never throws. Lines to a closed stdout are dropped. */
export function createLogSink(stream: Writable = process.stdout, maxBacklogBytes: number = MAX_BACKLOG_BYTES): LogSink {
  let dropped = 0
  let untold = 0
  let isBroken = false
  // Every write to a pipe without a reader fails, also asynchronously. An unhandled error event would end the process.
  stream.on('error', () => {
    isBroken = true
  })

  return {
    write(line) {
      if (isBroken || stream.writableLength + line.length > maxBacklogBytes) {
        dropped += 1
        untold += 1
        return
      }
      if (untold > 0) {
        stream.write(`${JSON.stringify({ level: 40, time: Date.now(), droppedLines: untold, msg: 'log.dropped' })}\n`)
        untold = 0
      }
      stream.write(line)
    },
    flush(done) {
      if (isBroken || stream.writableLength === 0) return done()
      let isDone = false
      const finish = () => {
        if (isDone) return
        isDone = true
        clearTimeout(deadline)
        done()
      }
      const deadline = setTimeout(finish, FLUSH_DEADLINE_MS)
      stream.write('', finish)
    },
    droppedLines: () => dropped,
  }
}
