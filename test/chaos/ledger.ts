// Owns: a list of ids on the disk, from which alone a verdict is drawn. An id is in it only when it is on the disk.
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Entries = {
  /** Each once. */
  ids: ReadonlySet<string>
  /** How many lines there are, those said twice included. */
  lines: number
}

export type Ledger = {
  /** Nothing after `close`: then nobody asks any more. */
  add(id: string): void
  /** All of them, after everything added so far is on the disk. The set is one and the same and grows: asking again costs what is new. */
  read(): Promise<Entries>
  close(): Promise<void>
}

const READ_BYTES = 1024 * 1024

export async function openLedger(name: string): Promise<Ledger> {
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-ledger-'))
  const file = await open(join(dir, name), 'a+')
  const ids = new Set<string>()
  const buffer = Buffer.alloc(READ_BYTES)
  let lines = 0
  let readTo = 0
  let rest = ''
  let waiting: string[] = []
  let writing: Promise<void> | undefined
  let reading: Promise<void> = Promise.resolve()
  let isClosed = false

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const added = waiting
      waiting = []
      await file.appendFile(`${added.join('\n')}\n`)
      await file.datasync()
    }
    writing = undefined
  }

  async function readOn(): Promise<void> {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, readTo)
      if (bytesRead === 0) return
      readTo += bytesRead
      const whole = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n')
      rest = whole.pop() ?? ''
      lines += whole.length
      for (const id of whole) ids.add(id)
    }
  }

  return {
    add(id) {
      if (isClosed) return
      waiting.push(id)
      writing ??= writeAll()
    },
    async read() {
      await writing
      reading = reading.then(readOn)
      await reading
      return { ids, lines }
    },
    async close() {
      isClosed = true
      await writing
      await reading
      await file.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
