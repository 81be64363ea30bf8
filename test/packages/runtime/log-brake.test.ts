// One cause cannot drown the log.
import { createLogger } from '@wxgw/runtime'
import t from 'tap'

function lines(log: (logger: ReturnType<typeof createLogger>) => void): Array<Record<string, unknown>> {
  const written: string[] = []
  const sink = {
    write: (line: string) => void written.push(line),
    flush: (done: () => void) => done(),
    droppedLines: () => 0,
  }
  log(createLogger({ level: 'info', name: 'test', sink }))
  return written.map((line) => JSON.parse(line))
}

void t.test('of one cause ten warnings a second are written', (t) => {
  const written = lines((log) => {
    for (let count = 0; count < 1_000; count += 1)
      log.warn({ queue: 'one', code: 'OOM', jobId: count }, 'worker.failed')
  })
  t.equal(written.length, 10)
  t.end()
})

void t.test('another code, queue or message is another cause', (t) => {
  const written = lines((log) => {
    for (let count = 0; count < 100; count += 1) {
      log.warn({ queue: 'one', code: 'OOM' }, 'worker.failed')
      log.warn({ queue: 'two', code: 'OOM' }, 'worker.failed')
      log.warn({ queue: 'one', code: 'READONLY' }, 'worker.failed')
      log.error({ err: Object.assign(new Error('x'), { code: 'OOM' }) }, 'job.failed')
    }
  })
  t.equal(written.length, 40)
  t.end()
})

void t.test('units of work are all written', (t) => {
  t.equal(
    lines((log) => {
      for (let count = 0; count < 100; count += 1) log.info({ eventId: count }, 'event.dispatched')
    }).length,
    100,
  )
  t.end()
})
