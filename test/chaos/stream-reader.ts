// Owns: a reader of the live stream that goes on wherever an ingress is, from where it was: what it got, each time, in
// a list.
import { setTimeout as delay } from 'node:timers/promises'
import { API_KEY } from '../helpers/stack.ts'

export type StreamReader = {
  /** The id of each push, as its event came: one that came twice stands there twice. */
  readonly received: readonly string[]
  connections(): number
  gaps(): number
  /** What came again although no gap was reported after it had come. */
  repeatsWithoutGap(): number
  /** Cuts the line: the reader connects again. */
  cut(): void
  close(): Promise<void>
}

const AGAIN_MS = 50

export function readStream(urls: () => readonly string[]): StreamReader {
  const received: string[] = []
  /** How many gaps had been reported when each last came. */
  const gapsBefore = new Map<string, number>()
  let repeats = 0
  let position: string | undefined
  let connections = 0
  let gaps = 0
  let isClosed = false
  let line = new AbortController()
  const reading = readOn()

  async function readOn(): Promise<void> {
    while (!isClosed) {
      line = new AbortController()
      const own = urls()
      const url = own[connections % own.length]
      connections += 1
      try {
        await readOnce(`${url}/apis/v1/wx/open1/events/stream?types=wechat.message.*`)
      } catch {
        // Cut, killed, or Redis is away: it goes on from its position.
      }
      await delay(AGAIN_MS)
    }
  }

  async function readOnce(url: string): Promise<void> {
    const resumed = position === undefined ? {} : { 'last-event-id': position }
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${API_KEY}`, ...resumed },
      signal: line.signal,
    })
    if (response.status !== 200 || !response.body) throw new Error(`the stream was answered ${response.status}`)
    let rest = ''
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      // What is not complete was not received.
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks)
        take(
          new Map(
            block.split('\n').map((one) => [one.slice(0, one.indexOf(':')), one.slice(one.indexOf(':') + 1).trim()]),
          ),
        )
    }
  }

  function take(fields: ReadonlyMap<string, string>): void {
    position = fields.get('id') ?? position
    const data = fields.get('data')
    if (fields.get('event') === 'gap') gaps += 1
    else if (data !== undefined) receive(contentOf(JSON.parse(data)))
  }

  function receive(id: string): void {
    if (gapsBefore.get(id) === gaps) repeats += 1
    gapsBefore.set(id, gaps)
    received.push(id)
  }

  return {
    received,
    connections: () => connections,
    gaps: () => gaps,
    repeatsWithoutGap: () => repeats,
    cut: () => line.abort(),
    async close() {
      isClosed = true
      line.abort()
      await reading
    },
  }
}

function contentOf(event: { data?: { Content?: string } }): string {
  return event.data?.Content ?? 'an event without content'
}
