// Owns: a list of ids on the disk, from which alone a verdict is drawn. An id is in it only when it is on the disk.
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Ledger = {
  /** Nothing after `close`: then nobody asks any more. */
  add(id: string): void
  /** All of them, those said twice included; after everything added so far is on the disk. */
  read(): Promise<string[]>
  close(): Promise<void>
}

export async function openLedger(name: string): Promise<Ledger> {
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-ledger-'))
  const path = join(dir, name)
  const file = await open(path, 'a')
  let waiting: string[] = []
  let writing: Promise<void> | undefined
  let isClosed = false

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const lines = waiting
      waiting = []
      await file.appendFile(`${lines.join('\n')}\n`)
      await file.datasync()
    }
    writing = undefined
  }

  return {
    add(id) {
      if (isClosed) return
      waiting.push(id)
      writing ??= writeAll()
    },
    async read() {
      await writing
      const text = await readFile(path, 'utf8')
      return text.split('\n').filter((line) => line !== '')
    },
    async close() {
      isClosed = true
      await writing
      await file.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
