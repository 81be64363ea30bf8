// Owns: a bounded queue of records on this machine's disk: appended with fdatasync, read in order, deleted once taken.
import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '@wxgw/wechat-core'
import { frameRecord, readRecords } from './record-framing.ts'
import { openSegment, type SegmentWriter } from './segment-writer.ts'

/** `again`: keep the record and retry. `unreadable`: give it up; its file is kept aside for an operator. */
export type Taken = 'taken' | 'again' | 'unreadable'

export type Journal = {
  /**
   * Resolves when the record is on the disk. Rejects with STORE_UNAVAILABLE when there is no room or the disk fails.
   */
  append(payload: string): Promise<void>
  /** Passes the records to `take`, the oldest file first. False when one has to be retried. One call at a time. */
  drain(take: (payload: string) => Promise<Taken>): Promise<boolean>
  /** Bytes on the disk, files included that are about to be deleted. */
  bytes(): number
  close(): Promise<void>
}

type JournalOptions = {
  dir: string
  maxBytes: number
  /**
   * Called with the number of bytes that are no record. A kill during an append leaves such bytes too; its push was not
   * acknowledged.
   */
  onDamage?: (bytes: number) => void
}

export const SEGMENT_SUFFIX = '.spool'
const SEGMENT = /^(\d{12})\.spool$/
const MAX_SEGMENT_BYTES = 8 * 1024 * 1024
/** Records that are taken concurrently: as many as one job of messages holds. */
const AT_ONCE = 25

type Segment = { path: string; bytes: number }
type Current = { writer: Promise<SegmentWriter>; bytes: number; appends: Set<Promise<void>> }

/** Reads the records that an earlier process has left in `dir`, too. No other process may use `dir`. */
export async function openJournal({ dir, maxBytes, onDamage }: JournalOptions): Promise<Journal> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const names = (await readdir(dir)).filter((name) => SEGMENT.test(name)).toSorted()
  const closed: Segment[] = await Promise.all(
    names.map(async (name) => ({ path: join(dir, name), bytes: (await stat(join(dir, name))).size })),
  )
  let next = Number(SEGMENT.exec(names.at(-1) ?? '')?.[1] ?? 0) + 1
  let current: Current | undefined
  let closing: Promise<void> = Promise.resolve()
  let draining = false

  const bytes = () => (current?.bytes ?? 0) + closed.reduce((sum, segment) => sum + segment.bytes, 0)

  function openNext(): Promise<SegmentWriter> {
    const path = join(dir, `${String(next).padStart(12, '0')}${SEGMENT_SUFFIX}`)
    next += 1
    return openSegment(path)
  }

  /** Later appends go to another file. Resolves when everything in this one is on the disk or refused. */
  function closeCurrent(): Promise<void> {
    const ending = current
    current = undefined
    if (!ending) return closing
    closing = Promise.all([closing, endSegment(ending)]).then(() => undefined)
    return closing
  }

  async function endSegment({ writer: opened, appends }: Current): Promise<void> {
    await Promise.allSettled(appends)
    const [writer] = (await Promise.allSettled([opened])).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    )
    if (!writer) return
    await writer.close()
    // Only now may it be read and deleted.
    closed.push({ path: writer.path, bytes: writer.size() })
  }

  async function drainSegment(segment: Segment, take: (payload: string) => Promise<Taken>): Promise<boolean> {
    const bytes = await readFile(segment.path)
    const { payloads, wholeBytes } = readRecords(bytes)
    let isReadable = wholeBytes === bytes.length
    if (!isReadable) onDamage?.(bytes.length - wholeBytes)
    for (let start = 0; start < payloads.length; start += AT_ONCE) {
      const outcomes = await Promise.all(payloads.slice(start, start + AT_ONCE).map(take))
      // The records before it are taken once more: the queue de-duplicates by their ids.
      if (outcomes.includes('again')) return false
      if (outcomes.includes('unreadable')) isReadable = false
    }
    await (isReadable ? unlink(segment.path) : rename(segment.path, `${segment.path}.unreadable`))
    return true
  }

  return {
    async append(payload) {
      const framed = frameRecord(payload)
      if (bytes() + framed.length > maxBytes) throw unavailable('the spool is full')
      const segment = (current ??= { writer: openNext(), bytes: 0, appends: new Set() })
      segment.bytes += framed.length
      const appending = segment.writer.then((writer) => writer.append(framed))
      segment.appends.add(appending)
      try {
        await appending
      } catch (cause) {
        // A file that failed once is not written to again; its complete records are read nevertheless.
        if (current === segment) void closeCurrent()
        throw unavailable('the spool cannot be written', cause)
      } finally {
        segment.appends.delete(appending)
      }
      if (current === segment && segment.bytes >= MAX_SEGMENT_BYTES) void closeCurrent()
    },

    async drain(take) {
      if (draining) return false
      draining = true
      try {
        await closeCurrent()
        for (let segment = closed[0]; segment; segment = closed[0]) {
          if (!(await drainSegment(segment, take))) return false
          closed.shift()
        }
        return true
      } finally {
        draining = false
      }
    },

    bytes,
    close: closeCurrent,
  }
}

function unavailable(reason: string, cause?: unknown): GatewayError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  return new GatewayError('STORE_UNAVAILABLE', reason, {
    retry: true,
    ...(code === undefined ? {} : { cause: { code } }),
  })
}
