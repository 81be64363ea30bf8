// Owns: appending to one segment file, with one fdatasync for many appends. The journal owns the set of segments.
import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

export type SegmentWriter = {
  readonly path: string
  /** Resolves when the bytes are on the disk. When it rejects, none of them remain in the file. */
  append(bytes: Buffer): Promise<void>
  /** Bytes on the disk. */
  size(): number
  /** Waits for running writes. */
  close(): Promise<void>
}

type Waiting = { bytes: Buffer; resolve: () => void; reject: (error: unknown) => void }

/** Creates the file; it must not exist. Its name is on the disk, too, before this resolves. */
export async function openSegment(path: string): Promise<SegmentWriter> {
  const file = await open(path, 'ax', 0o600)
  await syncDirectory(dirname(path))
  const waiting: Waiting[] = []
  let size = 0
  let writing: Promise<void> | undefined

  async function writeAll(): Promise<void> {
    for (let batch = waiting.splice(0); batch.length > 0; batch = waiting.splice(0)) {
      try {
        const bytes = Buffer.concat(batch.map((one) => one.bytes))
        await writeWhole(file, bytes)
        await file.datasync()
        size += bytes.length
        for (const { resolve } of batch) resolve()
      } catch (error) {
        // Half a record would hide all records behind it.
        await file.truncate(size).catch(() => undefined)
        for (const { reject } of batch) reject(error)
      }
    }
    writing = undefined
  }

  return {
    path,
    append: (bytes) =>
      new Promise((resolve, reject) => {
        waiting.push({ bytes, resolve, reject })
        writing ??= writeAll()
      }),
    size: () => size,
    async close() {
      await writing
      await file.close()
    },
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written)
    written += bytesWritten
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
