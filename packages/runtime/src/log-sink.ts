// Owns: the way of log lines to stdout. A reader that has stopped reading must cost lines, never requests: the backlog
// is bounded, what does not fit is dropped and counted. Does not guarantee that the last lines of a killed process
// arrive.
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

/** Never blocks, never throws: a stdout that is closed swallows the lines. */
export function createLogSink(stream: Writable = process.stdout, maxBacklogBytes: number = MAX_BACKLOG_BYTES): LogSink {
  let dropped = 0
  let untold = 0
  let isBroken = false
  // A pipe whose reader has gone fails each write, also asynchronously; the process has better things to do than to die
  // of it.
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
