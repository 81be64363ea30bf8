// Owns: reading GET /events/stream by fetch, resumed by Last-Event-ID. The browser's EventSource cannot send the CSRF
// token.
import { send } from './client.ts'
import { ApiError } from './api-error.ts'

type StreamFilter = { platform: string; types?: string | undefined; authorizers?: string | undefined }

/** `data` of the stream: a CloudEvent without content. */
export type StreamedEvent = { id: string; type: string; time: string; subject?: string; authorizerappid?: string }

export type StreamReader = {
  signal: AbortSignal
  /** Id of the last event that was read; undefined: start now. */
  position: string | undefined
  onPosition(position: string | undefined): void
  onState(state: 'live' | 'reconnecting'): void
  onEvent(event: StreamedEvent): void
  /** Events before this time are missing; undefined: the time is not known. */
  onGap(from: string | undefined): void
}

const MIN_BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 15_000

/** Runs until the signal is aborted or the session ends. Rejects with an ApiError that a retry would get again. */
export async function followEvents(filter: StreamFilter, reader: StreamReader): Promise<void> {
  const { signal, onState } = reader
  let position = reader.position
  const onPosition = (next: string | undefined) => {
    position = next
    reader.onPosition(next)
  }
  let backoffMs = MIN_BACKOFF_MS
  while (!signal.aborted) {
    const response = await open(filter, position, signal).catch(() => undefined)
    if (response?.status === 401) return
    if (response?.ok && response.body) {
      backoffMs = MIN_BACKOFF_MS
      onState('live')
      await readBlocks(response.body, { ...reader, onPosition }).catch(() => {})
    } else if (response?.status === 400 && position !== undefined) {
      // The gateway does not accept the position, for example after its sealing key was removed.
      onPosition(undefined)
      reader.onGap(undefined)
      continue
    } else if (response && response.status < 500 && response.status !== 429) {
      throw new ApiError(response.status, await response.json().catch(() => undefined))
    }
    if (signal.aborted) return
    onState('reconnecting')
    await delay(backoffMs, signal)
    backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2)
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

/** The gateway ends each line with one line feed, and writes `data` in one line. */
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

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
