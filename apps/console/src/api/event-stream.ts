// Owns: reading GET /events/stream. The browser's EventSource cannot send the CSRF token; fetch can, and is resumed
// here by Last-Event-ID.
import { send } from './client.ts'
import { Refusal } from './refusal.ts'

export type StreamFilter = { platform: string; types?: string | undefined; authorizers?: string | undefined }

/** `data` of the stream: a CloudEvent, without content. */
export type StreamedEvent = { id: string; type: string; time: string; subject?: string; authorizerappid?: string }

export type StreamReader = {
  signal: AbortSignal
  /** Of the last event that was read; undefined: begin now. */
  position: string | undefined
  onPosition(position: string | undefined): void
  onState(state: 'live' | 'waiting'): void
  onEvent(event: StreamedEvent): void
  /** Events before this time, or an unknown time, are missing. */
  onGap(from: string | undefined): void
}

const FIRST_WAIT_MS = 1_000
const MAX_WAIT_MS = 15_000

/**
 * Until the signal is aborted or the session has ended. Rejects with the Refusal that another attempt would meet
 * again.
 */
export async function followEvents(filter: StreamFilter, reader: StreamReader): Promise<void> {
  const { signal, onState } = reader
  let position = reader.position
  const onPosition = (next: string | undefined) => {
    position = next
    reader.onPosition(next)
  }
  let waitMs = FIRST_WAIT_MS
  while (!signal.aborted) {
    const response = await open(filter, position, signal).catch(() => undefined)
    if (response?.status === 401) return
    if (response?.ok && response.body) {
      waitMs = FIRST_WAIT_MS
      onState('live')
      await readBlocks(response.body, { ...reader, onPosition }).catch(() => {})
    } else if (response?.status === 400 && position !== undefined) {
      // Sealed with a key that is gone, for example.
      onPosition(undefined)
      reader.onGap(undefined)
      continue
    } else if (response && response.status < 500 && response.status !== 429) {
      throw new Refusal(response.status, await response.json().catch(() => undefined))
    }
    if (signal.aborted) return
    onState('waiting')
    await pause(waitMs, signal)
    waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)
  }
}

function open(
  { platform, types, authorizers }: StreamFilter,
  position: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const query = new URLSearchParams({
    content: 'false',
    ...(types ? { types } : {}),
    ...(authorizers ? { authorizers } : {}),
  })
  const path = `/apis/v1/wx/${encodeURIComponent(platform)}/events/stream?${query}`
  return send(path, { signal, headers: position === undefined ? {} : { 'last-event-id': position } })
}

type BlockReader = Pick<StreamReader, 'onPosition' | 'onEvent' | 'onGap'>

/** The gateway ends each line with one line feed, and has `data` in one line. */
async function readBlocks(body: ReadableStream<Uint8Array>, to: BlockReader): Promise<void> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let unread = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const blocks = (unread + decoder.decode(value, { stream: true })).split('\n\n')
    unread = blocks.pop() ?? ''
    for (const block of blocks) readBlock(block, to)
  }
}

function readBlock(block: string, { onPosition, onEvent, onGap }: BlockReader): void {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const
    }),
  )
  const [id, data] = [fields.get('id'), fields.get('data')]
  if (id !== undefined) onPosition(id)
  if (data === undefined) return
  if (fields.get('event') === 'gap') onGap(parseGap(data).from)
  else onEvent(parseEvent(data))
}

function parseGap(data: string): { from: string } {
  return JSON.parse(data)
}

function parseEvent(data: string): StreamedEvent {
  return JSON.parse(data)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
